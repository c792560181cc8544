/* SPDX-License-Identifier: MIT */
/* STARTTLS (postal-smtp 1.7 and 8.2; RFC 3207): nothing said in plain text matters afterwards. */
#include "dialogue.h"

#define TLS (&(Setting){ .has_tls = true })
#define READY "220 Ready to start TLS\n<TLS>\n"
#define HELLO "250 " HOST "\n"
#define AUTH_GOOD "AUTH PLAIN YgBnb29k\n"
#define GRANTED "235 Granted for acme/main\n"

TEST(without_a_certificate) {
        CHECK_TALK(USUAL, "STARTTLS\nEHLO x\n", "502 TLS not available\n" EHLO_REPLY);
}

TEST(a_handshake_begins_a_new_session) {
        CHECK_TALK(TLS, "STARTTLS\n" WAIT "EHLO x\nQUIT\n",
                   READY EHLO_REPLY "221 2.0.0 Closing Connection\n<CLOSED>\n");
        CHECK_TALK(TLS, "starttls foo\n" WAIT "HELO x\n", READY HELLO);
        /* Hello, enhanced codes, transaction and credential are forgotten. */
        CHECK_TALK(TLS, "EHLO x\nSTARTTLS\n" WAIT "MAIL FROM:<a@b>\n",
                   EHLO_REPLY_TLS
                   "220 2.0.0 Ready to start TLS\n<TLS>\n503 EHLO/HELO first please\n");
        CHECK_TALK(TLS,
                   "HELO x\nMAIL FROM:<a@b>\nRCPT TO:<in@c>\nSTARTTLS\n" WAIT
                   "DATA\nRCPT TO:<in@c>\nHELO y\nDATA\nRCPT TO:<in@c>\n",
                   HELLO "250 OK\n250 OK\n" READY
                         "503 HELO/EHLO, MAIL FROM and RCPT TO before sending data\n"
                         "503 EHLO/HELO and MAIL FROM first please\n" HELLO
                         "503 HELO/EHLO, MAIL FROM and RCPT TO before sending data\n"
                         "503 EHLO/HELO and MAIL FROM first please\n");
        CHECK_TALK(TLS,
                   "HELO x\n" AUTH_GOOD "STARTTLS\n" WAIT
                   "HELO x\nMAIL FROM:<a@b>\nRCPT TO:<out@c>\n",
                   HELLO GRANTED READY HELLO "250 OK\n530 Authentication required\n");
        CHECK_STORED(TLS,
                     "HELO secret\nSTARTTLS\n" WAIT
                     "RSET\nMAIL FROM:<a@b>\nRCPT TO:<in@c>\nDATA\n.\n",
                     HELLO READY "250 OK\n250 OK\n250 OK\n354 Go ahead\n250 Ok: queued as TOKEN\n",
                     "<a@b> in@c incoming server 1 route 5\n"
                     "Received: from  (client.example.org [192.0.2.1]) by " HOST
                     " with SMTP; " DIALOGUE_DATE "\n");
}

TEST(what_follows_in_plain_text_is_not_executed) {
        CHECK_STORED(
                TLS,
                "EHLO x\nSTARTTLS\nRSET\nMAIL FROM:<evil@b>\nRCPT TO:<in@c>\nDATA\nA: b\n.\n" WAIT
                "NOOP\n",
                EHLO_REPLY_TLS "220 2.0.0 Ready to start TLS\n<TLS>\n250 OK\n", "");
        /* Nor does a line begin there. */
        CHECK_TALK(TLS, "STARTTLS\nRSET\nMAIL FR" WAIT "OM:<evil@b>\nNOOP\n",
                   READY "502 Invalid/unsupported command\n250 OK\n");
        CHECK_TALK(TLS, "STARTTLS\nAUTH PLAIN\n" WAIT "NOOP\n", READY "250 OK\n");
        CHECK_BYTES(TLS, "STARTTLS\nRSET\nMAIL FROM:<evil@b>\n" WAIT "NOOP\r\n", READY "250 OK\n",
                    "");
}

TEST(a_second_time) {
        CHECK_TALK(TLS, "STARTTLS\n" WAIT "STARTTLS\nEHLO x\n",
                   READY "502 TLS not available\n" EHLO_REPLY);
}

TEST(it_is_known_who_uses_tls) {
        Dialogue d;

        dialogue_open(&d, TLS);
        CHECK(!smtp_session_is_secure(d.session));
        dialogue_say(&d, SLICE("STARTTLS\r\n"));
        CHECK_INT(smtp_session_wants(d.session), SMTP_WANTS_TLS);
        CHECK(!smtp_session_is_secure(d.session));
        dialogue_say(&d, SLICE(WAIT));
        CHECK(smtp_session_is_secure(d.session));
        dialogue_done(&d);
}
