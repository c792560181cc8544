/* SPDX-License-Identifier: MIT */
#include "mail/charset.h"
#include "model/queue-row.h"

static const char SQL_INSERT[] =
        "INSERT INTO queued_messages (server_id, message_id, domain, batch_key, route_id, ip_address_id, "
        "manual, attempts, created_at, updated_at) "
        "VALUES {rows:(?, ?, ?, ?, ?, ?, ?, 0, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6))}";

/* Characters of the column, and room for them in UTF-8. */
#define BATCH_KEY_MAX 255
#define BATCH_KEY_SIZE (4 * BATCH_KEY_MAX + 1)

/* The key under which the reference sends messages together. */
static void batch_key(const QueueRow *q, Slice domain, char ret[static BATCH_KEY_SIZE]) {
        char route[24] = "", endpoint[24] = "";

        if (!q->is_incoming) {
                (void) snprintf(ret, BATCH_KEY_SIZE, "outgoing-%.*s", SLICE_FORMAT(domain));
                return;
        }
        if (q->route_id > 0)
                (void) snprintf(route, sizeof(route), "%llu", (unsigned long long) q->route_id);
        if (q->endpoint_id > 0)
                (void) snprintf(endpoint, sizeof(endpoint), "%llu", (unsigned long long) q->endpoint_id);
        (void) snprintf(ret, BATCH_KEY_SIZE, "incoming-rt:%s-ep:%s-%s", route, endpoint,
                        q->endpoint_id > 0 ? strempty(q->endpoint_type) : "");
}

int queue_insert(Db *db, const QueueRow *rows, unsigned count) {
        char keys[DB_ROWS_MAX][BATCH_KEY_SIZE];
        DbStatement *st;
        int r = db_prepare(db, SQL_INSERT, DB_MAIN, count, &st);

        if (r < 0)
                return r;
        for (unsigned i = 0; i < count; i++) {
                const QueueRow *q = &rows[i];
                Slice domain = slice_from_string(q->rcpt_to);
                ssize_t at = slice_find_last_byte(domain, '@');

                domain = slice_from(domain, (size_t) (at + 1));
                batch_key(q, domain, keys[i]);
                db_bind_u64(st, q->server_id);
                db_bind_u64(st, q->message_id);
                db_bind_presence(st, domain);
                /* An over-long one is cut: it only groups. */
                db_bind_slice(st, utf8_truncate(slice_from_string(keys[i]), BATCH_KEY_MAX));
                db_bind_id(st, q->route_id);
                db_bind_id(st, q->ip_address_id);
                db_bind_bool(st, q->is_manual);
        }
        return db_run(st, NULL, NULL);
}
