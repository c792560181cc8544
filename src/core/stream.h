/* SPDX-License-Identifier: MIT */
#pragma once

/* A connected socket in the reactor, with or without TLS, and what is still to be written. Used by the SMTP
 * server for its clients and by the worker for its peers.
 *
 * A Stream is a member of the caller's connection object. Callbacks may close it, but the memory must stay until
 * they have returned. After on_failed nothing else is called. */

#include "core/reactor.h"
#include "core/socket.h"
#include "core/tls.h"

/* Output a peer has not taken yet; beyond it, it is not reading and the connection is given up. Bodies are not written
 * in one piece but as on_drained asks for more. */
#define STREAM_OUTPUT_MAX ((size_t) 1024 * 1024)
/* One read. The buffer is shared by all streams of a thread. */
#define STREAM_READ_SIZE ((size_t) 64 * 1024)

typedef struct Stream Stream;

typedef struct StreamHandler {
        /* Connected (only after stream_connect()). */
        void (*on_connected)(Stream *s);
        /* The TLS handshake is done. */
        void (*on_secured)(Stream *s);
        /* Bytes arrived. Returns how many were taken; the rest is kept and offered again, with what arrives
         * meanwhile, after stream_resume(). Taking less than all stops reading. */
        size_t (*on_data)(Stream *s, Slice data);
        /* All that was given to stream_write() is with the kernel. May be NULL. */
        void (*on_drained)(Stream *s);
        /* The peer closed (0), or a negative errno: -EPROTO with stream_error(). */
        void (*on_failed)(Stream *s, int r);
} StreamHandler;

struct Stream {
        Reactor *reactor;
        const StreamHandler *handler;
        ReactorIo io;
        ReactorTask task;
        Tls *tls;
        Buf in;  /* what on_data() did not take */
        Buf out; /* from out_offset on still to be written */
        size_t out_offset;
        bool is_open;
        bool is_connecting;
        bool is_handshaking;
        bool is_secure;
        bool is_paused;   /* on_data() left something, or stream_pause() */
        bool has_ended;   /* the peer closed its side; told when `in` is taken */
        bool wants_drained;
};

/* Takes the descriptor, also on failure. Starts reading. */
int stream_open(Stream *s, Reactor *reactor, int fd, const StreamHandler *handler);
/* The same for a descriptor from socket_connect(): on_connected or on_failed follows. */
int stream_connect(Stream *s, Reactor *reactor, int fd, const StreamHandler *handler);
/* Closes at once; what is unwritten is lost. Does nothing on a closed or zeroed one. */
void stream_close(Stream *s);

/* Queues bytes; they are sent at the end of this turn of the loop, so that several replies share a packet. -ENOBUFS:
 * over STREAM_OUTPUT_MAX. */
int stream_write(Stream *s, Slice data);
/* Bytes not yet with the kernel. */
size_t stream_unsent(const Stream *s);
/* Stops reading until stream_resume(): the owner waits for something else. The end of the peer's input is
 * not noticed meanwhile. */
void stream_pause(Stream *s);
/* Offers kept bytes again, and goes on reading. */
void stream_resume(Stream *s);

/* Begin TLS now; all output must have been written (stream_unsent() == 0) and on_data is not called before on_secured.
 * What on_data did not take is the beginning of the handshake: it is not offered again as if it had been secured. */
int stream_start_tls_server(Stream *s, TlsServer *server);
int stream_start_tls_client(Stream *s, TlsClient *client, const char *host_name, TlsVerify verify);
/* Why TLS failed, or "". */
const char *stream_error(const Stream *s);

static inline bool stream_is_secure(const Stream *s) {
        return s->is_secure;
}
