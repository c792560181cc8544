/* SPDX-License-Identifier: MIT */
/* What is missing in a database, in words. */
#include "basic/hashmap.h"
#include "db/migrate-plan.h"

/* Missing things that are named; the rest is counted. */
#define WORDS_MAX 5

static const char SQL_COLUMNS[] =
        "SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ?";

static int put(Hashmap *map, Slice table, Slice column) {
        _cleanup_(buf_done) Buf key = BUF_EMPTY;

        buf_append_slice(&key, table);
        if (column.data) {
                buf_append_byte(&key, '.');
                buf_append_slice(&key, column);
        }
        if (buf_error(&key) < 0)
                return buf_error(&key);
        return hashmap_put(map, buf_slice(&key), map);
}

/* A map whose keys are "table" and "table.column". */
static int read_columns(MigrateRun *run, Hashmap *map) {
        DbStatement *st;
        int r;

        r = db_prepare(run->db, SQL_COLUMNS, DB_MAIN, 1, &st);
        if (r < 0)
                return r;
        db_bind_string(st, run->schema);
        r = db_query(st);
        while (r >= 0 && (r = db_fetch(st)) > 0) {
                r = put(map, db_slice(st, 0), SLICE_NULL);
                if (r >= 0)
                        r = put(map, db_slice(st, 0), db_slice(st, 1));
        }
        db_end(st);
        return r;
}

static void say_missing(const MigrationColumn *c, bool has_table, size_t number, Buf *words) {
        if (number == WORDS_MAX)
                buf_append_string(words, " More is missing.");
        if (number >= WORDS_MAX)
                return;
        buf_append_string(words, words->size > 0 ? " " : "");
        if (has_table)
                buf_printf(words, "The table %s has no column %s.", c->table, c->column);
        else
                buf_printf(words, "The table %s is missing.", c->table);
}

int migrate_check_columns(MigrateRun *run, Buf *words, size_t *ret_missing) {
        _cleanup_(hashmap_freep) Hashmap *map = hashmap_new();
        const char *said = NULL; /* the table that was said to be missing */
        size_t missing = 0;
        int r;

        if (!map)
                return -ENOMEM;
        r = read_columns(run, map);
        if (r < 0)
                return r;
        for (size_t i = 0; i < migrate_column_count; i++) {
                const MigrationColumn *c = &migrate_columns[i];
                bool has_table = hashmap_get(map, slice_from_string(c->table));
                char name[160];

                (void) snprintf(name, sizeof(name), "%s.%s", c->table, c->column);
                if (hashmap_get(map, slice_from_string(name)) || streq_ptr(said, c->table))
                        continue;
                if (!has_table)
                        said = c->table;
                say_missing(c, has_table, missing++, words);
        }
        *ret_missing = missing;
        return 0;
}

static int count_pending(Db *db, MigrateTarget target, size_t *ret) {
        _cleanup_free_ MigrateStepName *names = NULL;

        return migrate_pending(db, target, 0, &names, ret);
}

int schema_state(Db *db, SchemaState *ret, Buf *words) {
        size_t pending = 0, pending_own = 0, missing = 0;
        bool is_empty;
        MigrateRun run;
        int r;

        assert(db && db_database(db));
        assert(ret && words);

        r = db_connect(db);
        if (r < 0)
                return r;
        migrate_run_init(&run, db, MIGRATE_MAIN, 0, NULL, NULL);
        r = migrate_is_empty(&run, &is_empty);
        if (r < 0)
                return r;
        if (is_empty) {
                buf_printf(words, "The database '%s' has no schema yet: run `postal initialize`.",
                           run.schema);
                *ret = SCHEMA_EMPTY;
                return 0;
        }
        r = count_pending(db, MIGRATE_MAIN, &pending);
        if (r >= 0)
                r = count_pending(db, MIGRATE_OWN, &pending_own);
        if (r < 0)
                return r;
        if (pending + pending_own > 0) {
                buf_printf(words,
                           "The database '%s' is not up to date, %zu steps are to be made: "
                           "run `postal upgrade`.",
                           run.schema, pending + pending_own);
                *ret = SCHEMA_PENDING;
                return 0;
        }
        r = migrate_check_columns(&run, words, &missing);
        if (r < 0)
                return r;
        if (missing > 0)
                buf_printf(words,
                           " The database '%s' says that it is up to date, but it is not "
                           "complete: restore it from a backup.",
                           run.schema);
        *ret = missing > 0 ? SCHEMA_BROKEN : SCHEMA_CURRENT;
        return 0;
}
