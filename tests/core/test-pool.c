/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <semaphore.h>

#include "core/pool.h"
#include "test.h"

typedef struct Job {
        PoolJob job;
        int input;
        int output;
        pthread_t thread;
        sem_t *wait;
        unsigned *done;
} Job;

static void run(PoolJob *job, void *context) {
        Job *j = container_of(job, Job, job);

        if (j->wait)
                sem_wait(j->wait);
        j->thread = pthread_self();
        j->output = j->input * *(int *) context;
}

static void done(PoolJob *job) {
        Job *j = container_of(job, Job, job);

        (*j->done)++;
}

static void *thread_start(void *userdata) {
        int *factor = malloc(sizeof(int));

        *factor = *(int *) userdata;
        return factor;
}

TEST(jobs_run_elsewhere_and_come_back) {
        sd_event *event = NULL;
        Pool *pool;
        Job jobs[200];
        unsigned finished = 0;
        int factor = 3;

        CHECK(sd_event_new(&event) >= 0);
        CHECK_INT(pool_new(event,
                           &(PoolOptions){ .name = "test", .threads = 4, .queue_max = 200,
                                           .thread_start = thread_start, .thread_end = free,
                                           .userdata = &factor },
                           &pool),
                  0);
        for (int i = 0; i < 200; i++) {
                jobs[i] = (Job){ .job = { .run = run, .done = done }, .input = i, .done = &finished };
                CHECK_INT(pool_submit(pool, &jobs[i].job), 0);
        }
        while (finished < 200)
                CHECK(sd_event_run(event, 1000000) > 0);
        for (int i = 0; i < 200; i++) {
                CHECK_INT(jobs[i].output, i * 3);
                CHECK(!pthread_equal(jobs[i].thread, pthread_self()));
        }
        CHECK_INT(pool_load(pool), 0);
        pool_free(pool);
        sd_event_unref(event);
}

TEST(a_full_queue_refuses_and_freeing_finishes_what_was_taken) {
        sd_event *event = NULL;
        Pool *pool;
        Job jobs[4];
        unsigned finished = 0;
        int factor = 1, taken = 0;
        sem_t wait;

        sem_init(&wait, 0, 0);
        CHECK(sd_event_new(&event) >= 0);
        CHECK_INT(pool_new(event,
                           &(PoolOptions){ .name = "test", .threads = 1, .queue_max = 2,
                                           .thread_start = thread_start, .thread_end = free,
                                           .userdata = &factor },
                           &pool),
                  0);
        for (int i = 0; i < 4; i++) {
                jobs[i] = (Job){ .job = { .run = run, .done = done }, .wait = &wait, .done = &finished };
                if (pool_submit(pool, &jobs[i].job) == -EAGAIN)
                        break;
                taken++;
        }
        /* Two wait; a third may be with the thread already. */
        CHECK(taken == 2 || taken == 3);
        for (int i = 0; i < taken; i++)
                sem_post(&wait);
        pool_free(pool);
        CHECK_INT(finished, taken);
        sd_event_unref(event);
        sem_destroy(&wait);
}
