/* SPDX-License-Identifier: MIT */
/* The queue rows are locked first: one that is gone was settled by an earlier try whose COMMIT got lost, and is left
 * out. Then, mail server by mail server, the rows of the message database; last the queue. */
#include "basic/arena.h"
#include "basic/time-format.h"
#include "mail/charset.h"
#include "model/queue.h"
#include "model/settle.h"
#include "model/statistics.h"
#include "model/suppression.h"

static const char SQL_LOCK[] =
        "SELECT id, locked_by = ? FROM queued_messages WHERE id IN ({in}) FOR UPDATE";
static const char SQL_DELETE[] = "DELETE FROM queued_messages WHERE id IN ({in})";
static const char SQL_RETRY[] =
        "UPDATE queued_messages SET locked_by = NULL, locked_at = NULL, "
        "retry_after = UTC_TIMESTAMP() + INTERVAL ? SECOND, attempts = attempts + ?, "
        "updated_at = UTC_TIMESTAMP(6) WHERE id = ?";
static const char SQL_RELEASE[] =
        "UPDATE queued_messages SET locked_by = NULL, locked_at = NULL WHERE id IN ({in})";
static const char SQL_INSERT_DELIVERIES[] =
        "INSERT INTO {m}.deliveries (message_id, status, details, output, sent_with_ssl, log_id, time, timestamp) "
        "VALUES {rows:(?, ?, ?, ?, ?, ?, ?, ?)}";
static const char SQL_STATUS[] =
        "UPDATE {m}.messages SET status = ?, last_delivery_attempt = ?, held = ?, hold_expiry = ? "
        "WHERE id IN ({in})";
static const char SQL_PARSED[] = "UPDATE {m}.messages SET parsed = 1 WHERE id IN ({in})";
static const char SQL_TAG[] = "UPDATE {m}.messages SET tag = ? WHERE id = ?";
static const char SQL_PREFIX[] = "UPDATE {m}.{raw} SET data = CONCAT(?, data) WHERE id = ?";
static const char SQL_HARD_FAILS[] =
        "SELECT COUNT(*) FROM {m}.messages WHERE rcpt_to = ? AND status = 'HardFail' AND timestamp > ?";

static const char *const STATUSES[_DELIVERY_STATUS_MAX] = {
        "Sent", "SoftFail", "HardFail", "Held", "Processed", "Error",
};

static const char EXTRA_ADDED[] = "Recipient added to suppression list (too many hard fails)";
static const char EXTRA_REMOVED[] = "Recipient removed from suppression list";

const char *delivery_status_to_string(DeliveryStatus status) {
        return STATUSES[status];
}

typedef struct Run {
        const SettleRules *rules;
        uint64_t now_usec;
        Settlement **items; /* by server and message */
        size_t count;
        Arena arena; /* texts of this try */
} Run;

/* The smallest power of two that holds `n`. */
static unsigned size_for(size_t n) {
        unsigned size = 1;

        while (size < n)
                size *= 2;
        return size;
}

/* Binds the ids of the list; the last one fills up the places that are left. */
static void bind_ids(DbStatement *st, const uint64_t *ids, size_t count, unsigned size) {
        for (unsigned i = 0; i < size; i++)
                db_bind_u64(st, ids[MIN((size_t) i, count - 1)]);
}

static int run_for_ids(Db *db, const char *sql, DbNames names, const uint64_t *ids, size_t count) {
        unsigned size = size_for(count);
        DbStatement *st;
        int r;

        if (count == 0)
                return 0;
        r = db_prepare(db, sql, names, size, &st);
        if (r < 0)
                return r;
        bind_ids(st, ids, count, size);
        return db_run(st, NULL, NULL);
}

/* A row that was taken over by another worker is that one's business; but a message that was sent is sent, and the row goes, so
 * that it is not sent again. */
static bool may_settle(const Settlement *s, bool is_ours) {
        return is_ours || (s->queue == SETTLE_DONE && s->status == DELIVERY_SENT);
}

/* Which of the rows are still there? */
static int lock_queue(Db *db, Run *run) {
        uint64_t ids[DB_ROWS_MAX];
        unsigned size = size_for(run->count);
        DbStatement *st;
        int r;

        for (size_t i = 0; i < run->count; i++) {
                ids[i] = run->items[i]->queue_id;
                run->items[i]->was_settled_before = true;
        }
        r = db_prepare(db, SQL_LOCK, DB_MAIN, size, &st);
        if (r < 0)
                return r;
        db_bind_string(st, run->rules->lease);
        bind_ids(st, ids, run->count, size);
        r = db_query(st);
        while (r >= 0 && (r = db_fetch(st)) > 0)
                for (size_t i = 0; i < run->count; i++)
                        if (ids[i] == db_u64(st, 0) && may_settle(run->items[i], db_u64(st, 1) != 0))
                                run->items[i]->was_settled_before = false;
        db_end(st);
        return r;
}

static bool writes_delivery(const Settlement *s) {
        return !s->was_settled_before && (s->queue == SETTLE_DONE || s->queue == SETTLE_RETRY);
}

/* Twice a hard failure within a day suppresses; a success after all lifts it (postal-core 5.2, 14 and 15). */
static int update_suppressions(Db *db, Run *run, Settlement *s, const char **ret_extra) {
        DbStatement *st;
        uint64_t failures = 0;
        bool is_removed = false;
        int r;

        *ret_extra = NULL;
        if (s->suppress_reason)
                return suppression_add(db, s->server_id, s->rcpt_to, s->suppress_reason, run->now_usec,
                                       run->rules->suppression_days);
        if (s->is_incoming)
                return 0;
        if (s->status == DELIVERY_SENT && s->is_suppressed) {
                r = suppression_remove(db, s->server_id, s->rcpt_to, &is_removed);
                if (r >= 0 && is_removed)
                        *ret_extra = EXTRA_REMOVED;
                return r;
        }
        if (s->status != DELIVERY_HARD_FAIL || !s->log_id)
                return 0;
        r = db_prepare(db, SQL_HARD_FAILS, DB_MESSAGE(s->server_id), 1, &st);
        if (r < 0)
                return r;
        db_bind_string(st, s->rcpt_to);
        db_bind_decimal_time(st, run->now_usec - USEC_PER_DAY);
        r = db_query_u64(st, &failures);
        if (r < 0 || failures == 0)
                return r;
        *ret_extra = EXTRA_ADDED;
        return suppression_add(db, s->server_id, s->rcpt_to, "too many hard fails", run->now_usec,
                               run->rules->suppression_days);
}

/* The details with what is to be added, cut; in the arena. */
static Slice make_details(Run *run, const Settlement *s, const char *extra) {
        size_t length = strlen(strempty(s->details));
        const char *dot = length > 0 && s->details[length - 1] == '.' ? "" : ".";
        char *text;

        if (!extra)
                return utf8_truncate(slice_from_string(strempty(s->details)), DELIVERY_TEXT_MAX);
        text = arena_alloc(&run->arena, length + strlen(extra) + 3);
        if (!text)
                return SLICE_NULL;
        (void) snprintf(text, length + strlen(extra) + 3, "%s%s %s", strempty(s->details), dot, extra);
        return utf8_truncate(slice_from_string(text), DELIVERY_TEXT_MAX);
}

static int insert_deliveries(Db *db, Run *run, size_t first, size_t end) {
        Settlement *rows[DB_ROWS_MAX];
        Slice details[DB_ROWS_MAX];
        size_t count = 0, done = 0;
        int r;

        for (size_t i = first; i < end; i++) {
                const char *extra;

                if (!writes_delivery(run->items[i]))
                        continue;
                r = update_suppressions(db, run, run->items[i], &extra);
                if (r < 0)
                        return r;
                details[count] = make_details(run, run->items[i], extra);
                rows[count++] = run->items[i];
        }
        while (done < count) {
                unsigned size = DB_ROWS_MAX;
                DbStatement *st;

                while (size > count - done)
                        size /= 2;
                r = db_prepare(db, SQL_INSERT_DELIVERIES, DB_MESSAGE(rows[0]->server_id), size, &st);
                if (r < 0)
                        return r;
                for (unsigned i = 0; i < size; i++, done++) {
                        const Settlement *s = rows[done];

                        db_bind_u64(st, s->message_id);
                        db_bind_string(st, STATUSES[s->status]);
                        db_bind_presence(st, details[done]);
                        db_bind_presence(st, utf8_truncate(slice_trim(slice_from_string(strempty(s->output))),
                                                           DELIVERY_TEXT_MAX));
                        db_bind_bool(st, s->sent_with_tls);
                        db_bind_string(st, s->log_id);
                        if (s->has_time)
                                db_bind_double(st, s->time_sec);
                        else
                                db_bind_null(st);
                        db_bind_decimal_time(st, run->now_usec);
                }
                r = db_run(st, NULL, NULL);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int update_status(Db *db, Run *run, size_t first, size_t end, DeliveryStatus status) {
        uint64_t ids[DB_ROWS_MAX], expiry = 0;
        uint64_t server_id = run->items[first]->server_id;
        size_t count = 0;
        unsigned size;
        DbStatement *st;
        int r;

        for (size_t i = first; i < end; i++)
                if (writes_delivery(run->items[i]) && run->items[i]->status == status)
                        ids[count++] = run->items[i]->message_id;
        if (count == 0)
                return 0;
        size = size_for(count);
        r = db_prepare(db, SQL_STATUS, DB_MESSAGE(server_id), size, &st);
        if (r < 0)
                return r;
        if (status == DELIVERY_HELD)
                expiry = run->now_usec + run->rules->hold_expiry_days * USEC_PER_DAY;
        db_bind_string(st, STATUSES[status]);
        db_bind_decimal_time(st, run->now_usec);
        db_bind_bool(st, status == DELIVERY_HELD);
        db_bind_decimal_time(st, expiry);
        bind_ids(st, ids, count, size);
        return db_run(st, NULL, NULL);
}

static int update_message(Db *db, const Settlement *s) {
        DbStatement *st;
        int r;

        if (s->tag) {
                r = db_prepare(db, SQL_TAG, DB_MESSAGE(s->server_id), 1, &st);
                if (r < 0)
                        return r;
                db_bind_string(st, s->tag);
                db_bind_u64(st, s->message_id);
                r = db_run(st, NULL, NULL);
                if (r < 0)
                        return r;
        }
        if (s->header_prefix.size == 0)
                return 0;
        r = db_prepare(db, SQL_PREFIX, DB_RAW(s->server_id, s->raw_table), 1, &st);
        if (r < 0)
                return r;
        db_bind_blob(st, s->header_prefix);
        db_bind_u64(st, s->raw_headers_id);
        r = db_run(st, NULL, NULL);
        return r == -ENOENT ? 0 : r; /* the raw table was removed meanwhile */
}

static int update_messages(Db *db, Run *run, size_t first, size_t end) {
        uint64_t parsed[DB_ROWS_MAX];
        size_t count = 0;
        int r;

        for (DeliveryStatus status = 0; status < _DELIVERY_STATUS_MAX; status++) {
                r = update_status(db, run, first, end, status);
                if (r < 0)
                        return r;
        }
        for (size_t i = first; i < end; i++) {
                const Settlement *s = run->items[i];

                if (s->was_settled_before)
                        continue;
                if (s->sets_parsed)
                        parsed[count++] = s->message_id;
                r = update_message(db, s);
                if (r < 0)
                        return r;
        }
        return run_for_ids(db, SQL_PARSED, DB_MESSAGE(run->items[first]->server_id), parsed, count);
}

/* The items first … end-1, all of one mail server. */
static int settle_server(Db *db, Run *run, size_t first, size_t end) {
        StatisticsCount count = { 0 };
        int r;

        r = insert_deliveries(db, run, first, end);
        if (r >= 0)
                r = update_messages(db, run, first, end);
        if (r < 0)
                return r;
        for (size_t i = first; i < end; i++) {
                if (!writes_delivery(run->items[i]))
                        continue;
                count.held += run->items[i]->status == DELIVERY_HELD;
                count.bounces += run->items[i]->status == DELIVERY_HARD_FAIL;
        }
        return statistics_add(db, run->items[first]->server_id, run->now_usec, &count);
}

static int retry_later(Db *db, const Settlement *s) {
        DbStatement *st;
        int r = db_prepare(db, SQL_RETRY, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        db_bind_u64(st, s->retry_sec);
        db_bind_u64(st, s->queue == SETTLE_RETRY);
        db_bind_u64(st, s->queue_id);
        return db_run(st, NULL, NULL);
}

static int settle_queue(Db *db, Run *run) {
        uint64_t done[DB_ROWS_MAX], released[DB_ROWS_MAX];
        size_t done_count = 0, released_count = 0;
        int r;

        for (size_t i = 0; i < run->count; i++) {
                const Settlement *s = run->items[i];

                if (s->was_settled_before)
                        continue;
                if (s->queue == SETTLE_DONE || s->queue == SETTLE_DROP) {
                        done[done_count++] = s->queue_id;
                } else if (s->queue == SETTLE_RELEASE) {
                        released[released_count++] = s->queue_id;
                } else {
                        r = retry_later(db, s);
                        if (r < 0)
                                return r;
                }
        }
        r = run_for_ids(db, SQL_DELETE, DB_MAIN, done, done_count);
        return r < 0 ? r : run_for_ids(db, SQL_RELEASE, DB_MAIN, released, released_count);
}

static int settle_body(Database *d, void *userdata) {
        Run *run = userdata;
        int r;

        arena_done(&run->arena);
        r = lock_queue(d->main, run);
        if (r < 0)
                return r;
        for (size_t first = 0, end; first < run->count; first = end) {
                for (end = first + 1; end < run->count; end++)
                        if (run->items[end]->server_id != run->items[first]->server_id)
                                break;
                r = settle_server(d->message, run, first, end);
                if (r < 0)
                        return r;
        }
        return settle_queue(d->main, run);
}

static int compare_items(const void *a, const void *b) {
        const Settlement *x = *(Settlement *const *) a, *y = *(Settlement *const *) b;

        if (x->server_id != y->server_id)
                return x->server_id < y->server_id ? -1 : 1;
        return x->message_id < y->message_id ? -1 : x->message_id > y->message_id;
}

int settle(Database *d, const SettleRules *rules, uint64_t now_usec, Settlement *items[], size_t count) {
        Run run = { .rules = rules, .now_usec = now_usec, .items = items, .count = count };
        int r;

        assert(count > 0 && count <= DB_ROWS_MAX);

        qsort(items, count, sizeof(*items), compare_items);
        r = database_transaction(d, settle_body, &run);
        arena_done(&run.arena);
        return r;
}
