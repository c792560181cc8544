/* SPDX-License-Identifier: MIT */
#include "model/message-view.h"
#include "model/rows.h"

static const char SQL_LOAD[] =
        "SELECT id, token, scope, rcpt_to, mail_from, subject, message_id, status, tag, raw_table, "
        "threat_details, endpoint_type, timestamp, last_delivery_attempt, hold_expiry, size, "
        "raw_headers_id, raw_body_id, route_id, domain_id, credential_id, endpoint_id, "
        "bounce_for_id, held, bounce, inspected, spam, threat, received_with_ssl, spam_score "
        "FROM {m}.messages WHERE id = ?";
static const char SQL_DELIVERIES[] =
        "SELECT id, status, details, output, log_id, timestamp, sent_with_ssl, time "
        "FROM {m}.deliveries WHERE message_id = ? ORDER BY id";
static const char SQL_RAW[] = "SELECT data FROM {m}.{raw} WHERE id = ?";

MessageView *message_view_free(MessageView *m) {
        if (!m)
                return NULL;
        free(m->token);
        free(m->scope);
        free(m->rcpt_to);
        free(m->mail_from);
        free(m->subject);
        free(m->message_id);
        free(m->status);
        free(m->tag);
        free(m->raw_table);
        free(m->threat_details);
        free(m->endpoint_type);
        return mfree(m);
}

static int texts_from_row(DbStatement *st, MessageView *m) {
        char **const texts[] = {
                &m->token,     &m->scope,          &m->rcpt_to,       &m->mail_from,
                &m->subject,   &m->message_id,     &m->status,        &m->tag,
                &m->raw_table, &m->threat_details, &m->endpoint_type,
        };

        for (unsigned i = 0; i < ELEMENTSOF(texts); i++)
                if (row_string(st, i + 1, texts[i]) < 0)
                        return -ENOMEM;
        return 0;
}

static int message_view_from_row(DbStatement *st, MessageView **ret) {
        _cleanup_(message_view_freep) MessageView *m = calloc(1, sizeof(MessageView));

        if (!m || texts_from_row(st, m) < 0)
                return -ENOMEM;
        m->id = db_u64(st, 0);
        m->timestamp_usec = db_decimal_time(st, 12);
        m->last_attempt_usec = db_decimal_time(st, 13);
        m->hold_expiry_usec = db_decimal_time(st, 14);
        m->size = db_u64(st, 15);
        m->raw_headers_id = db_u64(st, 16);
        m->raw_body_id = db_u64(st, 17);
        m->route_id = db_u64(st, 18);
        m->domain_id = db_u64(st, 19);
        m->credential_id = db_u64(st, 20);
        m->endpoint_id = db_u64(st, 21);
        m->bounce_for_id = db_u64(st, 22);
        m->is_held = db_u64(st, 23);
        m->is_bounce = db_u64(st, 24);
        m->is_inspected = db_u64(st, 25);
        m->is_spam = db_u64(st, 26);
        m->is_threat = db_u64(st, 27);
        m->received_with_tls = db_u64(st, 28);
        m->spam_score = db_double(st, 29);
        *ret = TAKE_PTR(m);
        return 0;
}

int message_view_load(Db *db, uint64_t server_id, uint64_t id, MessageView **ret) {
        DbStatement *st;
        int r = db_prepare(db, SQL_LOAD, DB_MESSAGE(server_id), 1, &st);

        if (r < 0)
                return r;
        db_bind_u64(st, id);
        r = db_query(st);
        if (r >= 0)
                r = db_fetch(st);
        if (r > 0)
                r = message_view_from_row(st, ret);
        else if (r == 0)
                r = -ENOENT;
        db_end(st);
        return r < 0 ? r : 0;
}

static int delivery_view_from_row(DbStatement *st, DeliveryView **ret) {
        _cleanup_(delivery_view_freep) DeliveryView *d = calloc(1, sizeof(DeliveryView));

        if (!d || row_text(st, 1, &d->status) < 0 || row_string(st, 2, &d->details) < 0 ||
            row_string(st, 3, &d->output) < 0 || row_string(st, 4, &d->log_id) < 0)
                return -ENOMEM;
        d->id = db_u64(st, 0);
        d->timestamp_usec = db_decimal_time(st, 5);
        d->sent_with_tls = db_u64(st, 6);
        d->has_time = !db_is_null(st, 7);
        d->time = db_double(st, 7);
        *ret = TAKE_PTR(d);
        return 0;
}

DeliveryView *delivery_view_free(DeliveryView *d) {
        if (!d)
                return NULL;
        free(d->status);
        free(d->details);
        free(d->output);
        free(d->log_id);
        return mfree(d);
}

DEFINE_MODEL_ROWS(DeliveryView, delivery_view)

int delivery_view_list(Db *db, uint64_t server_id, uint64_t message_id, DeliveryView ***ret) {
        DbStatement *st;
        int r = db_prepare(db, SQL_DELIVERIES, DB_MESSAGE(server_id), 1, &st);

        if (r < 0)
                return r;
        db_bind_u64(st, message_id);
        return delivery_view_collect(st, ret);
}

/* -ENODATA: no such row or table. */
static int append_raw(Db *db, DbNames names, uint64_t id, Buf *to) {
        DbStatement *st;
        int r = db_prepare(db, SQL_RAW, names, 1, &st);

        if (r < 0)
                return r == -ENOENT ? -ENODATA : r;
        db_bind_u64(st, id);
        r = db_query(st);
        if (r >= 0)
                r = db_fetch(st);
        if (r > 0)
                buf_append_slice(to, db_slice(st, 0));
        else if (r == 0)
                r = -ENODATA;
        db_end(st);
        return r < 0 ? r : buf_error(to);
}

int message_view_raw(Db *db, uint64_t server_id, const MessageView *m, Buf *to) {
        int r;

        if (!m->raw_table || m->raw_headers_id == 0)
                return -ENODATA;
        r = append_raw(db, DB_RAW(server_id, m->raw_table), m->raw_headers_id, to);
        if (r < 0)
                return r;
        buf_append_string(to, "\r\n\r\n");
        if (m->raw_body_id == 0)
                return buf_error(to);
        return append_raw(db, DB_RAW(server_id, m->raw_table), m->raw_body_id, to);
}
