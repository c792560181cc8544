/* SPDX-License-Identifier: MIT */
#pragma once

/* The rules a message passes before anything is sent (postal-core 5.1 to 5.3), in a pool thread. What a rule ends gets its
 * settlement; the others get the route they go by. */

#include "worker/delivery.h"
#include "worker/mailroom.h"

/* Looks at claimed rows of one mail server, up to DB_ROWS_MAX. Appends a Delivery for each to `out`: with settlement.queue set for
 * those that are finished here (is_finished), else with a route. On failure, none was made. */
int inspect_messages(Mailroom *m, const QueuedMessage *claimed, size_t count, uint64_t now_usec, List *out);

/* Whether inspection finished the message: nothing is to be sent. */
bool delivery_is_finished(const Delivery *d);
