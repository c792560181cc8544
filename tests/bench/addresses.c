/* SPDX-License-Identifier: MIT */
#include "bench/addresses.h"
#include "bench/decimal.h"

#define FILE_MAX (256 * 1024 * 1024)

static bool is_address(Slice s) {
        for (size_t i = 0; i < s.size; i++)
                if ((unsigned char) s.data[i] <= ' ' || s.data[i] == '<' || s.data[i] == '>')
                        return false;
        return s.size > 0;
}

static int read_all(const char *path, Buf *to) {
        _cleanup_fclose_ FILE *f = fopen(path, "re");
        size_t n;

        if (!f)
                return -errno;
        to->limit = FILE_MAX;
        do {
                char *space = buf_reserve(to, 65536);

                if (!space)
                        return buf_error(to);
                n = fread(space, 1, 65536, f);
                buf_extend(to, n);
        } while (n > 0);
        return ferror(f) ? -EIO : 0;
}

static int load_lines(Addresses *a) {
        Slice rest = buf_slice(&a->file);
        size_t space = 0;

        while (rest.size > 0) {
                Slice line = slice_trim(slice_split(&rest, '\n'));

                if (line.size == 0)
                        continue;
                if (!is_address(line))
                        return -EINVAL;
                if (a->line_count == space) {
                        Slice *lines;

                        space = MAX(space * 2, (size_t) 256);
                        lines = reallocarray(a->lines, space, sizeof(Slice));
                        if (!lines)
                                return -ENOMEM;
                        a->lines = lines;
                }
                a->lines[a->line_count++] = line;
        }
        return a->line_count > 0 ? 0 : -EINVAL;
}

static int init_pattern(Addresses *a, const char *text) {
        Slice all = slice_from_string(text);
        ssize_t at = slice_find_ignore_case(all, SLICE("%d"));

        if (!is_address(all))
                return -EINVAL;
        a->before = all;
        if (at < 0)
                return 0;
        a->has_number = true;
        a->before = slice_first(all, (size_t) at);
        a->after = slice_from(all, (size_t) at + 2);
        return slice_find_ignore_case(a->after, SLICE("%d")) < 0 ? 0 : -EINVAL;
}

int addresses_init(Addresses *a, const char *text, uint64_t numbers) {
        int r;

        *a = (Addresses){ .numbers = numbers };
        if (text[0] != '@')
                return init_pattern(a, text);
        r = read_all(text + 1, &a->file);
        if (r == 0)
                r = load_lines(a);
        if (r < 0)
                addresses_done(a);
        return r;
}

void addresses_done(Addresses *a) {
        buf_done(&a->file);
        a->lines = mfree(a->lines);
        a->line_count = 0;
}

void addresses_append(const Addresses *a, uint64_t number, Buf *to) {
        if (a->line_count > 0) {
                buf_append_slice(to, a->lines[number % a->line_count]);
                return;
        }
        buf_append_slice(to, a->before);
        if (!a->has_number)
                return;
        if (a->numbers > 0)
                number %= a->numbers;
        append_decimal(to, number);
        buf_append_slice(to, a->after);
}
