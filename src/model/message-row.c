/* SPDX-License-Identifier: MIT */
#include "model/message-row.h"

static const char SQL_LOAD[] =
        "SELECT id, scope, token, rcpt_to, mail_from, raw_table, raw_headers_id, raw_body_id, domain_id, "
        "credential_id, route_id, endpoint_id, endpoint_type, size, bounce, spam, parsed, tag IS NOT NULL, spam_score "
        "FROM {m}.messages WHERE id IN ({in})";
static const char SQL_SUPPRESSIONS[] =
        "SELECT address, reason, keep_until >= ? FROM {m}.suppressions "
        "WHERE type = 'recipient' AND address IN ({in})";
static const char SQL_RAW_MANY[] =
        "SELECT id, LEFT(data, ?), LENGTH(data) FROM {m}.{raw} WHERE id IN ({in})";
static const char SQL_RAW_PIECE[] = "SELECT SUBSTRING(data, ?, ?), LENGTH(data) FROM {m}.{raw} WHERE id = ?";

static unsigned size_for(size_t n) {
        unsigned size = 1;

        while (size < n)
                size *= 2;
        return size;
}

static const char *text(const DbStatement *st, unsigned column, Arena *arena, bool *has_failed) {
        const char *copy = arena_dup(arena, db_slice(st, column));

        *has_failed = *has_failed || !copy;
        return copy;
}

static int read_row(const DbStatement *st, Arena *arena, MessageRow *m) {
        Slice scope = db_slice(st, 1);
        bool failed = false;

        *m = (MessageRow){
                .id = db_u64(st, 0),
                .is_found = true,
                .is_incoming = slice_equal(scope, SLICE("incoming")),
                .scope_is_valid = slice_equal(scope, SLICE("incoming")) || slice_equal(scope, SLICE("outgoing")),
                .scope = text(st, 1, arena, &failed),
                .token = text(st, 2, arena, &failed),
                .rcpt_to = text(st, 3, arena, &failed),
                .mail_from = text(st, 4, arena, &failed),
                .raw_table = text(st, 5, arena, &failed),
                .raw_headers_id = db_u64(st, 6),
                .raw_body_id = db_u64(st, 7),
                .domain_id = db_u64(st, 8),
                .credential_id = db_u64(st, 9),
                .route_id = db_u64(st, 10),
                .endpoint_id = db_u64(st, 11),
                .endpoint_type = text(st, 12, arena, &failed),
                .is_bounce = db_u64(st, 14) != 0,
                .is_spam = db_u64(st, 15) != 0,
                .is_parsed = db_u64(st, 16) != 0,
                .has_tag = db_u64(st, 17) != 0,
                .spam_score = db_double(st, 18),
        };
        (void) slice_to_u64(db_slice(st, 13), UINT64_MAX, &m->size);
        return failed ? -ENOMEM : 0;
}

static int load_rows(Db *db, uint64_t server_id, const uint64_t *ids, size_t count, Arena *arena, MessageRow *rows) {
        unsigned size = size_for(count);
        DbStatement *st;
        int r = db_prepare(db, SQL_LOAD, DB_MESSAGE(server_id), size, &st);

        if (r < 0)
                return r;
        for (unsigned i = 0; i < size; i++)
                db_bind_u64(st, ids[MIN((size_t) i, count - 1)]);
        r = db_query(st);
        while (r >= 0 && (r = db_fetch(st)) > 0)
                for (size_t i = 0; r >= 0 && i < count; i++)
                        if (ids[i] == db_u64(st, 0))
                                r = read_row(st, arena, &rows[i]);
        db_end(st);
        return r;
}

/* Addresses are compared here without regard to ASCII case; the collation may find a few more, which are then not ours. */
static int note_suppression(const DbStatement *st, size_t count, Arena *arena, MessageRow *rows) {
        for (size_t i = 0; i < count; i++) {
                MessageRow *m = &rows[i];

                if (!m->is_found || m->is_incoming ||
                    !slice_equal_ignore_case(db_slice(st, 0), slice_from_string(m->rcpt_to)))
                        continue;
                m->has_suppression = true;
                if (db_u64(st, 2) == 0 || m->is_suppressed)
                        continue;
                m->is_suppressed = true;
                m->suppression_reason = arena_dup(arena, db_slice(st, 1));
                if (!m->suppression_reason)
                        return -ENOMEM;
        }
        return 0;
}

static int load_suppressions(Db *db, uint64_t server_id, size_t count, uint64_t now_usec, Arena *arena,
                             MessageRow *rows) {
        const char *addresses[DB_ROWS_MAX];
        size_t n = 0;
        unsigned size;
        DbStatement *st;
        int r;

        for (size_t i = 0; i < count; i++)
                if (rows[i].is_found && !rows[i].is_incoming && *rows[i].rcpt_to)
                        addresses[n++] = rows[i].rcpt_to;
        if (n == 0)
                return 0;
        size = size_for(n);
        r = db_prepare(db, SQL_SUPPRESSIONS, DB_MESSAGE(server_id), size, &st);
        if (r < 0)
                return r;
        db_bind_decimal_time(st, now_usec);
        for (unsigned i = 0; i < size; i++)
                db_bind_string(st, addresses[MIN((size_t) i, n - 1)]);
        r = db_query(st);
        while (r >= 0 && (r = db_fetch(st)) > 0)
                r = note_suppression(st, count, arena, rows);
        db_end(st);
        return r;
}

int message_rows_load(Db *db, uint64_t server_id, const uint64_t *ids, size_t count, uint64_t now_usec,
                      Arena *arena, MessageRow *rows) {
        int r;

        assert(count > 0 && count <= DB_ROWS_MAX);

        memset(rows, 0, count * sizeof(*rows));
        r = load_rows(db, server_id, ids, count, arena, rows);
        if (r >= 0 && now_usec > 0)
                r = load_suppressions(db, server_id, count, now_usec, arena, rows);
        return r < 0 ? r : 0;
}

int raw_load_many(Db *db, uint64_t server_id, const char *table, const uint64_t *ids, size_t count, Arena *arena,
                  Slice *values, uint64_t *lengths) {
        uint64_t wanted[DB_ROWS_MAX];
        size_t n = 0;
        unsigned size;
        DbStatement *st;
        int r;

        assert(count <= DB_ROWS_MAX);

        for (size_t i = 0; i < count; i++) {
                values[i] = SLICE_NULL;
                lengths[i] = 0;
                if (ids[i] > 0)
                        wanted[n++] = ids[i];
        }
        if (n == 0)
                return 0;
        size = size_for(n);
        r = db_prepare(db, SQL_RAW_MANY, DB_RAW(server_id, table), size, &st);
        if (r < 0)
                return r;
        db_bind_u64(st, RAW_PIECE_SIZE);
        for (unsigned i = 0; i < size; i++)
                db_bind_u64(st, wanted[MIN((size_t) i, n - 1)]);
        r = db_query(st);
        while (r >= 0 && (r = db_fetch(st)) > 0) {
                Slice data = db_slice(st, 1);
                const char *copy = data.data ? arena_dup(arena, data) : NULL;

                if (data.data && !copy)
                        r = -ENOMEM;
                for (size_t i = 0; i < count; i++)
                        if (ids[i] == db_u64(st, 0)) {
                                values[i] = slice_make(copy, data.size);
                                lengths[i] = db_u64(st, 2);
                        }
        }
        db_end(st);
        return r < 0 ? r : 0;
}

int raw_load(Db *db, uint64_t server_id, const char *table, uint64_t id, Buf *to) {
        uint64_t position = 1, length = 1; /* SQL counts from 1 */

        while (position <= length) {
                DbStatement *st;
                int r = db_prepare(db, SQL_RAW_PIECE, DB_RAW(server_id, table), 1, &st);

                if (r < 0)
                        return r;
                db_bind_u64(st, position);
                db_bind_u64(st, RAW_PIECE_SIZE);
                db_bind_u64(st, id);
                r = db_query(st);
                if (r >= 0)
                        r = db_fetch(st);
                if (r > 0) {
                        length = db_u64(st, 1);
                        if (position == 1)
                                (void) buf_reserve(to, length);
                        buf_append_slice(to, db_slice(st, 0));
                }
                db_end(st);
                if (r <= 0)
                        return r == 0 ? -ENOENT : r;
                position += RAW_PIECE_SIZE;
        }
        return buf_error(to);
}
