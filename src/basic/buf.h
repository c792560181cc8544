/* SPDX-License-Identifier: MIT */
#pragma once

/* A growing byte buffer. Always followed by a NUL byte that is not counted, so that text in it can
 * be read as a string.
 *
 * Errors stick: when memory is short (or `limit` is passed), the buffer remembers the error, every
 * later append does nothing, and buf_error() returns it. Callers append freely and look once.
 *
 *     _cleanup_(buf_done) Buf b = BUF_EMPTY;
 *     buf_append_string(&b, "250 ");
 *     buf_printf(&b, "%u", n);
 *     if (buf_error(&b) < 0)
 *             return buf_error(&b);
 */

#include <stdarg.h>

#include "basic/slice.h"

typedef struct Buf {
        char *data;   /* owned; NULL while nothing was ever appended */
        size_t size;  /* bytes in use */
        size_t space; /* bytes allocated */
        size_t limit; /* appends beyond this many bytes fail with -ENOBUFS; 0 means no limit */
        int error;    /* negative errno, sticky */
} Buf;

#define BUF_EMPTY ((Buf){ 0 })

/* Frees the memory and makes the buffer empty again. */
void buf_done(Buf *b);
/* Forgets the content and the error but keeps the memory, unless it grew over `keep` bytes. */
void buf_reset(Buf *b, size_t keep);

static inline int buf_error(const Buf *b) {
        return b->error;
}
static inline Slice buf_slice(const Buf *b) {
        return (Slice){ b->data, b->size };
}
static inline const char *buf_string(const Buf *b) {
        return b->data ? b->data : "";
}

/* Makes room for `more` further bytes and returns where they go, or NULL. What was written there
 * counts after buf_extend(). */
char *buf_reserve(Buf *b, size_t more);
/* Counts `written` bytes, which were written where buf_reserve() said. */
void buf_extend(Buf *b, size_t written);

void buf_append(Buf *b, const void *data, size_t size);
void buf_append_slice(Buf *b, Slice s);
void buf_append_string(Buf *b, const char *s);
void buf_append_byte(Buf *b, char c);
void buf_printf(Buf *b, const char *format, ...) _printf_(2, 3);
void buf_vprintf(Buf *b, const char *format, va_list ap) _printf_(2, 0);

/* Drops the first `size` bytes. */
void buf_consume(Buf *b, size_t size);
/* Drops all but the first `size` bytes. */
void buf_truncate(Buf *b, size_t size);

/* Gives the terminated content away; the buffer is empty afterwards. Returns NULL, with errno set,
 * when an error stuck. The caller frees it. */
char *buf_take(Buf *b);
