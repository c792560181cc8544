/* SPDX-License-Identifier: MIT */
#include <semaphore.h>

#include "core/batcher.h"
#include "test.h"

typedef struct Item {
        BatchItem item;
        int number;
        bool is_bad;
        unsigned runs;
} Item;

static unsigned batch_sizes[100], batch_count, done_count;
static int fail_all;
static sem_t hold;
static bool holds;

static int run(BatchItem *items[], size_t count, _unused_ void *context) {
        bool bad = false;

        if (holds)
                sem_wait(&hold);
        if (batch_count < ELEMENTSOF(batch_sizes))
                batch_sizes[batch_count++] = (unsigned) count;
        for (size_t i = 0; i < count; i++) {
                Item *item = container_of(items[i], Item, item);

                item->runs++;
                bad = bad || item->is_bad;
        }
        return fail_all ? fail_all : bad ? -EOVERFLOW : 0;
}

static void done(_unused_ BatchItem *item, _unused_ void *userdata) {
        done_count++;
}

static sd_event *event;
static Reactor *reactor;

static Batcher *set_up(unsigned threads, size_t queue_max, uint64_t linger_usec) {
        Batcher *b;

        batch_count = done_count = 0;
        fail_all = 0;
        holds = false;
        sem_init(&hold, 0, 0);
        CHECK(sd_event_new(&event) >= 0);
        CHECK_INT(reactor_new(event, &reactor), 0);
        CHECK_INT(batcher_new(event, reactor,
                              &(BatcherOptions){ .name = "test", .threads = threads, .queue_max = queue_max,
                                                 .linger_usec = linger_usec, .run = run, .done = done },
                              &b),
                  0);
        return b;
}

static void tear_down(Batcher *b) {
        batcher_free(b);
        reactor = reactor_free(reactor);
        event = sd_event_unref(event);
        sem_destroy(&hold);
}

static void run_until_done(unsigned count) {
        while (done_count < count)
                CHECK(sd_event_run(event, 2000000) > 0);
}

TEST(what_one_turn_finishes_goes_together) {
        Batcher *b = set_up(1, 1000, 0);
        Item items[100] = { 0 };

        for (size_t i = 0; i < 100; i++)
                CHECK_INT(batcher_add(b, &items[i].item), 0);
        run_until_done(100);
        CHECK_INT(batch_count, 2);
        CHECK_INT(batch_sizes[0], BATCH_MAX);
        CHECK_INT(batch_sizes[1], 100 - BATCH_MAX);
        CHECK_INT(batcher_load(b), 0);
        tear_down(b);
}

TEST(items_gather_while_the_threads_are_busy) {
        Batcher *b = set_up(1, 1000, 0);
        Item items[11] = { 0 };

        holds = true;
        CHECK_INT(batcher_add(b, &items[0].item), 0);
        CHECK(sd_event_run(event, 1000000) > 0);
        for (size_t i = 1; i < 11; i++) {
                CHECK_INT(batcher_add(b, &items[i].item), 0);
                CHECK(sd_event_run(event, 0) >= 0);
        }
        CHECK_INT(batcher_load(b), 11);
        sem_post(&hold);
        sem_post(&hold);
        run_until_done(11);
        CHECK_INT(batch_count, 2);
        CHECK_INT(batch_sizes[1], 10);
        tear_down(b);
}

TEST(expected_company_is_awaited_but_not_for_long) {
        Batcher *b = set_up(1, 1000, 5000);
        Item items[3] = { 0 };

        batcher_expect(b, 3);
        for (size_t i = 0; i < 3; i++) {
                CHECK_INT(batcher_add(b, &items[i].item), 0);
                CHECK(sd_event_run(event, 0) >= 0);
        }
        run_until_done(3);
        CHECK_INT(batch_count, 1);
        CHECK_INT(batcher_add(b, &items[0].item), 0);
        run_until_done(4); /* the company never comes */
        CHECK_INT(batch_count, 2);
        tear_down(b);
}

TEST(one_refused_item_does_not_refuse_the_others) {
        Batcher *b = set_up(2, 1000, 0);
        Item items[10] = { 0 };

        items[4].is_bad = true;
        for (size_t i = 0; i < 10; i++)
                CHECK_INT(batcher_add(b, &items[i].item), 0);
        run_until_done(10);
        for (size_t i = 0; i < 10; i++)
                CHECK_INT(items[i].item.result, i == 4 ? -EOVERFLOW : 0);
        tear_down(b);
}

TEST(a_database_that_is_away_is_not_asked_for_each_item) {
        Batcher *b = set_up(1, 1000, 0);
        Item items[10] = { 0 };

        fail_all = -ENOTCONN;
        for (size_t i = 0; i < 10; i++)
                CHECK_INT(batcher_add(b, &items[i].item), 0);
        run_until_done(10);
        for (size_t i = 0; i < 10; i++) {
                CHECK_INT(items[i].item.result, -ENOTCONN);
                CHECK_INT(items[i].runs, 1);
        }
        tear_down(b);
}

TEST(the_queue_is_bounded_and_freeing_cancels_what_waits) {
        Batcher *b = set_up(1, 2, 0);
        Item items[4] = { 0 };

        for (size_t i = 0; i < 3; i++)
                CHECK_INT(batcher_add(b, &items[i].item), i < 2 ? 0 : -EAGAIN);
        tear_down(b);
        CHECK_INT(done_count, 2);
        CHECK_INT(items[0].item.result, -ECANCELED);
}
