/* SPDX-License-Identifier: MIT */
/* Runs the statements of a step. What makes the upgrade safe to interrupt, and safe to run twice at
 * the same time, is here: a statement runs only when its condition says that it is still to be
 * done, and one that fails because somebody else has just done it, is looked at again and counts as
 * done. */
#include <mysqld_error.h>

#include "db/migrate-plan.h"

/* Tries of one statement that deadlocks, or finds its table in use for LOCK_WAIT of the session
 * each time. */
#define TRIES 30
#define RETRY_DELAY_USEC UINT64_C(100000)

static const char SQL_HAS_TABLE[] =
        "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?";
static const char SQL_HAS_COLUMN[] =
        "SELECT COUNT(*) FROM information_schema.COLUMNS "
        "WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND COLUMN_NAME = ?";
static const char SQL_HAS_INDEX[] = "SELECT COUNT(*) FROM information_schema.STATISTICS "
                                    "WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND INDEX_NAME = ?";
static const char SQL_HAS_TYPE[] =
        "SELECT COUNT(*) FROM information_schema.COLUMNS "
        "WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND COLUMN_NAME = ? AND DATA_TYPE = ?";
static const char SQL_HAS_COLLATION[] =
        "SELECT COUNT(*) FROM information_schema.TABLES "
        "WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND TABLE_COLLATION = ?";
static const char SQL_HAS_DATABASE_COLLATION[] =
        "SELECT COUNT(*) FROM information_schema.SCHEMATA "
        "WHERE SCHEMA_NAME = ? AND DEFAULT_COLLATION_NAME = ?";
static const char SQL_IS_COMPACT[] =
        "SELECT COUNT(*) FROM information_schema.TABLES "
        "WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND ROW_FORMAT IN ('Compact', 'Redundant')";

static const char *const SQL_CONDITIONS[MIGRATION_KIND_MAX] = {
        [MIGRATION_TABLE] = SQL_HAS_TABLE,         [MIGRATION_COLUMN] = SQL_HAS_COLUMN,
        [MIGRATION_INDEX] = SQL_HAS_INDEX,         [MIGRATION_TYPE] = SQL_HAS_TYPE,
        [MIGRATION_COLLATION] = SQL_HAS_COLLATION, [MIGRATION_COMPACT] = SQL_IS_COMPACT,
};

int migrate_tell(const MigrateRun *run, MigrateEventType type) {
        MigrateEvent event = {
                .type = type,
                .target = run->target,
                .server_id = run->server_id,
                .version = run->step ? run->step->version : 0,
                .name = run->step ? strempty(run->step->name) : "",
        };

        if (!run->hooks || !run->hooks->progress)
                return 0;
        return run->hooks->progress(run->hooks->userdata, &event);
}

int migrate_wait(const MigrateRun *run, unsigned attempt) {
        int r;

        if (attempt >= TRIES)
                return -EAGAIN;
        r = migrate_tell(run, MIGRATE_WAITING);
        if (r < 0)
                return r;
        (void) usleep((useconds_t) (RETRY_DELAY_USEC * MIN(attempt + 1, 10u)));
        return 0;
}

static int condition_holds(MigrateRun *run, const MigrationCondition *c, bool *ret) {
        const char *sql = c->table ? SQL_CONDITIONS[c->kind] : SQL_HAS_DATABASE_COLLATION;
        DbStatement *st;
        uint64_t count = 0;
        int r;

        r = db_prepare(run->db, sql, DB_MAIN, 1, &st);
        if (r < 0)
                return r;
        db_bind_string(st, run->schema);
        if (c->table)
                db_bind_string(st, c->table);
        if (c->item)
                db_bind_string(st, c->item);
        if (c->value)
                db_bind_string(st, c->value);
        r = db_query_u64(st, &count);
        if (r < 0)
                return r;
        *ret = count > 0;
        return 0;
}

int migrate_is_due(MigrateRun *run, const MigrationStatement *st, bool *ret) {
        bool holds;
        int r;

        r = condition_holds(run, &st->condition, &holds);
        if (r < 0)
                return r;
        *ret = holds != st->condition.is_negative;
        return 0;
}

static bool is_refused_online(const Db *db) {
        return db_error_number(db) == ER_ALTER_OPERATION_NOT_SUPPORTED ||
               db_error_number(db) == ER_ALTER_OPERATION_NOT_SUPPORTED_REASON;
}

static int execute(MigrateRun *run, const MigrationStatement *st) {
        DbNames names = DB_MESSAGE(run->server_id);
        int r;

        if (st->online_sql) {
                r = db_run_text(run->db, st->online_sql, names);
                if (r >= 0 || !is_refused_online(run->db))
                        return r;
                r = migrate_tell(run, MIGRATE_OFFLINE);
                if (r < 0)
                        return r;
        }
        return db_run_text(run->db, st->sql, names);
}

/* 1: ran; 0: there was nothing to do; -EAGAIN: may be tried again. */
static int run_once(MigrateRun *run, const MigrationStatement *st) {
        bool due;
        int r, error;

        if (st->call) {
                r = st->call(run->db, &due);
                return r < 0 ? r : due;
        }
        r = migrate_is_due(run, st, &due);
        if (r < 0 || !due)
                return r;
        r = execute(run, st);
        if (r != -EEXIST && r != -ENOENT)
                return r < 0 ? r : 1;
        error = r;
        r = migrate_is_due(run, st, &due);
        if (r < 0)
                return r;
        return due ? error : 0;
}

int migrate_run_statements(MigrateRun *run, const MigrationStep *step) {
        for (size_t i = 0; i < step->statement_count; i++) {
                int r = -EAGAIN;

                for (unsigned attempt = 0; r == -EAGAIN; attempt++) {
                        r = run_once(run, &step->statements[i]);
                        if (r == -EAGAIN) {
                                r = migrate_wait(run, attempt);
                                if (r < 0)
                                        return r;
                                r = -EAGAIN;
                        }
                }
                if (r > 0)
                        r = migrate_tell(run, MIGRATE_STATEMENT);
                if (r < 0)
                        return r;
        }
        return 0;
}
