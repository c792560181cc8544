/* SPDX-License-Identifier: MIT */
#pragma once

/* A Slice is a run of bytes that belongs to somebody else: a pointer and a length, not terminated.
 * Parsers hand out slices into the message they were given; copies are made only at the edges. */

#include "basic/macro.h"

typedef struct Slice {
        const char *data;
        size_t size;
} Slice;

#define SLICE_NULL ((Slice){ NULL, 0 })
/* The slice of a string literal. */
#define SLICE(literal) ((Slice){ "" literal, sizeof(literal) - 1 })
/* For printf's "%.*s". The length is cut at INT_MAX. */
#define SLICE_FORMAT(s) (int) ((s).size > INT32_MAX ? INT32_MAX : (s).size), (s).data ? (s).data : ""

static inline Slice slice_make(const void *data, size_t size) {
        return (Slice){ data, size };
}

/* NULL gives the empty slice. */
static inline Slice slice_from_string(const char *s) {
        return s ? (Slice){ s, strlen(s) } : SLICE_NULL;
}

static inline Slice slice_from(Slice s, size_t offset) {
        assert(offset <= s.size);
        return (Slice){ s.data ? s.data + offset : NULL, s.size - offset };
}

static inline Slice slice_first(Slice s, size_t size) {
        assert(size <= s.size);
        return (Slice){ s.data, size };
}

bool slice_equal(Slice a, Slice b);
/* ASCII letters compare without regard to case; other bytes must be equal. */
bool slice_equal_ignore_case(Slice a, Slice b);
bool slice_starts_with_ignore_case(Slice s, Slice prefix);

/* Position of the first (last) such byte at or after `from`, or -1. */
ssize_t slice_find_byte(Slice s, char byte, size_t from);
ssize_t slice_find_last_byte(Slice s, char byte);
/* Position of the first occurrence, ASCII case ignored, or -1. */
ssize_t slice_find_ignore_case(Slice s, Slice needle);

/* Without the white space (space, TAB, CR, LF, VT, FF) at both ends. */
Slice slice_trim(Slice s);

/* Cuts `s` at the first `byte`: returns what is before it and leaves in *s what is after it. Without
 * one, returns all and leaves *s empty with a NULL pointer. */
Slice slice_split(Slice *s, char byte);

/* A terminated copy on the heap; NULL when memory is short. Bytes after a NUL byte stay in the
 * copy, but are invisible to who reads it as a string. */
char *slice_dup(Slice s);

/* Parses all of `s` as a decimal number without sign. Returns 0, -EINVAL, or -ERANGE when the
 * value does not fit or is over `max`. */
int slice_to_u64(Slice s, uint64_t max, uint64_t *ret);

static inline bool ascii_is_space(char c) {
        return c == ' ' || (c >= '\t' && c <= '\r');
}
static inline bool ascii_is_digit(char c) {
        return c >= '0' && c <= '9';
}
static inline bool ascii_is_alpha(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
static inline bool ascii_is_alnum(char c) {
        return ascii_is_alpha(c) || ascii_is_digit(c);
}
static inline char ascii_to_lower(char c) {
        return c >= 'A' && c <= 'Z' ? (char) (c | 0x20) : c;
}
static inline char ascii_to_upper(char c) {
        return c >= 'a' && c <= 'z' ? (char) (c & ~0x20) : c;
}
/* Lower-cases the ASCII letters in place; returns `s`. */
char *ascii_lower(char *s);
