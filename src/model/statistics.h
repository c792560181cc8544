/* SPDX-License-Identifier: MIT */
#pragma once

/* The counters of a mail server and of the installation (postal-core 2.6). Summed per batch by the caller:
 * one call for each mail server, inside the batch's transaction, last of all, because these rows are shared
 * by everybody and should be locked for as short as can be. */

#include "db/db.h"

typedef struct StatisticsCount {
        uint64_t incoming;
        uint64_t outgoing;
        uint64_t bounces;
        uint64_t held;
} StatisticsCount;

/* Adds to the hourly, daily, monthly and yearly rows of the time `usec`. */
int statistics_add(Db *message_db, uint64_t server_id, uint64_t usec, const StatisticsCount *count);

/* Adds to the live statistics ("incoming" or "outgoing") of the minute of `usec`. */
int live_statistics_add(Db *message_db, uint64_t server_id, uint64_t usec, const char *type, uint64_t count);
/* The sum over the last 60 minutes. */
int live_statistics_total(Db *message_db, uint64_t server_id, uint64_t usec, const char *type, uint64_t *ret);

/* Adds to the installation's totals in the main database. */
int statistics_add_totals(Db *main_db, uint64_t incoming, uint64_t outgoing);
