/* SPDX-License-Identifier: MIT */
#pragma once

/* Inside of src/db: the steps that lead to the current schema, as migrations/embed.py makes them of
 * the .sql files, and what runs them. */

#include "db/migrate.h"

typedef enum MigrationKind {
        MIGRATION_NONE,
        MIGRATION_TABLE,     /* it exists */
        MIGRATION_COLUMN,    /* item: exists */
        MIGRATION_INDEX,     /* item: exists */
        MIGRATION_TYPE,      /* item: the column is of type `value` */
        MIGRATION_COLLATION, /* of the table, or without one of the database, is `value` */
        MIGRATION_COMPACT,   /* the table's row format limits keys to 767 bytes */
        MIGRATION_KIND_MAX,
} MigrationKind;

typedef struct MigrationCondition {
        MigrationKind kind;
        bool is_negative; /* run the statement unless it holds */
        const char *table;
        const char *item;
        const char *value;
} MigrationCondition;

typedef struct MigrationStatement {
        MigrationCondition condition;
        const char *sql;
        const char *online_sql; /* the same in place and without locking, or NULL */
        /* Instead of SQL: does what is left to do, and says whether that was anything. */
        int (*call)(Db *db, bool *ret_changed);
} MigrationStatement;

typedef struct MigrationStep {
        uint64_t version;
        const char *name;
        const MigrationStatement *statements;
        size_t statement_count;
} MigrationStep;

typedef struct MigrationPlan {
        const MigrationStep *steps; /* by version */
        size_t count;
} MigrationPlan;

typedef struct MigrationColumn {
        const char *table;
        const char *column;
} MigrationColumn;

extern const MigrationStep migrate_schema; /* the whole main database */
extern const MigrationColumn migrate_columns[];
extern const size_t migrate_column_count;
extern const MigrationPlan migrate_main_plan;
extern const MigrationPlan migrate_message_plan;
extern const MigrationPlan migrate_own_plan;

int migrate_fill_credential_uuids(Db *db, bool *ret_changed);
int migrate_fill_ip_priorities(Db *db, bool *ret_changed);

/* One run over one database. */
typedef struct MigrateRun {
        Db *db;
        const MigrateHooks *hooks;
        Buf *reterr;
        size_t reterr_begin; /* what is longer has the sentence already */
        MigrateTarget target;
        uint64_t server_id;
        const MigrationStep *step; /* the current one, for events */
        char schema[256];          /* the name of the database */
} MigrateRun;

void migrate_run_init(MigrateRun *run, Db *db, MigrateTarget target, uint64_t server_id,
                      const MigrateHooks *hooks, Buf *reterr);
/* Passes on what the hook returns. */
int migrate_tell(const MigrateRun *run, MigrateEventType type);
/* Sleeps before trying again, longer each time; -EAGAIN when that was often enough. */
int migrate_wait(const MigrateRun *run, unsigned attempt);

/* Whether the statement is (still) to be run. */
int migrate_is_due(MigrateRun *run, const MigrationStatement *st, bool *ret);
/* Runs those statements of the step that are due. */
int migrate_run_statements(MigrateRun *run, const MigrationStep *step);
/* Which steps' versions are recorded. */
int migrate_is_recorded(MigrateRun *run, uint64_t version, bool *ret);
int migrate_record(MigrateRun *run, uint64_t version);

/* Whether the main database has no version recorded at all. */
int migrate_is_empty(MigrateRun *run, bool *ret);
/* Appends a sentence for each table and column that is missing in the main database; counts them.
 */
int migrate_check_columns(MigrateRun *run, Buf *words, size_t *ret_missing);

/* Makes `postal_schema_versions` and locks its row 0 by another connection, which the caller frees.
 */
int migrate_lock(MigrateRun *run, Db **ret_holder);

static inline const MigrationPlan *migrate_plan(MigrateTarget target) {
        return target == MIGRATE_MAIN      ? &migrate_main_plan
               : target == MIGRATE_MESSAGE ? &migrate_message_plan
                                           : &migrate_own_plan;
}
