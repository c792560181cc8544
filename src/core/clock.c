/* SPDX-License-Identifier: MIT */
#include <time.h>

#include "core/clock.h"

static bool is_fake;
static uint64_t fake_realtime, fake_monotonic;

static uint64_t read_clock(clockid_t id) {
        struct timespec ts = { 0 };

        (void) clock_gettime(id, &ts);
        return (uint64_t) ts.tv_sec * USEC_PER_SEC + (uint64_t) ts.tv_nsec / 1000;
}

uint64_t clock_realtime(void) {
        return is_fake ? fake_realtime : read_clock(CLOCK_REALTIME);
}

uint64_t clock_monotonic(void) {
        return is_fake ? fake_monotonic : read_clock(CLOCK_MONOTONIC);
}

void clock_set_fake(uint64_t realtime_usec, uint64_t monotonic_usec) {
        is_fake = true;
        fake_realtime = realtime_usec;
        fake_monotonic = monotonic_usec;
}

void clock_set_real(void) {
        is_fake = false;
}
