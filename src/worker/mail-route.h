/* SPDX-License-Identifier: MIT */
#pragma once

/* Where a message is to be delivered: to the MX hosts of a domain, to the configured relays, or to one host that an SMTP
 * endpoint names (postal-core 6.1). Messages with equal routes share a destination. */

#include "basic/arena.h"
#include "basic/buf.h"

typedef enum MailRouteKind {
        MAIL_ROUTE_DOMAIN, /* the MX hosts of `name` */
        MAIL_ROUTE_RELAYS, /* postal.smtp_relays */
        MAIL_ROUTE_HOST,   /* `name`, an endpoint's host name or address */
} MailRouteKind;

typedef struct MailRoute {
        MailRouteKind kind;
        const char *name; /* lower case; "" for relays */
        unsigned port;
        const char *ssl_mode; /* MAIL_ROUTE_HOST */
        uint64_t ip_address_id; /* the source address; 0: any */
} MailRoute;

/* Appends what equal routes have in common and different ones have not. */
static inline void mail_route_key(const MailRoute *r, Buf *to) {
        buf_printf(to, "%d %llu %u %s %s", (int) r->kind, (unsigned long long) r->ip_address_id, r->port, strempty(r->ssl_mode),
                   r->name);
}
