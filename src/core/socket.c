/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <systemd/sd-daemon.h>

#include "core/socket.h"

/* As the reference sets them: a dead peer is noticed after about 100 seconds. Accepted sockets inherit it. */
#define KEEPALIVE_IDLE_SEC 50
#define KEEPALIVE_INTERVAL_SEC 10
#define KEEPALIVE_COUNT 5

SockAddr sockaddr_unmap(const SockAddr *a) {
        SockAddr v4 = { 0 };

        if (a->sa.sa_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&a->in6.sin6_addr))
                return *a;
        v4.in.sin_family = AF_INET;
        v4.in.sin_port = a->in6.sin6_port;
        memcpy(&v4.in.sin_addr, a->in6.sin6_addr.s6_addr + 12, 4);
        return v4;
}

void sockaddr_to_text(const SockAddr *a, char ret[static ADDRESS_TEXT_SIZE]) {
        SockAddr u = sockaddr_unmap(a);

        ret[0] = '\0';
        if (u.sa.sa_family == AF_INET)
                (void) inet_ntop(AF_INET, &u.in.sin_addr, ret, ADDRESS_TEXT_SIZE);
        else if (u.sa.sa_family == AF_INET6)
                (void) inet_ntop(AF_INET6, &u.in6.sin6_addr, ret, ADDRESS_TEXT_SIZE);
}

int sockaddr_parse(const char *text, unsigned port, SockAddr *ret) {
        SockAddr a = { 0 };

        if (inet_pton(AF_INET, text, &a.in.sin_addr) == 1) {
                a.in.sin_family = AF_INET;
                a.in.sin_port = htons((uint16_t) port);
        } else if (inet_pton(AF_INET6, text, &a.in6.sin6_addr) == 1) {
                a.in6.sin6_family = AF_INET6;
                a.in6.sin6_port = htons((uint16_t) port);
        } else {
                return -EINVAL;
        }
        *ret = a;
        return 0;
}

static int set_option(int fd, int level, int option, int value) {
        return setsockopt(fd, level, option, &value, sizeof(value)) < 0 ? -errno : 0;
}

int socket_listen(const char *address, unsigned port) {
        _cleanup_close_ int fd = -EBADF;
        SockAddr a;
        int r;

        r = sockaddr_parse(address, port, &a);
        if (r < 0)
                return r;
        fd = socket(a.sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return -errno;
        (void) set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
        (void) set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
        (void) set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_SEC);
        (void) set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_SEC);
        (void) set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT);
        if (a.sa.sa_family == AF_INET6)
                (void) set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
        if (bind(fd, &a.sa, sockaddr_size(&a)) < 0 || listen(fd, SOMAXCONN) < 0)
                return -errno;
        return TAKE_FD(fd);
}

int socket_port(int fd) {
        SockAddr a;
        socklen_t size = sizeof(a);

        if (getsockname(fd, &a.sa, &size) < 0)
                return -errno;
        return ntohs(a.sa.sa_family == AF_INET6 ? a.in6.sin6_port : a.in.sin_port);
}

int socket_connect(const SockAddr *to, const SockAddr *source) {
        _cleanup_close_ int fd = socket(to->sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

        if (fd < 0)
                return -errno;
        (void) set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
        (void) set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
        if (source) {
                /* The port is chosen when the other end is known, so that ports do not run out. */
                (void) set_option(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
                if (bind(fd, &source->sa, sockaddr_size(source)) < 0)
                        return -errno;
        }
        if (connect(fd, &to->sa, sockaddr_size(to)) < 0 && errno != EINPROGRESS)
                return -errno;
        return TAKE_FD(fd);
}

int socket_make_nonblocking(int fd) {
        int flags = fcntl(fd, F_GETFL);

        return flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ? -errno : 0;
}

int socket_error(int fd) {
        int error = 0;
        socklen_t size = sizeof(error);

        if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
                return -errno;
        return -error;
}

int socket_passed(char ***ret_names) {
        char **names = NULL;
        int n = sd_listen_fds_with_names(true, &names);

        if (n <= 0) {
                socket_names_free(names);
                *ret_names = NULL;
                return n;
        }
        *ret_names = names;
        return n;
}

void socket_names_free(char **names) {
        for (char **name = names; name && *name; name++)
                free(*name);
        free(names);
}
