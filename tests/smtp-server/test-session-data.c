/* SPDX-License-Identifier: MIT */
/* DATA and what is made of a message (postal-smtp 1.9 to 1.12). */
#include "dialogue.h"

#define HELLO "250 " HOST "\n"
#define BEGIN "HELO x\nMAIL FROM:<a@b>\nRCPT TO:<in@c>\nDATA\n"
#define BEGUN HELLO "250 OK\n250 OK\n354 Go ahead\n"
#define QUEUED "250 Ok: queued as TOKEN\n"
#define ENVELOPE "<a@b> in@c incoming server 1 route 5\n"
#define RECEIVED                                                                                   \
        "Received: from x (client.example.org [192.0.2.1]) by " HOST " with SMTP; " DIALOGUE_DATE  \
        "\n"
#define AUTH_GOOD "AUTH PLAIN YgBnb29k\n"
#define AUTH_PRIVATE "AUTH PLAIN YgBwcml2YXRl\n"
#define GRANTED "235 Granted for acme/main\n"

TEST(messages_of_every_shape) {
        CHECK_STORED(USUAL, BEGIN "Subject: x\n\nText\n.\n", BEGUN QUEUED,
                     ENVELOPE RECEIVED "Subject: x\n\nText\n");
        CHECK_STORED(USUAL, BEGIN "Subject: x\n\n.\n", BEGUN QUEUED,
                     ENVELOPE RECEIVED "Subject: x\n\n");
        CHECK_STORED(USUAL, BEGIN "Subject: x\n.\n", BEGUN QUEUED,
                     ENVELOPE RECEIVED "Subject: x\n");
        CHECK_STORED(USUAL, BEGIN ".\n", BEGUN QUEUED, ENVELOPE RECEIVED);
        CHECK_STORED(USUAL, BEGIN "\nText\n.\n", BEGUN QUEUED,
                     "<a@b> in@c incoming server 1 route 5\n"
                     "Received: from x (client.example.org [192.0.2.1]) by " HOST
                     " with SMTP; " DIALOGUE_DATE "\n\nText\n");
}

TEST(bytes_come_through) {
        CHECK_BYTES(USUAL,
                    "HELO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<in@c>\r\nDATA\r\n"
                    "Subject: \303\244\377\r\n\r\na\002b\300\200\tc \r\n.\r\n",
                    BEGUN QUEUED,
                    ENVELOPE RECEIVED "Subject: \303\244\377\n\na\002b\300\200\tc \n");
}

TEST(dots_are_unstuffed) {
        CHECK_STORED(USUAL, BEGIN "A: b\n\n..\n...\n..x\n.x\n x.\n.\n", BEGUN QUEUED,
                     ENVELOPE RECEIVED "A: b\n\n.\n..\n.x\nx\n x.\n");
}

/* The data ends at CRLF.CRLF and at nothing else: see data-decoder.h. */
TEST(nothing_else_ends_the_data) {
        static const char *const ends[][2] = {
                { "\n.\n", "\n.\n" },       { "\r\n.\n", "\n.\n" },    { "\n.\r\n", "\n.\n" },
                { "\r.\r", "\r.\r" },       { "\r\n.\r", "\n\r" },     { "\r.\r\n", "\r.\n" },
                { "\n.\r", "\n\r" },        { "\r.\n", "\r.\n" },      { "\r\r\n.\n", "\r\n.\n" },
                { "\n\n.\r\n", "\n\n.\n" }, { "\r\n. \r\n", "\n \n" },
        };

        for (size_t i = 0; i < ELEMENTSOF(ends); i++) {
                _cleanup_(buf_done) Buf input = BUF_EMPTY, stored = BUF_EMPTY;

                buf_printf(&input,
                           "HELO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<in@c>\r\nDATA\r\nA: "
                           "b\r\n\r\n1%sMAIL "
                           "FROM:<evil@b>\r\nRCPT TO:<in@c>\r\nDATA\r\n2\r\n.\r\n",
                           ends[i][0]);
                buf_printf(&stored,
                           ENVELOPE RECEIVED
                           "A: b\n\n1%sMAIL FROM:<evil@b>\nRCPT TO:<in@c>\nDATA\n2\n",
                           ends[i][1]);
                check_dialogue(__FILE__, __LINE__, USUAL, buf_slice(&input), BEGUN QUEUED,
                               buf_string(&stored));
        }
}

TEST(the_line_end_of_the_command_counts_as_the_one_before) {
        CHECK_BYTES(USUAL, "HELO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<in@c>\r\nDATA\n.\r\n.\r\n",
                    BEGUN QUEUED, ENVELOPE RECEIVED ".\n");
        CHECK_BYTES(USUAL,
                    "HELO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<in@c>\r\nDATA\r\n.\n.\r\n\r\n.\r\n",
                    BEGUN QUEUED, ENVELOPE RECEIVED ".\n.\n\n");
}

TEST(bare_line_feeds_become_line_ends) {
        CHECK_BYTES(USUAL,
                    "HELO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<in@c>\r\nDATA\r\nA: b\nC: "
                    "d\n\n1\n2\n\r\n.\r\n",
                    BEGUN QUEUED, ENVELOPE RECEIVED "A: b\nC: d\n\n1\n2\n\n");
        /* Other CRs stay. */
        CHECK_BYTES(USUAL,
                    "HELO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<in@c>\r\nDATA\r\nA: "
                    "b\r\n\r\n1\r2\r\r\n.\r\n",
                    BEGUN QUEUED, ENVELOPE RECEIVED "A: b\n\n1\r2\r\n");
}

TEST(commands_may_follow_in_the_same_piece) {
        CHECK_TALK(USUAL, BEGIN "A: b\n.\nNOOP\nDATA\nQUIT\n",
                   BEGUN QUEUED "250 OK\n503 HELO/EHLO, MAIL FROM and RCPT TO before sending data\n"
                                "221 Closing Connection\n<CLOSED>\n");
}

/* ---- The Received field ---- */

TEST(the_received_field) {
        CHECK_STORED(USUAL, "RSET\nMAIL FROM:<a@b>\nRCPT TO:<in@c>\nDATA\n.\n",
                     "250 OK\n250 OK\n250 OK\n354 Go ahead\n" QUEUED,
                     ENVELOPE "Received: from  (client.example.org [192.0.2.1]) by " HOST
                              " with SMTP; " DIALOGUE_DATE "\n");
        CHECK_STORED((&(Setting){ .client = "::ffff:198.51.100.7" }), BEGIN ".\n", BEGUN QUEUED,
                     ENVELOPE "Received: from x (client.example.org [198.51.100.7]) by " HOST
                              " with SMTP; " DIALOGUE_DATE "\n");
        CHECK_STORED((&(Setting){ .client = "2001:db8::7" }), BEGIN ".\n", BEGUN QUEUED,
                     ENVELOPE "Received: from x (client.example.org [2001:db8::7]) by " HOST
                              " with SMTP; " DIALOGUE_DATE "\n");
}

TEST(the_name_said_in_helo_cannot_break_out) {
        CHECK_BYTES(
                USUAL,
                "HELO x)\ty\r; Mon\177\002\r\nMAIL FROM:<a@b>\r\nRCPT TO:<in@c>\r\nDATA\r\n.\r\n",
                BEGUN QUEUED,
                ENVELOPE "Received: from x?y? Mon (client.example.org [192.0.2.1]) by " HOST
                         " with SMTP; " DIALOGUE_DATE "\n");
}

TEST(privacy_mode_hides_the_client) {
        CHECK_STORED(USUAL,
                     "HELO x\n" AUTH_PRIVATE
                     "MAIL FROM:<a@b>\nRCPT TO:<out@c>\nDATA\nFrom: a@b\n.\n",
                     HELLO "235 Granted for acme/private\n250 OK\n250 OK\n354 Go ahead\n" QUEUED,
                     "<a@b> out@c outgoing server 2 domain 42\n"
                     "Received: by " HOST " with SMTP; " DIALOGUE_DATE "\nFrom: a@b\n");
}

/* ---- Checks at the end ---- */

TEST(loops) {
#define HOP "Received: from x by " HOST " with SMTP\n"
        CHECK_TALK(USUAL, BEGIN HOP HOP HOP "\n" HOP HOP HOP ".\nMAIL FROM:<a@b>\n",
                   BEGUN QUEUED "250 OK\n");
        CHECK_TALK(USUAL, BEGIN HOP HOP HOP HOP ".\nMAIL FROM:<a@b>\n",
                   BEGUN "550 Loop detected\n250 OK\n");
        CHECK_TALK(USUAL,
                   BEGIN HOP HOP "Received: from x\n by " HOST "\nrECEIVED : by " HOST "\n.\n",
                   BEGUN "550 Loop detected\n");
}

TEST(the_sender_of_authenticated_mail_is_checked) {
#define OUT "HELO x\n" AUTH_GOOD "MAIL FROM:<a@b>\nRCPT TO:<out@c>\nDATA\n"
#define OUT_BEGUN HELLO GRANTED "250 OK\n250 OK\n354 Go ahead\n"
        CHECK_STORED(USUAL, OUT "From: a@b\n\nText\n.\n", OUT_BEGUN QUEUED,
                     "<a@b> out@c outgoing server 1 domain 42\n" RECEIVED "From: a@b\n\nText\n");
        CHECK_STORED(USUAL, OUT "From: a@evil.example\n.\nMAIL FROM:<a@b>\n",
                     OUT_BEGUN "530 From/Sender name is not valid\n250 OK\n", "");
        CHECK_STORED(USUAL, OUT "From: a@away.example\n.\nMAIL FROM:<a@b>\n",
                     OUT_BEGUN "451 Temporary failure, please try again later\n250 OK\n", "");
        /* Also when all recipients are our own, but not without a credential. */
        CHECK_TALK(USUAL,
                   "HELO x\n" AUTH_GOOD "MAIL FROM:<a@b>\nRCPT TO:<in@c>\nDATA\nFrom: evil\n.\n",
                   OUT_BEGUN "530 From/Sender name is not valid\n");
        CHECK_TALK(USUAL, BEGIN "From: evil\n.\n", BEGUN QUEUED);
}

TEST(only_outgoing_mail_gets_the_domain_of_its_sender) {
        CHECK_STORED(USUAL,
                     "HELO x\n" AUTH_GOOD "MAIL FROM:<a@b>\nRCPT TO:<in@c>\nRCPT TO:<return@c>\n"
                     "RCPT TO:<out@c>\nDATA\nFrom: a@b\n.\n",
                     HELLO GRANTED "250 OK\n250 OK\n250 OK\n250 OK\n354 Go ahead\n" QUEUED,
                     "<a@b> in@c incoming server 1 route 5 return@c bounce server 1"
                     " out@c outgoing server 1 domain 42\n" RECEIVED "From: a@b\n");
}

TEST(a_message_that_cannot_be_stored) {
        CHECK_STORED(
                USUAL,
                "EHLO x\nMAIL FROM:<away@b>\nRCPT TO:<in@c>\nDATA\nA: b\n.\nMAIL FROM:<refused@b>\n"
                "RCPT TO:<in@c>\nDATA\nA: b\n.\nRCPT TO:<in@c>\nMAIL FROM:<a@b>\n",
                EHLO_REPLY "250 2.1.0 OK\n250 2.1.5 OK\n354 Go ahead\n"
                           "451 4.3.0 Temporary failure, please try again later\n250 2.1.0 OK\n"
                           "250 2.1.5 OK\n354 Go ahead\n554 5.6.0 Message cannot be stored\n"
                           "503 5.5.1 EHLO/HELO and MAIL FROM first please\n250 2.1.0 OK\n",
                "");
}

/* ---- Size ---- */

/* A message of exactly `size` bytes, the Received field included, and its end. */
static void append_message(Buf *to, size_t size) {
        size_t end = to->size + size - strlen(RECEIVED) - 1;

        buf_append_string(to, "Subject: x\r\n\r\n");
        while (to->size + 100 < end) {
                for (int i = 0; i < 76; i++)
                        buf_append_byte(to, 'x');
                buf_append_string(to, "\r\n");
        }
        while (to->size + 2 < end)
                buf_append_byte(to, 'y');
        buf_append_string(to, "\r\n.\r\n");
}

static void check_size(size_t size, const char *reply) {
        const Setting setting = { .size_max = 20000 };
        _cleanup_(buf_done) Buf input = BUF_EMPTY, want = BUF_EMPTY;

        buf_append_string(&input, "HELO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<in@c>\r\nDATA\r\n");
        append_message(&input, size);
        buf_append_string(&input, "MAIL FROM:<a@b>\r\n");
        buf_printf(&want, BEGUN "%s250 OK\n", reply);
        check_dialogue(__FILE__, __LINE__, &setting, buf_slice(&input), buf_string(&want), NULL);
}

TEST(messages_have_a_limit) {
        check_size(20000, QUEUED);
        check_size(20001, "552 Message too large (maximum size 1MB)\n");
        check_size(60000, "552 Message too large (maximum size 1MB)\n");
}

TEST(header_sections_have_a_limit) {
        const Setting setting = { .size_max = 8 * 1024 * 1024 };
        static char line[1000];
        Dialogue d;

        memset(line, 'x', sizeof(line));
        dialogue_open(&d, &setting);
        dialogue_say_lines(&d, BEGIN "Subject: x\n");
        for (int i = 0; i < 1200; i++) {
                dialogue_say(&d, slice_make(line, sizeof(line)));
                dialogue_say_lines(&d, "\n ");
        }
        dialogue_say_lines(&d, "\n\nText\n.\nMAIL FROM:<a@b>\n");
        CHECK(strstr(buf_string(&d.transcript),
                     "354 Go ahead\n552 Message header too large\n250 OK\n"));
        CHECK_STR(buf_string(&d.stored), "");
        dialogue_done(&d);
}

/* Those behind the limit are not seen by the checks, so they must not get through either. */
TEST(header_fields_have_a_limit) {
        Dialogue d;

        dialogue_open(&d, USUAL);
        dialogue_say_lines(&d, "HELO x\n" AUTH_GOOD "MAIL FROM:<a@b>\nRCPT TO:<out@c>\nDATA\n"
                               "From: a@b\n");
        for (int i = 0; i < HEADER_COLLECTOR_FIELDS_MAX; i++)
                dialogue_say_lines(&d, "X: y\n");
        dialogue_say_lines(&d, "From: evil\n\nText\n.\nMAIL FROM:<a@b>\n");
        CHECK(strstr(buf_string(&d.transcript),
                     "354 Go ahead\n552 Message header too large\n250 OK\n"));
        CHECK_STR(buf_string(&d.stored), "");
        dialogue_done(&d);
}

TEST(a_large_message_goes_to_a_file) {
        const Setting setting = { .size_max = 8 * 1024 * 1024, .spool_directory = "/tmp" };
        _cleanup_(buf_done) Buf input = BUF_EMPTY;
        Dialogue d;

        buf_append_string(&input, "HELO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<in@c>\r\nDATA\r\n");
        append_message(&input, 3 * 1024 * 1024);
        dialogue_open(&d, &setting);
        dialogue_say(&d, buf_slice(&input));
        CHECK(strstr(buf_string(&d.transcript), QUEUED));
        CHECK(d.stored.size > 2900000);
        CHECK(strstr(buf_string(&d.stored), "yyy\n"));
        dialogue_done(&d);
}

TEST(no_space_for_a_large_message_is_a_passing_failure) {
        const Setting setting = { .size_max = 8 * 1024 * 1024, .spool_directory = "/nonexistent" };
        _cleanup_(buf_done) Buf input = BUF_EMPTY;
        Dialogue d;

        buf_append_string(&input, "EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<in@c>\r\nDATA\r\n");
        append_message(&input, 1024 * 1024);
        buf_append_string(&input, "MAIL FROM:<a@b>\r\n");
        dialogue_open(&d, &setting);
        dialogue_say(&d, buf_slice(&input));
        CHECK(strstr(buf_string(&d.transcript),
                     "354 Go ahead\n452 4.3.1 Insufficient system storage\n250 2.1.0 OK\n"));
        CHECK_STR(buf_string(&d.stored), "");
        dialogue_done(&d);
}

TEST(no_space_is_not_the_client_s_error) {
        const Setting setting = { .size_max = 8 * 1024 * 1024,
                                  .spool_directory = "/nonexistent",
                                  .errors_max = 1 };
        _cleanup_(buf_done) Buf input = BUF_EMPTY;
        Dialogue d;

        buf_append_string(&input, "MAIL FROM:<a@b>\r\nRCPT TO:<in@c>\r\nDATA\r\n");
        append_message(&input, 1024 * 1024);
        dialogue_open(&d, &setting);
        dialogue_say_lines(&d, "HELO x\n");
        for (int i = 0; i < 3; i++)
                dialogue_say(&d, buf_slice(&input));
        CHECK(!d.is_closed);
        dialogue_done(&d);
}

TEST(a_session_may_end_anywhere) {
        static const char *const inputs[] = {
                "",
                "HELO x\nMAIL FR",
                "HELO x\nAUTH LOGIN\nxx\nZ29v",
                BEGIN,
                BEGIN "A: b\n\nText\n.",
                "HELO x\nMAIL FROM:<a@b>\nRCPT TO:<two@c>\nRCPT TO:<in@c>\n",
                "HELO x\n" AUTH_GOOD "MAIL FROM:<a@b>\nRCPT TO:<out@c>\nBDAT 100\nA: b\n",
        };

        /* With a sanitizer: nothing is left behind. */
        for (size_t i = 0; i < ELEMENTSOF(inputs); i++) {
                Dialogue d;

                dialogue_open(&d, USUAL);
                dialogue_say_lines(&d, inputs[i]);
                dialogue_done(&d);
        }
        CHECK(smtp_session_free(NULL) == NULL);
}
