/* SPDX-License-Identifier: MIT */
#pragma once

/* A mail server that goes by a script, in the test's own loop, on a loopback port that the kernel chooses. A script is a list of
 * steps:
 *
 *     220 mx.example     says this, and CRLF (whatever begins with a digit); steps that follow each other go out in one piece
 *     < EHLO me*         waits for this line ("*" stands for anything)
 *     <<                 waits for the final dot, and keeps the message
 *     << 100             waits for that many bytes of a message
 *     <, 3               waits for so many lines at once, in `lines`
 *     tls                makes a TLS handshake
 *     hold               does nothing, and reads nothing, until peer_go_on()
 *     mark, loop         goes back from "loop" to "mark"
 *     close, reset       ends the connection, in order or not
 *
 * QUIT is answered whenever it comes. Anything else that was not waited for is noted as a complaint. */

#include "core/stream.h"

#define PEER_CONNECTIONS_MAX 64
#define PEER_SCRIPTS_MAX 16

typedef struct Peer Peer;

typedef struct PeerConnection {
        Peer *peer;
        Stream stream;
        const char *const *script;
        size_t step;
        size_t mark;
        Buf input; /* not looked at yet */
        size_t searched; /* for the final dot, in vain */
        bool is_open;
        bool is_held;
        bool is_secure;
        bool has_quit;
} PeerConnection;

struct Peer {
        Reactor *reactor;
        int fd;
        ReactorIo io;
        unsigned port;
        char address[ADDRESS_TEXT_SIZE];
        TlsServer *tls;
        const char *const *scripts[PEER_SCRIPTS_MAX]; /* of the first connection, the second, …; the last one goes on */
        size_t script_count;
        PeerConnection connections[PEER_CONNECTIONS_MAX];
        size_t connection_count; /* ever made */
        size_t open_count;
        size_t open_max;         /* at one time */
        List messages;           /* PeerMessage, in the order of arrival */
        Buf lines;               /* all commands, one a line */
        Buf complaint;           /* "" when all went by the script */
};

typedef struct PeerMessage {
        ListNode node;
        Buf content; /* as it came, dots and all */
        bool is_secure;
} PeerMessage;

#define SCRIPT(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* `address` is one of 127.0.0.0/8. `tls` may be NULL. */
void peer_start(Peer *p, Reactor *reactor, const char *address, TlsServer *tls);
void peer_stop(Peer *p);
void peer_script(Peer *p, const char *const *script);
/* All connections that are held go on. */
void peer_go_on(Peer *p);
/* The n-th message, or NULL. */
const PeerMessage *peer_message(const Peer *p, size_t n);
