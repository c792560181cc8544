/* SPDX-License-Identifier: MIT */
#pragma once

/* Sockets and addresses. Everything here is non-blocking and close-on-exec. */

#include <netinet/in.h>
#include <sys/socket.h>

#include "basic/slice.h"

typedef union SockAddr {
        struct sockaddr sa;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
        struct sockaddr_storage storage;
} SockAddr;

static inline socklen_t sockaddr_size(const SockAddr *a) {
        return a->sa.sa_family == AF_INET6 ? sizeof(a->in6) : sizeof(a->in);
}

/* The numeric address as text: "192.0.2.1", "2001:db8::1"; IPv4-mapped IPv6 addresses as IPv4. "" for
 * other families. */
#define ADDRESS_TEXT_SIZE INET6_ADDRSTRLEN
void sockaddr_to_text(const SockAddr *a, char ret[static ADDRESS_TEXT_SIZE]);
/* Parses a numeric address of either family. -EINVAL if it is none. */
int sockaddr_parse(const char *text, unsigned port, SockAddr *ret);
/* The same address with an IPv4-mapped one turned into IPv4. */
SockAddr sockaddr_unmap(const SockAddr *a);

/* A listening TCP socket; `address` numeric, "::" listens to both families. Returns the descriptor, or a
 * negative errno (-EINVAL: not an address). */
int socket_listen(const char *address, unsigned port);
/* The port a socket is bound to, or a negative errno. */
int socket_port(int fd);
/* Starts to connect; `source` may be NULL. Returns the descriptor; the connection is there, or has failed, when
 * it becomes writable (socket_error() tells). */
int socket_connect(const SockAddr *to, const SockAddr *source);
/* For sockets that came from elsewhere. */
int socket_make_nonblocking(int fd);
/* The pending error of a socket as a negative errno, or 0. */
int socket_error(int fd);

/* Sockets that systemd passed (sd_listen_fds_with_names). `*ret_names` is NULL-terminated, freed by the caller with
 * socket_names_free(). Returns how many there are; the first has descriptor 3. */
int socket_passed(char ***ret_names);
void socket_names_free(char **names);
