/* SPDX-License-Identifier: MIT */
#pragma once

/* Look-ups of the accept path: who authenticates, where an address leads, whose domain a sender names
 * (postal-smtp 1.6 to 1.12). Each runs a statement or two in the main database and returns an object that stands
 * for itself, also when nothing was found, so that it can be cached. Text is compared as the columns'
 * collation does: without regard to case. Deleted servers and organizations are not found.
 *
 * The result is freed with lookup_free(). */

#include "basic/arena.h"
#include "core/socket.h"
#include "core/ip-network.h"
#include "db/db.h"
#include "model/route.h"

typedef struct LookupServer {
        uint64_t id;
        const char *permalink;
        const char *organization_permalink;
        bool is_suspended; /* the server or its organization */
        bool privacy_mode;
        bool log_smtp_data;
        bool allow_sender;
        bool has_tracking; /* a tracking domain is in use: bodies of outgoing mail may be rewritten */
} LookupServer;

/* One message to be stored for an address: the route's own endpoint, or an additional one. */
typedef struct LookupTarget {
        uint64_t route_id;
        uint64_t domain_id;
        uint64_t endpoint_id; /* 0 unless the mode is ROUTE_ENDPOINT */
        const char *endpoint_type;
} LookupTarget;

/* An SMTP credential of a server (for CRAM-MD5), or one bound to client addresses. */
typedef struct LookupCredential {
        uint64_t id;
        const char *key;
        IpNetwork network; /* SMTP-IP */
        LookupServer server;
} LookupCredential;

typedef struct Lookup {
        Arena arena;
        bool is_found;
        LookupServer server;
        uint64_t credential_id;
        LookupCredential *credentials;
        size_t credential_count;
        RouteMode mode;
        const char *route_name;
        const char *domain_name; /* of the route; NULL for a return path route */
        LookupTarget *targets;
        size_t target_count;
        uint64_t domain_id; /* lookup_sender() */
} Lookup;

Lookup *lookup_free(Lookup *l);
DEFINE_CLEANUP(Lookup *, lookup_free)

/* The SMTP credential with this key. */
int lookup_credential(Db *main_db, const char *key, Lookup **ret);
/* The credential again, of any type, to see whether it still holds. */
int lookup_credential_id(Db *main_db, uint64_t id, Lookup **ret);
/* A server by its permalinks, with all its SMTP credentials. */
int lookup_server(Db *main_db, const char *organization, const char *permalink, Lookup **ret);
/* All SMTP-IP credentials that can be parsed, the longest prefix first. */
int lookup_address_credentials(Db *main_db, Lookup **ret);
/* A server by its token, with the targets of its `__returnpath__` route, if it has one. */
int lookup_return_path(Db *main_db, const char *server_token, Lookup **ret);
/* A route by its token. */
int lookup_route_token(Db *main_db, const char *token, Lookup **ret);
/* The route of an address, or of the wildcard at its domain. `local` is without +tag. */
int lookup_address(Db *main_db, const char *local, const char *domain, Lookup **ret);
/* The verified domain of that name that the server may send for, or its domain for any name. */
int lookup_sender(Db *main_db, uint64_t server_id, const char *domain, Lookup **ret);
/* Notes that a credential was used now. */
int lookup_touch_credential(Db *main_db, uint64_t id);
