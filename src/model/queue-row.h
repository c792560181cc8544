/* SPDX-License-Identifier: MIT */
#pragma once

/* New rows of queued_messages (postal-core 4.1). */

#include "db/db.h"

typedef struct QueueRow {
        uint64_t server_id;
        uint64_t message_id;
        const char *rcpt_to;
        bool is_incoming;
        bool is_manual;
        uint64_t route_id; /* ids: 0 is NULL */
        uint64_t endpoint_id;
        const char *endpoint_type;
        uint64_t ip_address_id;
} QueueRow;

/* Inserts `count` rows, a power of two up to DB_ROWS_MAX, ready to be claimed. */
int queue_insert(Db *main_db, const QueueRow *rows, unsigned count);
