/* SPDX-License-Identifier: MIT */
/* Parameters of a statement, one after the other. */
#include "db/statement.h"

static MYSQL_BIND *next_param(DbStatement *st, enum enum_field_types type) {
        MYSQL_BIND *b;

        assert(st->bound < st->param_count);

        b = &st->params[st->bound++];
        memset(b, 0, sizeof(*b));
        b->buffer_type = type;
        return b;
}

static DbScratch *scratch_of(DbStatement *st, const MYSQL_BIND *b) {
        return &st->scratch[b - st->params];
}

void db_bind_null(DbStatement *st) {
        (void) next_param(st, MYSQL_TYPE_NULL);
}

void db_bind_u64(DbStatement *st, uint64_t value) {
        MYSQL_BIND *b = next_param(st, MYSQL_TYPE_LONGLONG);

        scratch_of(st, b)->number = value;
        b->buffer = &scratch_of(st, b)->number;
        b->is_unsigned = true;
}

void db_bind_i64(DbStatement *st, int64_t value) {
        db_bind_u64(st, (uint64_t) value);
        st->params[st->bound - 1].is_unsigned = false;
}

void db_bind_bool(DbStatement *st, bool value) {
        db_bind_u64(st, value);
}

void db_bind_double(DbStatement *st, double value) {
        MYSQL_BIND *b = next_param(st, MYSQL_TYPE_DOUBLE);

        scratch_of(st, b)->real = value;
        b->buffer = &scratch_of(st, b)->real;
}

static void bind_bytes(DbStatement *st, enum enum_field_types type, Slice value) {
        MYSQL_BIND *b;

        if (!value.data) {
                db_bind_null(st);
                return;
        }
        b = next_param(st, type);
        b->buffer = (void *) value.data;
        b->buffer_length = value.size;
        st->lengths[b - st->params] = value.size;
        b->length = &st->lengths[b - st->params];
}

void db_bind_slice(DbStatement *st, Slice value) {
        bind_bytes(st, MYSQL_TYPE_STRING, value);
}

void db_bind_blob(DbStatement *st, Slice value) {
        bind_bytes(st, MYSQL_TYPE_LONG_BLOB, value);
}

void db_bind_string(DbStatement *st, const char *value) {
        db_bind_slice(st, slice_from_string(value));
}

void db_bind_presence(DbStatement *st, Slice value) {
        db_bind_slice(st, value.size > 0 ? value : SLICE_NULL);
}

void db_bind_id(DbStatement *st, uint64_t id) {
        if (id == 0)
                db_bind_null(st);
        else
                db_bind_u64(st, id);
}

static void bind_text(DbStatement *st, void (*format)(uint64_t, char *), uint64_t usec) {
        MYSQL_BIND *b;
        char *text;

        if (usec == 0) {
                db_bind_null(st);
                return;
        }
        b = next_param(st, MYSQL_TYPE_STRING);
        text = scratch_of(st, b)->text;
        format(usec, text);
        b->buffer = text;
        b->buffer_length = st->lengths[b - st->params] = strlen(text);
        b->length = &st->lengths[b - st->params];
}

static void format_decimal(uint64_t usec, char *ret) {
        time_format_decimal(usec, ret);
}

static void format_sql(uint64_t usec, char *ret) {
        time_format_sql(usec, ret);
}

void db_bind_decimal_time(DbStatement *st, uint64_t usec) {
        bind_text(st, format_decimal, usec);
}

void db_bind_datetime(DbStatement *st, uint64_t usec) {
        bind_text(st, format_sql, usec);
}

void db_bind_stream(DbStatement *st, db_read_t read, void *userdata) {
        MYSQL_BIND *b = next_param(st, MYSQL_TYPE_LONG_BLOB);

        assert(!st->stream);

        b->long_data_used = true;
        st->stream = read;
        st->stream_userdata = userdata;
        st->stream_param = st->bound - 1;
}
