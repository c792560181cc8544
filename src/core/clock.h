/* SPDX-License-Identifier: MIT */
#pragma once

/* The two clocks, in microseconds. Code asks here and not the kernel, so that tests can set them. */

#include "basic/time-format.h"

/* Wall clock, since 1970 UTC. */
uint64_t clock_realtime(void);
/* Only ever forward; for timeouts. Does not count time asleep. */
uint64_t clock_monotonic(void);

/* From now on both clocks stand still at these values, until they are set again. For tests. */
void clock_set_fake(uint64_t realtime_usec, uint64_t monotonic_usec);
/* Back to the real clocks. */
void clock_set_real(void);
