/* SPDX-License-Identifier: MIT */
#pragma once

/* An IP network, as in lists of trusted peers: `192.0.2.1`, `192.0.2.0/24`,
 * `192.0.2.0/255.255.255.0`, `2001:db8::/32`, `[2001:db8::1]`. */

#include "core/socket.h"

typedef struct IpNetwork {
        int family;          /* AF_INET or AF_INET6 */
        unsigned prefix;     /* bits that count: up to 32 or 128 */
        uint8_t address[16]; /* the first 4 or 16 bytes; bits beyond the prefix are zero */
} IpNetwork;

/* Parses all of the text. A bare address is a network of one. Returns 0 or -EINVAL. */
int ip_network_parse(const char *text, IpNetwork *ret);

/* Whether the address (struct in_addr or struct in6_addr, by family) lies in the network. An IPv4
 * address inside an IPv6 one (::ffff:192.0.2.1) is also looked for in IPv4 networks. */
bool ip_network_contains(const IpNetwork *network, int family, const void *address);
/* The same for the address of a peer: an IPv4-mapped one is an IPv4 address. */
bool ip_network_contains_peer(const IpNetwork *network, const SockAddr *peer);
