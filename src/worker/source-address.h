/* SPDX-License-Identifier: MIT */
#pragma once

/* The addresses of the IP pools that this host has (postal-core 4.3, 6.2): messages bound to one of them leave by it. */

#include "basic/arena.h"
#include "core/socket.h"
#include "db/db.h"

#define SOURCE_ADDRESSES_MAX 1024

typedef struct SourceAddress {
        uint64_t id;
        bool has_ipv4;
        bool has_ipv6;
        SockAddr ipv4;
        SockAddr ipv6;
        const char *ipv4_text;
        const char *ipv6_text;
        const char *hostname; /* for EHLO; or NULL */
} SourceAddress;

typedef struct SourceAddresses {
        Arena arena;
        SourceAddress *list;
        size_t count;
} SourceAddresses;

/* Reads the table and keeps the rows whose IPv4 or IPv6 address an interface of this host has. */
int source_addresses_load(Db *main_db, SourceAddresses *ret);
void source_addresses_done(SourceAddresses *s);
/* NULL for 0, and for an address that is not here. */
const SourceAddress *source_addresses_find(const SourceAddresses *s, uint64_t id);
