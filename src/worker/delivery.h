/* SPDX-License-Identifier: MIT */
#pragma once

/* One queued message on its way through the worker: claimed and inspected in the pool, lined up at its destination, prepared in
 * the pool when a connection is ready for it, sent, settled. One thread has it at a time. */

#include "core/batcher.h"
#include "model/queue.h"
#include "model/settle.h"
#include "worker/mail-route.h"

typedef struct Worker Worker;
typedef struct Destination Destination;
typedef struct Transport Transport;
typedef struct SharedBody SharedBody;

/* A body that several messages have in common; counted, because pool threads and the loop hold it. */
struct SharedBody {
        unsigned references; /* atomic */
        Slice data;
        bool has_8bit;
        uint8_t hash[32]; /* SHA-256 of its canonical form, for DKIM */
};

SharedBody *shared_body_ref(SharedBody *b);
SharedBody *shared_body_unref(SharedBody *b);

typedef struct Delivery {
        ListNode node;   /* in its destination's queue */
        BatchItem item;  /* while it is prepared, or settled */
        Arena arena;     /* all strings below */
        Worker *worker;
        Destination *destination;
        Transport *transport; /* the connection that has it, or NULL */

        uint64_t queue_id;
        uint64_t server_id;
        uint64_t message_id;
        uint64_t ip_address_id;
        unsigned attempts;
        bool is_incoming;
        bool counts_as_incoming; /* with the next: what admission counts it under */
        const char *domain_key;  /* of the queue row */

        const char *rcpt_to;   /* as it goes into RCPT TO */
        const char *stored_rcpt_to;
        const char *mail_from; /* the return path */
        const char *token;
        const char *raw_table;
        uint64_t raw_headers_id;
        uint64_t raw_body_id;
        uint64_t domain_id;    /* for signing; 0: none */
        uint64_t size;
        bool is_suppressed;    /* a row of the suppression list exists */
        bool is_parsed;
        MailRoute route;       /* where to */

        /* After preparing. */
        bool is_preparing;     /* a pool thread has it */
        bool is_prepared;
        int prepare_result;
        Slice prefix;          /* signature and X-Postal-MsgID, to be stored; empty if they are there already */
        Slice headers;         /* as stored */
        SharedBody *body;      /* NULL: none */

        Settlement settlement; /* what is to be written; strings in the arena */
        bool was_refused;      /* the database refused the settlement: it is reduced to the bare facts */
        char log_id[DELIVERY_LOG_ID_LENGTH + 1];
        uint64_t begin_usec;   /* of the transaction, monotonic */
        unsigned resends;      /* the connection broke before the final dot, and it was sent anew */
} Delivery;

Delivery *delivery_new(void);
Delivery *delivery_free(Delivery *d);
DEFINE_CLEANUP(Delivery *, delivery_free)

/* Bytes that it holds, for the limit of all. */
size_t delivery_memory(const Delivery *d);
/* Drops headers and body; they can be prepared again. */
void delivery_unload(Delivery *d);

/* Sets what the settlement needs to know about the message. */
void delivery_begin_settlement(Delivery *d, SettleQueue queue, DeliveryStatus status);
/* After a failure that may pass: the next attempt, by the schedule unless `retry_sec` is given. */
void delivery_retry(Delivery *d, unsigned retry_sec);
