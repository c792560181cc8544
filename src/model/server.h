/* SPDX-License-Identifier: MIT */
#pragma once

/* Mail servers: the tenants of the platform. Each has a message database of its own. */

#include "db/database.h"
#include "db/migrate.h"
#include "model/problems.h"

typedef enum ServerMode {
        SERVER_LIVE,
        SERVER_DEVELOPMENT, /* outgoing mail is held */
        SERVER_MODE_MAX,
        SERVER_MODE_INVALID = -EINVAL,
} ServerMode;

/* As the database has it: "Live", "Development". */
const char *server_mode_to_string(ServerMode mode);
/* Without regard to case. */
ServerMode server_mode_from_string(const char *text);

typedef struct Server {
        uint64_t id;
        uint64_t organization_id;
        char *uuid;
        char *name;
        char *permalink;
        char *token; /* of return paths and tracking links; compares without regard to case */
        char *organization_permalink;
        char *organization_name;
        ServerMode mode;         /* what is unknown counts as live */
        bool is_suspended;       /* the server or its organization */
        bool is_deleted;         /* either, or the organization is gone */
        char *suspension_reason; /* of the server, else of the organization; or NULL */
        bool allow_sender;
        bool privacy_mode;
        bool log_smtp_data;
        uint64_t ip_pool_id; /* 0: none */
        int64_t send_limit;  /* messages an hour; -1: none */
        double spam_threshold;
        double spam_failure_threshold;
        bool has_outbound_spam_threshold;
        double outbound_spam_threshold;
        char *postmaster_address;       /* or NULL */
        int64_t message_retention_days; /* -1: forever, in these three */
        int64_t raw_message_retention_days;
        int64_t raw_message_retention_size; /* MB */
        uint64_t created_usec;
} Server;

Server *server_free(Server *s);
DEFINE_CLEANUP(Server *, server_free)
Server **server_list_free(Server **items);
DEFINE_CLEANUP(Server **, server_list_free)

/* Also those that are suspended or deleted. -ENOENT: there is none. */
int server_load(Db *db, uint64_t id, Server **ret);
/* By "organization/server", UUID, id or token, or by a permalink that only one organization uses;
 * not those that are deleted. -ENOENT: there is none; -ENOTUNIQ: there are several. */
int server_find(Db *db, const char *what, Server **ret);
/* Those that are not deleted, of an organization or (0) of all, by organization and name. */
int server_list(Db *db, uint64_t organization_id, Server ***ret);
/* All, also those that are deleted, by id: whose message databases there are. */
int server_list_all(Db *db, Server ***ret);

typedef struct NewServer {
        uint64_t organization_id;
        const char *name;
        const char *permalink; /* NULL: made of the name */
        ServerMode mode;
        uint64_t ip_pool_id;    /* 0: none */
        int64_t spam_threshold; /* from the configuration, both */
        int64_t spam_failure_threshold;
} NewServer;

/* Makes the server unless there are problems, and its message database. The row comes first,
 * because it has the number; so a crash may leave a server without a database. Then the same call
 * finds the server of that name, sees that its database is not complete, and completes it:
 * *ret_completed is true. */
int server_create(Database *d, const NewServer *server, const MigrateHooks *hooks,
                  Problems *problems, uint64_t *ret_id, bool *ret_completed, Buf *reterr);
/* Makes the message database of a server or brings it up to date. */
int server_provision(Database *d, uint64_t id, const MigrateHooks *hooks, Buf *reterr);
