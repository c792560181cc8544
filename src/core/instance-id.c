/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <sys/file.h>

#include "basic/random.h"
#include "basic/slice.h"
#include "core/instance-id.h"
#include "core/state-directory.h"

static bool is_id(const char *s, ssize_t size) {
        if (size != INSTANCE_ID_SIZE - 1)
                return false;
        for (ssize_t i = 0; i < size; i++)
                if (!ascii_is_alnum(s[i]))
                        return false;
        return true;
}

void instance_id(const char *name, char ret[static INSTANCE_ID_SIZE]) {
        const char *directory = state_directory();
        _cleanup_free_ char *path = NULL;
        _cleanup_close_ int fd = -EBADF;
        char old[INSTANCE_ID_SIZE];

        random_alnum(ret, INSTANCE_ID_SIZE - 1);
        if (!directory || asprintf(&path, "%s/%s.id", directory, name) < 0)
                return;
        fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
                return;
        if (is_id(old, pread(fd, old, sizeof(old) - 1, 0))) {
                memcpy(ret, old, sizeof(old) - 1);
        } else if (ftruncate(fd, 0) < 0 || pwrite(fd, ret, INSTANCE_ID_SIZE - 1, 0) < 0) {
                return;
        }
        (void) TAKE_FD(fd); /* the lock lives as long as the process */
}
