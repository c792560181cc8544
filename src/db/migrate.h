/* SPDX-License-Identifier: MIT */
#pragma once

/* The schema: making it, bringing an older one up to date, and saying what is missing.
 *
 * There are three kinds. The main database and the message databases are Postal's, and end exactly
 * as Postal 3.3.6 makes them; what this program adds to the main database (tables, keys) is
 * recorded apart, in `postal_schema_versions`, and does not disturb Postal. Nothing is ever dropped
 * but what Postal itself drops.
 *
 * All of it can be interrupted at any point and run again, and two may run at the same time: each
 * statement first looks whether it is still to be done, the version is recorded last, and a
 * statement that somebody else was faster with counts as done. Besides, on one server the second
 * waits for the first: `postal_schema_versions` has a row 0, which is locked by a connection of its
 * own.
 *
 * Changing a large table takes long: give the Db an io_timeout_sec of hours. */

#include "basic/buf.h"
#include "db/db.h"

typedef enum MigrateTarget {
        MIGRATE_MAIN,
        MIGRATE_MESSAGE,
        MIGRATE_OWN,
        MIGRATE_TARGET_MAX,
} MigrateTarget;

typedef enum MigrateEventType {
        MIGRATE_LOADING,   /* the main database is empty and gets the whole schema */
        MIGRATE_STEP,      /* a step begins */
        MIGRATE_STATEMENT, /* one of its statements has run */
        MIGRATE_STEP_DONE, /* and is recorded */
        MIGRATE_WAITING,   /* somebody else is at it, or uses the table; tried again at once */
        MIGRATE_OFFLINE, /* a table cannot be changed in place: nobody can write to it meanwhile */
} MigrateEventType;

typedef struct MigrateEvent {
        MigrateEventType type;
        MigrateTarget target;
        uint64_t server_id; /* of a message database */
        uint64_t version;   /* of the step */
        const char *name;   /* "AddHostToAuthieSessions" */
} MigrateEvent;

/* Called as the work goes on. A negative result stops it there and is passed on. */
typedef int (*migrate_progress_t)(void *userdata, const MigrateEvent *event);

typedef struct MigrateHooks {
        migrate_progress_t progress; /* may be NULL */
        void *userdata;
} MigrateHooks;

/* Each brings its part up to date. On failure a sentence is appended to `reterr`. -EBADMSG: the
 * database is not Postal's, or something is missing in it that no step makes. `hooks` may be NULL.
 * migrate_own() wants migrate_main() done; migrate_message() wants the database to exist (-ENOENT).
 */
int migrate_main(Db *db, const MigrateHooks *hooks, Buf *reterr);
int migrate_own(Db *db, const MigrateHooks *hooks, Buf *reterr);
int migrate_message(Db *db, uint64_t server_id, const MigrateHooks *hooks, Buf *reterr);

/* Makes the empty main database unless it exists. -EINVAL: its name has other characters than
 * letters, digits, '-' and '_'. */
int migrate_main_create(Db *db, bool *ret_created, Buf *reterr);
/* Makes the empty message database of a mail server unless it exists. */
int migrate_message_create(Db *db, uint64_t server_id, Buf *reterr);
/* The version of a message database: 0 without any tables; -ENOENT without a database. */
int migrate_message_version(Db *db, uint64_t server_id, uint64_t *ret);
/* The version that migrate_message() leads to. */
uint64_t migrate_message_version_latest(void);

typedef struct MigrateStepName {
        uint64_t version; /* 0 for loading the whole schema */
        const char *name; /* constant */
} MigrateStepName;

/* What would be done, without doing it. The array is the caller's to free. */
int migrate_pending(Db *db, MigrateTarget target, uint64_t server_id, MigrateStepName **ret,
                    size_t *ret_count);

typedef enum SchemaState {
        SCHEMA_CURRENT,
        SCHEMA_PENDING, /* steps are to be made */
        SCHEMA_EMPTY,   /* no schema at all */
        SCHEMA_BROKEN,  /* something is missing that its version says is there */
} SchemaState;

/* The state of the main database with our part of it. Unless current, sentences that say what is
 * missing and what to do are appended to `words`. */
int schema_state(Db *db, SchemaState *ret, Buf *words);

/* The table that holds one day's raw messages; for db_run_text() with DB_RAW(). -EEXIST when it is
 * there. */
extern const char migrate_raw_table_sql[];
