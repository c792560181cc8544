/* SPDX-License-Identifier: MIT */
#include "worker/delivery.h"

SharedBody *shared_body_ref(SharedBody *b) {
        if (b)
                __atomic_add_fetch(&b->references, 1, __ATOMIC_RELAXED);
        return b;
}

SharedBody *shared_body_unref(SharedBody *b) {
        if (!b || __atomic_sub_fetch(&b->references, 1, __ATOMIC_ACQ_REL) > 0)
                return NULL;
        free((char *) b->data.data);
        return mfree(b);
}

Delivery *delivery_new(void) {
        return calloc(1, sizeof(Delivery));
}

void delivery_unload(Delivery *d) {
        free((char *) d->headers.data);
        d->headers = SLICE_NULL;
        d->body = shared_body_unref(d->body);
        d->is_prepared = false;
}

Delivery *delivery_free(Delivery *d) {
        if (!d)
                return NULL;
        delivery_unload(d);
        arena_done(&d->arena);
        return mfree(d);
}

size_t delivery_memory(const Delivery *d) {
        return d->headers.size + (d->body ? d->body->data.size : 0);
}

void delivery_begin_settlement(Delivery *d, SettleQueue queue, DeliveryStatus status) {
        d->settlement = (Settlement){
                .queue_id = d->queue_id,
                .server_id = d->server_id,
                .message_id = d->message_id,
                .is_incoming = d->is_incoming,
                .rcpt_to = d->stored_rcpt_to,
                .queue = queue,
                .status = status,
                .is_suppressed = d->is_suppressed,
                /* What signing made is kept even if the attempt failed: the next one sends the same bytes. */
                .header_prefix = d->prefix,
                .raw_table = d->raw_table,
                .raw_headers_id = d->raw_headers_id,
                .sets_parsed = d->is_prepared && !d->is_parsed,
        };
}

void delivery_retry(Delivery *d, unsigned retry_sec) {
        d->settlement.queue = SETTLE_RETRY;
        d->settlement.retry_sec = retry_sec > 0 ? retry_sec : queue_retry_delay_sec(d->attempts);
}
