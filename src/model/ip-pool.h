/* SPDX-License-Identifier: MIT */
#pragma once

/* Which source address an outgoing message leaves by (postal-core 5.7): the first rule of the server, then of its
 * organization, that fits, else the server's pool; within the pool by chance, weighted with the priorities. */

#include "db/db.h"
#include "mail/header-collector.h"

typedef struct IpPools IpPools;

/* Remembers rules and pools for a few seconds. Belongs to one thread. */
IpPools *ip_pools_new(void);
IpPools *ip_pools_free(IpPools *p);
DEFINE_CLEANUP(IpPools *, ip_pools_free)

/* *ret is 0 when the message has no pool, or its pool no address. */
int ip_pools_allocate(IpPools *p, Db *main_db, uint64_t server_id, const HeaderCollector *headers, const char *rcpt_to,
                      uint64_t now_usec, uint64_t *ret);
