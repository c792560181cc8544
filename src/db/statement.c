/* SPDX-License-Identifier: MIT */
/* Prepared statements: the cache, running, and reading results. Binding parameters is in bind.c. */
#include <mysqld_error.h>

#include "db/statement.h"

/* Columns start with this much room and keep what they grow to, up to the second figure. */
#define COLUMN_SPACE_FIRST ((size_t) 128)
#define COLUMN_SPACE_KEPT ((size_t) 64 * 1024)

static DbStatement *statement_free(DbStatement *st) {
        if (!st)
                return NULL;
        if (st->handle)
                (void) mysql_stmt_close(st->handle);
        for (unsigned i = 0; i < st->column_count; i++)
                free(st->columns[i].data);
        free(st->columns);
        free(st->results);
        free(st->params);
        free(st->lengths);
        free(st->scratch);
        return mfree(st);
}
DEFINE_CLEANUP(DbStatement *, statement_free)

static void drop(Db *db, DbStatement *st) {
        (void) hashmap_remove(db->statements, SLICE_OF(st->key));
        list_remove(&db->by_use, &st->node);
        (void) statement_free(st);
}

static void free_failed(Db *db) {
        while (db->failed.first)
                (void) statement_free(LIST_ITEM(list_pop(&db->failed), DbStatement, node));
}

void db_statements_drop(Db *db) {
        while (db->by_use.first)
                drop(db, LIST_ITEM(db->by_use.first, DbStatement, node));
        free_failed(db);
}

static int fail(DbStatement *st, const char *what) {
        unsigned number = mysql_stmt_errno(st->handle);

        /* Of an error in place of a row, the library tells only the connection. */
        if (number == 0)
                return db_failed(st->db, what, mysql_errno(st->db->handle),
                                 mysql_error(st->db->handle));
        return db_failed(st->db, what, number, mysql_stmt_error(st->handle));
}

static bool is_integer(enum enum_field_types type) {
        return type == MYSQL_TYPE_TINY || type == MYSQL_TYPE_SHORT || type == MYSQL_TYPE_INT24 ||
               type == MYSQL_TYPE_LONG || type == MYSQL_TYPE_LONGLONG;
}

/* Integers arrive as 64 bits, everything else as its text or bytes. */
static int set_up_columns(DbStatement *st) {
        MYSQL_RES *metadata = mysql_stmt_result_metadata(st->handle);
        MYSQL_FIELD *fields;
        int r = 0;

        if (!metadata)
                return 0;
        st->column_count = mysql_num_fields(metadata);
        st->columns = calloc(st->column_count, sizeof(DbColumn));
        st->results = calloc(st->column_count, sizeof(MYSQL_BIND));
        if (!st->columns || !st->results)
                r = -ENOMEM;
        fields = mysql_fetch_fields(metadata);
        for (unsigned i = 0; r == 0 && i < st->column_count; i++) {
                DbColumn *c = &st->columns[i];
                MYSQL_BIND *b = &st->results[i];

                b->length = &c->length;
                b->is_null = &c->is_null;
                if (is_integer(fields[i].type)) {
                        b->buffer_type = MYSQL_TYPE_LONGLONG;
                        b->buffer = &c->number;
                        b->is_unsigned = (fields[i].flags & UNSIGNED_FLAG) != 0;
                        continue;
                }
                c->data = malloc(COLUMN_SPACE_FIRST);
                c->space = COLUMN_SPACE_FIRST;
                b->buffer_type = MYSQL_TYPE_STRING;
                b->buffer = c->data;
                b->buffer_length = COLUMN_SPACE_FIRST;
                if (!c->data)
                        r = -ENOMEM;
        }
        mysql_free_result(metadata);
        return r;
}

static int set_up_params(DbStatement *st) {
        st->param_count = (unsigned) mysql_stmt_param_count(st->handle);
        st->params = calloc(st->param_count + 1, sizeof(MYSQL_BIND));
        st->lengths = calloc(st->param_count + 1, sizeof(unsigned long));
        st->scratch = calloc(st->param_count + 1, sizeof(DbScratch));
        return st->params && st->lengths && st->scratch ? 0 : -ENOMEM;
}

static int statement_new(Db *db, const char *sql, DbNames names, unsigned rows, DbStatement **ret) {
        _cleanup_(buf_done) Buf text = BUF_EMPTY;
        _cleanup_(statement_freep) DbStatement *st = calloc(1, sizeof(DbStatement));
        int r;

        if (!st)
                return -ENOMEM;
        st->db = db;
        r = db_expand(db, sql, names, rows, &text);
        if (r < 0)
                return r;
        st->handle = mysql_stmt_init(db->handle);
        if (!st->handle)
                return -ENOMEM;
        if (mysql_stmt_prepare(st->handle, text.data, text.size) != 0)
                return fail(st, "Cannot prepare a statement");
        r = set_up_params(st);
        if (r >= 0)
                r = set_up_columns(st);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(st);
        return 0;
}

static StatementKey make_key(const char *sql, DbNames names, unsigned rows) {
        StatementKey key;

        memset(&key, 0, sizeof(key)); /* the padding too: keys are compared as bytes */
        key.sql = sql;
        key.server_id = names.server_id;
        key.rows = rows;
        if (names.raw_table)
                (void) snprintf(key.raw_table, sizeof(key.raw_table), "%s", names.raw_table);
        return key;
}

int db_prepare(Db *db, const char *sql, DbNames names, unsigned rows, DbStatement **ret) {
        StatementKey key = make_key(sql, names, rows);
        DbStatement *st;
        int r;

        assert(db && sql && ret);
        assert(rows >= 1 && rows <= DB_ROWS_MAX);

        if (names.raw_table && strlen(names.raw_table) >= sizeof(key.raw_table))
                return -EINVAL;
        free_failed(db);
        r = db_connect(db);
        if (r < 0)
                return r;
        st = hashmap_get(db->statements, SLICE_OF(key));
        if (st) {
                list_remove(&db->by_use, &st->node);
        } else {
                r = statement_new(db, sql, names, rows, &st);
                if (r < 0)
                        return r;
                st->key = key;
                r = hashmap_put(db->statements, SLICE_OF(st->key), st);
                if (r < 0) {
                        (void) statement_free(st);
                        return r;
                }
        }
        list_append(&db->by_use, &st->node);
        if (db->by_use.count > DB_STATEMENTS_MAX)
                drop(db, LIST_ITEM(db->by_use.first, DbStatement, node));
        st->bound = 0;
        st->stream = NULL;
        *ret = st;
        return 0;
}

static int send_stream(DbStatement *st) {
        _cleanup_free_ char *buffer = malloc(DB_STREAM_CHUNK);

        if (!buffer)
                return -ENOMEM;
        for (;;) {
                ssize_t n = st->stream(st->stream_userdata, buffer, DB_STREAM_CHUNK);

                if (n <= 0)
                        return (int) n;
                if (mysql_stmt_send_long_data(st->handle, st->stream_param, buffer,
                                              (unsigned long) n))
                        return fail(st, "Cannot send a large value");
        }
}

static int execute(DbStatement *st) {
        int r;

        assert(st->bound == st->param_count);

        if (st->param_count > 0 && mysql_stmt_bind_param(st->handle, st->params))
                return fail(st, "Cannot bind parameters");
        if (st->stream) {
                r = send_stream(st);
                if (r < 0)
                        return r;
        }
        if (mysql_stmt_execute(st->handle) == 0)
                return 0;
        /* That is how the server puts it when what came in pieces is over max_allowed_packet. */
        if (st->stream && mysql_stmt_errno(st->handle) == ER_UNKNOWN_ERROR)
                return db_failed(st->db, "A statement failed", ER_NET_PACKET_TOO_LARGE,
                                 mysql_stmt_error(st->handle));
        return fail(st, "A statement failed");
}

/* A statement that failed may be stale (its table was altered): prepare it afresh next time. The
 * caller still holds it for db_end(), so it is freed only when the next one is asked for. */
static void forget_after_error(DbStatement *st) {
        Db *db = st->db;

        (void) hashmap_remove(db->statements, SLICE_OF(st->key));
        list_remove(&db->by_use, &st->node);
        list_append(&db->failed, &st->node);
}

int db_run(DbStatement *st, uint64_t *ret_affected, uint64_t *ret_insert_id) {
        int r = execute(st);

        if (r < 0) {
                forget_after_error(st);
                return r;
        }
        if (ret_affected)
                *ret_affected = mysql_stmt_affected_rows(st->handle);
        if (ret_insert_id)
                *ret_insert_id = mysql_stmt_insert_id(st->handle);
        return 0;
}

int db_query(DbStatement *st) {
        int r = execute(st);

        /* INSERT … RETURNING tells its columns only when it has run. */
        if (r >= 0 && st->column_count == 0)
                r = set_up_columns(st);
        if (r >= 0 && mysql_stmt_bind_result(st->handle, st->results))
                r = fail(st, "Cannot bind the result");
        if (r < 0) {
                forget_after_error(st);
                return r;
        }
        st->has_result = true;
        return 0;
}

/* Fetches a value again that was longer than the room it had. */
static int fetch_long(DbStatement *st, unsigned i) {
        DbColumn *c = &st->columns[i];
        MYSQL_BIND *b = &st->results[i];
        char *data = realloc(c->data, c->length);

        if (!data)
                return -ENOMEM;
        c->data = data;
        c->space = c->length;
        b->buffer = data;
        b->buffer_length = c->length;
        if (mysql_stmt_fetch_column(st->handle, b, i, 0) != 0)
                return fail(st, "Cannot read a column");
        /* The next row goes where this one went. */
        if (mysql_stmt_bind_result(st->handle, st->results))
                return fail(st, "Cannot bind the result");
        return 0;
}

int db_fetch(DbStatement *st) {
        int r = mysql_stmt_fetch(st->handle);

        if (r == MYSQL_NO_DATA)
                return 0;
        if (r != 0 && r != MYSQL_DATA_TRUNCATED)
                return fail(st, "Cannot read a row");
        for (unsigned i = 0; i < st->column_count; i++) {
                DbColumn *c = &st->columns[i];

                if (!c->data || c->is_null || c->length <= c->space)
                        continue;
                r = fetch_long(st, i);
                if (r < 0)
                        return r;
        }
        return 1;
}

/* Lets go of the memory of unusually large values. */
static void shrink_columns(DbStatement *st) {
        for (unsigned i = 0; i < st->column_count; i++) {
                DbColumn *c = &st->columns[i];
                char *data;

                if (c->space <= COLUMN_SPACE_KEPT)
                        continue;
                data = realloc(c->data, COLUMN_SPACE_FIRST);
                if (!data)
                        continue;
                c->data = data;
                c->space = COLUMN_SPACE_FIRST;
                st->results[i].buffer = data;
                st->results[i].buffer_length = COLUMN_SPACE_FIRST;
        }
}

void db_end(DbStatement *st) {
        if (!st->has_result)
                return;
        st->has_result = false;
        (void) mysql_stmt_free_result(st->handle);
        shrink_columns(st);
}

bool db_is_null(const DbStatement *st, unsigned column) {
        assert(column < st->column_count);
        return st->columns[column].is_null;
}

int64_t db_i64(const DbStatement *st, unsigned column) {
        const DbColumn *c = &st->columns[column];

        if (db_is_null(st, column))
                return 0;
        if (c->data) {
                uint64_t value = 0;
                (void) slice_to_u64(slice_make(c->data, c->length), INT64_MAX, &value);
                return (int64_t) value;
        }
        return c->number;
}

uint64_t db_u64(const DbStatement *st, unsigned column) {
        return (uint64_t) db_i64(st, column);
}

double db_double(const DbStatement *st, unsigned column) {
        const DbColumn *c = &st->columns[column];
        char text[64];

        if (db_is_null(st, column))
                return 0;
        if (!c->data)
                return (double) c->number;
        (void) snprintf(text, sizeof(text), "%.*s", (int) MIN(c->length, sizeof(text) - 1), c->data);
        return strtod(text, NULL);
}

Slice db_slice(const DbStatement *st, unsigned column) {
        const DbColumn *c = &st->columns[column];

        if (db_is_null(st, column))
                return SLICE_NULL;
        assert(c->data);
        return slice_make(c->data, c->length);
}

uint64_t db_decimal_time(const DbStatement *st, unsigned column) {
        Slice rest = db_slice(st, column), whole = slice_split(&rest, '.');
        uint64_t seconds = 0, usec = 0;

        (void) slice_to_u64(whole, UINT64_MAX / USEC_PER_SEC - 1, &seconds);
        rest.size = MIN(rest.size, (size_t) 6);
        if (slice_to_u64(rest, 999999, &usec) >= 0)
                for (size_t digits = rest.size; digits < 6; digits++)
                        usec *= 10;
        return seconds * USEC_PER_SEC + usec;
}

uint64_t db_datetime(const DbStatement *st, unsigned column) {
        uint64_t usec = 0;

        (void) time_parse_sql(db_slice(st, column), &usec);
        return usec;
}

int db_query_u64(DbStatement *st, uint64_t *ret) {
        int r = db_query(st);

        if (r < 0)
                return r;
        r = db_fetch(st);
        if (r > 0)
                *ret = db_u64(st, 0);
        db_end(st);
        return r < 0 ? r : r == 0 ? -ENOENT : 0;
}
