/* SPDX-License-Identifier: MIT */
#pragma once

/* The group committer's front: collects finished things (messages to store, results to settle) and
 * hands them to pool threads in batches, so that many share one transaction. While a thread is free and
 * nothing else is coming, a batch goes at once; under load batches grow to BATCH_MAX while the threads
 * are busy. No item waits longer than `linger_usec` for company when a thread is free.
 *
 * A batch that fails with -EAGAIN or -ENOTCONN fails for all its items; when it fails otherwise (one
 * item's data is refused), `run` is called again with each item alone. */

#include "core/pool.h"
#include "core/reactor.h"

#define BATCH_MAX 64

typedef struct Batcher Batcher;

/* A member of the caller's object. */
typedef struct BatchItem {
        ListNode node;
        int result; /* of run(), for the item */
} BatchItem;

typedef struct BatcherOptions {
        const char *name; /* of the threads */
        unsigned threads;
        size_t queue_max; /* items waiting */
        size_t batch_max; /* items in a batch; 0: BATCH_MAX */
        uint64_t linger_usec;
        /* In a pool thread: does the work for all items in one transaction. Returns 0 or a negative
         * errno, which becomes the result of each. */
        int (*run)(BatchItem *items[], size_t count, void *context);
        /* In the loop's thread, for each item. */
        void (*done)(BatchItem *item, void *userdata);
        void *(*thread_start)(void *userdata);
        void (*thread_end)(void *context);
        void *userdata;
} BatcherOptions;

typedef struct BatcherStatistics {
        uint64_t batches;
        uint64_t items;
        uint64_t run_usec; /* time in run() */
} BatcherStatistics;

int batcher_new(sd_event *event, Reactor *reactor, const BatcherOptions *options, Batcher **ret);
/* Finishes the batches that threads work on; items still waiting are done with -ECANCELED. Who stops in
 * order waits until batcher_load() is 0 first. Returns NULL. */
Batcher *batcher_free(Batcher *b);
DEFINE_CLEANUP(Batcher *, batcher_free)

/* Takes the item until done() is called for it. -EAGAIN: queue_max items wait already. */
int batcher_add(Batcher *b, BatchItem *item);
/* Says that `count` further items are likely within moments (sessions that are sending a message): as
 * long as there are some, a batch smaller than they could make it waits up to linger_usec. */
void batcher_expect(Batcher *b, size_t count);

/* Items waiting or being worked on. */
size_t batcher_load(const Batcher *b);
void batcher_statistics(const Batcher *b, BatcherStatistics *ret);
