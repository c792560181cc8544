/* SPDX-License-Identifier: MIT */
#pragma once

/* Settling what a former worker left in its journal, in a pool thread: what the server had accepted is written down as
 * sent; what was sent without an answer is marked as perhaps delivered and waits for its next attempt; the rest of its
 * leases goes back to the queue. */

#include "worker/journal.h"
#include "worker/mailroom.h"
#include "model/settle.h"

typedef struct RecoveryCount {
        uint64_t sent;
        uint64_t in_doubt;
        uint64_t released;
} RecoveryCount;

/* May be called again after a failure: what was settled is noticed. */
int recover_leftovers(Mailroom *m, const JournalLeftovers *l, uint64_t now_usec, RecoveryCount *ret);
