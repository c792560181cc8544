/* SPDX-License-Identifier: MIT */
#include "core/clock.h"
#include "core/health.h"
#include "core/log.h"
#include "core/pool.h"
#include "core/reactor.h"
#include "core/service.h"
#include "core/turns.h"

typedef struct Turns {
        const TurnsOptions *options;
        Service *service;
        Reactor *reactor;
        Pool *pool;
        Health *health;
        ReactorTimer timer;
        bool is_running;
        bool is_finishing;
        uint64_t begun_usec;

        /* The job: the pool's while it runs. */
        PoolJob job;
        int64_t result;
        Buf status;
} Turns;

static void submit(Turns *t);

static void run(PoolJob *job, void *context) {
        Turns *t = container_of(job, Turns, job);

        if (!t->is_finishing)
                t->result = t->options->turn(context, t->options->userdata, &t->status);
        else if (t->options->finish)
                t->options->finish(context, t->options->userdata);
}

static void on_timer(ReactorTimer *timer) {
        submit(container_of(timer, Turns, timer));
}

static void job_done(PoolJob *job) {
        Turns *t = container_of(job, Turns, job);
        uint64_t pause = t->result >= 0 ? (uint64_t) t->result : TURNS_ERROR_PAUSE_USEC;

        t->is_running = false;
        if (t->is_finishing) {
                service_exit(t->service, EXIT_SUCCESS);
                return;
        }
        if (t->result < 0)
                log_warning(FIELDS(FIELD_ERRNO((int) t->result)), "%s", buf_string(&t->status));
        service_status(t->service, "%s", buf_string(&t->status));
        if (service_is_stopping(t->service)) {
                t->is_finishing = true;
                submit(t);
                return;
        }
        (void) reactor_timer_set(t->reactor, &t->timer, clock_monotonic() + pause, on_timer);
}

static void submit(Turns *t) {
        buf_reset(&t->status, 1024);
        t->begun_usec = clock_monotonic();
        t->is_running = true;
        if (pool_submit(t->pool, &t->job) < 0)
                abort(); /* there is room for the one job */
}

static void on_stop(void *userdata) {
        Turns *t = userdata;

        reactor_timer_clear(t->reactor, &t->timer);
        if (t->is_running)
                return; /* job_done() goes on */
        t->is_finishing = true;
        submit(t);
}

static bool is_alive(void *userdata) {
        const Turns *t = userdata;

        return !t->is_running || clock_monotonic() < t->begun_usec + TURNS_STUCK_USEC;
}

static void done(Turns *t) {
        pool_free(t->pool);
        health_free(t->health);
        if (t->reactor) {
                reactor_timer_clear(t->reactor, &t->timer);
                reactor_free(t->reactor);
        }
        buf_done(&t->status);
        service_free(t->service);
}

int turns_run(const TurnsOptions *o) {
        static const ServiceHooks hooks = { .stop = on_stop, .is_alive = is_alive };
        _cleanup_(done) Turns t = { .options = o, .job = { .run = run, .done = job_done } };
        int r;

        r = service_new(o->name, &hooks, &t, &t.service);
        if (r >= 0)
                r = reactor_new(service_event(t.service), &t.reactor);
        if (r >= 0)
                r = health_new(service_event(t.service), o->name, o->health_address, o->health_port, &t.health);
        if (r >= 0)
                r = pool_new(service_event(t.service),
                             &(PoolOptions){ .name = o->name, .threads = 1, .queue_max = 1,
                                             .thread_start = o->thread_start, .thread_end = o->thread_end,
                                             .userdata = o->userdata },
                             &t.pool);
        if (r < 0) {
                log_error(FIELDS(FIELD_ERRNO(r)), "Cannot start: %s", strerror(-r));
                return EXIT_FAILURE;
        }
        service_ready(t.service);
        submit(&t);
        return service_run(t.service);
}
