/* SPDX-License-Identifier: MIT */
#pragma once

/* Loading and signing a message just before it is sent, in a pool thread (postal-core 5.2, steps 6 to 9; 5.8). */

#include "worker/delivery.h"
#include "worker/mailroom.h"

/* Prepares the deliveries; each gets its own prepare_result. What several have in common is loaded and hashed once. */
void prepare_deliveries(Mailroom *m, Delivery *deliveries[], size_t count, uint64_t now_usec);
