/* SPDX-License-Identifier: MIT */
#pragma once

/* Routes: what happens to mail for an address at a domain of a mail server. */

#include "db/db.h"
#include "model/problems.h"

/* The route that gets what comes back to a server's return path. It has no domain. */
#define ROUTE_RETURN_PATH "__returnpath__"
#define ROUTE_WILDCARD "*"

typedef enum RouteMode {
        ROUTE_ENDPOINT,
        ROUTE_ACCEPT,
        ROUTE_HOLD,
        ROUTE_BOUNCE,
        ROUTE_REJECT,
        ROUTE_MODE_MAX,
        ROUTE_MODE_INVALID = -EINVAL,
} RouteMode;

typedef enum RouteSpamMode {
        ROUTE_SPAM_MARK,
        ROUTE_SPAM_QUARANTINE,
        ROUTE_SPAM_FAIL,
        ROUTE_SPAM_MODE_MAX,
        ROUTE_SPAM_MODE_INVALID = -EINVAL,
} RouteSpamMode;

/* As the database has them; the other way without regard to case. */
const char *route_mode_to_string(RouteMode mode);
RouteMode route_mode_from_string(const char *text);
const char *route_spam_mode_to_string(RouteSpamMode mode);
RouteSpamMode route_spam_mode_from_string(const char *text);

typedef struct Route {
        uint64_t id;
        uint64_t server_id;
        uint64_t domain_id; /* 0: none */
        char *domain_name;  /* or NULL */
        char *uuid;
        char *name;
        char *token;
        RouteMode mode;             /* ROUTE_MODE_INVALID: none that is known */
        uint64_t endpoint_id;       /* 0 unless the mode is ROUTE_ENDPOINT */
        char *endpoint_type;        /* "HTTPEndpoint", "SMTPEndpoint", "AddressEndpoint"; or NULL */
        char *endpoint_description; /* its URL, host or address; NULL when there is no such endpoint
                                     */
        uint64_t additional_endpoint_count;
        RouteSpamMode spam_mode; /* what is unknown counts as ROUTE_SPAM_MARK */
        uint64_t created_usec;
} Route;

Route *route_free(Route *route);
DEFINE_CLEANUP(Route *, route_free)
Route **route_list_free(Route **items);
DEFINE_CLEANUP(Route **, route_list_free)

/* -ENOENT: there is none. */
int route_load(Db *db, uint64_t id, Route **ret);
/* By UUID or id. */
int route_find(Db *db, const char *what, Route **ret);
/* Those of a server, by domain and name. */
int route_list(Db *db, uint64_t server_id, Route ***ret);

typedef struct NewRoute {
        uint64_t server_id;
        uint64_t domain_id; /* 0 for the return path only */
        const char *name;
        RouteMode mode;
        const char *endpoint_type; /* with ROUTE_ENDPOINT: the type and the UUID, */
        const char *endpoint_uuid; /* or NULL */
        RouteSpamMode spam_mode;
} NewRoute;

/* Makes the route unless there are problems. */
int route_create(Db *db, const NewRoute *route, Problems *problems, uint64_t *ret_id);
