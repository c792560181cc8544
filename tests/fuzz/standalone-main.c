/* SPDX-License-Identifier: MIT */

/* Runs a fuzz target on the files of the folders, and on the files, given as arguments. */

#include <dirent.h>

#include "basic/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_MAX ((size_t) 1024 * 1024)

static unsigned files;

static int run_file(const char *path) {
        _cleanup_fclose_ FILE *f = fopen(path, "re");
        _cleanup_free_ uint8_t *buffer = malloc(INPUT_MAX), *input = NULL;
        size_t size;

        if (!f || !buffer) {
                fprintf(stderr, "Cannot read %s\n", path);
                return -EIO;
        }
        size = fread(buffer, 1, INPUT_MAX, f);
        /* A copy of just this size lets a sanitizer see reads behind it. */
        input = malloc(MAX(size, (size_t) 1));
        if (!input)
                return -ENOMEM;
        memcpy(input, buffer, size);
        files++;
        return LLVMFuzzerTestOneInput(input, size);
}

static int run_folder(const char *path) {
        DIR *folder = opendir(path);
        struct dirent *entry;
        int r = 0;

        if (!folder)
                return run_file(path);
        while (r >= 0 && (entry = readdir(folder))) {
                _cleanup_(buf_done) Buf file = BUF_EMPTY;

                if (entry->d_name[0] == '.')
                        continue;
                buf_printf(&file, "%s/%s", path, entry->d_name);
                r = run_file(buf_string(&file));
        }
        (void) closedir(folder);
        return r;
}

int main(int argc, char *argv[]) {
        for (int i = 1; i < argc; i++)
                if (run_folder(argv[i]) < 0)
                        return EXIT_FAILURE;
        if (files == 0) {
                fprintf(stderr, "No input\n");
                return EXIT_FAILURE;
        }
        return EXIT_SUCCESS;
}
