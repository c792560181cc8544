/* SPDX-License-Identifier: MIT */
/* BDAT (RFC 3030), which the reference does not have. */
#include "dialogue.h"

#define BEGIN "EHLO x\nMAIL FROM:<a@b>\nRCPT TO:<in@c>\n"
#define BEGUN EHLO_REPLY "250 2.1.0 OK\n250 2.1.5 OK\n"
#define OK "250 2.0.0 OK\n"
#define QUEUED "250 2.0.0 Ok: queued as TOKEN\n"
#define OUT_OF_ORDER "503 5.5.1 HELO/EHLO, MAIL FROM and RCPT TO before sending data\n"
#define ENVELOPE "<a@b> in@c incoming server 1 route 5\n"
#define RECEIVED                                                                                   \
        "Received: from x (client.example.org [192.0.2.1]) by " HOST " with SMTP; " DIALOGUE_DATE  \
        "\n"

TEST(one_chunk) {
        CHECK_STORED(USUAL, BEGIN "BDAT 14 LAST\nA: b\n\nText\nNOOP\n", BEGUN QUEUED OK,
                     ENVELOPE RECEIVED "A: b\n\nText\n");
        CHECK_STORED(USUAL, BEGIN "bdat  14  last \nA: b\n\nText\nNOOP\n", BEGUN QUEUED OK,
                     ENVELOPE RECEIVED "A: b\n\nText\n");
        /* Where the chunk ends nothing else is needed. */
        CHECK_STORED(USUAL, BEGIN "BDAT 12 LAST\nA: b\n\nTextNOOP\n", BEGUN QUEUED OK,
                     ENVELOPE RECEIVED "A: b\n\nText");
}

TEST(many_chunks) {
        CHECK_STORED(USUAL,
                     BEGIN
                     "BDAT 1\nABDAT 3\n: bBDAT 4\n\n\nBDAT 4\nTextBDAT 2 LAST\n\nMAIL FROM:<c@d>\n",
                     BEGUN OK OK OK OK QUEUED "250 2.1.0 OK\n", ENVELOPE RECEIVED "A: b\n\nText\n");
}

TEST(empty_chunks) {
        CHECK_STORED(USUAL, BEGIN "BDAT 0\nBDAT 6\nA: b\nBDAT 0\nBDAT 0 LAST\nNOOP\n",
                     BEGUN OK OK OK QUEUED OK, ENVELOPE RECEIVED "A: b\n");
        CHECK_STORED(USUAL, BEGIN "BDAT 0 LAST\nNOOP\n", BEGUN QUEUED OK, ENVELOPE RECEIVED);
}

TEST(nothing_in_a_chunk_is_a_command_or_an_end) {
        CHECK_STORED(USUAL, BEGIN "BDAT 29 LAST\nA: b\n\n.\n..\nQUIT\nBDAT 0\nNOOP\n",
                     BEGUN QUEUED OK, ENVELOPE RECEIVED "A: b\n\n.\n..\nQUIT\nBDAT 0\n");
        CHECK_STORED(USUAL, BEGIN "BDAT 9\nA: b\n\n.BDAT 2\n\nBDAT 3 LAST\n.\nNOOP\n",
                     BEGUN OK OK QUEUED OK, ENVELOPE RECEIVED "A: b\n\n.\n.\n");
}

TEST(chunks_carry_any_byte) {
        CHECK_BYTES(USUAL,
                    "EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<in@c>\r\nBDAT 14 LAST\r\nA: "
                    "b\r\n\r\n\0\377\r\n",
                    BEGUN, NULL); /* two bytes are missing */
        CHECK_BYTES(USUAL,
                    "EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<in@c>\r\nBDAT 12 LAST\r\nA: "
                    "b\r\n\r\n\002\377\r\nNOOP\r\n",
                    BEGUN QUEUED OK, ENVELOPE RECEIVED "A: b\n\n\002\377\n");
}

TEST(chunks_nobody_expects_are_read_and_refused) {
        /* The pipelined chunks of a client whose recipients were refused must not be taken for
         * commands. */
        CHECK_STORED(USUAL,
                     "EHLO x\nMAIL FROM:<a@b>\nRCPT TO:<badroute@c>\nBDAT 6\nQUIT\nBDAT 6 "
                     "LAST\nQUIT\nNOOP\n",
                     EHLO_REPLY
                     "250 2.1.0 OK\n550 5.1.1 Invalid route token\n" OUT_OF_ORDER OUT_OF_ORDER OK,
                     "");
        CHECK_TALK(USUAL, "EHLO x\nMAIL FROM:<a@b>\nBDAT 6 LAST\nQUIT\nNOOP\n",
                   EHLO_REPLY "250 2.1.0 OK\n" OUT_OF_ORDER OK);
        CHECK_TALK(USUAL, "EHLO x\nMAIL FROM:<\002>\nRCPT TO:<in@c>\nBDAT 6 LAST\nQUIT\nNOOP\n",
                   EHLO_REPLY "501 5.1.7 Invalid MAIL FROM\n"
                              "503 5.5.1 EHLO/HELO and MAIL FROM first please\n" OUT_OF_ORDER OK);
        CHECK_TALK(USUAL, BEGIN "BDAT 0 LAST\nBDAT 6 LAST\nQUIT\nNOOP\n",
                   BEGUN QUEUED OUT_OF_ORDER OK);
        CHECK_TALK(USUAL, BEGIN "RSET\nBDAT 0\nBDAT 6 LAST\nQUIT\nNOOP\n",
                   BEGUN OK OUT_OF_ORDER OUT_OF_ORDER OK);
        /* Who has never said MAIL does not know BDAT, and neither did the reference. */
        CHECK_TALK(USUAL, "EHLO x\nBDAT 5 LAST\nNOOP\n",
                   EHLO_REPLY "502 5.5.1 Invalid/unsupported command\n" OK);
}

TEST(data_and_chunks_do_not_mix) {
        CHECK_STORED(USUAL, BEGIN "BDAT 6\nA: b\nDATA\nBDAT 0 LAST\n", BEGUN OK OUT_OF_ORDER QUEUED,
                     ENVELOPE RECEIVED "A: b\n");
        CHECK_STORED(USUAL,
                     BEGIN "BDAT 0\nDATA\nRSET\nMAIL FROM:<a@b>\nRCPT TO:<in@c>\nDATA\nA: b\n.\n",
                     BEGUN OK OUT_OF_ORDER OK "250 2.1.0 OK\n250 2.1.5 OK\n354 Go ahead\n" QUEUED,
                     ENVELOPE RECEIVED "A: b\n");
        CHECK_TALK(USUAL, BEGIN "DATA\nBDAT 6 LAST\n.\nBDAT 0 LAST\n",
                   BEGUN "354 Go ahead\n" QUEUED OUT_OF_ORDER);
}

/* The first chunk is the message already, with our Received field for the recipients so far. */
TEST(recipients_come_before_chunks) {
        CHECK_STORED(USUAL, BEGIN "BDAT 6\nA: b\nRCPT TO:<in+2@c>\nMAIL FROM:<a@b>\nBDAT 0 LAST\n",
                     BEGUN OK "503 5.5.1 EHLO/HELO and MAIL FROM first please\n"
                              "503 5.5.1 EHLO/HELO first please\n" QUEUED,
                     ENVELOPE RECEIVED "A: b\n");
}

TEST(a_reset_forgets_chunks) {
        CHECK_STORED(USUAL,
                     BEGIN
                     "BDAT 6\nA: b\nRSET\nMAIL FROM:<a@b>\nRCPT TO:<in@c>\nBDAT 6 LAST\nC: d\n",
                     BEGUN OK OK "250 2.1.0 OK\n250 2.1.5 OK\n" QUEUED, ENVELOPE RECEIVED "C: d\n");
        CHECK_STORED(USUAL,
                     BEGIN "BDAT 6\nA: b\nEHLO x\nMAIL FROM:<a@b>\nRCPT TO:<in@c>\nDATA\nC: d\n.\n",
                     BEGUN OK EHLO_REPLY "250 2.1.0 OK\n250 2.1.5 OK\n354 Go ahead\n" QUEUED,
                     ENVELOPE RECEIVED "C: d\n");
}

TEST(sizes_that_are_none_end_the_session) {
        static const char *const sizes[] = {
                "", " ", " x", " -1", " 1 FIRST", " 1 LAST LAST", " LAST", " 18446744073709551616"
        };

        for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
                _cleanup_(buf_done) Buf input = BUF_EMPTY;

                buf_printf(&input, BEGIN "BDAT%s\nNOOP\n", sizes[i]);
                CHECK_TALK(USUAL, buf_string(&input),
                           BEGUN "501 5.5.4 Invalid BDAT size\n<CLOSED>\n");
        }
}

TEST(chunks_that_are_too_large) {
        const Setting setting = { .size_max = 200 };
        _cleanup_(buf_done) Buf input = BUF_EMPTY;
        static char block[300];

        memset(block, 'x', sizeof(block));
        /* All of a chunk is read before it is refused; then the transaction is over. */
        buf_append_string(&input, "HELO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<in@c>\r\nBDAT 300\r\n");
        buf_append(&input, block, sizeof(block));
        buf_append_string(&input, "BDAT 6 LAST\r\nQUIT\r\n"
                                  "MAIL FROM:<a@b>\r\nRCPT TO:<in@c>\r\nBDAT 300 LAST\r\n");
        buf_append(&input, block, sizeof(block));
        buf_append_string(&input, "NOOP\r\n");
        check_dialogue(__FILE__, __LINE__, &setting, buf_slice(&input),
                       "250 " HOST "\n250 OK\n250 OK\n"
                       "552 Message too large (maximum size 1MB)\n"
                       "503 HELO/EHLO, MAIL FROM and RCPT TO before sending data\n"
                       "250 OK\n250 OK\n552 Message too large (maximum size 1MB)\n250 OK\n",
                       "");
}

TEST(enormous_chunks_take_no_memory) {
        static char block[65536];
        Dialogue d;

        dialogue_open(&d, USUAL);
        dialogue_say_lines(&d, BEGIN "BDAT 18446744073709551615 LAST\n");
        for (int i = 0; i < 1000; i++)
                dialogue_say(&d, slice_make(block, sizeof(block)));
        CHECK(smtp_session_is_receiving(d.session));
        CHECK_INT(smtp_session_wants(d.session), SMTP_WANTS_INPUT);
        dialogue_done(&d);
}

TEST(the_checks_at_the_end_hold_for_chunks) {
        CHECK_TALK(USUAL,
                   "EHLO x\nAUTH PLAIN YgBnb29k\nMAIL FROM:<a@b>\nRCPT TO:<out@c>\nBDAT 12 "
                   "LAST\nFrom: evil\n"
                   "MAIL FROM:<away@b>\nRCPT TO:<in@c>\nBDAT 9 LAST\nFrom: a\nMAIL FROM:<a@b>\n",
                   EHLO_REPLY
                   "235 2.7.0 Granted for acme/main\n250 2.1.0 OK\n250 2.1.5 OK\n"
                   "530 5.7.1 From/Sender name is not valid\n250 2.1.0 OK\n250 2.1.5 OK\n"
                   "451 4.3.0 Temporary failure, please try again later\n250 2.1.0 OK\n");
}
