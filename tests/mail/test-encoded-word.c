/* SPDX-License-Identifier: MIT */
#include "mail/charset.h"
#include "mail/encoded-word.h"
#include "prng.h"
#include "test.h"

TEST(decoding) {
        static const char *const CASES[][2] = {
                { "", "" },
                { "plain text", "plain text" },
                { "=?iso-8859-1?q?Keld_J=F8rn?= <k@x>", "Keld J\xc3\xb8rn <k@x>" },
                { "=?UTF-8?B?w7xiZXI=?=", "\xc3\xbc" "ber" },
                { "=?utf-8?b?w7xiZXI?=", "\xc3\xbc" "ber" },
                { "=?US-ASCII*EN?Q?Keith_Moore?=", "Keith Moore" },
                /* RFC 2047 section 8. */
                { "(=?ISO-8859-1?Q?a?=)", "(a)" },
                { "(=?ISO-8859-1?Q?a?= b)", "(a b)" },
                { "(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)", "(ab)" },
                { "(=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=)", "(ab)" },
                { "(=?ISO-8859-1?Q?a?=\r\n   =?ISO-8859-1?Q?b?=)", "(ab)" },
                { "(=?ISO-8859-1?Q?a_b?=)", "(a b)" },
                { "(=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=)", "(a b)" },
                /* A character split between two words. */
                { "=?utf-8?q?=C3?= =?utf-8?q?=BC?=", "\xc3\xbc" },
                { "=?utf-8?q?=C3?= =?UTF-8?B?vA==?=", "\xc3\xbc" },
                { "=?utf-8?q?=C3?= =?utf8?q?=BC?=", "\xef\xbf\xbd\xef\xbf\xbd" },
                /* Not by the book, but seen. */
                { "a=?utf-8?q?b?=c", "abc" },
                { "=?utf-8?q?two words?=", "two words" },
                { "=?utf-8?q?a=?=", "a=" },
                { "=?utf-8?q?a=ZZ=4?=", "a=ZZ=4" },
                { "=?utf-8?q?=e4?=", "\xef\xbf\xbd" },
                { "=?x-nope?q?=e4?=", "\xc3\xa4" },
                { "=?utf-8?q?" "?=", "" },
                /* Broken: left as text. */
                { "=?utf-8?q?open", "=?utf-8?q?open" },
                { "=?utf-8?x?abc?=", "=?utf-8?x?abc?=" },
                { "=?utf-8?q?a?b?=", "=?utf-8?q?a?b?=" },
                { "=?" "?q?abc?=", "=?" "?q?abc?=" },
                { "=?ut f?q?abc?=", "=?ut f?q?abc?=" },
                { "=?utf-8?b?*?=", "=?utf-8?b?*?=" },
                { "=?utf-8?q?a?", "=?utf-8?q?a?" },
                { "=", "=" },
                { "=?", "=?" },
                { "=?=?utf-8?q?x?=", "=?x" },
                { "2=?2 =?utf-8?q?x?=", "2=?2 x" },
                /* 8-bit text of no declared charset. */
                { "\xc3\xbc", "\xc3\xbc" },
                { "\xfc =?utf-8?q?x?=", "\xc3\xbc x" },
        };

        for (size_t i = 0; i < ELEMENTSOF(CASES); i++) {
                _cleanup_(buf_done) Buf b = BUF_EMPTY;

                encoded_words_decode(slice_from_string(CASES[i][0]), &b);
                CHECK_STR(buf_string(&b), CASES[i][1]);
        }
}

TEST(encoding) {
        static const struct {
                const char *text;
                size_t column;
                const char *want;
        } CASES[] = {
                { "", 0, "" },
                { "Plain, with <specials>?", 70, "Plain, with <specials>?" },
                { "Hello gr\xc3\xbcn", 9, "=?UTF-8?Q?Hello_gr=C3=BCn?=" },
                { "gr\xc3\xbc\xc3\x9f", 9, "=?UTF-8?B?Z3LDvMOf?=" },
                { "\xe3\x83\x86\xe3\x82\xb9", 9, "=?UTF-8?B?44OG44K5?=" },
                { "a =?b", 0, "=?UTF-8?B?YSA9P2I=?=" },
                { "a\r\nBcc: x", 0, "=?UTF-8?B?YQ0KQmNjOiB4?=" },
                { "\xff", 0, "=?UTF-8?B?77+9?=" },
                { "\xc3\xbc", 60, "\r\n =?UTF-8?B?w7w=?=" },
        };

        for (size_t i = 0; i < ELEMENTSOF(CASES); i++) {
                _cleanup_(buf_done) Buf b = BUF_EMPTY;

                encoded_words_encode(slice_from_string(CASES[i].text), CASES[i].column, &b);
                CHECK_STR(buf_string(&b), CASES[i].want);
        }
}

TEST(what_was_encoded_decodes_to_itself) {
        static const char *const PIECES[] = { "a", " ", "\xc3\xbc", "\xe2\x82\xac", "=?", "?=",
                                              "_", "\xf0\x9f\x92\xa9", "words ", "=20", "\t" };
        Prng prng = { 2 };

        for (unsigned round = 0; round < 300; round++) {
                _cleanup_(buf_done) Buf text = BUF_EMPTY, encoded = BUF_EMPTY, back = BUF_EMPTY;
                size_t column = prng_below(&prng, 80);
                Slice rest;

                buf_append_string(&text, "\xc3\x84"); /* so that it has to be encoded */
                prng_pieces(&prng, PIECES, ELEMENTSOF(PIECES), prng_below(&prng, 80), &text);
                encoded_words_encode(buf_slice(&text), column, &encoded);
                rest = buf_slice(&encoded);
                while (rest.data) {
                        CHECK(slice_split(&rest, '\n').size + column <= ENCODED_WORD_LINE_MAX + 2 ||
                              column > 0);
                        column = 0;
                }
                encoded_words_decode(slice_trim(buf_slice(&encoded)), &back);
                CHECK_STR(buf_string(&back), buf_string(&text));
                CHECK(utf8_is_ascii(buf_slice(&encoded)));
        }
}

TEST(many_false_beginnings_take_no_long_time) {
        _cleanup_(buf_done) Buf text = BUF_EMPTY, back = BUF_EMPTY;

        for (size_t i = 0; i < 100000; i++)
                buf_append_string(&text, "=?u?q?");
        encoded_words_decode(buf_slice(&text), &back);
        CHECK(slice_equal(buf_slice(&text), buf_slice(&back)));
        buf_truncate(&text, 0);
        buf_truncate(&back, 0);
        for (size_t i = 0; i < 100000; i++)
                buf_append_string(&text, "=?u");
        encoded_words_decode(buf_slice(&text), &back);
        CHECK(slice_equal(buf_slice(&text), buf_slice(&back)));
}
