/* SPDX-License-Identifier: MIT */
#pragma once

/* The PROXY protocol, versions 1 and 2: what a load balancer says in front of a connection about
 * the client at its other side (HAProxy's proxy-protocol.txt, sections 2.1 and 2.2). */

#include <sys/socket.h>

#include "basic/slice.h"

/* The longest header of version 1, with its line end (section 2.1). */
#define PROXY_V1_MAX 107
/* The longest header of version 2 that is accepted: its 16 fixed bytes, the addresses and whatever
 * extensions (TLVs) follow them. */
#define PROXY_V2_MAX 4096

typedef enum ProxyStatus {
        PROXY_NEED_MORE,
        PROXY_PARSED,
        PROXY_BROKEN,
} ProxyStatus;

typedef struct ProxyHeader {
        size_t size; /* of the header: what follows it is the client's */
        /* The client. ss_family is AF_INET or AF_INET6, or AF_UNSPEC where the header has no
         * address, or none that is understood: then the socket's own peer address holds. */
        struct sockaddr_storage source;
} ProxyHeader;

/* Parses the header that `input`, all that came so far, begins with. No state is kept: on
 * PROXY_NEED_MORE call again when there is more, at the latest with PROXY_V2_MAX bytes the answer
 * is another. *ret is written only on PROXY_PARSED.
 *
 * Version 1: a line of "PROXY", TCP4 or TCP6, two addresses and two ports, with one space between
 * them, or "PROXY UNKNOWN" and anything. Its line may end with a bare LF. As in Postal the
 * addresses may be nonsense, the header then has none; a port that is nonsense is 0.
 *
 * Version 2: LOCAL and families other than TCP over IP give no address. Extensions are skipped. */
ProxyStatus proxy_header_parse(Slice input, ProxyHeader *ret);
