/* SPDX-License-Identifier: MIT */
#pragma once

/* The worker's beginning, in the pool: it waits for the database and its schema, settles the journal, registers, and then says
 * every few seconds that it lives. */

#include "worker/worker.h"

/* `leftovers` are taken over. on_ready() is called once, when the worker may fetch messages. */
int heartbeat_new(Worker *w, JournalLeftovers *leftovers, void (*on_ready)(Worker *w), Heartbeat **ret);
Heartbeat *heartbeat_free(Heartbeat *h);

/* The leases were renewed lately enough to be surely ours. */
bool heartbeat_is_safe(const Heartbeat *h);
