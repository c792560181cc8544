/* SPDX-License-Identifier: MIT */
#include "basic/buf.h"

#define BUF_FIRST_SPACE 64

void buf_done(Buf *b) {
        free(b->data);
        *b = (Buf){ .limit = b->limit };
}

void buf_reset(Buf *b, size_t keep) {
        if (b->space > keep) {
                buf_done(b);
                return;
        }
        b->size = 0;
        b->error = 0;
        if (b->data)
                b->data[0] = '\0';
}

char *buf_reserve(Buf *b, size_t more) {
        size_t need, space;
        char *data;

        if (b->error < 0)
                return NULL;
        if (__builtin_add_overflow(b->size, more, &need) || need >= SIZE_MAX / 2 ||
            (b->limit > 0 && need > b->limit)) {
                b->error = -ENOBUFS;
                return NULL;
        }
        need++; /* the NUL byte */
        if (need <= b->space)
                return b->data + b->size;

        space = MAX(b->space * 2, (size_t) BUF_FIRST_SPACE);
        /* Doubling a large buffer would cost twice its size in memory: those grow by a quarter. */
        if (b->space > 1024 * 1024)
                space = b->space + b->space / 4;
        space = MAX(space, need);
        data = realloc(b->data, space);
        if (!data) {
                b->error = -ENOMEM;
                return NULL;
        }
        b->data = data;
        b->space = space;
        return data + b->size;
}

void buf_extend(Buf *b, size_t written) {
        assert(b->size + written < b->space);

        b->size += written;
        b->data[b->size] = '\0';
}

void buf_append(Buf *b, const void *data, size_t size) {
        char *to = buf_reserve(b, size);

        if (!to)
                return;
        if (size > 0)
                memcpy(to, data, size);
        buf_extend(b, size);
}

void buf_append_slice(Buf *b, Slice s) {
        buf_append(b, s.data, s.size);
}

void buf_append_string(Buf *b, const char *s) {
        buf_append(b, s, strlen(s));
}

void buf_append_byte(Buf *b, char c) {
        buf_append(b, &c, 1);
}

void buf_vprintf(Buf *b, const char *format, va_list ap) {
        va_list again;
        int length;
        char *to;

        va_copy(again, ap);
        length = vsnprintf(NULL, 0, format, again);
        va_end(again);
        if (length < 0) {
                b->error = b->error < 0 ? b->error : -EINVAL;
                return;
        }
        to = buf_reserve(b, (size_t) length);
        if (!to)
                return;
        (void) vsnprintf(to, (size_t) length + 1, format, ap);
        buf_extend(b, (size_t) length);
}

void buf_printf(Buf *b, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        buf_vprintf(b, format, ap);
        va_end(ap);
}

void buf_consume(Buf *b, size_t size) {
        assert(size <= b->size);

        if (size == 0)
                return;
        memmove(b->data, b->data + size, b->size - size);
        buf_truncate(b, b->size - size);
}

void buf_truncate(Buf *b, size_t size) {
        assert(size <= b->size);

        b->size = size;
        if (b->data)
                b->data[size] = '\0';
}

char *buf_take(Buf *b) {
        char *data;

        if (!buf_reserve(b, 0)) {
                errno = -b->error;
                buf_done(b);
                return NULL;
        }
        b->data[b->size] = '\0';
        data = TAKE_PTR(b->data);
        buf_done(b);
        return data;
}
