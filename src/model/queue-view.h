/* SPDX-License-Identifier: MIT */
#pragma once

/* Looking at the queue, without touching it. A row is leased while a worker has it, waits while it
 * has a time before which it is not tried again, and else is ready. */

#include "db/db.h"

typedef enum QueueState {
        QUEUE_READY,
        QUEUE_WAITING,
        QUEUE_LEASED,
        QUEUE_STATE_MAX,
        QUEUE_STATE_INVALID = -EINVAL,
} QueueState;

/* "ready", "waiting", "leased"; the other way without regard to case. */
const char *queue_state_to_string(QueueState state);
QueueState queue_state_from_string(const char *text);

typedef struct QueueEntry {
        uint64_t id;
        uint64_t server_id;
        char *organization_permalink; /* or NULL when the server is gone; so the next */
        char *server_permalink;
        uint64_t message_id;
        char *domain; /* of the recipient; or NULL */
        QueueState state;
        char *locked_by; /* or NULL */
        uint64_t locked_usec;
        bool is_lease_known;       /* a worker of that name has registered */
        uint64_t heartbeat_usec;   /* its last sign of life */
        uint64_t retry_after_usec; /* 0: none */
        uint64_t created_usec;
        uint64_t ip_address_id; /* 0: none; only hosts with the address take it */
        char *ip_address;       /* or NULL */
        uint64_t route_id;      /* 0: none */
        unsigned attempts;
        bool is_manual;
        char *batch_key; /* or NULL */
} QueueEntry;

QueueEntry *queue_entry_free(QueueEntry *e);
DEFINE_CLEANUP(QueueEntry *, queue_entry_free)
QueueEntry **queue_entry_list_free(QueueEntry **items);
DEFINE_CLEANUP(QueueEntry **, queue_entry_list_free)

typedef struct QueueFilter {
        uint64_t server_id; /* 0: all */
        QueueState state;   /* negative: all */
        uint64_t limit;
} QueueFilter;

/* The first so many rows, by id. */
int queue_entry_list(Db *db, const QueueFilter *filter, QueueEntry ***ret);
/* The rows of one message, of which there may be several. */
int queue_entry_of_message(Db *db, uint64_t server_id, uint64_t message_id, QueueEntry ***ret);

typedef struct QueueStats {
        uint64_t server_id;
        char *organization_permalink; /* or NULL; so the next */
        char *server_permalink;
        uint64_t counts[QUEUE_STATE_MAX];
        uint64_t overdue;           /* waiting, though their time has come */
        uint64_t oldest_usec;       /* when the oldest row was queued */
        uint64_t oldest_ready_usec; /* the same of those that are ready; 0: none */
        uint64_t next_due_usec;     /* of those that wait; 0: none */
} QueueStats;

QueueStats *queue_stats_free(QueueStats *s);
DEFINE_CLEANUP(QueueStats *, queue_stats_free)
QueueStats **queue_stats_list_free(QueueStats **items);
DEFINE_CLEANUP(QueueStats **, queue_stats_list_free)

/* One for each mail server that has rows. Reads the whole queue. */
int queue_stats_list(Db *db, QueueStats ***ret);
