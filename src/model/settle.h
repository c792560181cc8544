/* SPDX-License-Identifier: MIT */
#pragma once

/* Writing down what became of queued messages: all rows of a batch in one transaction (postal-core 3.2, 4.5, 5.2).
 * For each message: its delivery row, its status, what signing put on top of its headers, the counters, the
 * suppression list, and the queue row, which goes or waits for the next attempt. */

#include "db/database.h"

typedef enum DeliveryStatus {
        DELIVERY_SENT,
        DELIVERY_SOFT_FAIL,
        DELIVERY_HARD_FAIL,
        DELIVERY_HELD,
        DELIVERY_PROCESSED,
        DELIVERY_ERROR,
        _DELIVERY_STATUS_MAX,
} DeliveryStatus;

const char *delivery_status_to_string(DeliveryStatus status);

/* Details and output are cut to this many characters, as the reference does. */
#define DELIVERY_TEXT_MAX 250
#define DELIVERY_LOG_ID_LENGTH 8

typedef enum SettleQueue {
        SETTLE_DONE,    /* the queue row goes */
        SETTLE_RETRY,   /* waits retry_sec, counts as an attempt */
        SETTLE_RELEASE, /* ready again as it was; nothing else is written */
        SETTLE_PARK,    /* waits retry_sec, does not count as an attempt; nothing else is written */
        SETTLE_DROP,    /* the queue row goes; nothing else is written: its message is no more */
} SettleQueue;

typedef struct Settlement {
        uint64_t queue_id;
        uint64_t server_id;
        uint64_t message_id;
        bool is_incoming;
        const char *rcpt_to;

        SettleQueue queue;
        unsigned retry_sec;
        DeliveryStatus status;
        const char *details;
        const char *output;  /* "" for none */
        const char *log_id;  /* or NULL */
        bool sent_with_tls;
        bool has_time;
        double time_sec;

        /* Put on top of the stored headers: the signature of a first attempt. Empty: nothing. */
        Slice header_prefix;
        const char *raw_table;
        uint64_t raw_headers_id;
        bool sets_parsed;  /* messages.parsed = 1 */
        const char *tag;   /* messages.tag, or NULL to leave it */
        /* A suppression row exists for the recipient: a message that was sent removes it. */
        bool is_suppressed;
        /* "too many soft fails" and such: the recipient is put on the suppression list. */
        const char *suppress_reason;

        /* Filled in by settle(): */
        bool was_settled_before; /* the queue row is gone: an earlier try had come through */
} Settlement;

typedef struct SettleRules {
        const char *lease; /* of this worker */
        uint64_t hold_expiry_days;
        uint64_t suppression_days;
} SettleRules;

/* Settles all or nothing. -ECONNABORTED may be tried again: what came through is noticed. Adds the extra details of hard
 * failures and successes ("Recipient added to suppression list (too many hard fails)"). */
int settle(Database *d, const SettleRules *rules, uint64_t now_usec, Settlement *items[], size_t count);
