/* SPDX-License-Identifier: MIT */
#pragma once

/* The rows of ip_addresses. */

#include "basic/arena.h"
#include "db/db.h"

#define IP_ADDRESSES_MAX ((size_t) 10000)

typedef struct IpAddress {
        uint64_t id;
        const char *ipv4; /* texts: "" for NULL */
        const char *ipv6;
        const char *hostname;
} IpAddress;

typedef struct IpAddresses {
        Arena arena;
        IpAddress *list;
        size_t count;
} IpAddresses;

int ip_addresses_list(Db *main_db, IpAddresses **ret);
IpAddresses *ip_addresses_free(IpAddresses *a);
DEFINE_CLEANUP(IpAddresses *, ip_addresses_free)
