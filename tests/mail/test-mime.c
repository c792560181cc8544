/* SPDX-License-Identifier: MIT */
#include "mail/charset.h"
#include "mail/header.h"
#include "mail/mime.h"
#include "prng.h"
#include "test.h"

/* Writes the tree as "type[body]" or "type(children)", with the file name behind a "!". */
static void show_part(const MimePart *part, Buf *to) {
        buf_append_slice(to, part->type.value);
        if (part->filename.data) {
                buf_append_byte(to, '!');
                buf_append_slice(to, part->filename);
        }
        if (!part->first) {
                buf_append_byte(to, '[');
                mime_part_text(part, to);
                buf_append_byte(to, ']');
                return;
        }
        buf_append_byte(to, '(');
        for (const MimePart *child = part->first; child; child = child->next) {
                CHECK(child->parent == part);
                CHECK_INT(child->depth, part->depth + 1);
                show_part(child, to);
        }
        buf_append_byte(to, ')');
}

static void show(Slice text, Buf *to) {
        _cleanup_(arena_done) Arena arena = ARENA_EMPTY;
        Slice headers, body;
        MimeMessage m;

        (void) message_split(text, &headers, &body);
        CHECK_INT(mime_parse(&arena, headers, body, &m), 0);
        show_part(m.root, to);
}

#define MIXED "Content-Type: multipart/mixed; boundary=b\r\n\r\n"

static const char *const CASES[][2] = {
        { "", "text/plain[]" },
        { "Subject: x\r\n\r\nbody\r\n", "text/plain[body\r\n]" },
        { "Subject: x", "text/plain[]" },
        { "Content-Type: TEXT/Html; charset=iso-8859-1\n\n\xfc", "text/html[\xc3\xbc]" },
        { "Content-Type: text/plain\nContent-Type: text/html\n\nx", "text/html[x]" },
        { "Content-Transfer-Encoding: BASE64 \n\nw7w=\n", "text/plain[\xc3\xbc]" },
        { "Content-Transfer-Encoding: quoted-printable\n\n=C3=BC", "text/plain[\xc3\xbc]" },
        { "Content-Transfer-Encoding: x-unknown\n\n=C3", "text/plain[=C3]" },
        { MIXED "preamble\r\n--b\r\n\r\none\r\n--b\r\nContent-Type: text/html\r\n\r\ntwo\r\n"
                "--b--\r\nepilogue\r\n",
          "multipart/mixed(text/plain[one]text/html[two])" },
        { MIXED "--b\n\none\n--b\n\ntwo\n--b--",
          "multipart/mixed(text/plain[one]text/plain[two])" },
        { MIXED "--b\r\n\r\none\r\n\r\n--b--\r\n", "multipart/mixed(text/plain[one\r\n])" },
        { MIXED "--b\r\n\r\n--b--\r\n", "multipart/mixed(text/plain[])" },
        { MIXED "--b\r\n--b--\r\n", "multipart/mixed(text/plain[])" },
        { MIXED "--b \t\r\n\r\none\r\n--b-- \r\n", "multipart/mixed(text/plain[one])" },
        { MIXED "--b\r\n\r\nopen", "multipart/mixed(text/plain[open])" },
        { MIXED "--b\r\nX: y", "multipart/mixed(text/plain[])" },
        { MIXED "--b", "multipart/mixed(text/plain[])" },
        { MIXED "--b--\r\n", "multipart/mixed[--b--\r\n]" },
        { MIXED "no parts", "multipart/mixed[no parts]" },
        { MIXED " --b\r\n\r\nx\r\n--bb\r\n\r\n--b-\r\n",
          "multipart/mixed[ --b\r\n\r\nx\r\n--bb\r\n\r\n--b-\r\n]" },
        { MIXED "--b\r\n\r\nx --b\r\n--b--", "multipart/mixed(text/plain[x --b])" },
        { "Content-Type: multipart/mixed\r\n\r\n--\r\n", "multipart/mixed[--\r\n]" },
        { MIXED "--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n"
                "--c\r\n\r\none\r\n--c\r\n\r\ntwo\r\n--c--\r\n--b\r\n\r\nthree\r\n--b--\r\n",
          "multipart/mixed(multipart/alternative(text/plain[one]text/plain[two])"
          "text/plain[three])" },
        /* The outer delimiter ends an inner multipart that is not closed. */
        { MIXED "--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n"
                "--c\r\n\r\none\r\n--b\r\n\r\nthree\r\n--c--\r\n--b--\r\n",
          "multipart/mixed(multipart/alternative(text/plain[one])text/plain[three\r\n--c--])" },
        /* The same boundary inside: the outer one has it. */
        { MIXED "--b\r\nContent-Type: multipart/x; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b--\r\n",
          "multipart/mixed(multipart/x[]text/plain[one])" },
        { MIXED "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nx\r\n--b--\r\n",
          "multipart/mixed(message/rfc822[Subject: inner\r\n\r\nx])" },
        { "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\nSubject: x\r\n--b--",
          "multipart/digest(message/rfc822[Subject: x])" },
        { "Content-Type: text/plain; name=a.txt\r\n\r\n", "text/plain!a.txt[]" },
        { "Content-Type: text/plain; name=a.txt\r\n"
          "Content-Disposition: attachment; filename*=utf-8''%C3%BC.txt\r\n\r\n",
          "text/plain!\xc3\xbc.txt[]" },
};

TEST(trees) {
        for (size_t i = 0; i < ELEMENTSOF(CASES); i++) {
                _cleanup_(buf_done) Buf b = BUF_EMPTY;

                show(slice_from_string(CASES[i][0]), &b);
                CHECK_STR(buf_string(&b), CASES[i][1]);
        }
}

TEST(bodies_and_attachments) {
        Slice headers, body, text = SLICE(MIXED
                "--b\r\nContent-Disposition: attachment\r\n\r\nattached\r\n"
                "--b\r\nContent-Type: text/html; name=x.html\r\n\r\nfile\r\n"
                "--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n"
                "--c\r\nContent-Disposition: inline\r\n\r\nplain\r\n"
                "--c\r\nContent-Type: text/html\r\n\r\nhtml\r\n--c--\r\n--b--\r\n");
        _cleanup_(arena_done) Arena arena = ARENA_EMPTY;
        const MimePart *part;
        MimeMessage m;
        size_t count = 0;

        CHECK(message_split(text, &headers, &body));
        CHECK_INT(mime_parse(&arena, headers, body, &m), 0);
        CHECK_INT(m.count, 6);
        for (part = m.root; part; part = mime_next(part))
                count++;
        CHECK_INT(count, 6);
        part = mime_find_body(&m, SLICE("text/plain"));
        CHECK(part);
        CHECK_SLICE(part->body, "plain");
        part = mime_find_body(&m, SLICE("text/html"));
        CHECK(part);
        CHECK_SLICE(part->body, "html");
        CHECK(!mime_find_body(&m, SLICE("image/png")));
}

TEST(limits) {
        _cleanup_(arena_done) Arena arena = ARENA_EMPTY;
        _cleanup_(buf_done) Buf many = BUF_EMPTY, deep = BUF_EMPTY;
        Slice headers, body;
        MimeMessage m;
        unsigned depth = 0;

        buf_append_string(&many, MIXED);
        for (unsigned i = 0; i < 2 * MIME_PARTS_MAX; i++)
                buf_append_string(&many, "--b\r\n\r\nx\r\n");
        CHECK(message_split(buf_slice(&many), &headers, &body));
        CHECK_INT(mime_parse(&arena, headers, body, &m), 0);
        CHECK_INT(m.count, MIME_PARTS_MAX);
        CHECK(m.is_truncated);

        for (unsigned i = 0; i < 2 * MIME_DEPTH_MAX; i++)
                buf_printf(&deep, "Content-Type: multipart/x; boundary=b%u\r\n\r\n--b%u\r\n", i, i);
        CHECK(message_split(buf_slice(&deep), &headers, &body));
        CHECK_INT(mime_parse(&arena, headers, body, &m), 0);
        for (const MimePart *part = m.root; part; part = mime_next(part))
                depth = MAX(depth, part->depth);
        CHECK_INT(depth, MIME_DEPTH_MAX);
        CHECK(m.is_truncated);
}

TEST(random_messages_end) {
        static const char *const PIECES[] = { "--b", "--c", "--", "\r\n", "\n", "\r\n\r\n", " ",
                                              "Content-Type: multipart/mixed; boundary=c\r\n",
                                              "Content-Transfer-Encoding: base64\r\n",
                                              "Content-Transfer-Encoding: quoted-printable\r\n",
                                              "w7w=", "=C3=BC", "=", "\xff" };
        Prng prng = { 10 };

        for (unsigned round = 0; round < 3000; round++) {
                _cleanup_(buf_done) Buf b = BUF_EMPTY, shown = BUF_EMPTY;

                buf_append_string(&b, MIXED "--b\r\n");
                prng_pieces(&prng, PIECES, ELEMENTSOF(PIECES), prng_below(&prng, 30), &b);
                show(buf_slice(&b), &shown);
                CHECK(utf8_is_valid(buf_slice(&shown)));
        }
}
