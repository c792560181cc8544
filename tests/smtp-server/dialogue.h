/* SPDX-License-Identifier: MIT */
#pragma once

/* Conversations with a session, without a socket or a database: what a client says goes in, what it
 * reads comes out, and a small world answers the session's questions.
 *
 * Keys of AUTH: "good", "private" (a server in privacy mode), "away" (the database is), "often"
 * (too many failures before). CRAM-MD5: user "acme/main" with the digest "right"; user "away".
 *
 * Recipients, by the local part in front of any "+": "in" (a route), "two" (a route with two
 * endpoints), "return" (a bounce), "byaddress" (a credential of the client's address),
 * "badserver", "badroute", "suspended", "routerejects", "addressrejects", "away", "gone" (the
 * session's credential is revoked); any other needs a credential.
 *
 * From fields with "evil" are refused, with "away" the database is. Messages from "away@…" cannot
 * be stored now, from "refused@…" never. */

#include "core/clock.h"
#include "smtp-server/session.h"
#include "test.h"

#define HOST "mx.example.com"
/* The clock stands here. */
#define DIALOGUE_USEC UINT64_C(1795338000000000)
#define DIALOGUE_DATE "Sun, 22 Nov 2026 09:00:00 -0000"

/* What EHLO answers. */
#define EHLO_HEAD "250-" HOST " My capabilities are\n"
#define EHLO_MIDDLE                                                                                \
        "250-SIZE 1047552\n250-PIPELINING\n250-8BITMIME\n250-SMTPUTF8\n"                           \
        "250-ENHANCEDSTATUSCODES\n"
#define EHLO_TAIL "250-CHUNKING\n250 AUTH CRAM-MD5 PLAIN LOGIN\n"
#define EHLO_REPLY EHLO_HEAD EHLO_MIDDLE EHLO_TAIL
#define EHLO_REPLY_TLS EHLO_HEAD "250-STARTTLS\n" EHLO_MIDDLE EHLO_TAIL
#define EHLO_REPLY_MX EHLO_HEAD EHLO_MIDDLE "250 CHUNKING\n"

/* In the input: here the client waits, and makes the TLS handshake if it was told to. */
#define WAIT "\032"

/* Zeroed, it is the usual: one port for all, no TLS, a client at 192.0.2.1. */
typedef struct Setting {
        SmtpRole role;
        const char *client;
        bool has_proxy;
        bool has_tls;
        bool auth_requires_tls;
        unsigned recipients_max; /* 0: 5 */
        unsigned errors_max;     /* 0: 50 */
        uint64_t size_max;       /* 0: 1 MiB */
        const char *spool_directory;
} Setting;

typedef struct Dialogue {
        SmtpPolicy policy;
        SmtpSession *session;
        Buf transcript; /* replies, with LF; the greeting's id is ID, a challenge is CHALLENGE */
        Buf stored;     /* messages: a line with the envelope, then what was stored, with LF */
        bool is_closed;
} Dialogue;

void dialogue_open(Dialogue *d, const Setting *setting);
void dialogue_say(Dialogue *d, Slice bytes);
/* The same with a string whose lines end with LF: they are sent with CRLF. */
void dialogue_say_lines(Dialogue *d, const char *lines);
void dialogue_done(Dialogue *d);

/* Whole, in two pieces cut at every place, byte by byte, and in random pieces: each time the client
 * must read `want` behind the greeting, and, unless `stored` is NULL, that is what must be stored.
 */
void check_dialogue(const char *file, int line, const Setting *setting, Slice input,
                    const char *want, const char *stored);
void check_lines(const char *file, int line, const Setting *setting, const char *lines,
                 const char *want, const char *stored);

#define USUAL (&(Setting){ 0 })
/* Lines end with LF and are sent with CRLF. */
#define CHECK_TALK(setting, lines, want) check_lines(__FILE__, __LINE__, setting, lines, want, NULL)
#define CHECK_STORED(setting, lines, want, stored)                                                 \
        check_lines(__FILE__, __LINE__, setting, lines, want, stored)
/* A literal that is sent as it is. */
#define CHECK_BYTES(setting, literal, want, stored)                                                \
        check_dialogue(__FILE__, __LINE__, setting, SLICE(literal), want, stored)
