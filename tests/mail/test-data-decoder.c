/* SPDX-License-Identifier: MIT */
#include "mail/charset.h"
#include "mail/data-decoder.h"
#include "prng.h"
#include "test.h"

typedef struct Result {
        Buf content;
        size_t taken;
        DataDecoder decoder;
} Result;

/* Decodes `input` in pieces that end at each of the places in `cuts`. */
static void decode(Slice input, bool after_crlf, const size_t *cuts, size_t n, Result *ret) {
        size_t from = 0;

        *ret = (Result){ 0 };
        data_decoder_init(&ret->decoder, after_crlf);
        for (size_t i = 0; i <= n && !ret->decoder.is_done; i++) {
                size_t to = i < n ? cuts[i] : input.size, taken;

                taken = data_decoder_feed(&ret->decoder, slice_make(input.data + from, to - from),
                                          &ret->content);
                CHECK(taken == to - from || ret->decoder.is_done);
                ret->taken += taken;
                from = to;
        }
        CHECK_INT(ret->decoder.content_size, ret->content.size);
}

static void check_same(const Result *a, const Result *b) {
        CHECK(slice_equal(buf_slice(&a->content), buf_slice(&b->content)));
        CHECK_INT(a->taken, b->taken);
        CHECK_INT(a->decoder.is_done, b->decoder.is_done);
        CHECK_INT(a->decoder.state, b->decoder.state);
        CHECK_INT(a->decoder.saw_8bit, b->decoder.saw_8bit);
        CHECK_INT(a->decoder.saw_bare_lf, b->decoder.saw_bare_lf);
}

/* Compares the result with that of every cut into two and of single bytes. */
static void check_cuts(Slice input, bool after_crlf, const Result *whole) {
        size_t all[256];
        Result parts;

        for (size_t cut = 0; cut <= input.size; cut++) {
                decode(input, after_crlf, &cut, 1, &parts);
                check_same(&parts, whole);
                buf_done(&parts.content);
        }
        for (size_t i = 0; i < ELEMENTSOF(all); i++)
                all[i] = MIN(i, input.size);
        decode(input, after_crlf, all, ELEMENTSOF(all), &parts);
        check_same(&parts, whole);
        buf_done(&parts.content);
}

static const struct {
        const char *input, *content;
        size_t left; /* bytes behind the end, or LEFT_OPEN */
} CASES[] = {
#define LEFT_OPEN SIZE_MAX
        { ".\r\n", "", 0 },
        { "a\r\n.\r\n", "a\r\n", 0 },
        { "a\r\n.\r\nQUIT\r\n", "a\r\n", 6 },
        { "a\n.\r\n", "a\r\n.\r\n", LEFT_OPEN },   /* the line before ended with LF */
        { "a\r\n.\nb\r\n", "a\r\n.\r\nb\r\n", LEFT_OPEN },
        { "a\n.\nb\r\n.\r\n", "a\r\n.\r\nb\r\n", 0 },
        { "a\n.\r\n.\r\n", "a\r\n.\r\n", 0 },      /* content, but a line that ended with CRLF */
        { "a\r\n.\n.\r\n.\r\n", "a\r\n.\r\n.\r\n", 0 },
        { "a\r.\r\n.\r\n", "a\r.\r\n", 0 },
        { "a\r\n\r.\r\n.\r\n", "a\r\n\r.\r\n", 0 },
        { "a\r\n.\r\r\n.\r\n", "a\r\n\r\r\n", 0 }, /* more than a dot */
        { "a\r\n.\rb\r\n.\r\n", "a\r\n\rb\r\n", 0 },
        { "..a\r\n...\r\n.x\r\n.. \r\n.\r\n", ".a\r\n..\r\nx\r\n. \r\n", 0 },
        { ".a\r\n.\r\n", "a\r\n", 0 },
        { "a.b\r\n.\r\n", "a.b\r\n", 0 },
        { "a\r\r\nb\r\n.\r\n", "a\r\r\nb\r\n", 0 },
        { "a\rb\r\n.\r\n", "a\rb\r\n", 0 },
        { "\n\n\r\n.\r\n", "\r\n\r\n\r\n", 0 },
        { "\r\n\r\n.\r\n", "\r\n\r\n", 0 },
        { "\r\r\n.\r\n", "\r\r\n", 0 },
        { "a", "a", LEFT_OPEN },
        { "a\r", "a\r", LEFT_OPEN },
        { "a\r\n.", "a\r\n", LEFT_OPEN },
        { "a\r\n.\r", "a\r\n", LEFT_OPEN },
        { "\xfc\n.\r\n", "\xfc\r\n.\r\n", LEFT_OPEN },
        { "", "", LEFT_OPEN },
};

TEST(decoding) {
        for (size_t i = 0; i < ELEMENTSOF(CASES); i++) {
                Slice input = slice_from_string(CASES[i].input);
                bool open = CASES[i].left == LEFT_OPEN;
                Result r;

                decode(input, true, NULL, 0, &r);
                CHECK_STR(buf_string(&r.content), CASES[i].content);
                CHECK_INT(r.decoder.is_done, !open);
                CHECK_INT(r.taken, input.size - (open ? 0 : CASES[i].left));
                check_cuts(input, true, &r);
                buf_done(&r.content);
        }
}

TEST(the_command_line_is_the_line_before) {
        Slice input = SLICE(".\r\nx\r\n.\r\n");
        Result r;

        decode(input, true, NULL, 0, &r);
        CHECK_INT(r.taken, 3);
        buf_done(&r.content);
        decode(input, false, NULL, 0, &r);
        CHECK_STR(buf_string(&r.content), ".\r\nx\r\n");
        check_cuts(input, false, &r);
        buf_done(&r.content);
}

TEST(what_was_seen) {
        Result r;

        decode(SLICE("a\r\n.\r\n\xfc\n"), true, NULL, 0, &r);
        CHECK(!r.decoder.saw_8bit && !r.decoder.saw_bare_lf); /* behind the end */
        buf_done(&r.content);
        decode(SLICE("a\r\nb\n"), true, NULL, 0, &r);
        CHECK(!r.decoder.saw_8bit && r.decoder.saw_bare_lf);
        buf_done(&r.content);
        decode(SLICE("a\r\nb\xc3\xbc\r\n"), true, NULL, 0, &r);
        CHECK(r.decoder.saw_8bit && !r.decoder.saw_bare_lf);
        buf_done(&r.content);
}

TEST(dropped_content_is_counted) {
        _cleanup_(buf_done) Buf limited = { .limit = 4 };
        DataDecoder d;

        data_decoder_init(&d, true);
        CHECK_INT(data_decoder_feed(&d, SLICE("a\r\n..b\n.\r\nc\r\n.\r\n"), NULL), 16);
        CHECK(d.is_done);
        CHECK_INT(d.content_size, strlen("a\r\n.b\r\n.\r\nc\r\n"));

        data_decoder_init(&d, true);
        CHECK_INT(data_decoder_feed(&d, SLICE("a\r\nbcd\r\n.\r\n"), &limited), 11);
        CHECK(d.is_done);
        CHECK_INT(buf_error(&limited), -ENOBUFS);
}

/* The rules once more, line by line and slowly. */
static void decode_plainly(Slice input, bool previous_crlf, Buf *to, size_t *ret_taken) {
        Slice rest = input;

        while (slice_find_byte(rest, '\n', 0) >= 0) {
                Slice line = slice_split(&rest, '\n');
                bool crlf = line.size > 0 && line.data[line.size - 1] == '\r';

                if (crlf)
                        line.size--;
                if (slice_equal(line, SLICE(".")) && crlf && previous_crlf) {
                        *ret_taken = (size_t) (rest.data - input.data);
                        return;
                }
                if (line.size > 1 && line.data[0] == '.')
                        line = slice_from(line, 1);
                buf_append_slice(to, line);
                buf_append_string(to, "\r\n");
                previous_crlf = crlf;
        }
        *ret_taken = 0;
}

TEST(agrees_with_the_rules_read_line_by_line) {
        static const char *const PIECES[] = { "\r\n", "\r\n", "\r\n", "\n", "\r", ".", ".", "a",
                                              "text", "\xfc" };
        Prng prng = { 7 };

        for (unsigned round = 0; round < 5000; round++) {
                _cleanup_(buf_done) Buf input = BUF_EMPTY, plain = BUF_EMPTY;
                bool after_crlf = prng_below(&prng, 2);
                size_t taken;
                Result r;

                prng_pieces(&prng, PIECES, ELEMENTSOF(PIECES), prng_below(&prng, 30), &input);
                buf_append_byte(&input, '\n');
                decode(buf_slice(&input), after_crlf, NULL, 0, &r);
                decode_plainly(buf_slice(&input), after_crlf, &plain, &taken);
                CHECK(slice_equal(buf_slice(&plain), buf_slice(&r.content)));
                CHECK_INT(r.decoder.is_done, taken > 0);
                CHECK(taken == 0 || r.taken == taken);
                CHECK_INT(r.decoder.saw_8bit, !utf8_is_ascii(buf_slice(&r.content)));
                if (round < 500)
                        check_cuts(buf_slice(&input), after_crlf, &r);
                buf_done(&r.content);
        }
}
