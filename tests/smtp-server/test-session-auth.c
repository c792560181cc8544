/* SPDX-License-Identifier: MIT */
/* AUTH (postal-smtp 1.6; RFC 4954, 4616). */
#include "basic/encoding.h"
#include "dialogue.h"

#define GRANTED "235 Granted for acme/main\n"
#define INVALID "535 Invalid credential\n"
#define BROKEN "535 Authenticated failed - protocol error\n"
#define DENIED "535 Denied\n"
#define USER "334 VXNlcm5hbWU6\n"
#define PASSWORD "334 UGFzc3dvcmQ6\n"

/* "a" NUL "b" NUL "good", and so on. */
#define AUTHZID_USER_GOOD "YQBiAGdvb2Q="
#define USER_GOOD "YgBnb29k"
#define USER_BAD "YgBiYWQ="
#define USER_AWAY "YgBhd2F5"
#define USER_OFTEN "YgBvZnRlbg=="
#define GOOD "Z29vZA=="
#define RIGHT "YWNtZS9tYWluIHJpZ2h0" /* "acme/main right" */

TEST(plain_in_one_line) {
        CHECK_TALK(USUAL, "AUTH PLAIN " AUTHZID_USER_GOOD "\n", GRANTED);
        CHECK_TALK(USUAL, "auth plain " USER_GOOD "\n", GRANTED);
        CHECK_TALK(USUAL, "AUTH PLAIN" USER_GOOD "\n", GRANTED);
        CHECK_TALK(USUAL, "AUTH PLAIN " USER_BAD "\nNOOP\n", INVALID "250 OK\n");
        CHECK_TALK(USUAL, "EHLO x\nAUTH PLAIN " USER_GOOD "\nAUTH PLAIN " USER_BAD "\n",
                   EHLO_REPLY "235 2.7.0 Granted for acme/main\n535 5.7.8 Invalid credential\n");
}

TEST(plain_in_two_lines) {
        CHECK_TALK(USUAL, "AUTH PLAIN\n" AUTHZID_USER_GOOD "\n", "334\n" GRANTED);
        CHECK_TALK(USUAL, "AUTH PLAIN  \n" USER_BAD "\nNOOP\n", "334\n" INVALID "250 OK\n");
        CHECK_TALK(USUAL, "EHLO x\nAUTH PLAIN\n" USER_GOOD "\n",
                   EHLO_REPLY "334\n235 2.7.0 Granted for acme/main\n");
        CHECK_BYTES(USUAL, "AUTH PLAIN\n" USER_GOOD "\n", "334\n" GRANTED, NULL);
}

TEST(plain_that_is_broken) {
        CHECK_TALK(USUAL, "AUTH PLAIN Z29vZA==\n", BROKEN); /* no NUL */
        CHECK_TALK(USUAL, "AUTH PLAIN !!!!\n", BROKEN);
        CHECK_TALK(USUAL, "AUTH PLAIN =\n", BROKEN); /* RFC 4954's empty initial response */
        CHECK_TALK(USUAL, "AUTH PLAIN\n\nNOOP\n", "334\n" BROKEN "250 OK\n");
        CHECK_TALK(USUAL, "AUTH PLAIN AAAA\n", BROKEN); /* three NULs */
        /* The reference does not know "*", which is as good as no base64 at all. */
        CHECK_TALK(USUAL, "AUTH PLAIN\n*\nNOOP\n", "334\n" BROKEN "250 OK\n");
        CHECK_TALK(USUAL, "AUTH PLAIN\nQUIT\nNOOP\n", "334\n" BROKEN "250 OK\n");
}

TEST(base64_is_read_leniently) {
        CHECK_TALK(USUAL, "AUTH PLAIN YgBn b29k\n", GRANTED);
        CHECK_TALK(USUAL, "AUTH PLAIN Y*g#Bnb29k\n", GRANTED);
        CHECK_TALK(USUAL, "AUTH PLAIN\n  YQBiAGdvb2Q \n", "334\n" GRANTED); /* no padding */
        /* An empty password makes the user name the password, as the reference's split does. */
        CHECK_TALK(USUAL, "AUTH PLAIN AGdvb2QA\n", GRANTED); /* NUL "good" NUL */
}

/* A key is compared whole: a NUL byte in it must not hide what follows. */
TEST(keys_have_no_nul_bytes) {
        CHECK_TALK(USUAL, "AUTH LOGIN x\nZ29vZABiYWQ=\nAUTH LOGIN x\nZ29vZAA=\n",
                   PASSWORD INVALID PASSWORD INVALID);
        CHECK_TALK(USUAL, "AUTH CRAM-MD5\nYWNtZS9tYWluAHggcmlnaHQ=\n", "334 CHALLENGE\n" DENIED);
        CHECK_TALK(USUAL, "AUTH CRAM-MD5\nYWNtZS9tYWluIHJpZ2h0AHg=\n", "334 CHALLENGE\n" DENIED);
}

TEST(login_in_three_lines) {
        CHECK_TALK(USUAL, "AUTH LOGIN\nxx\n" GOOD "\n", USER PASSWORD GRANTED);
        CHECK_TALK(USUAL, "auth login\n\n" GOOD "\n", USER PASSWORD GRANTED);
        CHECK_TALK(USUAL, "AUTH LOGIN\nxx\nYmFk\nNOOP\n", USER PASSWORD INVALID "250 OK\n");
        CHECK_TALK(USUAL, "AUTH LOGIN\nxx\n\nNOOP\n", USER PASSWORD INVALID "250 OK\n");
        CHECK_TALK(USUAL, "AUTH LOGIN\n*\n*\nNOOP\n", USER PASSWORD INVALID "250 OK\n");
}

TEST(login_with_the_user_at_once) {
        CHECK_TALK(USUAL, "AUTH LOGIN dXNlcg==\n" GOOD "\n", PASSWORD GRANTED);
        CHECK_TALK(USUAL, "AUTH LOGIN !!\n" GOOD "\n", PASSWORD GRANTED);
        CHECK_TALK(USUAL, "AUTH LOGINdXNlcg==\n" GOOD "\n", PASSWORD GRANTED);
}

TEST(cram_md5) {
        CHECK_TALK(USUAL, "AUTH CRAM-MD5\n" RIGHT "\n", "334 CHALLENGE\n" GRANTED);
        CHECK_TALK(USUAL, "AUTH CRAM-MD5 ignored\n" RIGHT "\n", "334 CHALLENGE\n" GRANTED);
        CHECK_TALK(USUAL, "AUTH CRAM-MD5\nYWNtZS9tYWluIHdyb25n\n", "334 CHALLENGE\n" DENIED);
        CHECK_TALK(USUAL, "AUTH CRAM-MD5\nbm8vb25lIHJpZ2h0\n", "334 CHALLENGE\n" DENIED);
        /* Line ends around the parts don't count. */
        CHECK_TALK(USUAL, "AUTH CRAM-MD5\nYWNtZS9tYWluIHJpZ2h0Cg==\n", "334 CHALLENGE\n" GRANTED);
}

TEST(cram_md5_that_is_broken_is_denied) {
        CHECK_TALK(USUAL, "AUTH CRAM-MD5\n*\nNOOP\n", "334 CHALLENGE\n" DENIED "250 OK\n");
        CHECK_TALK(USUAL, "AUTH CRAM-MD5\n\nNOOP\n", "334 CHALLENGE\n" DENIED "250 OK\n");
        CHECK_TALK(USUAL, "AUTH CRAM-MD5\n####\nNOOP\n", "334 CHALLENGE\n" DENIED "250 OK\n");
        CHECK_TALK(USUAL, "AUTH CRAM-MD5\nYWNtZS9tYWlu\n",
                   "334 CHALLENGE\n" DENIED);                                     /* no digest */
        CHECK_TALK(USUAL, "AUTH CRAM-MD5\nIHJpZ2h0\n", "334 CHALLENGE\n" DENIED); /* no user */
}

/* The decoded challenge of a fresh session. */
static void ask_challenge(char ret[static 160]) {
        _cleanup_(buf_done) Buf text = BUF_EMPTY;
        Dialogue d;
        Slice reply;

        dialogue_open(&d, USUAL);
        buf_reset(smtp_session_output(d.session), 0);
        CHECK_INT(smtp_session_feed(d.session, SLICE("AUTH CRAM-MD5\r\n")), 15);
        reply = buf_slice(smtp_session_output(d.session));
        CHECK(slice_starts_with_ignore_case(reply, SLICE("334 ")));
        CHECK_INT(base64_decode(&text, slice_trim(slice_from(reply, 4))), 0);
        (void) snprintf(ret, 160, "%s", buf_string(&text));
        dialogue_done(&d);
}

TEST(challenges_are_fresh_and_of_the_reference_s_form) {
        char first[160], second[160];

        ask_challenge(first);
        ask_challenge(second);
        CHECK(!streq(first, second));
        CHECK_INT(strlen(first), 20 + strlen("<@" HOST ">"));
        CHECK_INT(strspn(first + 1, "0123456789abcdef"), 20);
        CHECK_STR(first + 21, "@" HOST ">");
}

TEST(the_database_is_away) {
        CHECK_TALK(USUAL, "AUTH PLAIN " USER_AWAY "\nAUTH PLAIN " USER_GOOD "\n",
                   "454 Temporary authentication failure\n" GRANTED);
        CHECK_TALK(USUAL, "EHLO x\nAUTH LOGIN x\nYXdheQ==\nNOOP\n",
                   EHLO_REPLY PASSWORD
                   "454 4.7.0 Temporary authentication failure\n250 2.0.0 OK\n");
        CHECK_TALK(USUAL, "AUTH CRAM-MD5\nYXdheSByaWdodA==\n",
                   "334 CHALLENGE\n454 Temporary authentication failure\n");
}

TEST(too_many_failures_close_the_connection) {
        CHECK_TALK(USUAL, "AUTH PLAIN " USER_OFTEN "\nNOOP\n",
                   "421 " HOST " Too many authentication failures, try again later\n<CLOSED>\n");
        /* Said once, also where it would be one error too many. */
        CHECK_TALK((&(Setting){ .errors_max = 1 }), "FOO\nAUTH PLAIN " USER_OFTEN "\n",
                   "502 Invalid/unsupported command\n"
                   "421 " HOST " Too many authentication failures, try again later\n<CLOSED>\n");
}

#define SEND "MAIL FROM:<a@b>\nRCPT TO:<out@example.org>\n"

TEST(a_later_auth_replaces_an_earlier_one) {
        CHECK_TALK(USUAL, "HELO x\nAUTH PLAIN " USER_GOOD "\nAUTH PLAIN YgBwcml2YXRl\n" SEND,
                   "250 " HOST "\n" GRANTED "235 Granted for acme/private\n250 OK\n250 OK\n");
        /* One that fails leaves none, of whatever mechanism; one that is not decided changes
         * nothing. */
        CHECK_TALK(USUAL, "HELO x\nAUTH PLAIN " USER_GOOD "\nAUTH PLAIN " USER_BAD "\n" SEND,
                   "250 " HOST "\n" GRANTED INVALID "250 OK\n530 Authentication required\n");
        CHECK_TALK(USUAL, "HELO x\nAUTH PLAIN " USER_GOOD "\nAUTH CRAM-MD5\n*\n" SEND,
                   "250 " HOST "\n" GRANTED "334 CHALLENGE\n" DENIED
                   "250 OK\n530 Authentication required\n");
        CHECK_TALK(USUAL, "HELO x\nAUTH PLAIN " USER_GOOD "\nAUTH PLAIN " USER_AWAY "\n" SEND,
                   "250 " HOST "\n" GRANTED
                   "454 Temporary authentication failure\n250 OK\n250 OK\n");
}

TEST(auth_changes_no_state) {
        CHECK_TALK(USUAL, "AUTH PLAIN " USER_GOOD "\nMAIL FROM:<a@b>\n",
                   GRANTED "503 EHLO/HELO first please\n");
        CHECK_TALK(USUAL,
                   "HELO x\nMAIL FROM:<a@b>\nAUTH PLAIN " USER_GOOD "\nRCPT TO:<out@c>\n"
                   "AUTH PLAIN " USER_BAD "\nRCPT TO:<out@c>\nRSET\nMAIL FROM:<a@b>\n",
                   "250 " HOST "\n250 OK\n" GRANTED "250 OK\n" INVALID
                   "530 Authentication required\n250 OK\n250 OK\n");
}

TEST(the_credential_outlives_transactions) {
        CHECK_TALK(USUAL,
                   "HELO x\nAUTH PLAIN " USER_GOOD "\nRSET\n" SEND "EHLO y\n" SEND "RSET\n" SEND,
                   "250 " HOST "\n" GRANTED "250 OK\n250 OK\n250 OK\n" EHLO_REPLY
                   "250 2.1.0 OK\n250 2.1.5 OK\n250 2.0.0 OK\n250 2.1.0 OK\n250 2.1.5 OK\n");
}

TEST(auth_may_require_tls) {
        const Setting setting = { .has_tls = true, .auth_requires_tls = true };
        const char *const refused =
                "538 Encryption required for requested authentication mechanism\n";
        _cleanup_(buf_done) Buf want = BUF_EMPTY;

        buf_printf(&want, "%s%s%s", refused, refused, refused);
        CHECK_TALK(&setting, "AUTH PLAIN " USER_GOOD "\nAUTH LOGIN\nAUTH CRAM-MD5\n",
                   buf_string(&want));
        CHECK_TALK(&setting, "EHLO x\nSTARTTLS\n" WAIT "AUTH PLAIN " USER_GOOD "\nEHLO x\n",
                   EHLO_HEAD "250-STARTTLS\n" EHLO_MIDDLE "250 CHUNKING\n"
                             "220 2.0.0 Ready to start TLS\n<TLS>\n" GRANTED EHLO_REPLY);
}

TEST(unknown_mechanisms) {
        CHECK_TALK(USUAL, "AUTH XOAUTH2 abc\nAUTH DIGEST-MD5\n",
                   "502 Invalid/unsupported command\n502 Invalid/unsupported command\n");
}

TEST(a_response_that_is_too_long_ends_the_exchange) {
        _cleanup_(buf_done) Buf input = BUF_EMPTY;

        buf_append_string(&input, "AUTH PLAIN\r\n");
        for (size_t i = 0; i <= SMTP_LINE_MAX; i++)
                buf_append_byte(&input, 'A');
        buf_append_string(&input, "\r\nNOOP\r\n");
        check_dialogue(__FILE__, __LINE__, USUAL, buf_slice(&input),
                       "334\n500 Line too long\n250 OK\n", NULL);
}

TEST(the_longest_response_is_read) {
        _cleanup_(buf_done) Buf input = BUF_EMPTY, text = BUF_EMPTY;

        /* A long authorization identity in front of the key. */
        for (size_t i = 0; i < SMTP_LINE_MAX / 4 * 3 - 16; i++)
                buf_append_byte(&text, 'a');
        buf_append(&text, "\0user\0good", 10);
        buf_append_string(&input, "AUTH PLAIN\r\n");
        base64_encode(&input, buf_slice(&text));
        buf_append_string(&input, "\r\n");
        check_dialogue(__FILE__, __LINE__, USUAL, buf_slice(&input), "334\n" GRANTED, NULL);
}
