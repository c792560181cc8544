/* SPDX-License-Identifier: MIT */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "bench/stream.h"

/* One read takes at most this much; a usual message comes whole. Also larger than a TLS record. */
#define READ_SIZE (256 * 1024)
#define PARTS_MAX 8
#define RECORD_MAX (16 * 1024)

static char scratch[READ_SIZE];

static int update_watch(Stream *s) {
        uint32_t events = s->is_paused ? 0 : EPOLLIN;

        if (s->state == STREAM_CONNECTING || s->out.size > 0)
                events |= EPOLLOUT;
        if (s->state == STREAM_HANDSHAKE)
                events = gnutls_record_get_direction(s->tls) ? EPOLLOUT : EPOLLIN;
        return loop_watch(s->loop, &s->watch, events);
}

static void fail(Stream *s, int error) {
        s->error = error;
        s->event(s, STREAM_FAILED);
}

static ssize_t send_plain(Stream *s, const struct iovec *parts, unsigned count) {
        struct msghdr m = { .msg_iov = (struct iovec *) parts, .msg_iovlen = count };
        ssize_t n = sendmsg(s->watch.fd, &m, MSG_NOSIGNAL);

        if (n >= 0)
                return n;
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
}

static ssize_t send_tls(Stream *s, const char *data, size_t size) {
        ssize_t n;

        /* A record cut short must be finished before another may begin: GnuTLS kept a copy. */
        if (s->is_retry)
                n = gnutls_record_send(s->tls, NULL, 0);
        else
                n = gnutls_record_send(s->tls, data, MIN(size, (size_t) RECORD_MAX));
        s->is_retry = n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED;
        if (s->is_retry)
                return 0;
        return n < 0 ? -EPIPE : n;
}

/* Writes the kept bytes as far as it goes. */
static int flush(Stream *s) {
        size_t done = 0;

        while (done < s->out.size) {
                struct iovec part = { s->out.data + done, s->out.size - done };
                ssize_t n =
                        s->tls ? send_tls(s, part.iov_base, part.iov_len) : send_plain(s, &part, 1);

                if (n < 0)
                        return (int) n;
                if (n == 0)
                        break;
                done += (size_t) n;
        }
        if (done == s->out.size)
                buf_reset(&s->out, 2 * RECORD_MAX);
        else
                buf_consume(&s->out, done);
        return update_watch(s);
}

static void on_connected(Stream *s) {
        socklen_t length = sizeof(int);
        int error = 0, r;

        if (getsockopt(s->watch.fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0)
                error = errno;
        if (error != 0) {
                fail(s, -error);
                return;
        }
        s->state = STREAM_OPEN;
        r = update_watch(s);
        if (r < 0)
                fail(s, r);
        else
                s->event(s, STREAM_READY);
}

static void on_handshake(Stream *s) {
        int r;

        do
                r = gnutls_handshake(s->tls);
        while (r < 0 && r != GNUTLS_E_AGAIN && !gnutls_error_is_fatal(r));
        if (r < 0 && r != GNUTLS_E_AGAIN) {
                fail(s, -EPROTO);
                return;
        }
        if (r == GNUTLS_E_SUCCESS)
                s->state = STREAM_OPEN;
        r = update_watch(s);
        if (r < 0)
                fail(s, r);
        else if (s->state == STREAM_OPEN)
                s->event(s, STREAM_READY);
}

static void on_ready(Watch *w, uint32_t events) {
        Stream *s = container_of(w, Stream, watch);

        switch (s->state) {
        case STREAM_CONNECTING:
                on_connected(s);
                return;
        case STREAM_HANDSHAKE:
                on_handshake(s);
                return;
        case STREAM_CLOSED:
                return;
        case STREAM_OPEN:
                break;
        }
        if ((events & EPOLLOUT) && s->out.size > 0) {
                int r = flush(s);

                if (r < 0) {
                        fail(s, r);
                        return;
                }
        }
        /* A hang-up is reported even while paused; it will be found when reading goes on. */
        if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) && !s->is_paused)
                s->event(s, STREAM_READABLE);
}

void stream_init(Stream *s, Loop *loop, void (*event)(Stream *s, StreamEvent event)) {
        *s = (Stream){ .loop = loop, .event = event };
        s->watch = (Watch){ .fd = -EBADF, .ready = on_ready };
}

void stream_close(Stream *s) {
        loop_unwatch(s->loop, &s->watch);
        if (s->tls) {
                if (s->state == STREAM_OPEN && s->out.size == 0)
                        (void) gnutls_bye(s->tls, GNUTLS_SHUT_WR);
                gnutls_deinit(s->tls);
                s->tls = NULL;
        }
        s->watch.fd = safe_close(s->watch.fd);
        s->state = STREAM_CLOSED;
        s->is_retry = s->is_paused = false;
        s->error = 0;
        buf_done(&s->in);
        buf_done(&s->out);
}

/* Reno has no pacing: what a host's default congestion control does on loopback is not what we
 * measure. */
static int tune(int fd) {
        int on = 1;

        (void) setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
        return setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0 ? -errno : 0;
}

int stream_connect(Stream *s, const struct addrinfo *to) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        assert(s->state == STREAM_CLOSED);

        fd = socket(to->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return -errno;
        r = tune(fd);
        if (r < 0)
                return r;
        if (connect(fd, to->ai_addr, to->ai_addrlen) < 0 && errno != EINPROGRESS)
                return -errno;
        s->watch.fd = TAKE_FD(fd);
        s->state = STREAM_CONNECTING;
        return update_watch(s);
}

int stream_accept(Stream *s, int take_fd) {
        s->watch.fd = take_fd;
        s->state = STREAM_OPEN;
        (void) tune(take_fd);
        return update_watch(s);
}

int stream_start_tls(Stream *s, bool is_server, gnutls_certificate_credentials_t credentials,
                     const char *server_name) {
        unsigned flags =
                (is_server ? GNUTLS_SERVER : GNUTLS_CLIENT) | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL;

        assert(s->state == STREAM_OPEN && !s->tls);

        buf_reset(&s->in, 0);
        if (gnutls_init(&s->tls, flags) < 0)
                return -ENOMEM;
        s->state = STREAM_HANDSHAKE;
        if (gnutls_set_default_priority(s->tls) < 0 ||
            gnutls_credentials_set(s->tls, GNUTLS_CRD_CERTIFICATE, credentials) < 0)
                return -EPROTO;
        if (server_name) {
                (void) gnutls_server_name_set(s->tls, GNUTLS_NAME_DNS, server_name,
                                              strlen(server_name));
                gnutls_session_set_verify_cert(s->tls, server_name, 0);
        }
        gnutls_handshake_set_timeout(s->tls, GNUTLS_INDEFINITE_TIMEOUT);
        gnutls_transport_set_int(s->tls, s->watch.fd);
        /* The client speaks first; a server waits for it. */
        return loop_watch(s->loop, &s->watch, is_server ? EPOLLIN : EPOLLOUT);
}

static ssize_t receive(Stream *s) {
        ssize_t n;

        if (s->tls) {
                n = gnutls_record_recv(s->tls, scratch, sizeof(scratch));
                if (n == 0 || n == GNUTLS_E_PREMATURE_TERMINATION)
                        return -ENODATA;
                if (n >= 0 || !gnutls_error_is_fatal((int) n))
                        return MAX(n, (ssize_t) 0);
                return -ECONNRESET;
        }
        n = recv(s->watch.fd, scratch, sizeof(scratch), 0);
        if (n == 0)
                return -ENODATA;
        if (n > 0)
                return n;
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
}

int stream_read(Stream *s, Slice *ret) {
        ssize_t n;

        assert(s->state == STREAM_OPEN);

        n = receive(s);
        if (n <= 0)
                return (int) n;
        if (s->in.size == 0) {
                *ret = slice_make(scratch, (size_t) n);
                return 1;
        }
        buf_append(&s->in, scratch, (size_t) n);
        *ret = buf_slice(&s->in);
        return buf_error(&s->in) < 0 ? buf_error(&s->in) : 1;
}

int stream_keep(Stream *s, Slice rest) {
        if (s->in.size > 0)
                buf_consume(&s->in, s->in.size - rest.size);
        else
                buf_append_slice(&s->in, rest);
        if (s->in.size == 0)
                buf_reset(&s->in, 2 * RECORD_MAX);
        return buf_error(&s->in);
}

bool stream_has_more(const Stream *s) {
        return s->state == STREAM_OPEN && s->tls && gnutls_record_check_pending(s->tls) > 0;
}

int stream_writev(Stream *s, const struct iovec *parts, unsigned count) {
        size_t written = 0;

        assert(s->state == STREAM_OPEN);
        assert(count <= PARTS_MAX);

        /* With TLS the parts are joined: records cost more than copies. */
        if (!s->tls && s->out.size == 0) {
                ssize_t n = send_plain(s, parts, count);

                if (n < 0)
                        return (int) n;
                written = (size_t) n;
        }
        for (unsigned i = 0; i < count; i++) {
                size_t skip = MIN(written, parts[i].iov_len);

                written -= skip;
                if (skip < parts[i].iov_len)
                        buf_append(&s->out, (const char *) parts[i].iov_base + skip,
                                   parts[i].iov_len - skip);
        }
        if (buf_error(&s->out) < 0)
                return buf_error(&s->out);
        if (s->out.size == 0)
                return 0;
        return s->tls && !s->is_retry ? flush(s) : update_watch(s);
}

int stream_write(Stream *s, Slice data) {
        struct iovec part = { (void *) data.data, data.size };

        return stream_writev(s, &part, 1);
}

int stream_pause(Stream *s, bool pause) {
        s->is_paused = pause;
        return update_watch(s);
}
