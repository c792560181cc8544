/* SPDX-License-Identifier: MIT */
#include "basic/slice.h"

bool slice_equal(Slice a, Slice b) {
        return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

bool slice_starts_with_ignore_case(Slice s, Slice prefix) {
        if (s.size < prefix.size)
                return false;
        for (size_t i = 0; i < prefix.size; i++)
                if (ascii_to_lower(s.data[i]) != ascii_to_lower(prefix.data[i]))
                        return false;
        return true;
}

bool slice_equal_ignore_case(Slice a, Slice b) {
        return a.size == b.size && slice_starts_with_ignore_case(a, b);
}

ssize_t slice_find_byte(Slice s, char byte, size_t from) {
        const char *p;

        if (from >= s.size)
                return -1;
        p = memchr(s.data + from, byte, s.size - from);
        return p ? p - s.data : -1;
}

ssize_t slice_find_last_byte(Slice s, char byte) {
        const char *p = s.size > 0 ? memrchr(s.data, byte, s.size) : NULL;
        return p ? p - s.data : -1;
}

ssize_t slice_find_ignore_case(Slice s, Slice needle) {
        for (size_t i = 0; i + needle.size <= s.size; i++)
                if (slice_starts_with_ignore_case(slice_from(s, i), needle))
                        return (ssize_t) i;
        return -1;
}

Slice slice_trim(Slice s) {
        while (s.size > 0 && ascii_is_space(s.data[0]))
                s = slice_from(s, 1);
        while (s.size > 0 && ascii_is_space(s.data[s.size - 1]))
                s.size--;
        return s;
}

Slice slice_split(Slice *s, char byte) {
        Slice all;
        ssize_t at;

        assert(s);

        all = *s;
        at = slice_find_byte(all, byte, 0);
        if (at < 0) {
                *s = SLICE_NULL;
                return all;
        }
        *s = slice_from(all, (size_t) at + 1);
        return slice_first(all, (size_t) at);
}

char *slice_dup(Slice s) {
        char *copy = malloc(s.size + 1);

        if (!copy)
                return NULL;
        if (s.size > 0)
                memcpy(copy, s.data, s.size);
        copy[s.size] = '\0';
        return copy;
}

int slice_to_u64(Slice s, uint64_t max, uint64_t *ret) {
        uint64_t value = 0;

        assert(ret);

        if (s.size == 0)
                return -EINVAL;
        for (size_t i = 0; i < s.size; i++) {
                if (!ascii_is_digit(s.data[i]))
                        return -EINVAL;
                if (__builtin_mul_overflow(value, UINT64_C(10), &value) ||
                    __builtin_add_overflow(value, (uint64_t) (s.data[i] - '0'), &value))
                        return -ERANGE;
        }
        if (value > max)
                return -ERANGE;
        *ret = value;
        return 0;
}

char *ascii_lower(char *s) {
        for (char *p = s; *p; p++)
                *p = ascii_to_lower(*p);
        return s;
}
