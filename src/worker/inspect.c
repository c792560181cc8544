/* SPDX-License-Identifier: MIT */
#include "core/log.h"
#include "mail/address.h"
#include "model/message-row.h"
#include "model/statistics.h"
#include "worker/inspect.h"

/* Messages that only a later step of this project delivers (HTTP endpoints, generated bounces) wait for so long. */
#define PARK_SEC 3600
#define SMTP_PORT 25

typedef struct Inspection {
        Mailroom *mailroom;
        const Server *server; /* NULL: it is no more */
        uint64_t now_usec;
        uint64_t outgoing; /* messages counted for the send limit */
        uint64_t volume;   /* sent in the last hour, with those */
        bool has_volume;
} Inspection;

/* One rule: returns 1 when it has finished the message, 0 when not, or a negative errno. */
typedef int (*rule_t)(Inspection *in, const QueuedMessage *q, const MessageRow *row, Delivery *d);

bool delivery_is_finished(const Delivery *d) {
        return d->route.name == NULL;
}

static int finish(Delivery *d, DeliveryStatus status, const char *format, ...) _printf_(3, 4);
static int finish(Delivery *d, DeliveryStatus status, const char *format, ...) {
        _cleanup_(buf_done) Buf details = BUF_EMPTY;
        va_list ap;

        va_start(ap, format);
        buf_vprintf(&details, format, ap);
        va_end(ap);
        delivery_begin_settlement(d, SETTLE_DONE, status);
        d->settlement.details = arena_dup(&d->arena, buf_slice(&details));
        return d->settlement.details ? 1 : -ENOMEM;
}

/* ---- Rules for all messages (5.1) ---- */

static int rule_exists(_unused_ Inspection *in, _unused_ const QueuedMessage *q, const MessageRow *row, Delivery *d) {
        if (row->is_found)
                return 0;
        delivery_begin_settlement(d, SETTLE_DROP, DELIVERY_ERROR);
        return 1;
}

static int rule_suspended(Inspection *in, _unused_ const QueuedMessage *q, _unused_ const MessageRow *row, Delivery *d) {
        if (in->server && !in->server->is_suspended)
                return 0;
        return finish(d, DELIVERY_HELD,
                      "Mail server has been suspended. No e-mails can be processed at present. "
                      "Contact support for assistance.");
}

static int rule_attempts(Inspection *in, const QueuedMessage *q, const MessageRow *row, Delivery *d) {
        unsigned max = (unsigned) in->mailroom->config->postal.default_maximum_delivery_attempts;
        int r;

        if (q->attempts < max)
                return 0;
        if (row->is_incoming)
                return finish(d, DELIVERY_HARD_FAIL, "Maximum number of delivery attempts (%u) has been reached.",
                              q->attempts);
        r = finish(d, DELIVERY_HARD_FAIL,
                   "Maximum number of delivery attempts (%u) has been reached. Added %s to suppression list "
                   "because delivery has failed %u times.",
                   q->attempts, row->rcpt_to, q->attempts);
        d->settlement.suppress_reason = "too many soft fails";
        return r;
}

static int rule_raw(_unused_ Inspection *in, _unused_ const QueuedMessage *q, const MessageRow *row, Delivery *d) {
        if (*row->raw_table)
                return 0;
        return finish(d, DELIVERY_HARD_FAIL, "Raw message has been removed. Cannot send message.");
}

static int rule_scope(_unused_ Inspection *in, _unused_ const QueuedMessage *q, const MessageRow *row, Delivery *d) {
        if (row->scope_is_valid)
                return 0;
        return finish(d, DELIVERY_HARD_FAIL, "Scope %s is not valid", row->scope);
}

/* ---- Rules for outgoing messages (5.2) ---- */

static int rule_domain(Inspection *in, _unused_ const QueuedMessage *q, const MessageRow *row, Delivery *d) {
        const SenderDomain *domain;
        int r = row->domain_id > 0 ? mailroom_domain(in->mailroom, row->domain_id, &domain) : -ENOENT;

        if (r >= 0)
                return 0;
        return r == -ENOENT ? finish(d, DELIVERY_HARD_FAIL, "Message's domain no longer exist") : r;
}

static int rule_recipient(_unused_ Inspection *in, _unused_ const QueuedMessage *q, const MessageRow *row, Delivery *d) {
        if (*row->rcpt_to)
                return 0;
        return finish(d, DELIVERY_HARD_FAIL, "Message doesn't have an RCPT to");
}

static int rule_credential(Inspection *in, const QueuedMessage *q, const MessageRow *row, Delivery *d) {
        bool holds = false;
        int r;

        if (q->is_manual || row->credential_id == 0)
                return 0;
        r = mailroom_credential_holds(in->mailroom, row->credential_id, &holds);
        if (r < 0 && r != -ENOENT)
                return r;
        return holds ? finish(d, DELIVERY_HELD,
                              "Credential is configured to hold all messages authenticated by it.")
                     : 0;
}

static int rule_suppression(_unused_ Inspection *in, const QueuedMessage *q, const MessageRow *row, Delivery *d) {
        d->is_suppressed = row->has_suppression;
        if (q->is_manual || !row->is_suppressed)
                return 0;
        return finish(d, DELIVERY_HELD, "Recipient (%s) is on the suppression list (reason: %s)", row->rcpt_to,
                      row->suppression_reason);
}

static int rule_spam(Inspection *in, _unused_ const QueuedMessage *q, const MessageRow *row, Delivery *d) {
        if (!row->is_spam)
                return 0;
        return finish(d, DELIVERY_HARD_FAIL, "Message is likely spam. Threshold is %g and the message scored %g.",
                      in->server->outbound_spam_threshold, row->spam_score);
}

static int rule_send_limit(Inspection *in, _unused_ const QueuedMessage *q, _unused_ const MessageRow *row, Delivery *d) {
        int r;

        if (in->server->send_limit < 0)
                return 0;
        if (!in->has_volume) {
                r = live_statistics_total(in->mailroom->database->message, in->server->id, in->now_usec,
                                          "outgoing", &in->volume);
                if (r < 0)
                        return r;
                in->has_volume = true;
        }
        if (in->volume >= (uint64_t) in->server->send_limit)
                return finish(d, DELIVERY_HELD, "Message held because send limit (%lld) has been reached.",
                              (long long) in->server->send_limit);
        return 0;
}

static int rule_count(Inspection *in, _unused_ const QueuedMessage *q, _unused_ const MessageRow *row, _unused_ Delivery *d) {
        in->outgoing++;
        in->volume++;
        return 0;
}

static int rule_development(Inspection *in, const QueuedMessage *q, _unused_ const MessageRow *row, Delivery *d) {
        if (q->is_manual || in->server->mode != SERVER_DEVELOPMENT)
                return 0;
        return finish(d, DELIVERY_HELD, "Server is in development mode.");
}

static const rule_t RULES_ALL[] = { rule_exists, rule_suspended, rule_attempts, rule_raw, rule_scope };
static const rule_t RULES_OUTGOING[] = { rule_domain, rule_recipient,  rule_credential, rule_suppression,
                                         rule_spam,   rule_send_limit, rule_count,      rule_development };

static int apply(const rule_t *rules, size_t count, Inspection *in, const QueuedMessage *q, const MessageRow *row,
                 Delivery *d) {
        int r = 0;

        for (size_t i = 0; r == 0 && i < count; i++)
                r = rules[i](in, q, row, d);
        return r;
}

/* MAIL FROM is never the stored sender: bounces must come back here (6.4). */
static int set_return_path(Inspection *in, const MessageRow *row, Delivery *d) {
        const Config *config = in->mailroom->config;
        const SenderDomain *domain = NULL;
        _cleanup_(buf_done) Buf address = BUF_EMPTY;

        if (row->is_bounce) {
                d->mail_from = "";
                return 0;
        }
        if (row->domain_id > 0) {
                int r = mailroom_domain(in->mailroom, row->domain_id, &domain);
                if (r < 0 && r != -ENOENT)
                        return r;
        }
        if (domain && domain->domain->return_path_status_ok)
                buf_printf(&address, "%s@%s.%s", in->server->token, config->dns.custom_return_path_prefix,
                           domain->domain->name);
        else
                buf_printf(&address, "%s@%s", in->server->token, config->dns.return_path_domain);
        d->mail_from = arena_dup(&d->arena, buf_slice(&address));
        return d->mail_from ? 0 : -ENOMEM;
}

static int route_to_domain(const Config *config, const char *address, Delivery *d) {
        char *name;

        if (config->postal.relay_count > 0) {
                d->route.kind = MAIL_ROUTE_RELAYS;
                d->route.name = "";
                return 0;
        }
        name = arena_dup(&d->arena, address_domain(slice_from_string(address)));
        if (!name)
                return -ENOMEM;
        d->route.kind = MAIL_ROUTE_DOMAIN;
        d->route.name = ascii_lower(name);
        d->route.port = SMTP_PORT;
        return 0;
}

static int inspect_outgoing(Inspection *in, const QueuedMessage *q, const MessageRow *row, Delivery *d) {
        int r = apply(RULES_OUTGOING, ELEMENTSOF(RULES_OUTGOING), in, q, row, d);

        if (r != 0)
                return r;
        d->route.ip_address_id = q->ip_address_id;
        r = set_return_path(in, row, d);
        return r < 0 ? r : route_to_domain(in->mailroom->config, row->rcpt_to, d);
}

/* Of incoming mail, routes that only accept or hold are served here. */
static int inspect_incoming(Inspection *in, const QueuedMessage *q, const MessageRow *row, Delivery *d) {
        const Route *route = NULL;
        int r;

        if (!q->is_manual && in->server->mode == SERVER_DEVELOPMENT)
                return finish(d, DELIVERY_HELD, "Server is in development mode.");
        r = row->route_id > 0 ? mailroom_route(in->mailroom, row->route_id, &route) : -ENOENT;
        if (r < 0 && r != -ENOENT)
                return r;
        if (route && !row->is_bounce && route->mode == ROUTE_ACCEPT)
                return finish(d, DELIVERY_PROCESSED, "Message has been accepted but not sent to any endpoints.");
        if (route && !row->is_bounce && route->mode == ROUTE_HOLD)
                return q->is_manual ? finish(d, DELIVERY_PROCESSED, "Message has been processed.")
                                    : finish(d, DELIVERY_HELD,
                                             "Message has been accepted but not sent to any endpoints.");
        delivery_begin_settlement(d, SETTLE_PARK, DELIVERY_SOFT_FAIL);
        d->settlement.retry_sec = PARK_SEC;
        log_notice(FIELDS(FIELD_U64("POSTAL_SERVER", d->server_id), FIELD_U64("POSTAL_MESSAGE", d->message_id)),
                   "Message %s waits: this version does not deliver to endpoints yet", row->token);
        return 1;
}

static int fill(const QueuedMessage *q, const MessageRow *row, Delivery *d) {
        d->queue_id = q->id;
        d->server_id = q->server_id;
        d->message_id = q->message_id;
        d->ip_address_id = q->ip_address_id;
        d->attempts = q->attempts;
        d->is_incoming = row->is_found ? row->is_incoming : q->is_incoming;
        d->counts_as_incoming = q->is_incoming;
        d->domain_key = arena_dup(&d->arena, slice_from_string(q->domain));
        if (!d->domain_key || !row->is_found)
                return d->domain_key ? 0 : -ENOMEM;
        d->rcpt_to = d->stored_rcpt_to = arena_dup(&d->arena, slice_from_string(row->rcpt_to));
        d->token = arena_dup(&d->arena, slice_from_string(row->token));
        d->raw_table = arena_dup(&d->arena, slice_from_string(row->raw_table));
        d->raw_headers_id = row->raw_headers_id;
        d->raw_body_id = row->raw_body_id;
        d->domain_id = row->domain_id;
        d->size = row->size;
        d->is_parsed = row->is_parsed;
        return d->rcpt_to && d->token && d->raw_table ? 0 : -ENOMEM;
}

static int inspect_one(Inspection *in, const QueuedMessage *q, const MessageRow *row, List *out) {
        _cleanup_(delivery_freep) Delivery *d = delivery_new();
        int r;

        if (!d)
                return -ENOMEM;
        r = fill(q, row, d);
        if (r >= 0)
                r = apply(RULES_ALL, ELEMENTSOF(RULES_ALL), in, q, row, d);
        if (r == 0)
                r = row->is_incoming ? inspect_incoming(in, q, row, d) : inspect_outgoing(in, q, row, d);
        if (r < 0)
                return r;
        list_append(out, &TAKE_PTR(d)->node);
        return 0;
}

int inspect_messages(Mailroom *m, const QueuedMessage *claimed, size_t count, uint64_t now_usec, List *out) {
        _cleanup_(arena_done) Arena arena = ARENA_EMPTY;
        Inspection in = { .mailroom = m, .now_usec = now_usec };
        MessageRow rows[DB_ROWS_MAX];
        uint64_t ids[DB_ROWS_MAX], server_id = claimed[0].server_id;
        List made = { 0 };
        int r;

        for (size_t i = 0; i < count; i++)
                ids[i] = claimed[i].message_id;
        r = message_rows_load(m->database->message, server_id, ids, count, now_usec, &arena, rows);
        if (r >= 0) {
                r = mailroom_server(m, server_id, &in.server);
                r = r == -ENOENT ? 0 : r;
        }
        for (size_t i = 0; r >= 0 && i < count; i++)
                r = inspect_one(&in, &claimed[i], &rows[i], &made);
        if (r >= 0)
                r = live_statistics_add(m->database->message, server_id, now_usec, "outgoing", in.outgoing);
        if (r < 0) {
                while (made.first)
                        delivery_free(LIST_ITEM(list_pop(&made), Delivery, node));
                return r;
        }
        list_move_all(out, &made);
        return 0;
}
