/* SPDX-License-Identifier: MIT */
/* The PROXY protocol in front of a session (postal-smtp 1.5 and 8.2). */
#include "dialogue.h"

#define PROXY (&(Setting){ .has_proxy = true })
#define GREETING "220 " HOST " ESMTP Postal/ID\n"
#define V2 "\r\n\r\n\0\r\nQUIT\n"

/* What the client's address is afterwards. */
static void check_client(Slice header, const char *want) {
        char text[ADDRESS_TEXT_SIZE];
        Dialogue d;

        dialogue_open(&d, PROXY);
        CHECK(!smtp_session_has_client(d.session));
        dialogue_say(&d, header);
        CHECK(smtp_session_has_client(d.session));
        CHECK_STR(buf_string(&d.transcript), GREETING);
        sockaddr_to_text(smtp_session_client(d.session), text);
        CHECK_STR(text, want);
        dialogue_done(&d);
}

TEST(version_1) {
        check_client(SLICE("PROXY TCP4 1.1.1.1 2.2.2.2 1111 2222\r\n"), "1.1.1.1");
        check_client(SLICE("PROXY TCP6 2001:db8::5 ::1 4444 25\r\n"), "2001:db8::5");
        check_client(SLICE("PROXY TCP4 1.1.1.1 2.2.2.2 1111 2222\n"), "1.1.1.1");
        /* Addresses that are none are believed by the reference; here the peer's own holds. */
        check_client(SLICE("PROXY TCP4 a b c d\r\n"), "192.0.2.1");
        check_client(SLICE("PROXY UNKNOWN\r\n"), "192.0.2.1");
        check_client(SLICE("PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n"), "192.0.2.1");
}

TEST(version_2) {
        check_client(SLICE(V2 "\x21\x11\0\x0c\x01\x01\x01\x01\x02\x02\x02\x02\x04\x57\0\x19"),
                     "1.1.1.1");
        check_client(SLICE(V2 "\x21\x21\0\x24\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x05"
                              "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x02\x04\x57\0\x19"),
                     "2001:db8::5");
        /* LOCAL: the proxy itself; AF_UNSPEC; addresses and an extension. */
        check_client(SLICE(V2 "\x20\x11\0\x0c\x01\x01\x01\x01\x02\x02\x02\x02\x04\x57\0\x19"),
                     "192.0.2.1");
        check_client(SLICE(V2 "\x20\0\0\0"), "192.0.2.1");
        check_client(SLICE(V2 "\x21\0\0\x04zzzz"), "192.0.2.1");
        check_client(
                SLICE(V2 "\x21\x11\0\x10\x01\x01\x01\x01\x02\x02\x02\x02\x04\x57\0\x19\x04\0\x01x"),
                "1.1.1.1");
}

TEST(headers_that_are_broken) {
        CHECK_TALK(PROXY, "PROXY TCP4\nEHLO x\n", "502 Proxy Error\n<CLOSED>\n");
        CHECK_TALK(PROXY, "EHLO x\nNOOP\n", "502 Proxy Error\n<CLOSED>\n");
        CHECK_TALK(PROXY, "PROXY TCP4 1.1.1.1 2.2.2.2 1111\n", "502 Proxy Error\n<CLOSED>\n");
        CHECK_TALK(PROXY, "PROXY TCP4 1.1.1.1 2.2.2.2 1 2 3\n", "502 Proxy Error\n<CLOSED>\n");
        CHECK_TALK(PROXY, "proxy TCP4 1.1.1.1 2.2.2.2 1111 2222\n", "502 Proxy Error\n<CLOSED>\n");
        CHECK_BYTES(PROXY, V2 "\x21\x11\0\x04\x01\x01\x01\x01", "502 Proxy Error\n<CLOSED>\n",
                    NULL);
        CHECK_BYTES(PROXY, V2 "\x31\x11\0\x0c\x01\x01\x01\x01\x02\x02\x02\x02\x04\x57\0\x19",
                    "502 Proxy Error\n<CLOSED>\n", NULL);
        CHECK_TALK(PROXY,
                   "PROXY TCP4 1.1.1.1 2.2.2.2 1111 "
                   "22222222222222222222222222222222222222222222222222222"
                   "2222222222222222222222222222222222222222222222222222222222222222222222222\n",
                   "502 Proxy Error\n<CLOSED>\n");
}

TEST(the_conversation_follows_the_header) {
        CHECK_STORED(PROXY,
                     "PROXY TCP4 1.1.1.1 2.2.2.2 1111 2222\nHELO x\nMAIL FROM:<a@b>\nRCPT "
                     "TO:<in@c>\nDATA\n.\n",
                     GREETING "250 " HOST
                              "\n250 OK\n250 OK\n354 Go ahead\n250 Ok: queued as TOKEN\n",
                     "<a@b> in@c incoming server 1 route 5\n"
                     "Received: from x (client.example.org [1.1.1.1]) by " HOST
                     " with SMTP; " DIALOGUE_DATE "\n");
        CHECK_BYTES(PROXY, V2 "\x20\0\0\0NOOP\r\n", GREETING "250 OK\n", NULL);
        /* Once is enough. */
        CHECK_TALK(PROXY, "PROXY UNKNOWN\nPROXY UNKNOWN\n",
                   GREETING "502 Invalid/unsupported command\n");
}

TEST(who_says_it_uncalled_for_is_refused) {
        CHECK_TALK(USUAL, "PROXY TCP4 1.1.1.1 2.2.2.2 1111 2222\nNOOP\n",
                   "502 Invalid/unsupported command\n250 OK\n");
}

TEST(draining_before_the_header_closes_without_a_word) {
        Dialogue d;

        dialogue_open(&d, PROXY);
        dialogue_say(&d, SLICE("PROXY TCP4 1."));
        smtp_session_drain(d.session);
        dialogue_say(&d, SLICE("NOOP\r\n"));
        CHECK_STR(buf_string(&d.transcript), "<CLOSED>\n");
        dialogue_done(&d);
}
