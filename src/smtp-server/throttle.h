/* SPDX-License-Identifier: MIT */
#pragma once

/* Limits for each client address: open connections, and failed authentications. IPv6 clients count by their /64, which
 * one customer has to himself. */

#include "core/socket.h"

typedef struct Throttle Throttle;

/* At most `connections_max` connections, and `failures_per_minute` failed authentications a minute in the long run (twice as many
 * in a burst); 0: no limit. */
int throttle_new(unsigned connections_max, unsigned failures_per_minute, Throttle **ret);
Throttle *throttle_free(Throttle *t);
DEFINE_CLEANUP(Throttle *, throttle_free)

/* Counts a connection in. False: there are too many already, and it was not counted. */
bool throttle_connect(Throttle *t, const SockAddr *client);
void throttle_disconnect(Throttle *t, const SockAddr *client);

/* May the client try to authenticate? */
bool throttle_may_authenticate(Throttle *t, const SockAddr *client, uint64_t now_usec);
void throttle_count_failure(Throttle *t, const SockAddr *client, uint64_t now_usec);
