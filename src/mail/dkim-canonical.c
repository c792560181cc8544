/* SPDX-License-Identifier: MIT */

/* Mail is mostly in canonical form already: its lines end with CRLF and their words are separated
 * by single spaces. Such lines are passed on from where they are, many at a time; others are read
 * word by word. Neither looks at any byte more than a few times, whatever the body is like. */

#include <openssl/evp.h>

#include "mail/dkim-canonical.h"

/* Less than this is copied together before it is passed on. */
#define OUTPUT_SIZE 4096

/* Where the canonical form goes while a piece is being read. */
typedef struct Output {
        DkimBody *body;
        size_t size;
        char bytes[OUTPUT_SIZE];
} Output;

static void pass_on(DkimBody *b, const char *data, size_t size) {
        if (b->to)
                buf_append(b->to, data, size);
        else if (!b->has_failed && !EVP_DigestUpdate(b->md, data, size))
                b->has_failed = true;
}

static void flush(Output *o) {
        pass_on(o->body, o->bytes, o->size);
        o->size = 0;
}

static void put(Output *o, const char *data, size_t size) {
        if (size > sizeof(o->bytes) - o->size)
                flush(o);
        if (size > sizeof(o->bytes)) {
                pass_on(o->body, data, size);
                return;
        }
        memcpy(o->bytes + o->size, data, size);
        o->size += size;
}

/* Puts the line ends and the white space that turned out not to be at the end. */
static void put_pending(Output *o) {
        for (; o->body->line_ends > 0; o->body->line_ends--)
                put(o, "\r\n", 2);
        if (o->body->has_space)
                put(o, " ", 1);
        o->body->has_space = false;
        o->body->has_text = true;
}

/* WSP of RFC 5234. */
static bool is_wsp(char c) {
        return c == ' ' || c == '\t';
}

/* Neither white space nor of a line end. */
static bool is_text(char c) {
        return !is_wsp(c) && c != '\r' && c != '\n';
}

/* Bytes compared many at a time, in whatever registers the machine has for it. */
typedef uint8_t Block __attribute__((__vector_size__(16)));
typedef uint64_t BlockHalves __attribute__((__vector_size__(16)));

/* Whether a Block has neither TAB, CR nor LF, and no space before another white space. The byte
 * behind the Block is looked at, too. */
static bool is_block_clean(const char *text) {
        BlockHalves unclean;
        Block block, next;

        memcpy(&block, text, sizeof(block));
        memcpy(&next, text + 1, sizeof(next));
        unclean = (BlockHalves) ((block == '\t') | (block == '\r') | (block == '\n') |
                                 ((block == ' ') & ((next == ' ') | (next == '\t') |
                                                    (next == '\r') | (next == '\n'))));
        return (unclean[0] | unclean[1]) == 0;
}

/* Where the text at `p` ends, which is words with single spaces between them. */
static const char *text_end(const char *p, const char *end) {
        p++;
        while ((size_t) (end - p) > sizeof(Block) && is_block_clean(p))
                p += sizeof(Block);
        while (p < end && (is_text(*p) || (*p == ' ' && end - p > 1 && is_text(p[1]))))
                p++;
        return p;
}

/* Whether the text of a line, which is followed by CRLF, is in canonical form. Stops at the first
 * Block that isn't, lest a line with many CRs is looked at again and again. */
static bool is_clean(const char *p, const char *end) {
        bool is_long = (size_t) (end - p) >= sizeof(Block);

        for (; (size_t) (end - p) >= sizeof(Block); p += sizeof(Block))
                if (!is_block_clean(p))
                        return false;
        if (is_long)
                return is_block_clean(end - sizeof(Block)); /* the rest, and some again */
        for (; p < end; p++)
                if (!is_text(*p) && (*p != ' ' || !is_text(p[1])))
                        return false;
        return true;
}

/* Takes as many clean lines as there are at the front of [p, end). *lf is the first LF known to be
 * there or behind; remembered, so that text without one is not searched again and again. */
static const char *take_clean_lines(Output *o, const char *p, const char *end, const char **lf) {
        const char *run = NULL, *run_end = NULL;

        while (p < end) {
                if (!*lf || *lf < p) {
                        *lf = memchr(p, '\n', (size_t) (end - p));
                        *lf = *lf ? *lf : end;
                }
                if (*lf == end || *lf == p || (*lf)[-1] != '\r' || !is_clean(p, *lf - 1))
                        break;
                if (*lf - 1 > p) {
                        if (!run) {
                                put_pending(o);
                                run = p;
                        }
                        run_end = *lf - 1;
                        o->body->line_ends = 0;
                }
                o->body->line_ends++;
                p = *lf + 1;
        }
        if (run)
                put(o, run, (size_t) (run_end - run));
        return p;
}

/* Takes [p, end) up to and with the first line end. */
static const char *take_line(Output *o, const char *p, const char *end) {
        DkimBody *b = o->body;

        while (p < end) {
                const char *text = p;

                if (is_text(*p)) {
                        p = text_end(p, end);
                        put_pending(o);
                        put(o, text, (size_t) (p - text));
                        b->after_cr = false;
                        b->is_within_line = true;
                } else if (is_wsp(*p)) {
                        p++;
                        b->after_cr = false;
                        b->has_space = true;
                } else {
                        b->line_ends += *p == '\n' && b->after_cr ? 0 : 1;
                        b->after_cr = *p == '\r';
                        b->has_space = b->is_within_line = false;
                        return p + 1;
                }
        }
        return p;
}

void dkim_body_feed(DkimBody *b, Slice piece) {
        const char *p = piece.data, *end = piece.size > 0 ? p + piece.size : p, *lf = NULL;
        Output o;

        o.body = b;
        o.size = 0;
        while (p < end) {
                if (!b->after_cr && !b->has_space && !b->is_within_line)
                        p = take_clean_lines(&o, p, end, &lf);
                p = take_line(&o, p, end);
        }
        flush(&o);
}

/* The text is done: an end of its last line is all that may follow. */
static void finish(DkimBody *b) {
        if (b->has_text)
                pass_on(b, "\r\n", 2);
}

int dkim_body_begin(DkimBody *b) {
        b->md = EVP_MD_CTX_new();
        if (!b->md || !EVP_DigestInit_ex(b->md, EVP_sha256(), NULL))
                return -ENOMEM;
        return 0;
}

int dkim_body_finish(DkimBody *b, uint8_t ret[static DKIM_HASH_SIZE]) {
        finish(b);
        if (b->has_failed || !EVP_DigestFinal_ex(b->md, ret, NULL))
                return -ENOMEM;
        return 0;
}

void dkim_body_done(DkimBody *b) {
        EVP_MD_CTX_free(b->md);
        *b = DKIM_BODY_EMPTY;
}

void dkim_canonical_body(Slice body, Buf *to) {
        DkimBody b = { .to = to };

        dkim_body_feed(&b, body);
        finish(&b);
}

/* The size of the first line of `s` with its end, whatever kind that is. */
static size_t line_size(Slice s, size_t *ret_text) {
        size_t size = 0;

        while (size < s.size && s.data[size] != '\r' && s.data[size] != '\n')
                size++;
        *ret_text = size;
        if (s.size - size >= 2 && s.data[size] == '\r' && s.data[size + 1] == '\n')
                return size + 2;
        return MIN(size + 1, s.size);
}

bool dkim_field_next(Slice *rest, Slice *ret) {
        size_t text, size = line_size(*rest, &text);

        if (text == 0)
                return false;
        while (size < rest->size && is_wsp(rest->data[size]))
                size += line_size(slice_from(*rest, size), &text);
        *ret = slice_first(*rest, size);
        *rest = slice_from(*rest, size);
        return true;
}

int dkim_body_hash(Slice headers, Slice body, uint8_t ret[static DKIM_HASH_SIZE]) {
        _cleanup_(dkim_body_done) DkimBody b = DKIM_BODY_EMPTY;
        Slice rest = headers, field;
        size_t text;
        int r;

        r = dkim_body_begin(&b);
        if (r < 0)
                return r;
        while (dkim_field_next(&rest, &field))
                ;
        if (rest.size > 0) {
                /* An empty line within the header. */
                dkim_body_feed(&b, slice_from(rest, line_size(rest, &text)));
                dkim_body_feed(&b, SLICE("\r\n\r\n"));
        } else if (headers.size == 0 || headers.data[headers.size - 1] == '\r' ||
                   headers.data[headers.size - 1] == '\n') {
                /* The first CRLF of the two is an empty line already. */
                dkim_body_feed(&b, SLICE("\r\n"));
        }
        dkim_body_feed(&b, body);
        return dkim_body_finish(&b, ret);
}

Slice dkim_field_name(Slice field) {
        ssize_t colon = slice_find_byte(field, ':', 0);
        Slice name;

        if (colon < 0)
                return SLICE_NULL;
        name = slice_first(field, (size_t) colon);
        while (name.size > 0 && is_wsp(name.data[name.size - 1]))
                name.size--;
        return name;
}

bool dkim_canonical_field(Slice field, Buf *to) {
        Slice name = dkim_field_name(field);
        bool has_space = false, has_text = false;
        char *out;
        size_t n = 0, value;

        if (!name.data)
                return false;
        value = (size_t) slice_find_byte(field, ':', name.size) + 1;
        out = buf_reserve(to, field.size);
        if (!out)
                return true; /* the error sticks */
        for (size_t i = 0; i < name.size; i++)
                out[n++] = ascii_to_lower(name.data[i]);
        out[n++] = ':';
        for (size_t i = value; i < field.size; i++) {
                char c = field.data[i];

                if (c == '\r' || c == '\n')
                        continue;
                if (is_wsp(c)) {
                        has_space = true;
                        continue;
                }
                if (has_space && has_text)
                        out[n++] = ' ';
                out[n++] = c;
                has_space = false;
                has_text = true;
        }
        buf_extend(to, n);
        return true;
}
