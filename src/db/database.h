/* SPDX-License-Identifier: MIT */
#pragma once

/* The databases of an installation as one thread uses them: a connection to the server of the main
 * database, and one to that of the message databases. When the configuration names the same server
 * and user for both, it is one connection, and then a transaction over both is atomic. */

#include "db/db.h"

typedef struct Config Config;

typedef struct Database {
        Db *main;    /* its default database is the main database */
        Db *message; /* may be the same */
        bool is_shared;
} Database;

/* Does not connect yet. -EINVAL: a list of hosts in the configuration cannot be read. */
int database_new(const Config *config, Database **ret);
/* The same with another limit for the time that a statement may take, such as hours for DDL. */
int database_new_patient(const Config *config, unsigned io_timeout_sec, Database **ret);
Database *database_free(Database *d);
DEFINE_CLEANUP(Database *, database_free)

/* Connects both, unless connected; the errors of db_connect(). */
int database_connect(Database *d);

/* The sentence for the last failure of database_connect() or database_transaction(). */
const char *database_error(const Database *d);

/* Runs `body` in a transaction over both, as db_transaction() does, again if need be. Where the
 * servers differ, the message databases are committed first. When the commit of the main database
 * then fails, the result is -ECONNABORTED, as when the outcome is not known: what was written to
 * the message databases is there to stay, and must do no harm without its rows in the main
 * database. */
typedef int (*database_body_t)(Database *d, void *userdata);
int database_transaction(Database *d, database_body_t body, void *userdata);
