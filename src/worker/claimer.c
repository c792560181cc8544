/* SPDX-License-Identifier: MIT */
#include "core/clock.h"
#include "core/log.h"
#include "core/signal-file.h"
#include "worker/claimer.h"
#include "worker/destination-private.h"
#include "worker/inspect.h"
#include "worker/metrics.h"

#define POLL_INTERVAL_USEC USEC_PER_SEC
/* When there is more than room for, the next look is not sooner than this. */
#define FULL_INTERVAL_USEC (20 * USEC_PER_MSEC)
/* After an error of the database. */
#define ERROR_INTERVAL_USEC (2 * USEC_PER_SEC)
/* Messages of one claim job: then the loop gets them. */
#define CLAIM_JOB_MAX 256

struct Claimer {
        Worker *worker;
        Admission *admission;
        QueueCursor *cursor;
        SignalWatch *watch;
        ReactorTimer timer;
        bool is_running;
        bool is_stopped;
        bool looks_again;  /* woken while it was running */
        bool waits_for_room;
        uint64_t last_usec;

        /* The job: the pool's while it runs. */
        PoolJob job;
        List found;
        uint64_t oldest_usec;
        bool has_more;
        int error;
        Buf error_text;
};

static void start(Claimer *c);

/* ---- In the pool ---- */

static int inspect_claim(Claimer *c, Mailroom *m, const QueueClaim *claim) {
        uint64_t ids[QUEUE_CLAIM_MAX];
        int r;

        if (claim->count == 0)
                return 0;
        r = inspect_messages(m, claim->messages, claim->count, clock_realtime(), &c->found);
        if (r >= 0)
                return 0;
        for (size_t i = 0; i < claim->count; i++) {
                ids[i] = claim->messages[i].id;
                admission_give_back(c->admission, &claim->messages[i]);
        }
        (void) queue_release(m->database->main, c->worker->lease, ids, claim->count);
        return r;
}

static int claim_once(Claimer *c, Mailroom *m, bool *ret_round, size_t *ret_count) {
        _cleanup_(arena_done) Arena arena = ARENA_EMPTY;
        QueueClaim claim;
        int r = queue_claim(m->database->main, c->cursor, c->worker->lease, QUEUE_CLAIM_MAX, admission_admit,
                            c->admission, &arena, &claim, ret_round);

        *ret_count = claim.count;
        if (r < 0) {
                for (size_t i = 0; i < claim.count; i++)
                        admission_give_back(c->admission, &claim.messages[i]);
                return r == -EAGAIN ? 0 : r;
        }
        c->has_more = c->has_more || claim.has_more;
        for (size_t i = 0; i < claim.count; i++) {
                c->oldest_usec = MAX(c->oldest_usec, claim.messages[i].age_usec);
                metric_observe(worker_metrics.queue_latency, (double) claim.messages[i].age_usec / 1e6, NULL);
        }
        return inspect_claim(c, m, &claim);
}

static void run(PoolJob *job, void *context) {
        Claimer *c = container_of(job, Claimer, job);
        Mailroom *m = context;
        size_t total = 0, in_round = 0;
        bool is_round = false;
        int r = 0;

        c->has_more = false;
        c->oldest_usec = 0;
        /* Until enough is found, or a whole round has found nothing. */
        while (r >= 0 && total < CLAIM_JOB_MAX) {
                size_t count = 0;

                r = claim_once(c, m, &is_round, &count);
                total += count;
                in_round += count;
                if (is_round) {
                        if (in_round == 0)
                                break;
                        in_round = 0;
                }
        }
        c->error = r;
        if (r < 0)
                buf_printf(&c->error_text, "%s", database_error(m->database));
}

/* ---- In the loop ---- */

static void on_timer(ReactorTimer *timer) {
        start(container_of(timer, Claimer, timer));
}

static void look_in(Claimer *c, uint64_t usec) {
        (void) reactor_timer_set(c->worker->reactor, &c->timer, clock_monotonic() + usec, on_timer);
}

static void take_found(Claimer *c) {
        Worker *w = c->worker;

        while (c->found.first) {
                Delivery *d = LIST_ITEM(list_pop(&c->found), Delivery, node);

                w->deliveries++;
                if (w->is_draining)
                        delivery_begin_settlement(d, SETTLE_RELEASE, DELIVERY_ERROR);
                if (w->is_draining || delivery_is_finished(d))
                        worker_settle(w, d);
                else
                        destinations_add(&w->destinations, d);
        }
}

static void job_done(PoolJob *job) {
        Claimer *c = container_of(job, Claimer, job);
        bool found_some = c->found.first != NULL;

        c->is_running = false;
        admission_return(c->admission);
        if (c->error < 0) {
                log_warning(FIELDS(FIELD_ERRNO(c->error)), "Cannot fetch messages from the queue: %s",
                            buf_string(&c->error_text));
                metric_count(worker_metrics.errors, "claim");
                buf_reset(&c->error_text, 0);
        }
        take_found(c);
        metric_set(worker_metrics.in_memory, (double) c->worker->deliveries, NULL);
        if (c->is_stopped) {
                worker_check_drained(c->worker);
                return;
        }
        c->waits_for_room = c->has_more && !found_some;
        if (c->error < 0)
                look_in(c, ERROR_INTERVAL_USEC);
        else if (found_some || c->looks_again)
                start(c);
        else
                look_in(c, POLL_INTERVAL_USEC);
}

static void start(Claimer *c) {
        if (c->is_stopped || !c->cursor)
                return;
        if (c->is_running) {
                c->looks_again = true;
                return;
        }
        reactor_timer_clear(c->worker->reactor, &c->timer);
        if (!worker_may_send(c->worker)) {
                look_in(c, POLL_INTERVAL_USEC);
                return;
        }
        c->looks_again = c->waits_for_room = false;
        c->last_usec = clock_monotonic();
        admission_lend(c->admission);
        if (pool_submit(c->worker->pool, &c->job) < 0) {
                admission_return(c->admission);
                look_in(c, ERROR_INTERVAL_USEC);
                return;
        }
        c->is_running = true;
}

void claimer_wake(Claimer *c) {
        start(c);
}

/* Room again, for what was seen and not taken. */
static void room_freed(Claimer *c) {
        uint64_t now = clock_monotonic();

        if (!c->waits_for_room || c->is_running || c->is_stopped)
                return;
        c->waits_for_room = false;
        if (c->last_usec + FULL_INTERVAL_USEC <= now)
                start(c);
        else
                look_in(c, c->last_usec + FULL_INTERVAL_USEC - now);
}

void claimer_done(Claimer *c, const Delivery *d) {
        admission_done(c->admission, d->counts_as_incoming, d->domain_key, d->ip_address_id);
        room_freed(c);
}

void claimer_set_limit(Claimer *c, const Destination *d, unsigned connections, bool has_succeeded) {
        admission_set_limit(c->admission, d->counts_as_incoming, d->domain_key, d->route.ip_address_id, connections,
                            has_succeeded);
        room_freed(c);
}

static void on_signal(const char *name, void *userdata) {
        if (streq(name, SIGNAL_FILE_WORK))
                claimer_wake(userdata);
}

int claimer_new(Worker *w, Claimer **ret) {
        Claimer *c = calloc(1, sizeof(Claimer));
        int r;

        if (!c)
                return -ENOMEM;
        *ret = c; /* freed by the caller in any case */
        c->worker = w;
        c->job.run = run;
        c->job.done = job_done;
        r = admission_new(w->config->postal.relay_count > 0, WORKER_DELIVERIES_MAX,
                          destination_connections_first(w->config), &c->admission);
        if (r >= 0)
                r = signal_watch_new(service_event(w->service), on_signal, c, &c->watch);
        return r;
}

int claimer_start(Claimer *c) {
        const SourceAddresses *sources = &c->worker->sources;
        uint64_t ids[SOURCE_ADDRESSES_MAX];

        for (size_t i = 0; i < sources->count; i++)
                ids[i] = sources->list[i].id;
        c->cursor = queue_cursor_new(ids, sources->count);
        if (!c->cursor)
                return -ENOMEM;
        start(c);
        return 0;
}

Claimer *claimer_free(Claimer *c) {
        if (!c)
                return NULL;
        reactor_timer_clear(c->worker->reactor, &c->timer);
        signal_watch_free(c->watch);
        while (c->found.first)
                delivery_free(LIST_ITEM(list_pop(&c->found), Delivery, node));
        queue_cursor_free(c->cursor);
        admission_free(c->admission);
        buf_done(&c->error_text);
        return mfree(c);
}

void claimer_stop(Claimer *c) {
        c->is_stopped = true;
        reactor_timer_clear(c->worker->reactor, &c->timer);
}

bool claimer_is_running(const Claimer *c) {
        return c->is_running;
}
