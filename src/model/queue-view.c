/* SPDX-License-Identifier: MIT */
#include "model/queue-view.h"
#include "model/rows.h"

#define SELECT_ENTRIES                                                                             \
        "SELECT q.id, q.server_id, o.permalink, s.permalink, q.message_id, q.domain, "             \
        "q.locked_by, q.locked_at, q.retry_after, q.created_at, q.ip_address_id, i.ipv4, "         \
        "q.route_id, q.attempts, q.manual, q.batch_key, w.name IS NOT NULL, w.heartbeat_at FROM "
#define JOIN_ENTRIES                                                                               \
        "LEFT JOIN servers s ON s.id = q.server_id "                                               \
        "LEFT JOIN organizations o ON o.id = s.organization_id "                                   \
        "LEFT JOIN ip_addresses i ON i.id = q.ip_address_id "                                      \
        "LEFT JOIN postal_workers w ON w.name = q.locked_by "                                      \
        "ORDER BY q.id"
/* The rows are found first, by their key, and only then is looked up what belongs to them: the
 * queue may have millions. */
#define LIST(condition)                                                                            \
        SELECT_ENTRIES                                                                             \
        "(SELECT id AS page_id FROM queued_messages WHERE (? = 0 OR server_id = ?) " condition     \
        "ORDER BY id LIMIT ?) page JOIN queued_messages q ON q.id = page_id " JOIN_ENTRIES

static const char SQL_LIST_ALL[] = LIST("");
static const char SQL_LIST_READY[] = LIST("AND locked_by IS NULL AND retry_after IS NULL ");
static const char SQL_LIST_WAITING[] = LIST("AND locked_by IS NULL AND retry_after IS NOT NULL ");
static const char SQL_LIST_LEASED[] = LIST("AND locked_by IS NOT NULL ");
static const char SQL_OF_MESSAGE[] =
        SELECT_ENTRIES "(SELECT id AS page_id FROM queued_messages WHERE message_id = ? "
                       "AND server_id = ?) page "
                       "JOIN queued_messages q ON q.id = page_id " JOIN_ENTRIES;
/* Grouped by an expression, so that the table is read as it lies, and not row by row after the key
 * of server_id. */
static const char SQL_STATS[] =
        "SELECT q.server_id, o.permalink, s.permalink, q.ready, q.waiting, q.leased, q.overdue, "
        "q.oldest, q.oldest_ready, q.next_due FROM (SELECT COALESCE(server_id, 0) AS server_id, "
        "SUM(locked_by IS NULL AND retry_after IS NULL) AS ready, "
        "SUM(locked_by IS NULL AND retry_after IS NOT NULL) AS waiting, "
        "SUM(locked_by IS NOT NULL) AS leased, "
        "SUM(locked_by IS NULL AND COALESCE(retry_after <= UTC_TIMESTAMP(), 0)) AS overdue, "
        "MIN(created_at) AS oldest, "
        "MIN(IF(locked_by IS NULL AND retry_after IS NULL, created_at, NULL)) AS oldest_ready, "
        "MIN(IF(locked_by IS NULL, retry_after, NULL)) AS next_due "
        "FROM queued_messages GROUP BY COALESCE(server_id, 0)) q "
        "LEFT JOIN servers s ON s.id = q.server_id "
        "LEFT JOIN organizations o ON o.id = s.organization_id ORDER BY 2, 3, 1";

static const char *const STATES[QUEUE_STATE_MAX] = {
        [QUEUE_READY] = "ready",
        [QUEUE_WAITING] = "waiting",
        [QUEUE_LEASED] = "leased",
};

const char *queue_state_to_string(QueueState state) {
        return state >= 0 && state < QUEUE_STATE_MAX ? STATES[state] : NULL;
}

QueueState queue_state_from_string(const char *text) {
        for (int state = 0; state < QUEUE_STATE_MAX; state++)
                if (strcasecmp(strempty(text), STATES[state]) == 0)
                        return state;
        return QUEUE_STATE_INVALID;
}

static int queue_entry_from_row(DbStatement *st, QueueEntry **ret) {
        _cleanup_(queue_entry_freep) QueueEntry *e = calloc(1, sizeof(QueueEntry));

        if (!e || row_string(st, 2, &e->organization_permalink) < 0 ||
            row_string(st, 3, &e->server_permalink) < 0 || row_string(st, 5, &e->domain) < 0 ||
            row_string(st, 6, &e->locked_by) < 0 || row_string(st, 11, &e->ip_address) < 0 ||
            row_string(st, 15, &e->batch_key) < 0)
                return -ENOMEM;
        e->id = db_u64(st, 0);
        e->server_id = db_u64(st, 1);
        e->message_id = db_u64(st, 4);
        e->locked_usec = db_datetime(st, 7);
        e->retry_after_usec = db_datetime(st, 8);
        e->created_usec = db_datetime(st, 9);
        e->ip_address_id = db_u64(st, 10);
        e->route_id = db_u64(st, 12);
        e->attempts = (unsigned) db_u64(st, 13);
        e->is_manual = db_u64(st, 14);
        e->is_lease_known = db_u64(st, 16);
        e->heartbeat_usec = db_datetime(st, 17);
        e->state = e->locked_by ? QUEUE_LEASED : !db_is_null(st, 8) ? QUEUE_WAITING : QUEUE_READY;
        *ret = TAKE_PTR(e);
        return 0;
}

QueueEntry *queue_entry_free(QueueEntry *e) {
        if (!e)
                return NULL;
        free(e->organization_permalink);
        free(e->server_permalink);
        free(e->domain);
        free(e->locked_by);
        free(e->ip_address);
        free(e->batch_key);
        return mfree(e);
}

DEFINE_MODEL_ROWS(QueueEntry, queue_entry)

static const char *list_sql(QueueState state) {
        switch (state) {
        case QUEUE_READY:
                return SQL_LIST_READY;
        case QUEUE_WAITING:
                return SQL_LIST_WAITING;
        case QUEUE_LEASED:
                return SQL_LIST_LEASED;
        default:
                return SQL_LIST_ALL;
        }
}

int queue_entry_list(Db *db, const QueueFilter *filter, QueueEntry ***ret) {
        DbStatement *st;
        int r = db_prepare(db, list_sql(filter->state), DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        db_bind_u64(st, filter->server_id);
        db_bind_u64(st, filter->server_id);
        db_bind_u64(st, filter->limit);
        return queue_entry_collect(st, ret);
}

int queue_entry_of_message(Db *db, uint64_t server_id, uint64_t message_id, QueueEntry ***ret) {
        DbStatement *st;
        int r = db_prepare(db, SQL_OF_MESSAGE, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        db_bind_u64(st, message_id);
        db_bind_u64(st, server_id);
        return queue_entry_collect(st, ret);
}

static int queue_stats_from_row(DbStatement *st, QueueStats **ret) {
        _cleanup_(queue_stats_freep) QueueStats *s = calloc(1, sizeof(QueueStats));

        if (!s || row_string(st, 1, &s->organization_permalink) < 0 ||
            row_string(st, 2, &s->server_permalink) < 0)
                return -ENOMEM;
        s->server_id = db_u64(st, 0);
        s->counts[QUEUE_READY] = db_u64(st, 3);
        s->counts[QUEUE_WAITING] = db_u64(st, 4);
        s->counts[QUEUE_LEASED] = db_u64(st, 5);
        s->overdue = db_u64(st, 6);
        s->oldest_usec = db_datetime(st, 7);
        s->oldest_ready_usec = db_datetime(st, 8);
        s->next_due_usec = db_datetime(st, 9);
        *ret = TAKE_PTR(s);
        return 0;
}

QueueStats *queue_stats_free(QueueStats *s) {
        if (!s)
                return NULL;
        free(s->organization_permalink);
        free(s->server_permalink);
        return mfree(s);
}

DEFINE_MODEL_ROWS(QueueStats, queue_stats)

int queue_stats_list(Db *db, QueueStats ***ret) {
        DbStatement *st;
        int r = db_prepare(db, SQL_STATS, DB_MAIN, 1, &st);

        return r < 0 ? r : queue_stats_collect(st, ret);
}
