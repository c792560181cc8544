/* SPDX-License-Identifier: MIT */
#pragma once

/* Fetches ready messages from the queue, as many as there is room for, and inspects them; in the pool, one claim at a time. It is
 * woken by a touch of the file that says "work" on this host, looks by itself once a second, and goes on at once as long as it finds
 * something. */

#include "worker/worker.h"

int claimer_new(Worker *w, Claimer **ret);
/* Begins, once the worker is registered and knows its addresses. */
int claimer_start(Claimer *c);
Claimer *claimer_free(Claimer *c);

/* Looks now, or as soon as the claim under way is done. */
void claimer_wake(Claimer *c);
/* No further claims. */
void claimer_stop(Claimer *c);
bool claimer_is_running(const Claimer *c);

/* A delivery has been settled: its place is free. */
void claimer_done(Claimer *c, const Delivery *d);
void claimer_set_limit(Claimer *c, const Destination *d, unsigned connections, bool has_succeeded);
