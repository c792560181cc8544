/* SPDX-License-Identifier: MIT */
#include <netdb.h>
#include <poll.h>

#include "core/clock.h"
#include "core/line-client.h"
#include "core/socket.h"

#define READ_SIZE ((size_t) 4096)

struct LineClient {
        int fd;
        char *host;
        uint64_t deadline_usec;
        TlsClient *tls_client;
        Tls *tls;
        Buf in;
        size_t taken; /* of `in`, by the line that was returned last */
};

static int timed_out(Buf *reterr) {
        buf_append_string(reterr, "The time is over.");
        return -ETIMEDOUT;
}

static int wait_for(const LineClient *c, short events, Buf *reterr) {
        for (;;) {
                struct pollfd p = { .fd = c->fd, .events = events };
                uint64_t now = clock_monotonic();
                int n;

                if (now >= c->deadline_usec)
                        return timed_out(reterr);
                n = poll(&p, 1, (int) MIN((c->deadline_usec - now) / USEC_PER_MSEC + 1, 60000u));
                if (n > 0)
                        return 0;
                if (n < 0 && errno != EINTR)
                        return -errno;
        }
}

/* Asks the resolver in a thread of its own, which is left alone if it takes too long. */
typedef struct Lookup {
        char *host;
        struct gaicb request;
} Lookup;

static Lookup *lookup_free(Lookup *l) {
        if (!l)
                return NULL;
        if (l->request.ar_result)
                freeaddrinfo(l->request.ar_result);
        free(l->host);
        return mfree(l);
}
DEFINE_CLEANUP(Lookup *, lookup_free)

static int look_up(const char *host, uint64_t deadline_usec, Lookup **ret, Buf *reterr) {
        static const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
                                               .ai_flags = AI_ADDRCONFIG };
        _cleanup_(lookup_freep) Lookup *l = calloc(1, sizeof(Lookup));
        struct gaicb *list[1];
        int r;

        if (!l || !(l->host = strdup(host)))
                return -ENOMEM;
        l->request.ar_name = l->host;
        l->request.ar_request = &hints;
        list[0] = &l->request;
        if (getaddrinfo_a(GAI_NOWAIT, list, 1, NULL) != 0)
                return -EAGAIN;
        while ((r = gai_error(&l->request)) == EAI_INPROGRESS) {
                uint64_t now = clock_monotonic(),
                         left = deadline_usec > now ? deadline_usec - now : 0;
                struct timespec timeout = { .tv_sec = (time_t) (left / USEC_PER_SEC),
                                            .tv_nsec = (long) (left % USEC_PER_SEC * 1000) };

                if (left == 0) {
                        if (gai_cancel(&l->request) != EAI_CANCELED)
                                l = NULL; /* the thread still writes to it */
                        return timed_out(reterr);
                }
                (void) gai_suspend((const struct gaicb *const *) list, 1, &timeout);
        }
        if (r != 0) {
                buf_printf(reterr, "The name %s cannot be resolved: %s.", host, gai_strerror(r));
                return -EHOSTUNREACH;
        }
        *ret = TAKE_PTR(l);
        return 0;
}

static int connect_to(LineClient *c, const struct addrinfo *a, unsigned port, Buf *reterr) {
        SockAddr to = { 0 };
        int r;

        if (a->ai_addrlen > sizeof(to))
                return -EAFNOSUPPORT;
        memcpy(&to, a->ai_addr, a->ai_addrlen);
        if (to.sa.sa_family == AF_INET6)
                to.in6.sin6_port = htons((uint16_t) port);
        else
                to.in.sin_port = htons((uint16_t) port);
        c->fd = socket_connect(&to, NULL);
        if (c->fd < 0)
                return c->fd;
        r = wait_for(c, POLLOUT, reterr);
        if (r >= 0)
                r = socket_error(c->fd);
        if (r < 0)
                c->fd = safe_close(c->fd);
        return r;
}

int line_client_connect(const char *host, unsigned port, uint64_t deadline_usec, LineClient **ret,
                        Buf *reterr) {
        _cleanup_(line_client_freep) LineClient *c = calloc(1, sizeof(LineClient));
        _cleanup_(lookup_freep) Lookup *l = NULL;
        int r;

        assert(host && ret && reterr);

        if (!c)
                return -ENOMEM;
        c->fd = -EBADF;
        c->deadline_usec = deadline_usec;
        c->in.limit = LINE_CLIENT_LINE_MAX + READ_SIZE;
        c->host = strdup(host);
        if (!c->host)
                return -ENOMEM;
        r = look_up(host, deadline_usec, &l, reterr);
        if (r < 0)
                return r;
        r = -EHOSTUNREACH;
        for (const struct addrinfo *a = l->request.ar_result; a; a = a->ai_next) {
                r = connect_to(c, a, port, reterr);
                if (r >= 0 || r == -ETIMEDOUT)
                        break;
        }
        if (r == -ETIMEDOUT)
                return r;
        if (r < 0) {
                buf_printf(reterr, "Cannot connect to %s port %u: %s.", host, port, strerror(-r));
                return r;
        }
        *ret = TAKE_PTR(c);
        return 0;
}

LineClient *line_client_free(LineClient *c) {
        if (!c)
                return NULL;
        if (c->tls)
                tls_bye(c->tls);
        tls_free(c->tls);
        tls_client_free(c->tls_client);
        (void) safe_close(c->fd);
        buf_done(&c->in);
        free(c->host);
        return mfree(c);
}

static int lost(int r, const LineClient *c, Buf *reterr) {
        if (r == -ETIMEDOUT || r == -EMSGSIZE)
                return r;
        if (c->tls && *tls_error(c->tls))
                buf_printf(reterr, "The encrypted connection to %s was lost: %s.", c->host,
                           tls_error(c->tls));
        else
                buf_printf(reterr, "The connection to %s was lost: %s.", c->host,
                           r == -EPIPE ? "the server hung up" : strerror(-r));
        return r;
}

/* Reads what there is, at least one byte. */
static int fill(LineClient *c, Buf *reterr) {
        for (;;) {
                char *to = buf_reserve(&c->in, READ_SIZE);
                ssize_t n;
                int r;

                if (!to)
                        return buf_error(&c->in) == -ENOBUFS ? -EMSGSIZE : -ENOMEM;
                if (c->tls)
                        n = tls_read(c->tls, to, READ_SIZE);
                else if ((n = read(c->fd, to, READ_SIZE)) < 0)
                        n = -errno;
                if (n > 0) {
                        buf_extend(&c->in, (size_t) n);
                        return 0;
                }
                if (n == 0)
                        return -EPIPE;
                if (n != -EAGAIN && n != -EINTR)
                        return (int) n;
                r = wait_for(c, POLLIN, reterr);
                if (r < 0)
                        return r;
        }
}

int line_client_read(LineClient *c, Slice *ret, Buf *reterr) {
        buf_consume(&c->in, c->taken);
        c->taken = 0;
        for (;;) {
                Slice line = buf_slice(&c->in);
                ssize_t end = slice_find_byte(line, '\n', 0);
                int r;

                if (end >= 0) {
                        c->taken = (size_t) end + 1;
                        if (end > 0 && line.data[end - 1] == '\r')
                                end--;
                        *ret = slice_first(line, (size_t) end);
                        return 0;
                }
                if (line.size > LINE_CLIENT_LINE_MAX) {
                        buf_printf(reterr, "%s said a line that is too long.", c->host);
                        return -EMSGSIZE;
                }
                r = fill(c, reterr);
                if (r < 0)
                        return lost(r, c, reterr);
        }
}

int line_client_write(LineClient *c, Slice data, Buf *reterr) {
        while (data.size > 0) {
                ssize_t n;
                int r;

                if (c->tls)
                        n = tls_write(c->tls, data.data, data.size);
                else if ((n = send(c->fd, data.data, data.size, MSG_NOSIGNAL)) < 0)
                        n = -errno;
                if (n > 0) {
                        data = slice_from(data, (size_t) n);
                        continue;
                }
                if (n != -EAGAIN && n != -EINTR)
                        return lost(n == 0 ? -EPIPE : (int) n, c, reterr);
                r = wait_for(c, POLLOUT, reterr);
                if (r < 0)
                        return r;
        }
        return 0;
}

int line_client_start_tls(LineClient *c, bool verify, Buf *reterr) {
        int r;

        assert(!c->tls);

        if (c->in.size > c->taken) {
                buf_printf(reterr, "%s sent more than its answer before TLS began.", c->host);
                return -EPROTO;
        }
        r = tls_client_new(&c->tls_client);
        if (r >= 0)
                r = tls_connect(c->tls_client, c->fd, c->host,
                                verify ? TLS_VERIFY_NAME : TLS_VERIFY_NONE, &c->tls);
        if (r < 0)
                return r;
        while ((r = tls_handshake(c->tls)) == -EAGAIN) {
                r = wait_for(c, tls_wants_write(c->tls) ? POLLOUT : POLLIN, reterr);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                buf_printf(reterr, "TLS with %s failed: %s.", c->host, tls_error(c->tls));
        return r;
}

bool line_client_has_tls(const LineClient *c) {
        return c->tls;
}
