/* SPDX-License-Identifier: MIT */
#pragma once

/* Looking at one message: its envelope, what was done with it, and its bytes. Nothing is changed.
 */

#include "basic/buf.h"
#include "db/db.h"

typedef struct MessageView {
        uint64_t id;
        char *token;
        char *scope; /* "incoming", "outgoing"; texts are NULL where the column is */
        char *rcpt_to;
        char *mail_from;
        char *subject;
        char *message_id;
        char *status;
        char *tag;
        char *raw_table;
        char *threat_details;
        char *endpoint_type;
        uint64_t timestamp_usec;
        uint64_t last_attempt_usec; /* 0: never */
        uint64_t hold_expiry_usec;  /* 0: not held */
        uint64_t size;
        uint64_t raw_headers_id; /* 0: removed */
        uint64_t raw_body_id;    /* 0: removed, or without a body */
        uint64_t route_id;       /* ids: 0 is none */
        uint64_t domain_id;
        uint64_t credential_id;
        uint64_t endpoint_id;
        uint64_t bounce_for_id;
        bool is_held;
        bool is_bounce;
        bool is_inspected;
        bool is_spam;
        bool is_threat;
        bool received_with_tls;
        double spam_score;
} MessageView;

MessageView *message_view_free(MessageView *m);
DEFINE_CLEANUP(MessageView *, message_view_free)

/* -ENOENT: there is none, or no such message database. */
int message_view_load(Db *message_db, uint64_t server_id, uint64_t id, MessageView **ret);

typedef struct DeliveryView {
        uint64_t id;
        char *status;
        char *details; /* texts are NULL where the column is */
        char *output;
        char *log_id;
        uint64_t timestamp_usec;
        bool sent_with_tls;
        bool has_time;
        double time; /* seconds that the transaction took */
} DeliveryView;

DeliveryView *delivery_view_free(DeliveryView *d);
DEFINE_CLEANUP(DeliveryView *, delivery_view_free)
DeliveryView **delivery_view_list_free(DeliveryView **items);
DEFINE_CLEANUP(DeliveryView **, delivery_view_list_free)

/* What was done with the message, the first first. */
int delivery_view_list(Db *message_db, uint64_t server_id, uint64_t message_id,
                       DeliveryView ***ret);

/* Appends the message as it would be sent. -ENODATA: it was removed. */
int message_view_raw(Db *message_db, uint64_t server_id, const MessageView *m, Buf *to);
