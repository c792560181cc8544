/* SPDX-License-Identifier: MIT */
/* What replies mean, and the texts, character for character (postal-core 6.3 to 6.5). */
#include "test.h"
#include "worker/classify.h"

#define PERMANENT "Permanent SMTP delivery error when sending to 192.0.2.1:25 (mx1.example.com)"
#define TEMPORARY "Temporary SMTP delivery error when sending to 192.0.2.1:25 (mx1.example.com)"

static const SendRoute ROUTE = { .address = "192.0.2.1", .port = 25, .host = "mx1.example.com" };

static Arena arena;

static SendOutcome classify(SmtpStage stage, unsigned code, const char *text) {
        SendOutcome o;

        arena_done(&arena);
        CHECK_INT(classify_result(&(SmtpResult){ .stage = stage, .code = code, .text = text }, &ROUTE,
                                  "jo@example.com", &arena, &o),
                  0);
        return o;
}

TEST(a_message_that_was_accepted) {
        const SendRoute with_source = { "2001:db8::1", 2525, "mx.example", "192.0.2.99" };
        const SmtpResult taken = { .stage = SMTP_STAGE_CONTENT, .code = 250, .text = "250-2.0.0 Ok\n250 queued" };
        SendOutcome o = classify(SMTP_STAGE_CONTENT, 250, "250 2.0.0 Ok: queued as 12345");

        CHECK_INT(o.status, DELIVERY_SENT);
        CHECK_STR(o.details, "Message for jo@example.com accepted by 192.0.2.1:25 (mx1.example.com)");
        CHECK_STR(o.output, "250 2.0.0 Ok: queued as 12345");
        CHECK(!o.retries);
        CHECK_INT(classify_result(&taken, &with_source, "jo@example.com", &arena, &o), 0);
        CHECK_STR(o.details,
                  "Message for jo@example.com accepted by 2001:db8::1:2525 (mx.example) (from 192.0.2.99)");
        CHECK_STR(o.output, "250-2.0.0 Ok\n250 queued");
        arena_done(&arena);
}

/* Every code, to every command. */
TEST(the_classes_of_replies) {
        static const SmtpStage STAGES[] = { SMTP_STAGE_MAIL, SMTP_STAGE_RCPT, SMTP_STAGE_CONTENT };

        for (size_t i = 0; i < ELEMENTSOF(STAGES); i++)
                for (unsigned code = 100; code < 1000; code++) {
                        bool is_sent = STAGES[i] == SMTP_STAGE_CONTENT && code >= 200 && code <= 299;
                        bool is_hard = code >= 510 && code <= 599 && !(code >= 530 && code <= 539);
                        SendOutcome o = classify(STAGES[i], code, "what it said");

                        CHECK_INT(o.status, is_sent   ? DELIVERY_SENT
                                            : is_hard ? DELIVERY_HARD_FAIL
                                                      : DELIVERY_SOFT_FAIL);
                        CHECK_INT(o.retries, !is_sent && !is_hard);
                        CHECK_INT(o.retry_sec, 0);
                        CHECK_STR(o.output, "what it said");
                        if (!is_sent)
                                CHECK_STR(o.details, is_hard ? PERMANENT : TEMPORARY);
                }
        arena_done(&arena);
}

TEST(data_itself_is_never_refused_for_good) {
        for (unsigned code = 100; code < 1000; code++) {
                char want[64];
                SendOutcome o;

                if (code >= 300 && code <= 399)
                        continue;
                o = classify(SMTP_STAGE_DATA, code, "554 5.7.1 No");
                (void) snprintf(want, sizeof(want), "could not get 3xx (%u: 554 5.7.1 No)", code);
                CHECK_INT(o.status, DELIVERY_SOFT_FAIL);
                CHECK_STR(o.details, TEMPORARY);
                CHECK_STR(o.output, want);
                CHECK(o.retries);
        }
        arena_done(&arena);
}

TEST(servers_may_say_when_to_come_back) {
        static const struct {
                unsigned code;
                const char *text;
                unsigned want; /* 0: by the schedule */
        } CASES[] = {
                { 450, "450 Try again in 30 seconds", 40 },
                { 451, "451 Try again in 5 minutes", 310 },
                { 451, "451-Greylisted\n451 come back in 5 minutes or 20 seconds", 30 },
                { 450, "450 Try again later", 0 },
                { 450, "450 wait some seconds", 0 },
                { 450, "450 Try again in 1 minute", 0 },
                { 502, "502 Try again in 60 seconds", 70 },
                { 535, "535 Try again in 1 minutes", 70 },
                { 450, "450 wait 99999999999999999999 seconds", 24 * 60 * 60 },
        };

        for (size_t i = 0; i < ELEMENTSOF(CASES); i++) {
                SendOutcome o = classify(SMTP_STAGE_RCPT, CASES[i].code, CASES[i].text);

                CHECK_INT(o.status, DELIVERY_SOFT_FAIL);
                CHECK(o.retries);
                CHECK_INT(o.retry_sec, CASES[i].want);
        }
        CHECK_INT(classify(SMTP_STAGE_DATA, 550, "550 Try again in 30 seconds").retry_sec, 40);
        /* Who is told never to come back does not. */
        CHECK_INT(classify(SMTP_STAGE_RCPT, 550, "550 Try again in 30 seconds").retry_sec, 0);
        CHECK(!classify(SMTP_STAGE_RCPT, 550, "550 Try again in 30 seconds").retries);
        arena_done(&arena);
}

TEST(what_the_server_need_not_be_asked) {
        const SmtpResult own = { .stage = SMTP_STAGE_MAIL, .text = "The address has control characters",
                                 .is_own = true };
        SendOutcome o;

        CHECK_INT(classify_result(&own, &ROUTE, "jo@example.com", &arena, &o), 0);
        CHECK_INT(o.status, DELIVERY_HARD_FAIL);
        CHECK_STR(o.details, PERMANENT);
        CHECK_STR(o.output, "The address has control characters");
        CHECK(!o.retries);
        arena_done(&arena);
}

TEST(connections_that_break) {
        SendOutcome o;

        CHECK_INT(classify_lost("Connection reset by peer", false, &ROUTE, &arena, &o), 0);
        CHECK_INT(o.status, DELIVERY_SOFT_FAIL);
        CHECK_STR(o.details, "An error occurred while sending the message to 192.0.2.1:25 (mx1.example.com)");
        CHECK_STR(o.output, "Connection reset by peer");
        CHECK(o.retries);
        CHECK_INT(o.retry_sec, 0);
        CHECK_INT(classify_lost("Timeout while waiting", true, &ROUTE, &arena, &o), 0);
        CHECK_INT(o.status, DELIVERY_SOFT_FAIL);
        CHECK_STR(o.details, TEMPORARY);
        CHECK_STR(o.output, "Timeout while waiting");
        CHECK(o.retries);
        arena_done(&arena);
}

TEST(no_server_at_all) {
        static const char *const HOSTS[] = { "mx1.example", "mx2.example", "mx3.example", "mx4.example" };
        static const char *const WANT[] = {
                "No SMTP servers were available for example.com. No hosts to try.",
                "No SMTP servers were available for example.com. Tried mx1.example.",
                "No SMTP servers were available for example.com. Tried mx1.example and mx2.example.",
                "No SMTP servers were available for example.com. Tried mx1.example, mx2.example, and mx3.example.",
                "No SMTP servers were available for example.com. "
                "Tried mx1.example, mx2.example, mx3.example, and mx4.example.",
        };
        SendOutcome o;

        for (size_t count = 0; count < ELEMENTSOF(WANT); count++) {
                CHECK_INT(classify_unreachable("example.com", HOSTS, count, "Connection refused, No route to host",
                                               &arena, &o),
                          0);
                CHECK_INT(o.status, DELIVERY_SOFT_FAIL);
                CHECK_STR(o.details, WANT[count]);
                CHECK_STR(o.output, "Connection refused, No route to host");
                CHECK(o.retries);
                CHECK_INT(o.retry_sec, 0);
        }
        CHECK_INT(classify_unreachable("example.com", NULL, 0, NULL, &arena, &o), 0);
        CHECK_STR(o.output, "");
        arena_done(&arena);
}
