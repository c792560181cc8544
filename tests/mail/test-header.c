/* SPDX-License-Identifier: MIT */
#include "mail/charset.h"
#include "mail/header.h"
#include "prng.h"
#include "test.h"

TEST(splitting) {
        static const struct {
                const char *message, *headers, *body;
        } CASES[] = {
                { "A: b\r\n\r\nbody\r\n", "A: b", "body\r\n" },
                { "A: b\n\nbody", "A: b", "body" },
                { "A: b\r\n\nbody", "A: b", "body" },
                { "A: b\n\r\nbody", "A: b", "body" },
                { "A: b\r\n\r\n", "A: b", "" },
                { "A: b\r\n", "A: b\r\n", NULL },
                { "A: b", "A: b", NULL },
                { "", "", NULL },
                { "\r\n\r\nbody", "", "body" },
                { "\r\nbody\r\n\r\nmore", "\r\nbody", "more" },
                { "A: b\r\r\n\r\nx", "A: b\r", "x" },
                { "A: b\r\n\r\r\nx", "A: b\r\n\r\r\nx", NULL },
                { "A: b\n\n\nx", "A: b", "\nx" },
                { "\n", "\n", NULL },
                { "\n\r", "\n\r", NULL },
                { "a\n\nb\n\nc", "a", "b\n\nc" },
        };

        for (size_t i = 0; i < ELEMENTSOF(CASES); i++) {
                Slice headers, body;

                CHECK_INT(message_split(slice_from_string(CASES[i].message), &headers, &body),
                          CASES[i].body != NULL);
                CHECK_SLICE(headers, CASES[i].headers);
                CHECK_SLICE(body, CASES[i].body);
                CHECK_INT(body.data != NULL, CASES[i].body != NULL);
        }
}

TEST(fields) {
        static const struct {
                const char *name, *value, *raw;
        } WANT[] = {
                { NULL, NULL, " leading\r\n\tfold\r\n" },
                { "From", " a@b", "From: a@b\r\n" },
                { "X-Folded", " one\r\n two\n\tthree", "X-Folded: one\r\n two\n\tthree\n" },
                { "Spaced", "x", "Spaced \t:x\n" },
                { NULL, NULL, "This is: no field\r\n with more\r\n" },
                { NULL, NULL, "no colon\n" },
                { NULL, NULL, ": no name\n" },
                { NULL, NULL, "\xc3\xbc: not ASCII\n" },
                { "Empty", "", "Empty:\r\n" },
                { "Blank", "\r\n ", "Blank:\r\n \r\n" },
                { "CR", "a\rb\r", "CR:a\rb\r\r\n" },
                { "Last", " x", "Last: x" },
        };
        _cleanup_(buf_done) Buf b = BUF_EMPTY;
        HeaderField f;
        Slice rest;

        for (size_t i = 0; i < ELEMENTSOF(WANT); i++)
                buf_append_string(&b, WANT[i].raw);
        rest = buf_slice(&b);
        for (size_t i = 0; i < ELEMENTSOF(WANT); i++) {
                CHECK(header_next(&rest, &f));
                CHECK_INT(f.is_field, WANT[i].name != NULL);
                CHECK_SLICE(f.name, WANT[i].name);
                CHECK_SLICE(f.value, WANT[i].value);
                CHECK_SLICE(f.raw, WANT[i].raw);
        }
        CHECK(!header_next(&rest, &f));
}

TEST(the_empty_line_ends_the_section) {
        Slice rest = SLICE("A: b\r\n\r\nC: d\r\n"), headers = SLICE("A: 1\nB: 2\na: 3\n\nA: 4\n");
        HeaderField f;

        CHECK(header_next(&rest, &f));
        CHECK(!header_next(&rest, &f));
        CHECK(!header_next(&rest, &f));

        CHECK(header_find_last(headers, SLICE("A"), &f));
        CHECK_SLICE(f.value, " 3");
        CHECK(!header_find_last(headers, SLICE("C"), &f));
        rest = headers;
        CHECK(header_find_next(&rest, SLICE("a"), &f));
        CHECK_SLICE(f.value, " 1");
        CHECK(header_find_next(&rest, SLICE("a"), &f));
        CHECK_SLICE(f.value, " 3");
        CHECK(!header_find_next(&rest, SLICE("a"), &f));
}

TEST(unfolding) {
        static const char *const CASES[][2] = {
                { "plain", "plain" },
                { " one\r\n two\n\tthree", " one two\tthree" },
                { "a\rb", "a b" },
                { "a\r\nb\nc", "a b c" },
                { "a\r", "a " },
                { "a\r\n", "a " },
                { "a\r\r\n b", "a  b" },
                { "", "" },
        };

        for (size_t i = 0; i < ELEMENTSOF(CASES); i++) {
                _cleanup_(buf_done) Buf b = BUF_EMPTY;

                header_unfold(slice_from_string(CASES[i][0]), &b);
                CHECK_STR(buf_string(&b), CASES[i][1]);
        }
}

TEST(message_ids) {
        static const char *const CASES[][2] = {
                { "Message-ID: <a@b>\r\n", "a@b" },
                { "message-id:<a@b>", "a@b" },
                { "Message-ID: <a@b>\r\nMessage-Id: <c@d>\r\n", "c@d" },
                { "Message-ID:\r\n <a@b>\r\n", "a@b" },
                { "Message-ID: bare@b \r\n", "bare@b" },
                { "Message-ID: <<a@b>>\r\n", "a@b" },
                { "Message-ID: <a@\r\n b>\r\n", "a@ b" },
                { "Message-ID: <a\x01@b>\r\n", "a@b" },
                { "Message-ID: <a\xff@b>\r\n", "a\xc3\xbf@b" },
                { "Message-ID: <>\r\n", NULL },
                { "Message-ID: \r\n", NULL },
                { "Subject: x\r\n", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(CASES); i++) {
                _cleanup_(buf_done) Buf b = BUF_EMPTY;

                CHECK_INT(header_message_id(slice_from_string(CASES[i][0]), &b),
                          CASES[i][1] != NULL);
                CHECK_STR(buf_string(&b), strempty(CASES[i][1]));
        }
}

TEST(subjects) {
        static const char *const CASES[][2] = {
                { "Subject: Hello\r\n", "Hello" },
                { "Subject:no space", "no space" },
                { "Subject: one\r\nSubject: two\r\n", "two" },
                { "Subject: one\r\n two\r\n", "one two" },
                { "Subject: =?utf-8?b?w7w=?=\r\n =?utf-8?b?w7w=?=\r\n", "\xc3\xbc\xc3\xbc" },
                { "Subject: gr\xc3\xbc\xc3\x9f" "e\r\n", "gr\xc3\xbc\xc3\x9f" "e" },
                { "Subject: gr\xfc\xdf" "e\r\n", "gr\xc3\xbc\xc3\x9f" "e" },
                { "Subject: =?utf-8?q?a=0D=0ABcc=3A_x=00?=\r\n", "a  Bcc: x" },
                { "Subject: \r\n", NULL },
                { "Subject:", NULL },
                { "From: x\r\n", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(CASES); i++) {
                _cleanup_(buf_done) Buf b = BUF_EMPTY;

                CHECK_INT(header_subject(slice_from_string(CASES[i][0]), &b), CASES[i][1] != NULL);
                CHECK_STR(buf_string(&b), strempty(CASES[i][1]));
        }
}

TEST(long_subjects_are_cut_by_characters) {
        _cleanup_(buf_done) Buf headers = BUF_EMPTY, b = BUF_EMPTY;

        buf_append_string(&headers, "Subject: ");
        for (unsigned i = 0; i < 2 * HEADER_SUBJECT_MAX; i++)
                buf_append_string(&headers, "\xe2\x82\xac");
        CHECK(header_subject(buf_slice(&headers), &b));
        CHECK_INT(b.size, 3 * HEADER_SUBJECT_MAX);
}

TEST(fields_make_up_the_section) {
        static const char *const PIECES[] = { "A", ":", " ", "\t", "\r\n", "\n", "\r", "Subject: ",
                                              "=?utf-8?q?", "?=", "\xff", "Message-ID: <", ">" };
        Prng prng = { 5 };

        for (unsigned round = 0; round < 5000; round++) {
                _cleanup_(buf_done) Buf b = BUF_EMPTY, out = BUF_EMPTY;
                Slice rest, headers, body;
                size_t sum = 0;
                HeaderField f;

                prng_pieces(&prng, PIECES, ELEMENTSOF(PIECES), prng_below(&prng, 24), &b);
                (void) message_split(buf_slice(&b), &headers, &body);
                for (rest = headers; header_next(&rest, &f); sum += f.raw.size)
                        CHECK(f.raw.data == headers.data + sum);
                CHECK_INT(sum + rest.size, headers.size);
                (void) header_subject(headers, &out);
                (void) header_message_id(headers, &out);
                CHECK(utf8_is_valid(buf_slice(&out)));
                CHECK(slice_find_byte(buf_slice(&out), '\n', 0) < 0);
                CHECK(slice_find_byte(buf_slice(&out), '\r', 0) < 0);
        }
}
