/* SPDX-License-Identifier: MIT */
#include "mail/data-decoder.h"
#include "mail/data-encoder.h"
#include "prng.h"
#include "test.h"

static void encode(Slice content, size_t piece, Buf *to) {
        DataEncoder e = DATA_ENCODER_INIT;

        while (content.size > 0) {
                Slice next = slice_first(content, MIN(piece, content.size));

                data_encoder_feed(&e, next, to);
                content = slice_from(content, next.size);
        }
        buf_append_slice(to, data_encoder_terminator(&e));
}

/* The same through a buffer of `space` bytes. */
static void encode_in_steps(Slice content, size_t space, Buf *to) {
        DataEncoder e = DATA_ENCODER_INIT;
        char out[512];

        while (content.size > 0) {
                size_t before = content.size, n = data_encoder_step(&e, &content, out, space);

                CHECK(n <= space);
                CHECK(n > 0 || content.size < before);
                buf_append(to, out, n);
        }
        buf_append_slice(to, data_encoder_terminator(&e));
}

TEST(encoding) {
        static const char *const CASES[][2] = {
                { "", ".\r\n" },
                { "a\r\n", "a\r\n.\r\n" },
                { "a", "a\r\n.\r\n" },
                { "a\nb\n", "a\r\nb\r\n.\r\n" },
                { "a\rb\r", "a\r\nb\r\n.\r\n" },
                { "a\r\r\nb", "a\r\n\r\nb\r\n.\r\n" },
                { "a\n\rb", "a\r\n\r\nb\r\n.\r\n" },
                { "\r\n\r\n", "\r\n\r\n.\r\n" },
                { ".", "..\r\n.\r\n" },
                { ".a\r\n..\r\nb.\r\n.\n.\r.c", "..a\r\n...\r\nb.\r\n..\r\n..\r\n..c\r\n.\r\n" },
                { "a\r\n.\r\nMAIL FROM:<x>\r\n", "a\r\n..\r\nMAIL FROM:<x>\r\n.\r\n" },
                { "a\n.\r\nb", "a\r\n..\r\nb\r\n.\r\n" },
        };

        for (size_t i = 0; i < ELEMENTSOF(CASES); i++) {
                Slice content = slice_from_string(CASES[i][0]);

                for (size_t piece = 1; piece <= content.size + 1; piece++) {
                        _cleanup_(buf_done) Buf b = BUF_EMPTY;

                        encode(content, piece, &b);
                        CHECK_STR(buf_string(&b), CASES[i][1]);
                }
                for (size_t space = DATA_ENCODER_SPACE_MIN; space < 40; space++) {
                        _cleanup_(buf_done) Buf b = BUF_EMPTY;

                        encode_in_steps(content, space, &b);
                        CHECK_STR(buf_string(&b), CASES[i][1]);
                }
        }
}

/* Each CR, LF and CRLF as CRLF, and one at the end. */
static void normalise(Slice s, Buf *to) {
        for (size_t i = 0; i < s.size; i++) {
                if (s.data[i] == '\r' || s.data[i] == '\n')
                        buf_append_string(to, "\r\n");
                else
                        buf_append_byte(to, s.data[i]);
                if (s.data[i] == '\r' && i + 1 < s.size && s.data[i + 1] == '\n')
                        i++;
        }
        if (to->size > 0 && to->data[to->size - 1] != '\n')
                buf_append_string(to, "\r\n");
}

TEST(the_decoder_gets_back_what_was_encoded) {
        static const char *const PIECES[] = { "\r\n", "\r\n", "\n",   "\r",
                                              ".",    "a",    "text", "\xfc" };
        Prng prng = { 8 };

        for (unsigned round = 0; round < 3000; round++) {
                _cleanup_(buf_done) Buf content = BUF_EMPTY, wire = BUF_EMPTY, want = BUF_EMPTY;
                _cleanup_(buf_done) Buf back = BUF_EMPTY, steps = BUF_EMPTY;
                DataDecoder d;

                prng_pieces(&prng, PIECES, ELEMENTSOF(PIECES), prng_below(&prng, 40), &content);
                encode(buf_slice(&content), 1 + prng_below(&prng, 20), &wire);
                encode_in_steps(buf_slice(&content), 2 + prng_below(&prng, 40), &steps);
                CHECK(slice_equal(buf_slice(&wire), buf_slice(&steps)));
                data_decoder_init(&d, true);
                CHECK_INT(data_decoder_feed(&d, buf_slice(&wire), &back), wire.size);
                CHECK(d.is_done);
                normalise(buf_slice(&content), &want);
                CHECK(slice_equal(buf_slice(&back), buf_slice(&want)));
                CHECK(!d.saw_bare_lf);
        }
}

TEST(long_text_with_one_kind_of_line_end) {
        static const char *const ENDS[] = { "\n", "\r", "\r\n" };

        for (size_t i = 0; i < ELEMENTSOF(ENDS); i++) {
                _cleanup_(buf_done) Buf content = BUF_EMPTY, wire = BUF_EMPTY;

                while (content.size < 4 * 1024 * 1024)
                        buf_append_string(&content, ENDS[i]);
                encode(buf_slice(&content), content.size, &wire);
                CHECK_INT(wire.size, content.size / strlen(ENDS[i]) * 2 + 3);
        }
}
