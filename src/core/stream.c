/* SPDX-License-Identifier: MIT */
#include "core/stream.h"

/* Idle connections keep no buffers; busy ones keep this much. */
#define KEEP_SPACE ((size_t) 4096)

static __thread char read_buffer[STREAM_READ_SIZE];

static void update_events(Stream *s) {
        uint32_t events = 0;

        if (!s->is_open)
                return;
        if (s->is_connecting)
                events = EPOLLOUT;
        else if (s->is_handshaking)
                events = tls_wants_write(s->tls) ? EPOLLOUT : EPOLLIN;
        else
                events = (s->is_paused || s->has_ended ? 0 : (uint32_t) EPOLLIN) |
                         (stream_unsent(s) > 0 ? (uint32_t) EPOLLOUT : 0);
        (void) reactor_modify(s->reactor, &s->io, events);
}

static void fail(Stream *s, int r) {
        reactor_remove(s->reactor, &s->io);
        reactor_unpost(&s->task);
        s->handler->on_failed(s, r);
}

/* Hands over what is there. False when the stream was closed meanwhile. */
static bool deliver(Stream *s, Slice data) {
        size_t taken = s->handler->on_data(s, data);

        if (!s->is_open)
                return false;
        assert(taken <= data.size);
        if (taken < data.size) {
                s->is_paused = true;
                if (data.data == s->in.data)
                        buf_consume(&s->in, taken);
                else
                        buf_append_slice(&s->in, slice_from(data, taken));
        } else if (data.data == s->in.data) {
                buf_reset(&s->in, 0);
        }
        return true;
}

static ssize_t read_some(Stream *s) {
        ssize_t n;

        if (s->tls)
                return tls_read(s->tls, read_buffer, sizeof(read_buffer));
        n = read(s->io.fd, read_buffer, sizeof(read_buffer));
        return n < 0 ? -errno : n;
}

static void end_of_input(Stream *s, int r) {
        if (r == 0 && s->is_paused) {
                s->has_ended = true;
                update_events(s);
                return;
        }
        fail(s, r);
}

static void do_read(Stream *s) {
        do {
                ssize_t n = read_some(s);

                if (n == -EAGAIN || n == -EINTR)
                        break;
                if (n <= 0) {
                        end_of_input(s, (int) n);
                        return;
                }
                if (!deliver(s, slice_make(read_buffer, (size_t) n)))
                        return;
                /* GnuTLS may hold a decrypted rest that no event will announce. */
        } while (s->tls && !s->is_paused && tls_has_pending(s->tls));
        update_events(s);
}

/* Writes what can be written. False when the stream failed. */
static bool do_write(Stream *s) {
        while (stream_unsent(s) > 0) {
                const char *data = s->out.data + s->out_offset;
                ssize_t n = s->tls ? tls_write(s->tls, data, stream_unsent(s))
                                   : write(s->io.fd, data, stream_unsent(s));

                if (n < 0 && !s->tls)
                        n = -errno;
                if (n == -EAGAIN)
                        break;
                if (n == -EINTR)
                        continue;
                if (n < 0) {
                        fail(s, (int) n);
                        return false;
                }
                s->out_offset += (size_t) n;
        }
        if (stream_unsent(s) == 0) {
                buf_reset(&s->out, KEEP_SPACE);
                s->out_offset = 0;
        }
        return true;
}

static void flush(Stream *s) {
        if (!do_write(s))
                return;
        update_events(s);
        if (s->wants_drained && stream_unsent(s) == 0) {
                s->wants_drained = false;
                if (s->handler->on_drained)
                        s->handler->on_drained(s);
        }
}

static void do_handshake(Stream *s) {
        int r = tls_handshake(s->tls);

        if (r == -EAGAIN) {
                update_events(s);
                return;
        }
        if (r < 0) {
                fail(s, r);
                return;
        }
        s->is_handshaking = false;
        s->is_secure = true;
        update_events(s);
        s->handler->on_secured(s);
        if (s->is_open && !s->is_paused && tls_has_pending(s->tls))
                do_read(s);
}

static void finish_connect(Stream *s) {
        int r = socket_error(s->io.fd);

        if (r < 0) {
                fail(s, r);
                return;
        }
        s->is_connecting = false;
        update_events(s);
        s->handler->on_connected(s);
}

/* Both in one turn, writing first: a peer that always has something to say must not keep it off. */
static void do_transfer(Stream *s, uint32_t events) {
        if (events & EPOLLOUT)
                flush(s);
        if ((events & EPOLLIN) && s->io.is_active && !s->is_handshaking && !s->is_paused)
                do_read(s);
}

static void on_io(ReactorIo *io, uint32_t events) {
        Stream *s = container_of(io, Stream, io);

        if (s->is_connecting)
                finish_connect(s);
        else if (s->is_handshaking)
                do_handshake(s);
        else if (events & (EPOLLIN | EPOLLOUT))
                do_transfer(s, events);
        else
                fail(s, MIN(socket_error(io->fd), 0)); /* hung up, while nothing was awaited */
}

/* After stream_resume(): what was kept, what GnuTLS holds unannounced, the end. False when the stream is gone. */
static bool catch_up(Stream *s) {
        if (s->in.size > 0 && !deliver(s, buf_slice(&s->in)))
                return false;
        if (s->is_paused)
                return true;
        if (s->has_ended) {
                fail(s, 0);
                return false;
        }
        if (s->tls && tls_has_pending(s->tls))
                do_read(s);
        return s->is_open && s->io.is_active;
}

static void on_task(ReactorTask *task) {
        Stream *s = container_of(task, Stream, task);

        if (s->is_connecting)
                return;
        if (s->is_handshaking) {
                do_handshake(s);
                return;
        }
        if (!s->is_paused && !catch_up(s))
                return;
        flush(s);
}

static int start(Stream *s, Reactor *reactor, int fd, uint32_t events, const StreamHandler *handler) {
        int r;

        assert(!s->is_open);

        *s = (Stream){ .reactor = reactor, .handler = handler };
        r = reactor_add(reactor, &s->io, fd, events, on_io);
        if (r < 0) {
                (void) safe_close(fd);
                return r;
        }
        s->out.limit = STREAM_OUTPUT_MAX;
        s->is_open = true;
        return 0;
}

int stream_open(Stream *s, Reactor *reactor, int fd, const StreamHandler *handler) {
        return start(s, reactor, fd, EPOLLIN, handler);
}

int stream_connect(Stream *s, Reactor *reactor, int fd, const StreamHandler *handler) {
        int r = start(s, reactor, fd, EPOLLOUT, handler);

        if (r >= 0)
                s->is_connecting = true;
        return r;
}

void stream_close(Stream *s) {
        if (!s->is_open)
                return;
        s->is_open = false;
        if (s->is_secure)
                tls_bye(s->tls);
        reactor_unpost(&s->task);
        reactor_remove(s->reactor, &s->io);
        s->tls = tls_free(s->tls);
        (void) safe_close(s->io.fd);
        buf_done(&s->in);
        buf_done(&s->out);
}

int stream_write(Stream *s, Slice data) {
        if (!s->is_open)
                return -ENOTCONN;
        buf_append_slice(&s->out, data);
        s->wants_drained = true;
        reactor_post(s->reactor, &s->task, on_task);
        return buf_error(&s->out);
}

size_t stream_unsent(const Stream *s) {
        return s->out.size - s->out_offset;
}

void stream_resume(Stream *s) {
        if (!s->is_open || !s->is_paused)
                return;
        s->is_paused = false;
        reactor_post(s->reactor, &s->task, on_task);
}

void stream_pause(Stream *s) {
        s->is_paused = true;
        update_events(s);
}

/* The client speaks first, and its hello may be in the server's socket already: begun without waiting for an event,
 * but not inside of the caller. */
static int begin_handshake(Stream *s) {
        int r = tls_unread(s->tls, buf_slice(&s->in));

        if (r < 0)
                return r;
        buf_done(&s->in);
        s->is_handshaking = true;
        s->is_paused = false;
        update_events(s);
        reactor_post(s->reactor, &s->task, on_task);
        return 0;
}

int stream_start_tls_server(Stream *s, TlsServer *server) {
        int r;

        assert(!s->tls && stream_unsent(s) == 0);

        r = tls_accept(server, s->io.fd, &s->tls);
        return r < 0 ? r : begin_handshake(s);
}

int stream_start_tls_client(Stream *s, TlsClient *client, const char *host_name, TlsVerify verify) {
        int r;

        assert(!s->tls && stream_unsent(s) == 0);

        r = tls_connect(client, s->io.fd, host_name, verify, &s->tls);
        return r < 0 ? r : begin_handshake(s);
}

const char *stream_error(const Stream *s) {
        return s->tls ? tls_error(s->tls) : "";
}
