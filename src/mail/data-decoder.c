/* SPDX-License-Identifier: MIT */

/* Text passes in runs that are as long as possible: a run is broken only where the output differs
 * from the input, at a bare LF and at a dot that begins a line. */

#include "mail/charset.h"
#include "mail/data-decoder.h"

typedef struct Run {
        const char *start; /* input that is content as it is, up to where the decoder is */
        Buf *to;
} Run;

void data_decoder_init(DataDecoder *d, bool after_crlf) {
        *d = (DataDecoder){ .state = DATA_LINE_START, .previous_crlf = after_crlf };
}

static void emit(DataDecoder *d, Slice content, Buf *to) {
        d->content_size += content.size;
        if (!d->saw_8bit && !utf8_is_ascii(content))
                d->saw_8bit = true;
        if (to)
                buf_append_slice(to, content);
}

/* Writes the run up to `end` and begins a new one at `next`. */
static void run_break(DataDecoder *d, Run *run, const char *end, const char *next) {
        if (end > run->start)
                emit(d, slice_make(run->start, (size_t) (end - run->start)), run->to);
        run->start = next;
}

static void line_end(DataDecoder *d, bool crlf) {
        d->state = DATA_LINE_START;
        d->previous_crlf = crlf;
        d->saw_bare_lf = d->saw_bare_lf || !crlf;
}

/* Takes text up to the end of its line, or of the input. Returns where it ends. */
static const char *text(DataDecoder *d, Run *run, const char *p, const char *end) {
        const char *lf = memchr(p, '\n', (size_t) (end - p));

        if (!lf) {
                d->state = end[-1] == '\r' ? DATA_TEXT_CR : DATA_TEXT;
                return end;
        }
        if (lf > p && lf[-1] == '\r') {
                line_end(d, true);
                return lf + 1;
        }
        run_break(d, run, lf, lf + 1);
        emit(d, SLICE("\r\n"), run->to);
        line_end(d, false);
        return lf + 1;
}

/* Takes the byte behind ".", or leaves it to be text. */
static const char *dot(DataDecoder *d, Run *run, const char *p) {
        if (*p == '\r') {
                d->state = DATA_DOT_CR;
        } else if (*p == '\n') {
                emit(d, SLICE(".\r\n"), run->to);
                line_end(d, false);
        } else {
                d->state = DATA_TEXT;
                return p;
        }
        run->start = p + 1;
        return p + 1;
}

/* Takes the byte behind ". CR", or leaves it to be text. */
static const char *dot_cr(DataDecoder *d, Run *run, const char *p) {
        if (*p != '\n') {
                emit(d, SLICE("\r"), run->to);
                d->state = DATA_TEXT;
                return p;
        }
        if (d->previous_crlf)
                d->is_done = true;
        else
                emit(d, SLICE(".\r\n"), run->to);
        line_end(d, true);
        run->start = p + 1;
        return p + 1;
}

size_t data_decoder_feed(DataDecoder *d, Slice input, Buf *to) {
        const char *p = input.data, *end = input.size > 0 ? p + input.size : p;
        Run run = { .start = p, .to = to };

        while (p < end && !d->is_done)
                switch (d->state) {
                case DATA_LINE_START:
                        if (*p != '.') {
                                p = text(d, &run, p, end);
                                break;
                        }
                        run_break(d, &run, p, p + 1);
                        d->state = DATA_DOT;
                        p++;
                        break;
                case DATA_DOT:
                        p = dot(d, &run, p);
                        break;
                case DATA_DOT_CR:
                        p = dot_cr(d, &run, p);
                        break;
                case DATA_TEXT_CR:
                        d->state = DATA_TEXT;
                        if (*p == '\n') {
                                line_end(d, true);
                                p++;
                        }
                        break;
                case DATA_TEXT:
                        p = text(d, &run, p, end);
                        break;
                }
        run_break(d, &run, p, p);
        return (size_t) (p - input.data);
}
