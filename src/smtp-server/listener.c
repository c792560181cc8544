/* SPDX-License-Identifier: MIT */
#include "core/log.h"
#include "smtp-server/server.h"

/* Connections taken from one listener in one turn: the others, and the open connections, have theirs. */
#define ACCEPT_MAX 64

static bool is_passing(int error) {
        return error == ECONNABORTED || error == EINTR || error == EPROTO || error == ENETDOWN ||
               error == EHOSTDOWN || error == EHOSTUNREACH || error == ENETUNREACH;
}

static void on_accept(ReactorIo *io, _unused_ uint32_t events) {
        Listener *l = container_of(io, Listener, io);

        for (int i = 0; i < ACCEPT_MAX; i++) {
                SockAddr peer;
                socklen_t size = sizeof(peer);
                int fd = accept4(l->fd, &peer.sa, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);

                if (fd < 0) {
                        if (errno == EAGAIN)
                                return;
                        if (is_passing(errno))
                                continue;
                        /* Out of descriptors, most likely: the connection waits in the backlog. */
                        log_error(FIELDS(FIELD_ERRNO(-errno)), "An error occurred while accepting a new client: %s",
                                  strerror(errno));
                        return;
                }
                connection_accept(l->server, l->role, fd, &peer);
        }
}

static int add(SmtpServer *server, int fd, SmtpRole role) {
        Listener *l = &server->listeners[server->listener_count];
        int r;

        if (server->listener_count == LISTENERS_MAX) {
                log_error(NO_FIELDS, "More than %d sockets", LISTENERS_MAX);
                (void) safe_close(fd);
                return -E2BIG;
        }
        l->server = server;
        l->fd = fd;
        l->role = role;
        r = reactor_add(server->reactor, &l->io, fd, EPOLLIN, on_accept);
        if (r < 0) {
                (void) safe_close(fd);
                return r;
        }
        server->listener_count++;
        return 0;
}

static int bind_port(SmtpServer *server, const char *address, int64_t port, SmtpRole role) {
        int fd = socket_listen(address, (unsigned) port);

        if (fd < 0) {
                log_error(FIELDS(FIELD_ERRNO(fd)), "Cannot listen on %s port %lld: %s%s", address, (long long) port,
                          strerror(-fd),
                          fd == -EACCES       ? " (ports below 1024 need CAP_NET_BIND_SERVICE, or a socket unit)"
                          : fd == -EADDRINUSE ? " (another process has it)"
                                              : "");
                return fd;
        }
        log_info(NO_FIELDS, "Listening on %s:%lld", address, (long long) port);
        return add(server, fd, role);
}

static int bind_own(SmtpServer *server) {
        const Config *config = server->config;
        const char *address = config_variable(config, "BIND_ADDRESS"), *text = config_variable(config, "PORT");
        int64_t port = config->smtp_server.default_port;
        uint64_t number;
        int r;

        if (!address || !*address)
                address = config->smtp_server.default_bind_address;
        if (text && *text) {
                if (slice_to_u64(slice_from_string(text), UINT16_MAX, &number) < 0) {
                        log_error(NO_FIELDS, "PORT is \"%s\", which is not a port number", text);
                        return -EINVAL;
                }
                port = (int64_t) number;
        }
        r = bind_port(server, address, port, SMTP_ROLE_ANY);
        if (r >= 0 && config->smtp_server.submission_port > 0)
                r = bind_port(server, address, config->smtp_server.submission_port, SMTP_ROLE_SUBMISSION);
        if (r >= 0 && config->smtp_server.submissions_port > 0)
                r = bind_port(server, address, config->smtp_server.submissions_port, SMTP_ROLE_SUBMISSIONS);
        return r;
}

int listeners_open(SmtpServer *server) {
        char **names;
        int n = socket_passed(&names), r = 0;

        if (n < 0) {
                log_error(FIELDS(FIELD_ERRNO(n)), "Cannot take over the sockets from systemd: %s", strerror(-n));
                return n;
        }
        for (int i = 0; i < n && r >= 0; i++) {
                SmtpRole role = smtp_role_from_string(names[i]);

                log_info(NO_FIELDS, "Listening on the socket %s, as %s", names[i], smtp_role_to_string(role));
                r = socket_make_nonblocking(3 + i);
                if (r >= 0)
                        r = add(server, 3 + i, role);
        }
        socket_names_free(names);
        return n > 0 ? r : bind_own(server);
}

void listeners_close(SmtpServer *server) {
        for (size_t i = 0; i < server->listener_count; i++) {
                reactor_remove(server->reactor, &server->listeners[i].io);
                (void) safe_close(server->listeners[i].fd);
        }
        server->listener_count = 0;
}
