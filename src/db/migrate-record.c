/* SPDX-License-Identifier: MIT */
/* Which versions a database has: Postal's own tables `schema_migrations` and `migrations`, and
 * ours; and the lock that keeps two upgrades on one server from meeting. */
#include "db/migrate-plan.h"

static const char SQL_MAIN_COUNT[] = "SELECT COUNT(*) FROM schema_migrations";
static const char SQL_MAIN_HAS[] = "SELECT COUNT(*) FROM schema_migrations WHERE version = ?";
static const char SQL_MAIN_ADD[] = "INSERT INTO schema_migrations (version) VALUES (?)";

static const char SQL_MESSAGE_VERSION[] = "SELECT COALESCE(MAX(version), 0) FROM {m}.migrations";
static const char SQL_MESSAGE_ADD[] = "INSERT INTO {m}.migrations (version) VALUES (?)";
static const char SQL_MESSAGE_EXISTS[] =
        "SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?";
static const char SQL_MESSAGE_CREATE[] =
        "CREATE DATABASE IF NOT EXISTS {m} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci";

static const char SQL_OWN_CREATE[] =
        "CREATE TABLE IF NOT EXISTS postal_schema_versions ("
        "version INT NOT NULL PRIMARY KEY, applied_at DATETIME(6) DEFAULT NULL) "
        "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci";
static const char SQL_OWN_HAS[] = "SELECT COUNT(*) FROM postal_schema_versions WHERE version = ?";
static const char SQL_OWN_ADD[] =
        "INSERT INTO postal_schema_versions (version, applied_at) VALUES (?, UTC_TIMESTAMP(6))";
static const char SQL_OWN_LOCK[] =
        "SELECT version FROM postal_schema_versions WHERE version = 0 FOR UPDATE";
static const char SQL_OWN_TRY_LOCK[] =
        "SELECT version FROM postal_schema_versions WHERE version = 0 FOR UPDATE NOWAIT";

int migrate_is_empty(MigrateRun *run, bool *ret) {
        DbStatement *st;
        uint64_t count = 0;
        int r;

        r = db_prepare(run->db, SQL_MAIN_COUNT, DB_MAIN, 1, &st);
        if (r >= 0)
                r = db_query_u64(st, &count);
        if (r < 0 && r != -ENOENT)
                return r;
        *ret = count == 0;
        return 0;
}

/* The message database that -ENOENT was said about: is it its table, or all of it? */
static int message_exists(MigrateRun *run) {
        DbStatement *st;
        uint64_t count = 0;
        int r;

        r = db_prepare(run->db, SQL_MESSAGE_EXISTS, DB_MAIN, 1, &st);
        if (r < 0)
                return r;
        db_bind_string(st, run->schema);
        r = db_query_u64(st, &count);
        if (r < 0)
                return r;
        return count > 0 ? 0 : -ENOENT;
}

static int message_version(MigrateRun *run, uint64_t *ret) {
        DbStatement *st;
        uint64_t version = 0;
        int r;

        r = db_prepare(run->db, SQL_MESSAGE_VERSION, DB_MESSAGE(run->server_id), 1, &st);
        if (r >= 0)
                r = db_query_u64(st, &version);
        if (r == -ENOENT)
                r = message_exists(run);
        if (r < 0)
                return r;
        *ret = version;
        return 0;
}

int migrate_message_version(Db *db, uint64_t server_id, uint64_t *ret) {
        MigrateRun run;

        migrate_run_init(&run, db, MIGRATE_MESSAGE, server_id, NULL, NULL);
        return message_version(&run, ret);
}

uint64_t migrate_message_version_latest(void) {
        return migrate_message_plan.steps[migrate_message_plan.count - 1].version;
}

int migrate_message_create(Db *db, uint64_t server_id, Buf *reterr) {
        int r = db_run_text(db, SQL_MESSAGE_CREATE, DB_MESSAGE(server_id));

        if (r < 0)
                buf_printf(reterr, "%s", db_error(db));
        return r;
}

int migrate_is_recorded(MigrateRun *run, uint64_t version, bool *ret) {
        char text[24];
        DbStatement *st;
        uint64_t found = 0;
        int r;

        if (run->target == MIGRATE_MESSAGE) {
                r = message_version(run, &found);
                if (r < 0)
                        return r;
                *ret = version <= found;
                return 0;
        }
        r = db_prepare(run->db, run->target == MIGRATE_MAIN ? SQL_MAIN_HAS : SQL_OWN_HAS, DB_MAIN,
                       1, &st);
        if (r >= 0) {
                /* Postal keeps its versions as text. */
                (void) snprintf(text, sizeof(text), "%llu", (unsigned long long) version);
                db_bind_string(st, text);
                r = db_query_u64(st, &found);
        }
        if (r < 0 && r != -ENOENT)
                return r;
        *ret = found > 0;
        return 0;
}

int migrate_record(MigrateRun *run, uint64_t version) {
        static const char *const sql[MIGRATE_TARGET_MAX] = {
                [MIGRATE_MAIN] = SQL_MAIN_ADD,
                [MIGRATE_MESSAGE] = SQL_MESSAGE_ADD,
                [MIGRATE_OWN] = SQL_OWN_ADD,
        };
        char text[24];
        DbStatement *st;
        int r = -EAGAIN;

        (void) snprintf(text, sizeof(text), "%llu", (unsigned long long) version);
        for (unsigned attempt = 0; r == -EAGAIN; attempt++) {
                r = db_prepare(run->db, sql[run->target], DB_MESSAGE(run->server_id), 1, &st);
                if (r < 0)
                        return r;
                db_bind_string(st, text);
                r = db_run(st, NULL, NULL);
                if (r == -EAGAIN && migrate_wait(run, attempt) < 0)
                        return r;
        }
        return r == -EEXIST ? 0 : r;
}

static int wait_for_row(MigrateRun *run, Db *holder) {
        const char *sql = SQL_OWN_TRY_LOCK;
        DbStatement *st;
        uint64_t version;
        int r;

        for (;; sql = SQL_OWN_LOCK) {
                r = db_begin(holder);
                if (r < 0)
                        return r;
                r = db_prepare(holder, sql, DB_MAIN, 1, &st);
                if (r >= 0)
                        r = db_query_u64(st, &version);
                if (r >= 0)
                        return 0;
                db_rollback(holder);
                if (r != -EAGAIN)
                        return r;
                r = migrate_tell(run, MIGRATE_WAITING);
                if (r < 0)
                        return r;
        }
}

int migrate_lock(MigrateRun *run, Db **ret_holder) {
        _cleanup_(db_freep) Db *holder = NULL;
        MigrateRun own;
        bool recorded;
        int r;

        migrate_run_init(&own, run->db, MIGRATE_OWN, 0, run->hooks, run->reterr);
        r = migrate_is_recorded(&own, 0, &recorded);
        if (r >= 0 && !recorded) {
                r = db_run_text(run->db, SQL_OWN_CREATE, DB_MAIN);
                if (r >= 0)
                        r = migrate_record(&own, 0);
        }
        if (r >= 0)
                r = db_new_like(run->db, &holder);
        if (r >= 0)
                r = wait_for_row(run, holder);
        if (r < 0)
                return r;
        *ret_holder = TAKE_PTR(holder);
        return 0;
}
