/* SPDX-License-Identifier: MIT */
#include "mail/charset.h"
#include "mail/smtp-reply.h"
#include "prng.h"
#include "test.h"

/* Feeds `input` cut at `cut`; returns how much was taken. */
static size_t feed(SmtpReply *r, Slice input, size_t cut) {
        size_t taken = smtp_reply_feed(r, slice_first(input, cut));

        if (r->state == SMTP_REPLY_MORE) {
                CHECK_INT(taken, cut);
                taken += smtp_reply_feed(r, slice_from(input, cut));
        }
        return taken;
}

static const struct {
        const char *input;
        SmtpReplyState state;
        unsigned code;
        const char *text;
        size_t left;
        SmtpEnhancedStatus enhanced;
} CASES[] = {
        { "250 OK\r\n", SMTP_REPLY_DONE, 250, "250 OK", 0, { 0 } },
        { "250 2.0.0 Ok: queued as X\r\n", SMTP_REPLY_DONE, 250, "250 2.0.0 Ok: queued as X", 0,
          { 2, 0, 0 } },
        { "250-a\r\n250-b\r\n250 c\r\nrest", SMTP_REPLY_DONE, 250, "250-a\n250-b\n250 c", 4,
          { 0 } },
        { "550-5.7.1 no\r\n550 5.7.2 really\r\n", SMTP_REPLY_DONE, 550,
          "550-5.7.1 no\n550 5.7.2 really", 0, { 5, 7, 1 } },
        { "550-no\r\n550 5.7.2 really\r\n", SMTP_REPLY_DONE, 550, "550-no\n550 5.7.2 really", 0,
          { 5, 7, 2 } },
        { "250\r\n", SMTP_REPLY_DONE, 250, "250", 0, { 0 } },
        { "250-\r\n250 \r\n", SMTP_REPLY_DONE, 250, "250-\n250 ", 0, { 0 } },
        { "250 OK\n", SMTP_REPLY_DONE, 250, "250 OK", 0, { 0 } },
        { "250OK\r\n", SMTP_REPLY_DONE, 250, "250OK", 0, { 0 } },
        { "250-yes\r\n550 no\r\n", SMTP_REPLY_DONE, 550, "250-yes\n550 no", 0, { 0 } },
        { "450 4.7.1  later\r\n", SMTP_REPLY_DONE, 450, "450 4.7.1  later", 0, { 4, 7, 1 } },
        { "450 5.7.1 not of the class\r\n", SMTP_REPLY_DONE, 450, "450 5.7.1 not of the class", 0,
          { 0 } },
        { "354 3.0.0 no class\r\n", SMTP_REPLY_DONE, 354, "354 3.0.0 no class", 0, { 0 } },
        { "550 5.7\r\n", SMTP_REPLY_DONE, 550, "550 5.7", 0, { 0 } },
        { "550 5.7.1x\r\n", SMTP_REPLY_DONE, 550, "550 5.7.1x", 0, { 0 } },
        { "550 5.7.1234 x\r\n", SMTP_REPLY_DONE, 550, "550 5.7.1234 x", 0, { 0 } },
        { "550 5.7.1\r\n", SMTP_REPLY_DONE, 550, "550 5.7.1", 0, { 5, 7, 1 } },
        { "550 a\x01" "b\rc\xff\r\n", SMTP_REPLY_DONE, 550, "550 a b c\xef\xbf\xbd", 0, { 0 } },
        { "250 O", SMTP_REPLY_MORE, 0, "250 O", 0, { 0 } },
        { "250-x\r\n", SMTP_REPLY_MORE, 250, "250-x\n", 0, { 0 } },
        { "", SMTP_REPLY_MORE, 0, "", 0, { 0 } },
        { "\r\n", SMTP_REPLY_BROKEN, 0, "", 0, { 0 } },
        { "25\r\n", SMTP_REPLY_BROKEN, 0, "25", 0, { 0 } },
        { "HTTP/1.1 400 Bad Request\r\nx", SMTP_REPLY_BROKEN, 0, "HTTP/1.1 400 Bad Request", 1,
          { 0 } },
        { "2500 x\r\n", SMTP_REPLY_BROKEN, 250, "2500 x", 0, { 0 } },
        { "050 x\r\n", SMTP_REPLY_BROKEN, 0, "050 x", 0, { 0 } },
        { "25x x\r\n", SMTP_REPLY_BROKEN, 25, "25x x", 0, { 0 } },
        { "250-x\r\ny\r\n", SMTP_REPLY_BROKEN, 250, "250-x\ny", 0, { 0 } },
};

TEST(replies_at_every_cut) {
        for (size_t i = 0; i < ELEMENTSOF(CASES); i++) {
                Slice input = slice_from_string(CASES[i].input);

                for (size_t cut = 0; cut <= input.size; cut++) {
                        _cleanup_(smtp_reply_done) SmtpReply r = SMTP_REPLY_EMPTY;

                        CHECK_INT(feed(&r, input, cut), input.size - CASES[i].left);
                        CHECK_INT(r.state, CASES[i].state);
                        CHECK_STR(buf_string(&r.text), CASES[i].text);
                        if (r.state != SMTP_REPLY_BROKEN)
                                CHECK_INT(r.code, CASES[i].code);
                        CHECK_INT(r.enhanced.class, CASES[i].enhanced.class);
                        CHECK_INT(r.enhanced.subject, CASES[i].enhanced.subject);
                        CHECK_INT(r.enhanced.detail, CASES[i].enhanced.detail);
                }
        }
}

TEST(one_after_the_other) {
        _cleanup_(smtp_reply_done) SmtpReply r = SMTP_REPLY_EMPTY;
        Slice input = SLICE("250 2.1.0 OK\r\n550 no\r\n");
        size_t taken;

        taken = smtp_reply_feed(&r, input);
        CHECK_INT(taken, 14);
        CHECK_INT(smtp_reply_feed(&r, slice_from(input, taken)), 0);
        smtp_reply_reset(&r);
        CHECK_INT(smtp_reply_feed(&r, slice_from(input, taken)), 8);
        CHECK_INT(r.code, 550);
        CHECK_INT(r.enhanced.class, 0);
        CHECK_STR(buf_string(&r.text), "550 no");
}

TEST(limits) {
        _cleanup_(smtp_reply_done) SmtpReply r = SMTP_REPLY_EMPTY;
        char line[SMTP_REPLY_LINE_MAX + 1];

        memset(line, 'x', sizeof(line));
        (void) smtp_reply_feed(&r, SLICE("250-"));
        (void) smtp_reply_feed(&r, slice_make(line, SMTP_REPLY_LINE_MAX - 4));
        CHECK_INT(r.state, SMTP_REPLY_MORE);
        (void) smtp_reply_feed(&r, SLICE("x"));
        CHECK_INT(r.state, SMTP_REPLY_BROKEN);

        smtp_reply_reset(&r);
        for (unsigned i = 0; r.state == SMTP_REPLY_MORE; i++) {
                CHECK(i < SMTP_REPLY_SIZE_MAX);
                (void) smtp_reply_feed(&r, SLICE("250-\r\n"));
        }
        CHECK_INT(r.state, SMTP_REPLY_BROKEN);
        CHECK(r.text.size <= SMTP_REPLY_SIZE_MAX + 1);
}

TEST(capabilities) {
        _cleanup_(smtp_reply_done) SmtpReply r = SMTP_REPLY_EMPTY;
        SmtpCapabilities c;

        (void) smtp_reply_feed(&r, SLICE("250-mx.example.net at your service\r\n"
                                         "250-SIZE 35882577\r\n250-8BITMIME\r\n250-starttls\r\n"
                                         "250-ENHANCEDSTATUSCODES\r\n250-PIPELINING\r\n"
                                         "250-CHUNKING\r\n250-X-UNKNOWN a b\r\n250-\r\n"
                                         "250-AUTH PLAIN  cram-md5 GSSAPI\r\n250 SMTPUTF8\r\n"));
        CHECK_INT(r.state, SMTP_REPLY_DONE);
        c = smtp_capabilities_parse(&r);
        CHECK(c.has_size && c.size_max == 35882577);
        CHECK(c.has_8bitmime && c.has_starttls && c.has_enhanced_status && c.has_pipelining);
        CHECK(c.has_chunking && c.has_smtputf8 && c.has_auth);
        CHECK_INT(c.mechanisms, SMTP_MECHANISM_PLAIN | SMTP_MECHANISM_CRAM_MD5);

        smtp_reply_reset(&r);
        (void) smtp_reply_feed(&r, SLICE("250-STARTTLS\r\n250-SIZE\r\n250 AUTH=LOGIN XOAUTH2\r\n"));
        c = smtp_capabilities_parse(&r);
        CHECK(!c.has_starttls); /* the first line is a greeting */
        CHECK(c.has_size && c.size_max == 0);
        CHECK_INT(c.mechanisms, SMTP_MECHANISM_LOGIN | SMTP_MECHANISM_XOAUTH2);

        smtp_reply_reset(&r);
        (void) smtp_reply_feed(&r, SLICE("250 STARTTLS\r\n"));
        c = smtp_capabilities_parse(&r);
        CHECK(!c.has_starttls && !c.has_size && !c.has_auth);
}

TEST(retry_hints) {
        static const struct {
                const char *text;
                int want; /* -1 for none */
        } HINTS[] = {
                { "451 Try again in 30 seconds", 40 },
                { "451 wait 5 minutes", 310 },
                { "451 5 minutes or 120 seconds", 130 },
                { "451 0 seconds", 10 },
                { "451 some seconds, then 7 seconds", 17 },
                { "451 greylisted for 300 secondsish", 310 },
                { "451 99999999999999999999999 seconds", SMTP_RETRY_HINT_MAX_SEC },
                { "451 86390 seconds", SMTP_RETRY_HINT_MAX_SEC },
                { "451 1440 minutes", SMTP_RETRY_HINT_MAX_SEC },
                { "451 4294967296 minutes", SMTP_RETRY_HINT_MAX_SEC },
                { "451 1 second", -1 },
                { "451 30  seconds", -1 },
                { "451 30 Seconds", -1 },
                { "451 in seconds", -1 },
                { " seconds", -1 },
                { "", -1 },
        };

        for (size_t i = 0; i < ELEMENTSOF(HINTS); i++) {
                unsigned sec = 0;
                bool found = smtp_reply_retry_hint(slice_from_string(HINTS[i].text), &sec);

                CHECK_INT(found ? (int) sec : -1, HINTS[i].want);
        }
}
