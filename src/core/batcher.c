/* SPDX-License-Identifier: MIT */
#include "core/batcher.h"
#include "core/clock.h"

typedef struct Batch {
        PoolJob job;
        Batcher *batcher;
        BatchItem *items[BATCH_MAX];
        size_t count;
        uint64_t run_usec;
} Batch;

struct Batcher {
        BatcherOptions options;
        Reactor *reactor;
        Pool *pool;
        List waiting;
        unsigned busy; /* threads at work */
        size_t working; /* items with them */
        size_t expected;
        bool is_ending;
        ReactorTimer linger;
        ReactorTask task;
        BatcherStatistics statistics;
};

static bool concerns_all(int r) {
        return r == -EAGAIN || r == -ENOTCONN || r == -ECONNABORTED || r == -ENOMEM || r == -ENOSPC ||
               r == -EACCES;
}

static void run_batch(PoolJob *job, void *context) {
        Batch *batch = container_of(job, Batch, job);
        const BatcherOptions *o = &batch->batcher->options;
        uint64_t start = clock_monotonic();
        int r = o->run(batch->items, batch->count, context);

        for (size_t i = 0; i < batch->count; i++)
                batch->items[i]->result = r;
        /* One item that cannot be stored must not refuse its neighbours. */
        if (r < 0 && !concerns_all(r) && batch->count > 1)
                for (size_t i = 0; i < batch->count; i++)
                        batch->items[i]->result = o->run(&batch->items[i], 1, context);
        batch->run_usec = clock_monotonic() - start;
}

static void dispatch(Batcher *b);

static void batch_done(PoolJob *job) {
        _cleanup_free_ Batch *batch = container_of(job, Batch, job);
        Batcher *b = batch->batcher;

        b->busy--;
        b->working -= batch->count;
        b->statistics.batches++;
        b->statistics.items += batch->count;
        b->statistics.run_usec += batch->run_usec;
        for (size_t i = 0; i < batch->count; i++)
                b->options.done(batch->items[i], b->options.userdata);
        dispatch(b);
}

static bool start_batch(Batcher *b) {
        Batch *batch = calloc(1, sizeof(Batch));

        if (!batch)
                return false;
        batch->batcher = b;
        batch->job.run = run_batch;
        batch->job.done = batch_done;
        while (batch->count < b->options.batch_max && b->waiting.first)
                batch->items[batch->count++] = LIST_ITEM(list_pop(&b->waiting), BatchItem, node);
        b->busy++;
        b->working += batch->count;
        /* The pool has room: it takes as many jobs as it has threads, and no more are given to it. */
        if (pool_submit(b->pool, &batch->job) < 0)
                abort();
        return true;
}

static void on_linger(ReactorTimer *timer) {
        Batcher *b = container_of(timer, Batcher, linger);

        if (b->waiting.first && b->busy < b->options.threads)
                (void) start_batch(b);
}

/* Starts what should start now. Short of memory, items wait for the next occasion. */
static void dispatch(Batcher *b) {
        while (b->waiting.first && b->busy < b->options.threads && !b->is_ending) {
                size_t company = MIN(b->expected, b->options.batch_max);

                if (b->waiting.count < company && b->options.linger_usec > 0) {
                        if (b->linger.item.place == 0)
                                (void) reactor_timer_set(b->reactor, &b->linger,
                                                         clock_monotonic() + b->options.linger_usec,
                                                         on_linger);
                        return;
                }
                reactor_timer_clear(b->reactor, &b->linger);
                if (!start_batch(b))
                        return;
        }
}

static void on_task(ReactorTask *task) {
        dispatch(container_of(task, Batcher, task));
}

int batcher_new(sd_event *event, Reactor *reactor, const BatcherOptions *options, Batcher **ret) {
        _cleanup_(batcher_freep) Batcher *b = calloc(1, sizeof(Batcher));
        int r;

        assert(options->threads > 0 && options->queue_max > 0 && options->batch_max <= BATCH_MAX);

        if (!b)
                return -ENOMEM;
        b->options = *options;
        if (b->options.batch_max == 0)
                b->options.batch_max = BATCH_MAX;
        b->reactor = reactor;
        r = pool_new(event,
                     &(PoolOptions){ .name = options->name,
                                     .threads = options->threads,
                                     .queue_max = options->threads,
                                     .thread_start = options->thread_start,
                                     .thread_end = options->thread_end,
                                     .userdata = options->userdata },
                     &b->pool);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(b);
        return 0;
}

Batcher *batcher_free(Batcher *b) {
        if (!b)
                return NULL;
        b->is_ending = true;
        pool_free(b->pool);
        while (b->waiting.first) {
                BatchItem *item = LIST_ITEM(list_pop(&b->waiting), BatchItem, node);

                item->result = -ECANCELED;
                b->options.done(item, b->options.userdata);
        }
        reactor_timer_clear(b->reactor, &b->linger);
        reactor_unpost(&b->task);
        return mfree(b);
}

int batcher_add(Batcher *b, BatchItem *item) {
        if (b->waiting.count >= b->options.queue_max)
                return -EAGAIN;
        list_append(&b->waiting, &item->node);
        /* Not at once: what else this turn of the loop finishes should come along. */
        reactor_post(b->reactor, &b->task, on_task);
        return 0;
}

void batcher_expect(Batcher *b, size_t count) {
        b->expected = count;
}

size_t batcher_load(const Batcher *b) {
        return b->waiting.count + b->working;
}

void batcher_statistics(const Batcher *b, BatcherStatistics *ret) {
        *ret = b->statistics;
}
