/* SPDX-License-Identifier: MIT */
#include "mail/received.h"
#include "test.h"

static const ReceivedField FIELD = {
        .helo = SLICE("client.example.org"),
        .hostname = SLICE("mail.example.org"),
        .ip = SLICE("192.0.2.1"),
        .by = SLICE("postal.example.com"),
        .protocol = SLICE("SMTP"),
        .time = SLICE("Sun, 22 Nov 2026 08:32:34 -0000"),
};

static void check(const ReceivedField *field, const char *want) {
        _cleanup_(buf_done) Buf b = BUF_EMPTY;

        received_append(field, &b);
        CHECK_STR(buf_string(&b), want);
}

TEST(both_forms) {
        ReceivedField f = FIELD;

        check(&f, "Received: from client.example.org (mail.example.org [192.0.2.1]) by "
                  "postal.example.com with SMTP; Sun, 22 Nov 2026 08:32:34 -0000\r\n");
        f.helo = SLICE_NULL;
        check(&f, "Received: from  (mail.example.org [192.0.2.1]) by "
                  "postal.example.com with SMTP; Sun, 22 Nov 2026 08:32:34 -0000\r\n");
        f.is_private = true;
        check(&f, "Received: by postal.example.com with SMTP; "
                  "Sun, 22 Nov 2026 08:32:34 -0000\r\n");
}

TEST(the_client_cannot_write_header_lines) {
        ReceivedField f = FIELD;

        f.helo = SLICE("x\r\nX-Evil: yes\r\xc3\xbc\x7f");
        f.hostname = SLICE("a) by other (b; \"c\\d\"");
        check(&f, "Received: from xX-Evil: yes (a? by other ?b? ?c?d? [192.0.2.1]) by "
                  "postal.example.com with SMTP; Sun, 22 Nov 2026 08:32:34 -0000\r\n");
}

TEST(long_names_are_cut) {
        _cleanup_(buf_done) Buf b = BUF_EMPTY;
        char name[RECEIVED_WORD_MAX * 4];
        ReceivedField f = FIELD;

        memset(name, 'x', sizeof(name));
        f.helo = f.hostname = slice_make(name, sizeof(name));
        received_append(&f, &b);
        CHECK(b.size < 998); /* RFC 5322 section 2.1.1 */
        CHECK(strstr(b.data, " with SMTP; "));
}
