/* SPDX-License-Identifier: MIT */
#pragma once

/* Claiming queued messages (design section 6). A row of queued_messages is
 *
 *     ready     locked_by IS NULL AND retry_after IS NULL
 *     waiting   locked_by IS NULL AND retry_after is set: the requeuer makes it ready when its time has come
 *     leased    locked_by names the worker
 *
 * A QueueCursor walks round and round over the mail servers that have ready rows, and within each over its
 * recipient domains, taking from each no more than the caller admits. So the cost of a claim depends on what is
 * taken, not on how much waits; no mail server and no destination stands in the way of another. */

#include "basic/arena.h"
#include "basic/list.h"
#include "db/db.h"

typedef struct QueuedMessage {
        uint64_t id;
        uint64_t server_id;
        uint64_t message_id;
        uint64_t ip_address_id; /* 0: none */
        uint64_t route_id;      /* 0: none */
        char *domain;           /* as stored; "" for NULL */
        bool is_incoming;       /* by its batch key */
        bool is_manual;
        unsigned attempts;
        uint64_t age_usec; /* since it was queued */
} QueuedMessage;

/* Rows of one claim, and of one domain looked at, at most. */
#define QUEUE_CLAIM_MAX DB_ROWS_MAX

typedef struct QueueCursor QueueCursor;

/* `ip_address_ids` are those of this host's addresses in the pools: only rows bound to them, or to none, are claimed. */
QueueCursor *queue_cursor_new(const uint64_t *ip_address_ids, size_t count);
QueueCursor *queue_cursor_free(QueueCursor *c);
DEFINE_CLEANUP(QueueCursor *, queue_cursor_free)

/* How many further rows of this kind the caller takes now. Counting down is the caller's: what is admitted is taken. */
typedef bool (*queue_admit_t)(const QueuedMessage *m, void *userdata);

typedef struct QueueClaim {
        QueuedMessage messages[QUEUE_CLAIM_MAX];
        size_t count;
        bool has_more; /* rows were seen that were not admitted, or the walk is not round yet */
} QueueClaim;

/* Leases up to `max` rows to `lease` and moves the cursor on by one mail server. Strings are in the arena. Runs in a
 * transaction of its own. *ret_round is true when the walk came round to its start. */
int queue_claim(Db *main_db, QueueCursor *c, const char *lease, size_t max, queue_admit_t admit, void *userdata,
                Arena *arena, QueueClaim *ret, bool *ret_round);

/* Gives leased rows back as they were. */
int queue_release(Db *main_db, const char *lease, const uint64_t *ids, size_t count);
/* Gives all rows of that lease back, in turns of a bounded size. Returns how many. */
int queue_release_all(Db *main_db, const char *lease, uint64_t *ret);

/* Makes waiting rows whose time has come ready, at most `max`. */
int queue_make_due_ready(Db *main_db, uint64_t max, uint64_t *ret);

/* The delay before the next attempt after `attempts` failed ones, in seconds (postal-core 4.5): 300 × 1.3^attempts. */
unsigned queue_retry_delay_sec(unsigned attempts);
