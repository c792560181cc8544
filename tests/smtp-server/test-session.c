/* SPDX-License-Identifier: MIT */
/* Greeting, the order of commands, lines, limits, and the end (postal-smtp 1.2 to 1.4, 1.14). */
#include "dialogue.h"

#define FIRST "EHLO/HELO first please\n"
#define MAIL_FIRST "503 EHLO/HELO and MAIL FROM first please\n"
#define ALL_FIRST "503 HELO/EHLO, MAIL FROM and RCPT TO before sending data\n"
#define UNKNOWN "502 Invalid/unsupported command\n"

TEST(the_greeting_names_the_host_and_an_id) {
        Dialogue d;
        const char *id;

        dialogue_open(&d, USUAL);
        id = smtp_session_id(d.session);
        CHECK_INT(strlen(id), 8);
        CHECK_INT(strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"), 8);
        CHECK(strstr(buf_string(smtp_session_output(d.session)), id));
        dialogue_say(&d, SLICE("QUIT\r\n"));
        CHECK_STR(buf_string(&d.transcript),
                  "220 " HOST " ESMTP Postal/ID\n221 Closing Connection\n<CLOSED>\n");
        dialogue_done(&d);
}

TEST(helo_and_ehlo) {
        CHECK_TALK(USUAL, "HELO: test.example.com\n", "250 " HOST "\n");
        CHECK_TALK(USUAL, "HELO\nHELO again\n", "250 " HOST "\n250 " HOST "\n");
        CHECK_TALK(USUAL, "EHLO x\n", EHLO_REPLY);
        CHECK_TALK(USUAL, "EHLO\n", EHLO_REPLY);
        CHECK_TALK((&(Setting){ .has_tls = true }), "ehlo x\n", EHLO_REPLY_TLS);
}

TEST(enhanced_codes_are_for_who_said_ehlo) {
        CHECK_TALK(USUAL,
                   "NOOP\nEHLO x\nNOOP\nFOO\nMAIL FROM:<a@example.com>\nRSET\nHELO x\nNOOP\n",
                   "250 OK\n" EHLO_REPLY "250 2.0.0 OK\n502 5.5.1 Invalid/unsupported command\n"
                   "250 2.1.0 OK\n250 2.0.0 OK\n250 " HOST "\n250 OK\n");
        CHECK_TALK(USUAL, "EHLO x\nQUIT\n", EHLO_REPLY "221 2.0.0 Closing Connection\n<CLOSED>\n");
}

TEST(the_order_of_commands_without_a_greeting) {
        CHECK_TALK(USUAL, "MAIL FROM: a@b\nRCPT TO:<in@example.com>\nDATA\nNOOP\n",
                   "503 " FIRST MAIL_FIRST ALL_FIRST "250 OK\n");
        CHECK_TALK(USUAL, "RSET\nMAIL FROM:<a@b>\n", "250 OK\n250 OK\n");
}

TEST(the_order_of_commands_of_a_transaction) {
        CHECK_TALK(USUAL, "HELO x\nRCPT TO:<in@example.com>\nDATA\nMAIL FROM:<a@b>\nDATA\n",
                   "250 " HOST "\n" MAIL_FIRST ALL_FIRST "250 OK\n" ALL_FIRST);
        /* The second sender wins. */
        CHECK_STORED(USUAL,
                     "HELO x\nMAIL FROM:<a@b>\nMAIL FROM:<b@b>\nRCPT TO:<in@example.com>\n"
                     "DATA\nA: b\n.\n",
                     "250 " HOST "\n250 OK\n250 OK\n250 OK\n354 Go ahead\n"
                     "250 Ok: queued as TOKEN\n",
                     "<b@b> in@example.com incoming server 1 route 5\n"
                     "Received: from x (client.example.org [192.0.2.1]) by " HOST
                     " with SMTP; " DIALOGUE_DATE "\nA: b\n");
        /* With a recipient it is too late for another sender, until RSET, HELO or EHLO. */
        CHECK_TALK(USUAL,
                   "HELO x\nMAIL FROM:<a@b>\nRCPT TO:<in@example.com>\nMAIL FROM:<b@b>\n"
                   "RSET\nRCPT TO:<in@example.com>\nMAIL FROM:<b@b>\nRCPT TO:<in@example.com>\n"
                   "HELO y\nDATA\nMAIL FROM:<b@b>\n",
                   "250 " HOST "\n250 OK\n250 OK\n503 " FIRST "250 OK\n" MAIL_FIRST
                   "250 OK\n250 OK\n250 " HOST "\n" ALL_FIRST "250 OK\n");
}

TEST(a_second_message_needs_no_reset) {
        CHECK_TALK(USUAL,
                   "HELO x\nMAIL FROM:<a@b>\nRCPT TO:<in@example.com>\nDATA\nA: b\n.\n"
                   "RCPT TO:<in@example.com>\nMAIL FROM:<a@b>\nRCPT TO:<in@example.com>\n"
                   "DATA\nA: b\n.\nDATA\n",
                   "250 " HOST
                   "\n250 OK\n250 OK\n354 Go ahead\n250 Ok: queued as TOKEN\n" MAIL_FIRST
                   "250 OK\n250 OK\n354 Go ahead\n250 Ok: queued as TOKEN\n" ALL_FIRST);
}

TEST(verbs_match_as_prefixes) {
        CHECK_TALK(USUAL, "noop\nNOOPS\nRSETTLE\nheloise\nMAIL  FROM:<a@b>\n",
                   "250 OK\n250 OK\n250 OK\n250 " HOST "\n" UNKNOWN);
        CHECK_TALK(USUAL, " NOOP\n\n   \nMAIL\nAUTH\nAUTH  PLAIN\nLHLO x\nETRN x\nEXPN list\n",
                   UNKNOWN UNKNOWN UNKNOWN UNKNOWN UNKNOWN UNKNOWN UNKNOWN UNKNOWN UNKNOWN);
        CHECK_TALK(USUAL, "QUITTER\nNOOP\n", "221 Closing Connection\n<CLOSED>\n");
        CHECK_TALK(
                USUAL, "VRFY postmaster\nHELP\nVRFYX\n",
                "252 Cannot verify, but send some mail and I'll try\n214 See RFC 5321\n" UNKNOWN);
}

TEST(lines_may_end_with_a_bare_lf) {
        CHECK_BYTES(USUAL, "HELO x\nNOOP\r\nNOOP\nQUIT\n",
                    "250 " HOST "\n250 OK\n250 OK\n221 Closing Connection\n<CLOSED>\n", NULL);
        /* A CR elsewhere is a byte of the line. */
        CHECK_BYTES(USUAL, "NOOP\r\r\nNO\rOP\r\n\rNOOP\r\n", "250 OK\n" UNKNOWN UNKNOWN, NULL);
        /* What has no end is no command. */
        CHECK_BYTES(USUAL, "NOOP\r\nQUIT", "250 OK\n", NULL);
        CHECK_BYTES(USUAL, "NOOP\r\nQUIT\r", "250 OK\n", NULL);
}

/* `size` bytes with the line end. */
static void append_line(Buf *to, const char *verb, size_t size) {
        size_t end = to->size + size - 2;

        buf_append_string(to, verb);
        while (to->size < end)
                buf_append_byte(to, 'x');
        buf_append_string(to, "\r\n");
}

TEST(lines_have_a_limit) {
        _cleanup_(buf_done) Buf input = BUF_EMPTY;

        append_line(&input, "NOOP ", SMTP_LINE_MAX + 1);
        append_line(&input, "NOOP ", SMTP_LINE_MAX + 2);
        append_line(&input, "NOOP ", SMTP_LINE_MAX * 5);
        buf_append_string(&input, "HELO x\r\n");
        check_dialogue(__FILE__, __LINE__, USUAL, buf_slice(&input),
                       "250 OK\n500 Line too long\n500 Line too long\n250 " HOST "\n", NULL);
}

TEST(a_line_without_end_takes_no_memory) {
        static char block[65536];
        Dialogue d;

        memset(block, 'x', sizeof(block));
        dialogue_open(&d, USUAL);
        for (int i = 0; i < 1000; i++)
                dialogue_say(&d, slice_make(block, sizeof(block)));
        dialogue_say(&d, SLICE("\r\nNOOP\r\n"));
        CHECK_STR(strchr(buf_string(&d.transcript), '\n') + 1, "500 Line too long\n250 OK\n");
        dialogue_done(&d);
}

TEST(too_many_errors_end_the_session) {
        const Setting setting = { .errors_max = 2 };

        CHECK_TALK(&setting, "A\nNOOP\nB\nNOOP\nC\nNOOP\n",
                   UNKNOWN "250 OK\n" UNKNOWN "250 OK\n" UNKNOWN "421 " HOST
                           " Too many errors, closing connection\n<CLOSED>\n");
        CHECK_TALK(&setting, "EHLO x\nRCPT TO:<a@b>\nDATA\nA\n",
                   EHLO_REPLY "503 5.5.1 EHLO/HELO and MAIL FROM first please\n"
                              "503 5.5.1 HELO/EHLO, MAIL FROM and RCPT TO before sending data\n"
                              "502 5.5.1 Invalid/unsupported command\n"
                              "421 4.7.0 " HOST " Too many errors, closing connection\n<CLOSED>\n");
}

TEST(commands_come_in_one_piece) {
        CHECK_STORED(USUAL,
                     "EHLO x\nMAIL FROM:<a@b>\nRCPT TO:<in@example.com>\nRCPT TO:<badroute@c>\n"
                     "DATA\nSubject: 1\n\nText\n.\nMAIL FROM:<>\nRCPT TO:<two@example.com>\n"
                     "DATA\nSubject: 2\n\nText\n.\nQUIT\n",
                     EHLO_REPLY "250 2.1.0 OK\n250 2.1.5 OK\n550 5.1.1 Invalid route token\n"
                                "354 Go ahead\n250 2.0.0 Ok: queued as TOKEN\n250 2.1.0 OK\n"
                                "250 2.1.5 OK\n354 Go ahead\n250 2.0.0 Ok: queued as TOKEN\n"
                                "221 2.0.0 Closing Connection\n<CLOSED>\n",
                     "<a@b> in@example.com incoming server 1 route 5\n"
                     "Received: from x (client.example.org [192.0.2.1]) by " HOST
                     " with SMTP; " DIALOGUE_DATE "\nSubject: 1\n\nText\n"
                     "<> two@example.com incoming server 1 route 5"
                     " two@example.com incoming server 1 route 5 HTTPEndpoint 9\n"
                     "Received: from x (client.example.org [192.0.2.1]) by " HOST
                     " with SMTP; " DIALOGUE_DATE "\nSubject: 2\n\nText\n");
}

TEST(an_unread_flood_of_replies_stops_the_session) {
        _cleanup_(buf_done) Buf flood = BUF_EMPTY;
        SmtpSession *s;
        size_t taken = 0, replies = 0;
        Dialogue d;

        dialogue_open(&d, USUAL);
        s = d.session;
        buf_append_string(&flood, "EHLO x\r\n");
        for (int i = 0; i < 20000; i++)
                buf_append_string(&flood, "NOOP\r\n");
        while (taken < flood.size) {
                size_t n = smtp_session_feed(s, slice_from(buf_slice(&flood), taken));

                CHECK(n > 0);
                CHECK(smtp_session_output(s)->size < 66000);
                CHECK_INT(smtp_session_feed(s, taken + n < flood.size ? SLICE("NOOP\r\n")
                                                                      : SLICE_NULL),
                          0);
                taken += n;
                for (const char *at = buf_string(smtp_session_output(s));
                     (at = strstr(at, "OK\r\n")); at++)
                        replies++;
                buf_reset(smtp_session_output(s), 0);
        }
        CHECK_INT(replies, 20000);
        dialogue_done(&d);
}

/* ---- The end that the server makes ---- */

static void check_end(void (*end)(SmtpSession *s), const char *before, const char *after,
                      const char *want) {
        Dialogue d;

        dialogue_open(&d, USUAL);
        dialogue_say_lines(&d, before);
        buf_truncate(&d.transcript, 0);
        end(d.session);
        dialogue_say_lines(&d, after);
        CHECK_STR(buf_string(&d.transcript), want);
        dialogue_done(&d);
}

#define DRAIN_REPLY "421 " HOST " Service shutting down\n<CLOSED>\n"

TEST(draining_waits_for_the_transaction) {
        check_end(smtp_session_drain, "", "NOOP\n", "220 " HOST " ESMTP Postal/ID\n" DRAIN_REPLY);
        check_end(smtp_session_drain, "HELO x\n", "NOOP\n", DRAIN_REPLY);
        check_end(smtp_session_drain, "EHLO x\n", "NOOP\n",
                  "421 4.3.2 " HOST " Service shutting down\n<CLOSED>\n");
        check_end(smtp_session_drain, "HELO x\nAUTH LOGIN\n", "Z29vZA==\n", DRAIN_REPLY);
        check_end(smtp_session_drain, "HELO x\nMAIL FROM:<a@b>\n",
                  "RCPT TO:<in@example.com>\nDATA\nA: b\n.\nMAIL FROM:<a@b>\n",
                  "250 OK\n354 Go ahead\n250 Ok: queued as TOKEN\n" DRAIN_REPLY);
        check_end(smtp_session_drain, "HELO x\nMAIL FROM:<a@b>\nRCPT TO:<in@example.com>\nDATA\n",
                  "A: b\n.\nMAIL FROM:<a@b>\n", "250 Ok: queued as TOKEN\n" DRAIN_REPLY);
        check_end(smtp_session_drain,
                  "HELO x\nMAIL FROM:<a@b>\nRCPT TO:<in@example.com>\nBDAT 6\nA",
                  ": b\nBDAT 0 LAST\nNOOP\n", "250 OK\n250 Ok: queued as TOKEN\n" DRAIN_REPLY);
        check_end(smtp_session_drain, "HELO x\nMAIL FROM:<a@b>\n", "RSET\nNOOP\n",
                  "250 OK\n" DRAIN_REPLY);
        check_end(smtp_session_drain, "HELO x\nMAIL FROM:<a@b>\n", "QUIT\n",
                  "221 Closing Connection\n<CLOSED>\n");
}

TEST(draining_waits_for_an_answer) {
        Dialogue d;

        dialogue_open(&d, USUAL);
        dialogue_say_lines(&d, "HELO x\nAUTH LOGIN x\n");
        buf_truncate(&d.transcript, 0);
        CHECK_INT(smtp_session_feed(d.session, SLICE("Z29vZA==\r\n")), 10);
        smtp_session_drain(d.session);
        CHECK_INT(smtp_session_wants(d.session), SMTP_WANTS_ANSWER);
        dialogue_say(&d, SLICE("NOOP\r\n"));
        CHECK_STR(buf_string(&d.transcript), "235 Granted for acme/main\n" DRAIN_REPLY);
        dialogue_done(&d);
}

TEST(a_silent_client_is_told) {
        check_end(smtp_session_timed_out, "HELO x\nMAIL FROM:<a@b>\n", "NOOP\n",
                  "421 " HOST " Timeout, closing connection\n<CLOSED>\n");
        check_end(smtp_session_timed_out, "EHLO x\nMAIL FROM:<a@b>\nRCPT TO:<in@c>\nDATA\nA: b\n",
                  ".\n", "421 4.4.2 " HOST " Timeout, closing connection\n<CLOSED>\n");
}

/* ---- Roles ---- */

TEST(roles_by_name) {
        CHECK_INT(smtp_role_from_string("mx"), SMTP_ROLE_MX);
        CHECK_INT(smtp_role_from_string("submission"), SMTP_ROLE_SUBMISSION);
        CHECK_INT(smtp_role_from_string("submissions"), SMTP_ROLE_SUBMISSIONS);
        CHECK_INT(smtp_role_from_string("postal-smtp-server.socket"), SMTP_ROLE_ANY);
        CHECK_INT(smtp_role_from_string("unknown"), SMTP_ROLE_ANY);
        CHECK_INT(smtp_role_from_string(""), SMTP_ROLE_ANY);
        CHECK_INT(smtp_role_from_string(NULL), SMTP_ROLE_ANY);
        for (SmtpRole role = 0; role < _SMTP_ROLE_MAX; role++)
                CHECK_INT(smtp_role_from_string(smtp_role_to_string(role)), role);
}

TEST(the_mx_role_does_not_authenticate) {
        const Setting mx = { .role = SMTP_ROLE_MX };

        CHECK_TALK(&mx, "EHLO x\nAUTH PLAIN AGEAZ29vZA==\nAUTH LOGIN\nAUTH CRAM-MD5\n",
                   EHLO_REPLY_MX "502 5.5.1 Invalid/unsupported command\n"
                                 "502 5.5.1 Invalid/unsupported command\n"
                                 "502 5.5.1 Invalid/unsupported command\n");
}

TEST(memory_of_finished_transactions_is_given_back) {
        Dialogue d;

        dialogue_open(&d, USUAL);
        dialogue_say_lines(&d, "HELO x\n");
        for (int i = 0; i < 1000; i++) {
                dialogue_say_lines(&d, "MAIL FROM:<a@b>\nRCPT TO:<in@example.com>\nRSET\n");
                CHECK(smtp_session_request(d.session)->recipients == NULL);
                buf_reset(&d.transcript, 4096);
        }
        dialogue_done(&d);
}
