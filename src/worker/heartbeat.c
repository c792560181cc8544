/* SPDX-License-Identifier: MIT */
#include "core/clock.h"
#include "core/log.h"
#include "db/migrate.h"
#include "worker/heartbeat.h"
#include "worker/recovery.h"
#include "core/state-directory.h"

/* Between two looks at a database that is not ready. */
#define WAIT_INTERVAL_USEC (2 * USEC_PER_SEC)

typedef enum Phase {
        PHASE_SCHEMA,  /* is everything there? */
        PHASE_RECOVER, /* journals */
        PHASE_REGISTER,
        PHASE_ALIVE,
} Phase;

struct Heartbeat {
        Worker *worker;
        void (*on_ready)(Worker *w);
        ReactorTimer timer;
        Phase phase;
        uint64_t renewed_usec; /* when the last renewal that worked was begun */
        bool is_running;

        /* The job: the pool's while it runs. */
        PoolJob job;
        JournalLeftovers leftovers;
        SourceAddresses sources;
        uint64_t begun_usec;
        int error;
        Buf words; /* what is wrong */
};

/* ---- In the pool ---- */

static int check_schema(Heartbeat *h, Mailroom *m) {
        SchemaState state;
        int r = schema_state(m->database->main, &state, &h->words);

        if (r < 0)
                return r;
        return state == SCHEMA_CURRENT ? 0 : -ENOENT;
}

static int recover_one(Mailroom *m, JournalLeftovers *l) {
        RecoveryCount count;
        int r = recover_leftovers(m, l, clock_realtime(), &count);

        if (r >= 0 && l->lease)
                log_notice(NO_FIELDS,
                           "Settled the journal of a worker that is no more: %llu messages were sent, %llu may have "
                           "been, %llu go back to the queue",
                           (unsigned long long) count.sent, (unsigned long long) count.in_doubt,
                           (unsigned long long) count.released);
        return r;
}

static int recover(Heartbeat *h, Mailroom *m) {
        const char *directory = state_directory();
        int r = recover_one(m, &h->leftovers);

        while (r >= 0 && directory) {
                _cleanup_(journal_freep) Journal *orphan = NULL;
                _cleanup_(journal_leftovers_done) JournalLeftovers l = { 0 };

                if (journal_open_orphan(directory, &orphan, &l) < 0)
                        break;
                r = recover_one(m, &l);
                if (r >= 0)
                        journal_discard(orphan);
        }
        return r;
}

static void run(PoolJob *job, void *context) {
        Heartbeat *h = container_of(job, Heartbeat, job);
        Mailroom *m = context;
        Db *db = m->database->main;
        int r;

        h->begun_usec = clock_monotonic();
        switch (h->phase) {
        case PHASE_SCHEMA:
                r = check_schema(h, m);
                break;
        case PHASE_RECOVER:
                r = recover(h, m);
                break;
        case PHASE_REGISTER:
                r = source_addresses_load(db, &h->sources);
                if (r >= 0)
                        r = worker_register(db, h->worker->lease, journal_instance(h->worker->journal));
                break;
        default:
                r = worker_heartbeat(db, h->worker->lease);
                if (r == -ENOTCONN)
                        r = worker_heartbeat(db, h->worker->lease); /* on a new connection */
        }
        h->error = r;
        if (r < 0 && h->words.size == 0)
                buf_append_string(&h->words, database_error(m->database));
}

/* ---- In the loop ---- */

static void on_timer(ReactorTimer *timer);

static void look_in(Heartbeat *h, uint64_t usec) {
        (void) reactor_timer_set(h->worker->reactor, &h->timer, clock_monotonic() + usec, on_timer);
}

static void submit(Heartbeat *h) {
        if (h->is_running)
                return;
        buf_reset(&h->words, 4096);
        if (pool_submit(h->worker->pool, &h->job) < 0)
                look_in(h, WAIT_INTERVAL_USEC);
        else
                h->is_running = true;
}

static void on_timer(ReactorTimer *timer) {
        submit(container_of(timer, Heartbeat, timer));
}

static void failed(Heartbeat *h) {
        Worker *w = h->worker;

        if (h->phase == PHASE_ALIVE && h->error == -ENOENT) {
                worker_abandon(w, "The leases of this worker have been given to others");
                return;
        }
        if (h->phase == PHASE_ALIVE)
                log_warning(FIELDS(FIELD_ERRNO(h->error)), "Cannot renew the leases: %s", buf_string(&h->words));
        else
                log_notice(FIELDS(FIELD_ERRNO(h->error)), "Waiting for the database: %s", buf_string(&h->words));
        service_status(w->service, "Waiting for the database: %s", buf_string(&h->words));
        look_in(h, WAIT_INTERVAL_USEC);
}

static void job_done(PoolJob *job) {
        Heartbeat *h = container_of(job, Heartbeat, job);
        Worker *w = h->worker;

        h->is_running = false;
        if (h->error < 0) {
                failed(h);
                return;
        }
        switch (h->phase) {
        case PHASE_SCHEMA:
                h->phase = PHASE_RECOVER;
                submit(h);
                break;
        case PHASE_RECOVER:
                journal_leftovers_done(&h->leftovers);
                h->phase = PHASE_REGISTER;
                submit(h);
                break;
        case PHASE_REGISTER:
                h->phase = PHASE_ALIVE;
                h->renewed_usec = h->begun_usec;
                w->sources = TAKE(h->sources, (SourceAddresses){ 0 });
                look_in(h, WORKER_HEARTBEAT_SEC * USEC_PER_SEC);
                h->on_ready(w);
                break;
        default:
                h->renewed_usec = h->begun_usec;
                look_in(h, WORKER_HEARTBEAT_SEC * USEC_PER_SEC);
        }
}

int heartbeat_new(Worker *w, JournalLeftovers *leftovers, void (*on_ready)(Worker *w), Heartbeat **ret) {
        Heartbeat *h = calloc(1, sizeof(Heartbeat));

        if (!h)
                return -ENOMEM;
        h->worker = w;
        h->on_ready = on_ready;
        h->job.run = run;
        h->job.done = job_done;
        h->leftovers = TAKE(*leftovers, (JournalLeftovers){ 0 });
        *ret = h;
        submit(h);
        return 0;
}

bool heartbeat_is_safe(const Heartbeat *h) {
        return h->phase == PHASE_ALIVE &&
               clock_monotonic() < h->renewed_usec + WORKER_LEASE_SAFE_SEC * USEC_PER_SEC;
}

Heartbeat *heartbeat_free(Heartbeat *h) {
        if (!h)
                return NULL;
        reactor_timer_clear(h->worker->reactor, &h->timer);
        journal_leftovers_done(&h->leftovers);
        source_addresses_done(&h->sources);
        buf_done(&h->words);
        return mfree(h);
}
