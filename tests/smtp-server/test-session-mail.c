/* SPDX-License-Identifier: MIT */
/* MAIL FROM and RCPT TO (postal-smtp 1.8). */
#include "dialogue.h"

#define HELLO "250 " HOST "\n"
#define AUTH_GOOD "AUTH PLAIN YgBnb29k\n"
#define GRANTED "235 Granted for acme/main\n"
#define RECEIVED                                                                                   \
        "Received: from x (client.example.org [192.0.2.1]) by " HOST " with SMTP; " DIALOGUE_DATE  \
        "\n"

/* One MAIL line, and what is stored as the sender. */
static void check_sender(const char *line, const char *want) {
        _cleanup_(buf_done) Buf input = BUF_EMPTY, stored = BUF_EMPTY;

        buf_printf(&input, "HELO x\n%s\nRCPT TO:<in@example.com>\nDATA\n.\n", line);
        buf_printf(&stored, "<%s> in@example.com incoming server 1 route 5\n" RECEIVED, want);
        CHECK_STORED(USUAL, buf_string(&input),
                     HELLO "250 OK\n250 OK\n354 Go ahead\n250 Ok: queued as TOKEN\n",
                     buf_string(&stored));
}

TEST(senders) {
        check_sender("MAIL FROM:<a@b>", "a@b");
        check_sender("mail from:<a@b>", "a@b");
        check_sender("MAIL FROM: <a@b>", "a@b");
        check_sender("MAIL FROM : < a@b >", "a@b");
        check_sender("MAIL FROM:a@b", "a@b");
        check_sender("MAIL FROM:<>", "");
        check_sender("MAIL FROM:Name <a@b>", "a@b");
        check_sender("MAIL FROM:<a@b> SIZE=1000 BODY=8BITMIME SMTPUTF8", "a@b");
        check_sender("MAIL FROM:<a@b> AUTH=<>", "a@b");
        check_sender("MAIL FROM:<a@b> RET=HDRS ENVID=x", "a@b");
        check_sender("MAIL FROM:garbage", "garbage");
        check_sender("MAIL FROM", "MAIL FROM");
        check_sender("MAIL FROM:<j\303\266rg@b\303\274cher.example> SMTPUTF8",
                     "j\303\266rg@b\303\274cher.example");
}

TEST(senders_that_cannot_be_stored) {
        CHECK_BYTES(USUAL,
                    "HELO x\r\nMAIL FROM:<a\0b@c>\r\nMAIL FROM:<a\rb@c>\r\nMAIL FROM:<\377@c>\r\n",
                    HELLO "501 Invalid MAIL FROM\n501 Invalid MAIL FROM\n501 Invalid MAIL FROM\n",
                    NULL);
        /* The sender before is forgotten, and there is no transaction without one. */
        CHECK_BYTES(USUAL, "HELO x\r\nMAIL FROM:<a@b>\r\nMAIL FROM:<\002@c>\r\nRCPT TO:<in@c>\r\n",
                    HELLO "250 OK\n501 Invalid MAIL FROM\n"
                          "503 EHLO/HELO and MAIL FROM first please\n",
                    NULL);
        CHECK_TALK(USUAL, "HELO x\nMAIL FROM:<a@b>\nMAIL FROM:<a@b> SIZE=9999999\nRCPT TO:<in@c>\n",
                   HELLO "250 OK\n552 Message too large (maximum size 1MB)\n"
                         "503 EHLO/HELO and MAIL FROM first please\n");
}

static void append_address(Buf *to, const char *verb, size_t size) {
        size_t end;

        buf_printf(to, "%s:<", verb);
        end = to->size + size - strlen("@example.com");
        buf_append_string(to, "in+");
        while (to->size < end)
                buf_append_byte(to, 'x');
        buf_append_string(to, "@example.com>\n");
}

TEST(addresses_have_a_limit) {
        _cleanup_(buf_done) Buf input = BUF_EMPTY;

        buf_append_string(&input, "HELO x\n");
        append_address(&input, "MAIL FROM", SMTP_ADDRESS_SIZE_MAX + 1);
        append_address(&input, "MAIL FROM", SMTP_ADDRESS_SIZE_MAX);
        append_address(&input, "RCPT TO", SMTP_ADDRESS_SIZE_MAX + 1);
        append_address(&input, "RCPT TO", SMTP_ADDRESS_SIZE_MAX);
        CHECK_TALK(USUAL, buf_string(&input),
                   HELLO "501 Invalid MAIL FROM\n250 OK\n501 Invalid RCPT TO\n250 OK\n");
}

TEST(a_declared_size_that_is_too_large_is_refused_early) {
        CHECK_TALK(USUAL,
                   "EHLO x\nMAIL FROM:<a@b> SIZE=1048577\nRCPT TO:<in@c>\n"
                   "MAIL FROM:<a@b> SIZE=99999999999999999999\nMAIL FROM:<a@b> size=1048576\n"
                   "MAIL FROM:<a@b> SIZE=0\nMAIL FROM:<a@b> SIZE=\nMAIL FROM:<a@b> SIZE=x\n",
                   EHLO_REPLY "552 5.3.4 Message too large (maximum size 1MB)\n"
                              "503 5.5.1 EHLO/HELO and MAIL FROM first please\n"
                              "552 5.3.4 Message too large (maximum size 1MB)\n250 2.1.0 OK\n"
                              "250 2.1.0 OK\n250 2.1.0 OK\n250 2.1.0 OK\n");
        /* Without brackets it is a part of the address, as in the reference. */
        check_sender("MAIL FROM:a@b SIZE=99999999", "a@b SIZE=99999999");
}

TEST(body_types) {
        CHECK_TALK(USUAL,
                   "EHLO x\nMAIL FROM:<a@b> BODY=BINARYMIME\nRCPT TO:<in@c>\n"
                   "MAIL FROM:<a@b> BODY=7BIT\nMAIL FROM:<a@b> body=8bitmime\nMAIL FROM:<a@b> "
                   "BODY=9\n",
                   EHLO_REPLY "504 5.5.4 BINARYMIME is not supported\n"
                              "503 5.5.1 EHLO/HELO and MAIL FROM first please\n250 2.1.0 OK\n"
                              "250 2.1.0 OK\n250 2.1.0 OK\n");
}

/* ---- RCPT TO ---- */

#define BEGIN "HELO x\nMAIL FROM:<a@b>\n"
#define BEGUN HELLO "250 OK\n"

TEST(recipients_that_are_none) {
        CHECK_TALK(USUAL,
                   BEGIN
                   "RCPT TO: blah\nRCPT TO: \nRCPT TO:<>\nRCPT TO:\nRCPT TO\nRCPT TO:<postmaster>\n"
                   "RCPT TO:<a@>\nRCPT TO:<a@ >\nDATA\nMAIL FROM:<a@b>\n",
                   BEGUN "501 Invalid RCPT TO\n501 RCPT TO should not be empty\n"
                         "501 RCPT TO should not be empty\n501 RCPT TO should not be empty\n"
                         "501 Invalid RCPT TO\n501 Invalid RCPT TO\n501 Invalid RCPT TO\n"
                         "501 Invalid RCPT TO\n"
                         "503 HELO/EHLO, MAIL FROM and RCPT TO before sending data\n250 OK\n");
        CHECK_BYTES(USUAL,
                    "HELO x\r\nMAIL FROM:<>\r\nRCPT TO:<in\0@c>\r\nRCPT TO:<in@c\002>\r\nRCPT "
                    "TO:<\300@c>\r\n",
                    BEGUN "501 Invalid RCPT TO\n501 Invalid RCPT TO\n501 Invalid RCPT TO\n", NULL);
}

TEST(recipients_that_are_refused) {
        static const struct {
                const char *address;
                const char *reply;
                bool moves_on; /* the state */
        } rows[] = {
                { "badserver@rp.example.com", "550 Invalid server token", true },
                { "badroute@routes.example.com", "550 Invalid route token", true },
                { "suspended@rp.example.com", "535 Mail server has been suspended", true },
                { "routerejects@routes", "550 Route does not accept incoming messages", true },
                { "addressrejects@c", "550 Route does not accept incoming messages", true },
                { "unknown@c", "530 Authentication required", false },
                { "@c", "530 Authentication required", false },
                { "away@c", "451 Temporary failure, please try again later", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(buf_done) Buf input = BUF_EMPTY, want = BUF_EMPTY;

                /* In the reference the message would vanish behind "250 OK". */
                buf_printf(&input, BEGIN "RCPT TO:<%s>\nDATA\nMAIL FROM:<a@b>\n", rows[i].address);
                buf_printf(
                        &want,
                        BEGUN "%s\n503 HELO/EHLO, MAIL FROM and RCPT TO before sending data\n%s\n",
                        rows[i].reply, rows[i].moves_on ? "503 EHLO/HELO first please" : "250 OK");
                CHECK_TALK(USUAL, buf_string(&input), buf_string(&want));
        }
}

TEST(refusals_have_enhanced_codes) {
        CHECK_TALK(USUAL,
                   "EHLO x\nMAIL FROM:<a@b>\nRCPT TO:<>\nRCPT TO:<a>\nRCPT TO:<badserver@c>\n"
                   "RCPT TO:<suspended@c>\nRCPT TO:<routerejects@c>\nRCPT TO:<unknown@c>\nRCPT "
                   "TO:<away@c>\n",
                   EHLO_REPLY "250 2.1.0 OK\n501 5.1.3 RCPT TO should not be empty\n"
                              "501 5.1.3 Invalid RCPT TO\n550 5.1.1 Invalid server token\n"
                              "535 5.7.1 Mail server has been suspended\n"
                              "550 5.7.1 Route does not accept incoming messages\n"
                              "530 5.7.0 Authentication required\n"
                              "451 4.3.0 Temporary failure, please try again later\n");
}

TEST(recipients_of_every_kind) {
        CHECK_STORED(
                USUAL,
                "HELO x\n" AUTH_GOOD "MAIL FROM:<a@b>\nRCPT TO:<return+tag@rp>\n"
                "RCPT TO:<in+tag@example.com>\nRCPT TO:<badroute@c>\nRCPT TO:<out@example.org>\n"
                "RCPT TO:<two@example.com>\nDATA\nFrom: a@b\n.\n",
                HELLO GRANTED "250 OK\n250 OK\n250 OK\n550 Invalid route token\n250 OK\n250 OK\n"
                              "354 Go ahead\n250 Ok: queued as TOKEN\n",
                "<a@b> return+tag@rp bounce server 1"
                " in+tag@example.com incoming server 1 route 5"
                " out@example.org outgoing server 1 domain 42"
                " two@example.com incoming server 1 route 5"
                " two@example.com incoming server 1 route 5 HTTPEndpoint 9\n" RECEIVED
                "From: a@b\n");
}

TEST(the_same_recipient_twice_is_two) {
        CHECK_STORED(
                USUAL, BEGIN "RCPT TO:<in@c>\nRCPT TO:<in@c>\nDATA\n.\n",
                BEGUN "250 OK\n250 OK\n354 Go ahead\n250 Ok: queued as TOKEN\n",
                "<a@b> in@c incoming server 1 route 5 in@c incoming server 1 route 5\n" RECEIVED);
}

TEST(recipient_spellings) {
        CHECK_STORED(
                USUAL,
                BEGIN
                "rcpt to:<in@c>\nRCPT TO: <in@c>\nRCPT TO:in@c\nRCPT TO:Name <in@c> NOTIFY=NEVER\n"
                "RCPT TO:<in@c >\nDATA\n.\n",
                BEGUN
                "250 OK\n250 OK\n250 OK\n250 OK\n250 OK\n354 Go ahead\n250 Ok: queued as TOKEN\n",
                "<a@b> in@c incoming server 1 route 5 in@c incoming server 1 route 5"
                " in@c incoming server 1 route 5 in@c incoming server 1 route 5"
                " in@c incoming server 1 route 5\n" RECEIVED);
}

TEST(recipients_have_a_limit) {
        const Setting setting = { .recipients_max = 2 };

        CHECK_STORED(
                &setting,
                "EHLO x\nMAIL FROM:<a@b>\nRCPT TO:<in+1@c>\nRCPT TO:<badroute@c>\nRCPT "
                "TO:<in+2@c>\n"
                "RCPT TO:<in+3@c>\nRCPT TO:<in+4@c>\nDATA\n.\nMAIL FROM:<a@b>\nRCPT TO:<in+3@c>\n",
                EHLO_REPLY
                "250 2.1.0 OK\n250 2.1.5 OK\n550 5.1.1 Invalid route token\n250 2.1.5 OK\n"
                "452 4.5.3 Too many recipients\n452 4.5.3 Too many recipients\n"
                "354 Go ahead\n250 2.0.0 Ok: queued as TOKEN\n250 2.1.0 OK\n250 2.1.5 OK\n",
                "<a@b> in+1@c incoming server 1 route 5 in+2@c incoming server 1 route "
                "5\n" RECEIVED);
}

/* Who sends to more at once is no nuisance: the rest comes in another transaction (RFC 5321 section
 * 4.5.3.1.10). */
TEST(recipients_over_the_limit_are_no_errors) {
        const Setting setting = { .recipients_max = 1, .errors_max = 1 };

        CHECK_TALK(&setting,
                   BEGIN
                   "RCPT TO:<in@c>\nRCPT TO:<in@c>\nRCPT TO:<in@c>\nRCPT TO:<in@c>\nDATA\n.\n",
                   BEGUN "250 OK\n452 Too many recipients\n452 Too many recipients\n"
                         "452 Too many recipients\n354 Go ahead\n250 Ok: queued as TOKEN\n");
}

TEST(many_recipients) {
        const Setting setting = { .recipients_max = 1000 };
        _cleanup_(buf_done) Buf input = BUF_EMPTY;
        const char *at;
        size_t count = 0;
        Dialogue d;

        for (int i = 0; i < 1000; i++)
                buf_printf(&input, "RCPT TO:<in+%d@example.com>\n", i);
        dialogue_open(&d, &setting);
        dialogue_say_lines(&d, BEGIN);
        dialogue_say_lines(&d, buf_string(&input));
        dialogue_say_lines(&d, "DATA\n.\n");
        for (at = buf_string(&d.stored); (at = strstr(at, " in+")); at++)
                count++;
        CHECK_INT(count, 1000);
        dialogue_done(&d);
}

TEST(a_credential_of_the_client_s_address_is_kept) {
        CHECK_STORED(USUAL,
                     BEGIN
                     "RCPT TO:<out@d>\nRCPT TO:<byaddress@d>\nRCPT TO:<out@d>\nDATA\nFrom: a@b\n.\n"
                     "MAIL FROM:<a@b>\nRCPT TO:<out@d>\n",
                     BEGUN "530 Authentication required\n250 OK\n250 OK\n354 Go ahead\n"
                           "250 Ok: queued as TOKEN\n250 OK\n250 OK\n",
                     "<a@b> byaddress@d outgoing server 1 domain 42"
                     " out@d outgoing server 1 domain 42\n" RECEIVED "From: a@b\n");
}

TEST(a_credential_that_was_revoked_is_gone) {
        CHECK_TALK(USUAL,
                   "HELO x\n" AUTH_GOOD
                   "MAIL FROM:<a@b>\nRCPT TO:<out@d>\nRCPT TO:<gone@d>\nRCPT TO:<out@d>\n",
                   HELLO GRANTED
                   "250 OK\n250 OK\n530 Authentication required\n530 Authentication required\n");
}
