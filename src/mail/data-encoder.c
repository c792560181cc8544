/* SPDX-License-Identifier: MIT */

/* Content that is clean already, which stored mail mostly is, is copied in runs over many lines:
 * only what has to change breaks a run. */

#include "mail/data-encoder.h"

/* The input that one step looks at: no more than it has space for. */
typedef struct Window {
        Slice bytes;
        size_t cr; /* the first CR at or behind the place looked at last, or the end: remembered, so
                    * that text with many LF and no CR is not searched for one at each of them */
} Window;

static size_t find(Slice s, char byte, size_t from) {
        ssize_t at = slice_find_byte(s, byte, from);

        return at >= 0 ? (size_t) at : s.size;
}

/* The first byte at or behind `at` that cannot be copied. A CR that ends the window is one: what
 * comes behind it is not known. */
static size_t clean_end(Window *w, size_t at, bool is_within_line) {
        while (at < w->bytes.size) {
                size_t lf;

                if (!is_within_line && w->bytes.data[at] == '.')
                        return at;
                if (w->cr < at)
                        w->cr = find(w->bytes, '\r', at);
                lf = find(slice_first(w->bytes, w->cr), '\n', at);
                if (lf < w->cr || w->bytes.size - w->cr < 2 || w->bytes.data[w->cr + 1] != '\n')
                        return lf;
                at = w->cr + 2;
                is_within_line = false;
        }
        return at;
}

static size_t put_pair(char *out, char a, char b) {
        out[0] = a;
        out[1] = b;
        return 2;
}

size_t data_encoder_step(DataEncoder *e, Slice *input, char *out, size_t space) {
        Window w = { .bytes = slice_first(*input, MIN(input->size, space)) };
        size_t at = 0, written = 0;

        w.cr = find(w.bytes, '\r', 0);
        while (at < w.bytes.size) {
                const char *p = w.bytes.data + at;
                size_t room = space - written, clean;

                if (e->after_cr && *p == '\n') {
                        e->after_cr = false;
                        at++;
                        continue;
                }
                e->after_cr = false;
                if (room < DATA_ENCODER_SPACE_MIN)
                        break;
                clean = clean_end(&w, at, e->is_within_line) - at;
                if (clean > room) {
                        clean = room;
                        if (p[clean - 1] == '\r') /* its LF must come along */
                                clean--;
                }
                if (clean > 0) {
                        memcpy(out + written, p, clean);
                        e->is_within_line = p[clean - 1] != '\n';
                        written += clean;
                        at += clean;
                        continue;
                }
                if (*p == '.') {
                        written += put_pair(out + written, '.', '.');
                        e->is_within_line = true;
                } else {
                        written += put_pair(out + written, '\r', '\n');
                        e->is_within_line = false;
                        e->after_cr = *p == '\r';
                }
                at++;
        }
        *input = slice_from(*input, at);
        return written;
}

void data_encoder_feed(DataEncoder *e, Slice input, Buf *to) {
        while (input.size > 0) {
                size_t space = input.size + DATA_ENCODER_SPACE_MIN;
                char *out = buf_reserve(to, space);

                if (!out)
                        return;
                buf_extend(to, data_encoder_step(e, &input, out, space));
        }
}

Slice data_encoder_terminator(const DataEncoder *e) {
        return e->is_within_line ? SLICE("\r\n.\r\n") : SLICE(".\r\n");
}
