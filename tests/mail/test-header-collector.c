/* SPDX-License-Identifier: MIT */
#include "mail/header-collector.h"
#include "prng.h"
#include "test.h"

/* Writes the fields as "name=value;…", names in lower case as Postal keys them. */
static void show(const HeaderCollector *c, Buf *to) {
        for (size_t i = 0; i < c->count; i++) {
                for (size_t k = 0; k < c->fields[i].name.size; k++)
                        buf_append_byte(to, ascii_to_lower(c->fields[i].name.data[k]));
                if (c->fields[i].value.data) {
                        buf_append_byte(to, '=');
                        buf_append_slice(to, c->fields[i].value);
                }
                buf_append_byte(to, ';');
        }
}

/* Feeds the content in pieces of `step` bytes. */
static void collect(Slice content, size_t step, Buf *to) {
        _cleanup_(header_collector_done) HeaderCollector c = HEADER_COLLECTOR_EMPTY;

        for (size_t i = 0; i < content.size; i += step)
                header_collector_feed(&c, slice_first(slice_from(content, i),
                                                      MIN(step, content.size - i)));
        CHECK_INT(header_collector_finish(&c), 0);
        CHECK(!c.is_too_large);
        show(&c, to);
}

TEST(collecting) {
        static const char *const CASES[][2] = {
                { "", "" },
                { "From: a@b\r\nTo:c@d\r\n\r\nX: body\r\n", "from=a@b;to=c@d;" },
                { "X-Multiline: 1234\r\n             4567\r\n\r\n",
                  "x-multiline=1234             4567;" },
                { "A: 1\r\n\t2\r\n 3\r\nB: 4\r\n\r\n", "a=1\t2 3;b=4;" },
                { "From : a@b\r\n\r\n", "from=a@b;" },
                { "From\t :a@b\r\n\r\n", "from=a@b;" },
                { "A:   \t b  \r\n\r\n", "a=b  ;" },
                { "A:\r\n b\r\n\r\n", "a= b;" },
                { "A:\r\n\r\n", "a=;" },
                { "no colon\r\n folded\r\nB: 1\r\n\r\n", "no colon;b=1;" },
                { " leading fold\r\nA: 1\r\n\r\n", "a=1;" },
                { "A: 1\r\n \r\nB: 2\r\n\r\n", "a=1 ;b=2;" },
                { "A: 1:2\r\n\r\n", "a=1:2;" },
                { "\r\nA: 1\r\n", "" },
                { "A: 1\n\nB: 2\n", "a=1;" },
                { "A: 1", "a=1;" },
                { "From: a\r\nFrom: b\r\n\r\n", "from=a;from=b;" },
                /* A bare CR begins a line, but does not end the header. */
                { "Subject: x\rFrom: evil@y\r\nTo: z\r\n\r\n", "subject=x;from=evil@y;to=z;" },
                { "Subject: x\r\r\r\nFrom: evil@y\r\n\r\n", "subject=x;from=evil@y;" },
                { "A: 1\r 2\r\n\r\n", "a=1 2;" },
        };

        for (size_t i = 0; i < ELEMENTSOF(CASES); i++)
                for (size_t step = 1; step < 40; step++) {
                        _cleanup_(buf_done) Buf b = BUF_EMPTY;

                        collect(slice_from_string(CASES[i][0]), step, &b);
                        CHECK_STR(buf_string(&b), CASES[i][1]);
                }
}

TEST(looking_up) {
        _cleanup_(header_collector_done) HeaderCollector c = HEADER_COLLECTOR_EMPTY;
        size_t position = 0;
        Slice value;

        header_collector_feed(&c, SLICE("From: a\r\nTo: x\r\nfrom: b\r\nFrom\r\n\r\n"));
        CHECK(c.is_complete);
        header_collector_feed(&c, SLICE("From: body\r\n"));
        CHECK_INT(header_collector_finish(&c), 0);
        CHECK(header_collector_next(&c, SLICE("FROM"), &position, &value));
        CHECK_SLICE(value, "a");
        CHECK(header_collector_next(&c, SLICE("FROM"), &position, &value));
        CHECK_SLICE(value, "b");
        CHECK(header_collector_next(&c, SLICE("FROM"), &position, &value));
        CHECK(!value.data);
        CHECK(!header_collector_next(&c, SLICE("FROM"), &position, &value));
        position = 0;
        CHECK(!header_collector_next(&c, SLICE("Sender"), &position, &value));
}

TEST(loops) {
        static const struct {
                const char *headers;
                unsigned want;
        } CASES[] = {
                { "Received: by mail.example.com with SMTP; x\r\n", 1 },
                { "Received: from a (b [c]) by mail.example.com with SMTP; x\r\n", 1 },
                { "Received: from a\r\n by mail.example.com;\r\n", 1 },
                { "Received: by mail.example.com by mail.example.com\r\n", 1 },
                { "Received: by other by mail.example.com\r\n", 1 },
                { "Received: by mail.example.com.evil\r\n", 1 },
                { "Received: nearby mail.example.com\r\n", 1 },
                { "Received: by\tmail.example.com\r\n", 0 },
                { "Received: by MAIL.example.com\r\n", 0 },
                { "Received: by mailxexample.com\r\n", 0 }, /* the dot is a dot */
                { "Received: by mail.example.co", 0 },
                { "X-Received: by mail.example.com\r\n", 0 },
                { "Received: by mail.example.com\r\nreceived : by mail.example.com\r\n", 2 },
                { "Received: by ", 0 },
                { "Received\r\n", 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(CASES); i++) {
                _cleanup_(header_collector_done) HeaderCollector c = HEADER_COLLECTOR_EMPTY;

                header_collector_feed(&c, slice_from_string(CASES[i].headers));
                CHECK_INT(header_collector_finish(&c), 0);
                CHECK_INT(header_count_received_by(&c, SLICE("mail.example.com")), CASES[i].want);
        }
}

TEST(limits) {
        _cleanup_(header_collector_done) HeaderCollector c = HEADER_COLLECTOR_EMPTY;
        _cleanup_(buf_done) Buf b = BUF_EMPTY;

        for (size_t i = 0; i < HEADER_COLLECTOR_FIELDS_MAX; i++)
                buf_append_string(&b, "A:\r\n");
        header_collector_feed(&c, buf_slice(&b));
        CHECK_INT(header_collector_finish(&c), 0);
        CHECK(!c.is_too_large);
        header_collector_done(&c);

        buf_append_string(&b, "A:\r\n");
        header_collector_feed(&c, buf_slice(&b));
        CHECK_INT(header_collector_finish(&c), 0);
        CHECK(c.is_too_large);
        header_collector_done(&c);

        buf_truncate(&b, 0);
        while (b.size < HEADER_COLLECTOR_SIZE_MAX)
                buf_append_string(&b, "A:");
        header_collector_feed(&c, buf_slice(&b));
        CHECK(!c.is_too_large);
        header_collector_feed(&c, SLICE("\r\n"));
        CHECK(c.is_too_large);
        header_collector_feed(&c, buf_slice(&b));
        CHECK(c.section.size <= HEADER_COLLECTOR_SIZE_MAX + 1);
        CHECK_INT(header_collector_finish(&c), 0);
        header_collector_done(&c);

        /* A large body in the same piece is no large header. */
        buf_truncate(&b, 0);
        buf_append_string(&b, "A: 1\r\n\r\n");
        while (b.size < 2 * HEADER_COLLECTOR_SIZE_MAX)
                buf_append_string(&b, "0123456789abcdef");
        header_collector_feed(&c, buf_slice(&b));
        CHECK(c.is_complete && !c.is_too_large);
}

TEST(pieces_do_not_matter) {
        static const char *const PIECES[] = { "A", "From", ":", " ", "\t", "\r\n", "\r\n",
                                              "\n", "\r", "x" };
        Prng prng = { 6 };

        for (unsigned round = 0; round < 500; round++) {
                _cleanup_(buf_done) Buf content = BUF_EMPTY, whole = BUF_EMPTY;

                prng_pieces(&prng, PIECES, ELEMENTSOF(PIECES), prng_below(&prng, 30), &content);
                collect(buf_slice(&content), content.size + 1, &whole);
                for (size_t step = 1; step < content.size; step++) {
                        _cleanup_(buf_done) Buf parts = BUF_EMPTY;

                        collect(buf_slice(&content), step, &parts);
                        CHECK_STR(buf_string(&parts), buf_string(&whole));
                }
        }
}
