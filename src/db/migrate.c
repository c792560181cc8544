/* SPDX-License-Identifier: MIT */
/* Brings databases up to date. The order inside of a step is what its safety hangs on: the
 * statements first, each only when it is still to be done, and the version last. The main schema of
 * a new installation is one such step, at the end of which all of Postal's versions are recorded at
 * once. */
#include "db/migrate-plan.h"
#include "db/statement.h"

/* A statement that changes a table waits at most this long for those who use it, because everybody
 * who comes later waits behind it; then it is tried again. */
static const char SQL_LOCK_WAIT_SHORT[] = "SET SESSION lock_wait_timeout = 20";
static const char SQL_LOCK_WAIT_DEFAULT[] = "SET SESSION lock_wait_timeout = DEFAULT";

static const char SQL_CREATE_MAIN[] =
        "CREATE DATABASE {main} CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci";
static const char SQL_HAS_ENVIRONMENT[] =
        "SELECT COUNT(*) FROM ar_internal_metadata WHERE `key` = 'environment'";
static const char SQL_ADD_ENVIRONMENT[] =
        "INSERT INTO ar_internal_metadata (`key`, value, created_at, updated_at) "
        "VALUES ('environment', 'production', UTC_TIMESTAMP(6), UTC_TIMESTAMP(6))";
static const char SQL_ADD_VERSIONS[] = "INSERT INTO schema_migrations (version) VALUES {rows:(?)}";

const char migrate_raw_table_sql[] =
        "CREATE TABLE {m}.{raw} ("
        "id INT(11) NOT NULL AUTO_INCREMENT, "
        "data LONGBLOB DEFAULT NULL, "
        "next INT(11) DEFAULT NULL, "
        "PRIMARY KEY (id)) "
        "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci";

void migrate_run_init(MigrateRun *run, Db *db, MigrateTarget target, uint64_t server_id,
                      const MigrateHooks *hooks, Buf *reterr) {
        *run = (MigrateRun){
                .db = db,
                .hooks = hooks,
                .reterr = reterr,
                .reterr_begin = reterr ? reterr->size : 0,
                .target = target,
                .server_id = server_id,
        };
        if (target == MIGRATE_MESSAGE)
                (void) snprintf(run->schema, sizeof(run->schema), "%s-server-%llu",
                                strempty(db_message_prefix(db)), (unsigned long long) server_id);
        else
                (void) snprintf(run->schema, sizeof(run->schema), "%s", strempty(db_database(db)));
}

/* The sentence for a failure, unless there is one already. */
static int explain(const MigrateRun *run, int r) {
        if (r < 0 && run->reterr->size == run->reterr_begin)
                buf_append_string(run->reterr, db_error(run->db));
        return r;
}

static int run_step(MigrateRun *run, const MigrationStep *step) {
        int r;

        run->step = step;
        r = migrate_tell(run, MIGRATE_STEP);
        if (r >= 0)
                r = migrate_run_statements(run, step);
        if (r >= 0)
                r = migrate_record(run, step->version);
        if (r >= 0)
                r = migrate_tell(run, MIGRATE_STEP_DONE);
        run->step = NULL;
        return r;
}

/* A step of ours is also to be made when what it made is gone: a dump that Postal loaded leaves our
 * keys out, but not our table of versions. */
static int step_is_pending(MigrateRun *run, const MigrationStep *step, bool *ret) {
        bool done;
        int r;

        r = migrate_is_recorded(run, step->version, &done);
        if (r < 0)
                return r;
        for (size_t i = 0; run->target == MIGRATE_OWN && done && i < step->statement_count; i++) {
                bool due;

                if (step->statements[i].call)
                        continue;
                r = migrate_is_due(run, &step->statements[i], &due);
                if (r < 0)
                        return r;
                done = !due;
        }
        *ret = !done;
        return 0;
}

static int run_steps(MigrateRun *run) {
        const MigrationPlan *plan = migrate_plan(run->target);

        for (size_t i = 0; i < plan->count; i++) {
                bool pending;
                int r = step_is_pending(run, &plan->steps[i], &pending);

                if (r >= 0 && pending)
                        r = run_step(run, &plan->steps[i]);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Ruby Postal refuses destructive commands where the environment is production. */
static int add_environment(MigrateRun *run) {
        DbStatement *st;
        uint64_t count;
        int r;

        r = db_prepare(run->db, SQL_HAS_ENVIRONMENT, DB_MAIN, 1, &st);
        if (r >= 0)
                r = db_query_u64(st, &count);
        /* Databases of the first versions have no such table, and nothing reads it there. */
        if (r == -ENOENT)
                return 0;
        if (r < 0 || count > 0)
                return r;
        r = db_run_text(run->db, SQL_ADD_ENVIRONMENT, DB_MAIN);
        return r == -EEXIST ? 0 : r;
}

static int add_all_versions(MigrateRun *run) {
        const MigrationPlan *plan = &migrate_main_plan;
        char texts[DB_ROWS_MAX][24];
        DbStatement *st;
        int r;

        assert(plan->count <= DB_ROWS_MAX);

        r = db_prepare(run->db, SQL_ADD_VERSIONS, DB_MAIN, (unsigned) plan->count, &st);
        if (r < 0)
                return r;
        for (size_t i = 0; i < plan->count; i++) {
                (void) snprintf(texts[i], sizeof(texts[i]), "%llu",
                                (unsigned long long) plan->steps[i].version);
                db_bind_string(st, texts[i]);
        }
        r = db_run(st, NULL, NULL);
        return r == -EEXIST ? 0 : r;
}

static int check_columns(MigrateRun *run) {
        size_t missing = 0;
        int r = migrate_check_columns(run, run->reterr, &missing);

        return r < 0 ? r : missing > 0 ? -EBADMSG : 0;
}

static int load_schema(MigrateRun *run) {
        int r;

        r = migrate_tell(run, MIGRATE_LOADING);
        if (r >= 0)
                r = migrate_run_statements(run, &migrate_schema);
        /* Tables that were there before may be of another schema; then nothing is recorded. */
        if (r >= 0)
                r = check_columns(run);
        if (r >= 0)
                r = add_environment(run);
        if (r >= 0)
                r = add_all_versions(run);
        return r < 0 ? r : migrate_tell(run, MIGRATE_STATEMENT);
}

static int migrate_main_locked(MigrateRun *run) {
        bool is_empty;
        int r;

        r = migrate_is_empty(run, &is_empty);
        if (r < 0)
                return r;
        if (is_empty)
                return load_schema(run);
        r = run_steps(run);
        if (r >= 0)
                r = check_columns(run);
        if (r >= 0)
                r = add_environment(run);
        return r;
}

static int migrate_own_locked(MigrateRun *run) {
        bool is_empty;
        int r;

        r = migrate_is_empty(run, &is_empty);
        if (r < 0)
                return r;
        if (is_empty) {
                buf_printf(run->reterr, "The database '%s' has no schema yet.", run->schema);
                return -EBADMSG;
        }
        return run_steps(run);
}

static int begin(MigrateRun *run) {
        int r = db_connect(run->db);

        return r < 0 ? r : db_run_text(run->db, SQL_LOCK_WAIT_SHORT, DB_MAIN);
}

static int run_locked(MigrateRun *run, int (*body)(MigrateRun *run)) {
        _cleanup_(db_freep) Db *holder = NULL;
        int r;

        r = begin(run);
        if (r >= 0)
                r = migrate_lock(run, &holder);
        if (r >= 0)
                r = body(run);
        r = explain(run, r);
        (void) db_run_text(run->db, SQL_LOCK_WAIT_DEFAULT, DB_MAIN);
        return r;
}

int migrate_main_create(Db *db, bool *ret_created, Buf *reterr) {
        _cleanup_(db_freep) Db *other = NULL;
        int r;

        *ret_created = false;
        r = db_connect(db);
        if (r != -ENOENT) {
                if (r < 0)
                        buf_append_string(reterr, db_error(db));
                return r;
        }
        r = db_new_like(db, &other);
        if (r < 0)
                return r;
        other->is_without_database = true;
        r = db_run_text(other, SQL_CREATE_MAIN, DB_MAIN);
        if (r == -EINVAL)
                buf_printf(reterr, "'%s' is no name that a database can be made with.",
                           db_database(db));
        else if (r < 0 && r != -EEXIST)
                buf_append_string(reterr, db_error(other));
        *ret_created = r >= 0;
        return r == -EEXIST ? 0 : r;
}

int migrate_main(Db *db, const MigrateHooks *hooks, Buf *reterr) {
        MigrateRun run;

        assert(db && db_database(db));
        assert(reterr);

        migrate_run_init(&run, db, MIGRATE_MAIN, 0, hooks, reterr);
        return run_locked(&run, migrate_main_locked);
}

int migrate_own(Db *db, const MigrateHooks *hooks, Buf *reterr) {
        MigrateRun run;

        assert(db && db_database(db));
        assert(reterr);

        migrate_run_init(&run, db, MIGRATE_OWN, 0, hooks, reterr);
        return run_locked(&run, migrate_own_locked);
}

int migrate_message(Db *db, uint64_t server_id, const MigrateHooks *hooks, Buf *reterr) {
        MigrateRun run;
        uint64_t version;
        int r;

        assert(db && db_message_prefix(db));
        assert(reterr);

        migrate_run_init(&run, db, MIGRATE_MESSAGE, server_id, hooks, reterr);
        r = begin(&run);
        if (r < 0)
                return explain(&run, r);
        r = migrate_message_version(db, server_id, &version);
        if (r == -ENOENT)
                buf_printf(reterr, "The message database '%s' does not exist.", run.schema);
        if (r >= 0)
                r = run_steps(&run);
        r = explain(&run, r);
        (void) db_run_text(db, SQL_LOCK_WAIT_DEFAULT, DB_MAIN);
        return r;
}

int migrate_pending(Db *db, MigrateTarget target, uint64_t server_id, MigrateStepName **ret,
                    size_t *ret_count) {
        const MigrationPlan *plan = migrate_plan(target);
        _cleanup_free_ MigrateStepName *names = calloc(plan->count, sizeof(MigrateStepName));
        bool is_empty = false;
        MigrateRun run;
        size_t count = 0;
        int r = 0;

        if (!names)
                return -ENOMEM;
        migrate_run_init(&run, db, target, server_id, NULL, NULL);
        if (target == MIGRATE_MAIN)
                r = migrate_is_empty(&run, &is_empty);
        if (r >= 0 && is_empty)
                names[count++] = (MigrateStepName){ 0, "LoadSchema" };
        for (size_t i = 0; r >= 0 && !is_empty && i < plan->count; i++) {
                bool pending = false;

                r = step_is_pending(&run, &plan->steps[i], &pending);
                if (pending)
                        names[count++] =
                                (MigrateStepName){ plan->steps[i].version, plan->steps[i].name };
        }
        if (r < 0)
                return r;
        *ret = TAKE_PTR(names);
        *ret_count = count;
        return 0;
}
