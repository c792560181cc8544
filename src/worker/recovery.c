/* SPDX-License-Identifier: MIT */
#include "basic/buf.h"
#include "model/queue.h"
#include "model/worker-lease.h"
#include "worker/recovery.h"

static const char OUTPUT_IN_DOUBT[] =
        "The worker stopped after the whole message was sent and before the server's answer was seen: it may have "
        "been delivered";

static int make_settlement(const JournalEntry *e, Arena *arena, Settlement *s) {
        _cleanup_(buf_done) Buf details = BUF_EMPTY;

        *s = (Settlement){
                .queue_id = e->queue_id,
                .server_id = e->server_id,
                .message_id = e->message_id,
                .is_incoming = e->is_incoming,
                .rcpt_to = e->rcpt_to,
                .log_id = e->log_id,
                .sent_with_tls = e->sent_with_tls,
        };
        if (e->state == JOURNAL_ANSWERED) {
                s->queue = SETTLE_DONE;
                s->status = DELIVERY_SENT;
                s->details = e->details;
                s->output = e->output;
                s->is_suppressed = true; /* perhaps: removing nothing does no harm */
                return 0;
        }
        s->queue = SETTLE_RETRY;
        s->status = DELIVERY_SOFT_FAIL;
        s->retry_sec = queue_retry_delay_sec(e->attempts);
        buf_printf(&details, "An error occurred while sending the message to %s", e->route);
        s->details = arena_dup(arena, buf_slice(&details));
        s->output = OUTPUT_IN_DOUBT;
        return s->details ? 0 : -ENOMEM;
}

static int settle_some(Mailroom *m, const SettleRules *rules, Settlement *settlements, size_t count,
                       uint64_t now_usec, RecoveryCount *ret) {
        Settlement *items[DB_ROWS_MAX];
        int r;

        for (size_t i = 0; i < count; i++)
                items[i] = &settlements[i];
        r = settle(m->database, rules, now_usec, items, count);
        for (size_t i = 0; r >= 0 && i < count; i++) {
                if (settlements[i].was_settled_before)
                        continue;
                ret->sent += settlements[i].status == DELIVERY_SENT;
                ret->in_doubt += settlements[i].status == DELIVERY_SOFT_FAIL;
        }
        return r;
}

int recover_leftovers(Mailroom *m, const JournalLeftovers *l, uint64_t now_usec, RecoveryCount *ret) {
        SettleRules rules = {
                .lease = l->lease,
                .hold_expiry_days = (uint64_t) m->config->postal.default_maximum_hold_expiry_days,
                .suppression_days =
                        (uint64_t) m->config->postal.default_suppression_list_automatic_removal_days,
        };
        _cleanup_(arena_done) Arena arena = ARENA_EMPTY;
        Settlement settlements[DB_ROWS_MAX];
        size_t count = 0;
        int r = 0;

        *ret = (RecoveryCount){ 0 };
        if (!l->lease)
                return 0;
        LIST_FOREACH(e, &l->entries, JournalEntry, node) {
                r = make_settlement(e, &arena, &settlements[count++]);
                if (r >= 0 && count == DB_ROWS_MAX) {
                        r = settle_some(m, &rules, settlements, count, now_usec, ret);
                        count = 0;
                }
                if (r < 0)
                        return r;
        }
        if (count > 0)
                r = settle_some(m, &rules, settlements, count, now_usec, ret);
        if (r >= 0)
                r = queue_release_all(m->database->main, l->lease, &ret->released);
        return r < 0 ? r : worker_unregister(m->database->main, l->lease);
}
