/* SPDX-License-Identifier: MIT */
#include "mail/charset.h"
#include "mail/mime-value.h"
#include "prng.h"
#include "test.h"

/* Writes "value|name=value|…". */
static void show(Slice value, Buf *to) {
        _cleanup_(arena_done) Arena arena = ARENA_EMPTY;
        MimeValue v;

        CHECK_INT(mime_value_parse(&arena, value, &v), 0);
        buf_append_slice(to, v.value);
        for (MimeParameter *p = v.parameters; p; p = p->next) {
                buf_append_byte(to, '|');
                buf_append_slice(to, p->name);
                buf_append_byte(to, '=');
                buf_append_slice(to, p->value);
        }
}

static const char *const CASES[][2] = {
        { "", "" },
        { " text/plain", "text/plain" },
        { "Text/HTML; Charset=UTF-8", "text/html|charset=UTF-8" },
        { "text/plain; charset=us-ascii (Plain text)", "text/plain|charset=us-ascii" },
        { "text (x) / plain ; charset=\"us-ascii\"", "text/plain|charset=us-ascii" },
        { "multipart/mixed;\r\n boundary=\"a; b=\\\"c\\\"\"",
          "multipart/mixed|boundary=a; b=\"c\"" },
        { "a/b; x=1; y = 2 ;z= \"3\" junk; w=4", "a/b|x=1|y=2|z=3|w=4" },
        { "a/b;;; x=1;", "a/b|x=1" },
        { "a/b; x; =y; z=1", "a/b|z=1" },
        { "a/b; x=1; X=2", "a/b|x=1" },
        { "attachment; filename=My File (1).pdf", "attachment|filename=My File" },
        { "attachment; filename=\"=?utf-8?q?=C3=BC?=.txt\"", "attachment|filename=\xc3\xbc.txt" },
        { "attachment; filename=\xfc.txt", "attachment|filename=\xc3\xbc.txt" },
        { "attachment; filename=\"a\r\n b\"", "attachment|filename=a b" },
        { "attachment; filename=\"a\x01\"", "attachment|filename=a " },
        { "attachment; filename=\"open", "attachment|filename=open" },
        { "attachment; filename=", "attachment|filename=" },
        /* RFC 2231 sections 3, 4 and 4.1. */
        { "message/external-body; access-type=URL;\r\n"
          " URL*0=\"ftp://\";\r\n URL*1=\"cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar\"",
          "message/external-body|access-type=URL"
          "|url=ftp://cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar" },
        { "application/x-stuff; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A",
          "application/x-stuff|title=This is ***fun***" },
        { "application/x-stuff; title*0*=us-ascii'en'This%20is%20even%20more%20;\r\n"
          " title*1*=%2A%2A%2Afun%2A%2A%2A%20; title*2=\"isn't it!\"",
          "application/x-stuff|title=This is even more ***fun*** isn't it!" },
        { "a; filename*=utf-8''%C3%BC; filename=u", "a|filename=\xc3\xbc" },
        { "a; filename=u; FileName*=utf-8''%C3%BC", "a|filename=\xc3\xbc" },
        { "a; f*1=b; f*0=a; f*3=d", "a|f=ab" },             /* in order, up to the first gap */
        { "a; f*0*=utf-8''%C3; f*1*=%BC", "a|f=\xc3\xbc" }, /* a character in two pieces */
        { "a; f*=iso-8859-1''%FC", "a|f=\xc3\xbc" },
        { "a; f*=''%C3%BC", "a|f=\xc3\xbc" },
        { "a; f*=no%20charset", "a|f=no charset" },
        { "a; f*=utf-8'half", "a|f=half" },
        { "a; f*=utf-8''%zz%4", "a|f=%zz%4" },
        { "a; f*1=b", "a" },
        { "a; *=x", "a|*=x" },
        { "a; f*999=x", "a|f*999=x" },
        { "a; f**=x", "a|f*=x" },
};

TEST(values) {
        for (size_t i = 0; i < ELEMENTSOF(CASES); i++) {
                _cleanup_(buf_done) Buf b = BUF_EMPTY;

                show(slice_from_string(CASES[i][0]), &b);
                CHECK_STR(buf_string(&b), CASES[i][1]);
        }
}

TEST(looking_up) {
        _cleanup_(arena_done) Arena arena = ARENA_EMPTY;
        MimeValue v;

        CHECK_INT(mime_value_parse(&arena, SLICE("a/b; X=1; empty="), &v), 0);
        CHECK_SLICE(mime_value_parameter(&v, SLICE("x")), "1");
        CHECK(mime_value_parameter(&v, SLICE("empty")).data);
        CHECK(!mime_value_parameter(&v, SLICE("y")).data);
}

TEST(limits) {
        _cleanup_(arena_done) Arena arena = ARENA_EMPTY;
        _cleanup_(buf_done) Buf b = BUF_EMPTY;
        size_t count = 0;
        MimeValue v;

        buf_append_string(&b, "a/b");
        for (unsigned i = 0; i < 10000; i++)
                buf_printf(&b, "; p%u=%u", i, i);
        CHECK_INT(mime_value_parse(&arena, buf_slice(&b), &v), 0);
        for (MimeParameter *p = v.parameters; p; p = p->next)
                count++;
        CHECK_INT(count, MIME_PARAMETERS_MAX);

        buf_truncate(&b, 0);
        buf_append_string(&b, "a/b; ");
        for (unsigned i = 0; i <= MIME_PARAMETER_NAME_MAX; i++)
                buf_append_byte(&b, 'x');
        buf_append_string(&b, "=1; y=2");
        CHECK_INT(mime_value_parse(&arena, buf_slice(&b), &v), 0);
        CHECK_SLICE(v.parameters->name, "y");
}

TEST(random_values_end) {
        static const char *const PIECES[] = { "a", "/", ";", "=", "\"", "\\", "*", "0", "1", "'",
                                              "%C3", "%", " ", "(", ")", "\r\n ", "f*0*=", "\xff",
                                              "=?utf-8?q?=C3?=" };
        Prng prng = { 9 };

        for (unsigned round = 0; round < 5000; round++) {
                _cleanup_(buf_done) Buf b = BUF_EMPTY, shown = BUF_EMPTY;

                prng_pieces(&prng, PIECES, ELEMENTSOF(PIECES), prng_below(&prng, 30), &b);
                show(buf_slice(&b), &shown);
                CHECK(slice_find_byte(buf_slice(&shown), '\n', 0) < 0);
        }
}
