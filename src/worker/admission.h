/* SPDX-License-Identifier: MIT */
#pragma once

/* How many messages of each destination a worker has in memory, and how many it takes: enough to keep the destination
 * busy, and no more, so that one that is slow leaves the room to others.
 *
 * The table is lent, whole, to the claim that runs in the pool; what happens in the loop meanwhile is noted, and
 * counted in when it comes back. */

#include "model/queue.h"

/* Messages waiting in memory for each connection that a destination may have. */
#define ADMISSION_PER_CONNECTION 4

typedef struct Admission Admission;

/* With relays, all outgoing mail goes one way and is counted together. At most `total_max` messages in all; a destination that is
 * not known yet may have `connections_first` connections. */
int admission_new(bool has_relays, size_t total_max, unsigned connections_first, Admission **ret);
Admission *admission_free(Admission *a);
DEFINE_CLEANUP(Admission *, admission_free)

/* In the claim: takes the message on if there is room. A queue_admit_t. */
bool admission_admit(const QueuedMessage *m, void *admission);
/* In the claim: what was admitted was not leased, or not made into a delivery, after all. */
void admission_give_back(Admission *a, const QueuedMessage *m);

/* In the loop. */
void admission_lend(Admission *a);
void admission_return(Admission *a);
/* A message of that queue domain is gone. */
void admission_done(Admission *a, bool is_incoming, const char *domain, uint64_t ip_address_id);
/* How many connections its destination may have from now on, and whether it has taken a message lately. */
void admission_set_limit(Admission *a, bool is_incoming, const char *domain, uint64_t ip_address_id,
                         unsigned connections, bool has_succeeded);
/* Messages in memory, by the last count. */
size_t admission_total(const Admission *a);
