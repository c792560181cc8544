/* SPDX-License-Identifier: MIT */
#pragma once

/* A TCP connection of the bench programs, with or without TLS, that never blocks. What cannot be
 * written at once is kept and written later; what was read but not used yet is kept likewise. */

#include <gnutls/gnutls.h>
#include <netdb.h>
#include <sys/uio.h>

#include "basic/buf.h"
#include "bench/loop.h"

typedef enum StreamState {
        STREAM_CLOSED,
        STREAM_CONNECTING,
        STREAM_HANDSHAKE,
        STREAM_OPEN,
} StreamState;

typedef enum StreamEvent {
        STREAM_READY,    /* connected, or the TLS handshake is done */
        STREAM_READABLE, /* bytes may have come: call stream_read() */
        STREAM_FAILED,   /* connecting, the handshake or a delayed write failed: call stream_close()
                          */
} StreamEvent;

typedef struct Stream {
        Watch watch;
        Loop *loop;
        StreamState state;
        gnutls_session_t tls; /* NULL without TLS */
        Buf in;               /* read and not used */
        Buf out;              /* not written yet */
        bool is_retry;        /* GnuTLS holds a record already made of the beginning of `out` */
        bool is_paused;
        int error; /* negative errno that came with STREAM_FAILED; -EPROTO is TLS */
        void (*event)(struct Stream *s, StreamEvent event);
} Stream;

/* Prepares the structure, to be called once. */
void stream_init(Stream *s, Loop *loop, void (*event)(Stream *s, StreamEvent event));
/* Closes and forgets the connection and all bytes kept; the stream can be used again. */
void stream_close(Stream *s);

/* Begins to connect. Returns 0, and an event follows, or a negative errno. */
int stream_connect(Stream *s, const struct addrinfo *to);
/* Takes ownership of a connected socket. Returns 0 or a negative errno. */
int stream_accept(Stream *s, int take_fd);

/* Begins a TLS handshake; STREAM_READY or STREAM_FAILED follows. `server_name` is checked against
 * the peer's certificate unless it is NULL; `is_server` picks the side. Bytes read and not used yet
 * are dropped: they came in the clear. */
int stream_start_tls(Stream *s, bool is_server, gnutls_certificate_credentials_t credentials,
                     const char *server_name);

/* Reads once. Returns 1 with all bytes not used yet in *ret, 0 when there is nothing new, or a
 * negative errno; -ENODATA is an orderly end. The slice is valid until the next call for any
 * stream. */
int stream_read(Stream *s, Slice *ret);
/* Keeps the end of the last slice for the next stream_read(). */
int stream_keep(Stream *s, Slice rest);
/* Whether TLS holds bytes that epoll cannot know of. */
bool stream_has_more(const Stream *s);

/* Writes, or keeps, all of it. Returns 0 or a negative errno. */
int stream_writev(Stream *s, const struct iovec *parts, unsigned count);
int stream_write(Stream *s, Slice data);

/* While paused, no STREAM_READABLE comes. */
int stream_pause(Stream *s, bool pause);
