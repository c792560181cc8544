/* SPDX-License-Identifier: MIT */
#pragma once

/* A daemon that does one thing over and over: a turn, in a thread of its own with its own database connections, then a pause. The
 * loop stays free for signals, health and watchdog. */

#include "basic/buf.h"
#include "basic/time-format.h"

/* After a turn that failed. */
#define TURNS_ERROR_PAUSE_USEC (2 * USEC_PER_SEC)
/* A turn that takes longer than this is stuck: the watchdog is not fed any more. */
#define TURNS_STUCK_USEC (10 * USEC_PER_MINUTE)

typedef struct TurnsOptions {
        const char *name;
        const char *health_address;
        unsigned health_port; /* 0: none */
        void *(*thread_start)(void *userdata);
        void (*thread_end)(void *context);
        /* One turn. Returns the microseconds until the next one, or a negative errno. Writes a line about the state of things, or of what went
         * wrong, into `status`. */
        int64_t (*turn)(void *context, void *userdata, Buf *status);
        /* The last thing done in the thread when the daemon is told to stop; may be NULL. */
        void (*finish)(void *context, void *userdata);
        void *userdata;
} TurnsOptions;

/* Runs until it is told to stop. Returns the exit status. */
int turns_run(const TurnsOptions *options);
