/* SPDX-License-Identifier: MIT */
#include "mail/address.h"
#include "prng.h"
#include "test.h"

TEST(mail_from) {
        static const char *const CASES[][2] = {
                { "MAIL FROM:<a@example.com>", "a@example.com" },
                { "mail from: <a@example.com>", "a@example.com" },
                { "MAIL FROM : <a@example.com>", "a@example.com" },
                { "MAIL FROM:a@example.com", "a@example.com" },
                { "MAIL FROM:  a@example.com  ", "a@example.com" },
                { "MAIL FROM:<>", "" },
                { "MAIL FROM:", "" },
                { "MAIL FROM:<a@example.com> SIZE=1000 BODY=8BITMIME", "a@example.com" },
                { "MAIL FROM:<a@example.com> AUTH=<>", "a@example.com" },
                { "MAIL FROM:<a@example.com> SIZE=1 AUTH=<b@c> RET=FULL", "a@example.com" },
                { "MAIL FROM:<a@example.com> auth=<b@c>", "a@example.com" },
                { "MAIL FROM:<auth=b@c>", "auth=b@c" },
                { "MAIL FROM:<x-AUTH=b@c>", "x-" },
                { "MAIL FROM:<AUTH=b@c>", "" },
                { "MAIL FROM:<a@example.com>AUTH=<>", "a@example.com" },
                { "MAIL FROM:Name <a@example.com>", "a@example.com" },
                { "MAIL FROM:<a<b@c>d>", "b@c" },
                { "MAIL FROM:< a@example.com >", "a@example.com" },
                { "MAIL FROM:<a@example.com", "a@example.com" },
                { "MAIL FROM:a@example.com>", "a@example.com" },
                { "MAIL FROM:a@b SIZE=10", "a@b SIZE=10" },
                { "MAIL FROM:garbage", "garbage" },
                { "MAIL FROM", "MAIL FROM" },
                { "MAIL FROM a@b", "MAIL FROM a@b" },
                { "MAIL FROM <a@b>", "a@b" },
                { "MAIL FROMX:<a@b>", "a@b" },
                { "MAIL FROM:>a@b<", "" },
                { "", "" },
        };

        for (size_t i = 0; i < ELEMENTSOF(CASES); i++)
                CHECK_SLICE(smtp_path_address(slice_from_string(CASES[i][0]), SMTP_PATH_MAIL),
                            CASES[i][1]);
}

TEST(rcpt_to) {
        static const char *const CASES[][2] = {
                { "RCPT TO:<a@example.com>", "a@example.com" },
                { "RCPT TO:<httphash@example.com >", "httphash@example.com" },
                { "RCPT TO:<\"quoted local\"@example.com>", "\"quoted local\"@example.com" },
                { "RCPT TO:<a@example.com> NOTIFY=NEVER", "a@example.com" },
                { "RCPT TO:Name <a@example.com>", "a@example.com" },
                { "RCPT TO:<a-AUTH=b@c>", "a-AUTH=b@c" },
                { "RCPT TO:<>", "" },
                { "RCPT TO: ", "" },
                { "RCPT TO: blah", "blah" },
                { "RCPT TO", "RCPT TO" },
        };

        for (size_t i = 0; i < ELEMENTSOF(CASES); i++)
                CHECK_SLICE(smtp_path_address(slice_from_string(CASES[i][0]), SMTP_PATH_RCPT),
                            CASES[i][1]);
}

TEST(sanity) {
        char long_one[SMTP_ADDRESS_MAX + 1];

        CHECK(address_is_sane(SLICE("")));
        CHECK(address_is_sane(SLICE("gr\xc3\xbc\xc3\x9f@example.com")));
        CHECK(!address_is_sane(SLICE("a\rb@c")));
        CHECK(!address_is_sane(slice_make("a\0b@c", 5)));
        CHECK(!address_is_sane(SLICE("a\x7f@c")));
        CHECK(!address_is_sane(SLICE("\xfc@c")));
        memset(long_one, 'a', sizeof(long_one));
        CHECK(address_is_sane(slice_make(long_one, SMTP_ADDRESS_MAX)));
        CHECK(!address_is_sane(slice_make(long_one, SMTP_ADDRESS_MAX + 1)));
}

TEST(parameters) {
        SmtpParameter p;
        Slice rest = smtp_path_parameters(
                SLICE("MAIL FROM:<a@b>  size=10 SMTPUTF8\tAUTH=<> X= -BAD=1 Y=\x01 Z=\xc3\xbc"),
                SMTP_PATH_MAIL);

        CHECK(smtp_parameters_next(&rest, &p));
        CHECK_SLICE(p.keyword, "size");
        CHECK_SLICE(p.value, "10");
        CHECK(p.has_value && p.is_valid);
        CHECK(smtp_parameters_next(&rest, &p));
        CHECK_SLICE(p.keyword, "SMTPUTF8");
        CHECK(!p.has_value && p.is_valid);
        CHECK(smtp_parameters_next(&rest, &p));
        CHECK_SLICE(p.keyword, "AUTH");
        CHECK_SLICE(p.value, "<>");
        CHECK(smtp_parameters_next(&rest, &p));
        CHECK_SLICE(p.keyword, "X");
        CHECK(p.has_value && !p.is_valid);
        CHECK(smtp_parameters_next(&rest, &p) && !p.is_valid);
        CHECK(smtp_parameters_next(&rest, &p) && !p.is_valid);
        CHECK(smtp_parameters_next(&rest, &p) && p.is_valid);
        CHECK(!smtp_parameters_next(&rest, &p));

        rest = smtp_path_parameters(SLICE("MAIL FROM:a@b SIZE=10"), SMTP_PATH_MAIL);
        CHECK(!smtp_parameters_next(&rest, &p));
        rest = smtp_path_parameters(SLICE("MAIL FROM:<a@b>"), SMTP_PATH_MAIL);
        CHECK(!smtp_parameters_next(&rest, &p));
        rest = SLICE("==");
        CHECK(smtp_parameters_next(&rest, &p) && !p.is_valid);
        CHECK_SLICE(p.keyword, "");
        CHECK_SLICE(p.value, "=");
}

TEST(xtext) {
        _cleanup_(buf_done) Buf b = BUF_EMPTY;

        CHECK_INT(xtext_decode(SLICE("a+40b+2Bc"), &b), 0);
        CHECK_STR(buf_string(&b), "a@b+c");
        CHECK_INT(xtext_decode(SLICE("x+4"), &b), -EBADMSG);
        CHECK_INT(xtext_decode(SLICE("x+zz"), &b), -EBADMSG);
        CHECK_INT(xtext_decode(SLICE("x+2b"), &b), -EBADMSG);
        CHECK_INT(xtext_decode(SLICE("a=b"), &b), -EBADMSG);
        CHECK_INT(xtext_decode(SLICE("a b"), &b), -EBADMSG);
        CHECK_INT(xtext_decode(SLICE("\xc3\xbc"), &b), -EBADMSG);
        CHECK_STR(buf_string(&b), "a@b+c");
}

TEST(splitting) {
        Slice a, b;

        address_split(SLICE("a@b@c"), &a, &b);
        CHECK_SLICE(a, "a");
        CHECK_SLICE(b, "b@c");
        address_split(SLICE("a@"), &a, &b);
        CHECK_SLICE(a, "a");
        CHECK(b.data && b.size == 0);
        address_split(SLICE("none"), &a, &b);
        CHECK_SLICE(a, "none");
        CHECK(!b.data);
        address_split(SLICE("@b"), &a, &b);
        CHECK_SLICE(a, "");
        CHECK_SLICE(b, "b");

        CHECK_SLICE(address_domain(SLICE("a@b@c")), "c");
        CHECK_SLICE(address_domain(SLICE("a@")), "");
        CHECK(!address_domain(SLICE("none")).data);

        address_split_tag(SLICE("token+tag+more"), &a, &b);
        CHECK_SLICE(a, "token");
        CHECK_SLICE(b, "tag+more");
        address_split_tag(SLICE("token"), &a, &b);
        CHECK_SLICE(a, "token");
        CHECK(!b.data);

        CHECK(address_is_ascii(SLICE("a@b")));
        CHECK(!address_is_ascii(SLICE("\xc3\xbc@b")));
}

TEST(header_addresses) {
        static const char *const CASES[][2] = {
                { "a@x.example", "a@x.example" },
                { "A <a@x.example>", "a@x.example" },
                { "A <a@x>, B <b@y>", "b@y" },
                { "y@evil.example <x@example.com>", "x@example.com" },
                { "a@x (comment)", "a@x" },
                { "a@x (one) (two)", "a@x" },
                { "(a) b@x(c)", "b@x" },
                { "a@x (nested (one) two)", "a@x  two)" },
                { "a@x ()", "a@x" },
                { "a@x (open", "a@x (open" },
                { " <a@x> trailing", "a@x" },
                { "\"<b@y>\" <a@x>", "a@x" },
                { "a@x, b@y", "a@x, b@y" },
                { "=?utf-8?q?a?= <a@x>", "a@x" },
                { "<a(c)@x>", "a@x" },
                { "", "" },
        };

        for (size_t i = 0; i < ELEMENTSOF(CASES); i++) {
                _cleanup_(buf_done) Buf b = BUF_EMPTY;

                header_address(slice_from_string(CASES[i][0]), &b);
                CHECK_STR(buf_string(&b), CASES[i][1]);
        }
}

TEST(random_lines_stay_within_themselves) {
        static const char *const PIECES[] = { "MAIL FROM", ":", "<", ">", " ", "AUTH=", "a@b",
                                              "auth=", "SIZE=1", "=", "\t", "+41", "(", ")" };
        Prng prng = { 3 };

        for (unsigned round = 0; round < 3000; round++) {
                _cleanup_(buf_done) Buf line = BUF_EMPTY, address = BUF_EMPTY;
                SmtpParameter p;
                Slice s, rest;

                prng_pieces(&prng, PIECES, ELEMENTSOF(PIECES), prng_below(&prng, 12), &line);
                s = smtp_path_address(buf_slice(&line), SMTP_PATH_MAIL);
                CHECK(s.size == 0 || s.data >= line.data);
                CHECK(s.size == 0 || s.data + s.size <= line.data + line.size);
                CHECK(slice_find_byte(s, '<', 0) < 0 && slice_find_byte(s, '>', 0) < 0);
                rest = smtp_path_parameters(buf_slice(&line), SMTP_PATH_MAIL);
                while (smtp_parameters_next(&rest, &p))
                        CHECK(p.keyword.size + p.value.size > 0 || p.has_value);
                header_address(buf_slice(&line), &address);
                CHECK(address.size <= line.size);
        }
}
