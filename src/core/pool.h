/* SPDX-License-Identifier: MIT */
#pragma once

/* A bounded set of threads for work that blocks: SQL, crypt(), files. A job is handed over whole, run
 * by one thread, and comes back to the loop's thread through an eventfd; nobody else touches it
 * meanwhile, so it needs no locks.
 *
 * Each thread has a context of its own (its database connections), made and freed by the hooks. */

#include <systemd/sd-event.h>

#include "basic/list.h"

typedef struct Pool Pool;
typedef struct PoolJob PoolJob;

/* A member of the caller's job object. */
struct PoolJob {
        ListNode node;
        /* In a pool thread; `context` is what thread_start() returned. */
        void (*run)(PoolJob *job, void *context);
        /* In the loop's thread, afterwards. May free the job. */
        void (*done)(PoolJob *job);
};

typedef struct PoolOptions {
        const char *name; /* of the threads, at most 15 characters with their number */
        unsigned threads;
        size_t queue_max; /* jobs waiting */
        /* Called in each thread when it starts and ends; may be NULL. */
        void *(*thread_start)(void *userdata);
        void (*thread_end)(void *context);
        void *userdata;
} PoolOptions;

/* Returns 0 or a negative errno. */
int pool_new(sd_event *event, const PoolOptions *options, Pool **ret);
/* Waits until all jobs handed over have run, calls their done(), ends the threads. Returns NULL. */
Pool *pool_free(Pool *p);
DEFINE_CLEANUP(Pool *, pool_free)

/* Hands the job over. -EAGAIN: queue_max jobs wait already; the job stays the caller's. */
int pool_submit(Pool *p, PoolJob *job);

/* Jobs waiting or running, for metrics and to know when all is done. */
size_t pool_load(Pool *p);
