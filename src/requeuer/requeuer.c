/* SPDX-License-Identifier: MIT */
/* postal requeuer: makes messages ready whose time for another attempt has come, and gives the leases of workers that died
 * back to the queue. One of them does it at a time; the others stand by. */
#include "core/clock.h"
#include "core/instance-id.h"
#include "core/log.h"
#include "core/signal-file.h"
#include "core/turns.h"
#include "db/database.h"
#include "model/queue.h"
#include "model/role.h"
#include "model/worker-lease.h"
#include "requeuer/requeuer.h"

#define TURN_INTERVAL_USEC (USEC_PER_SEC / 2)
/* Rows of one statement, and statements of one turn: the role must be renewed in between. */
#define DUE_MAX 1000
#define DUE_STATEMENTS_MAX 50

typedef struct Requeuer {
        const Config *config;
        char holder[ROLE_HOLDER_SIZE];
        bool is_held;
        uint64_t renewed_usec;
        uint64_t requeued; /* since the start */
} Requeuer;

static void *thread_start(void *userdata) {
        const Requeuer *q = userdata;
        Database *d;

        db_thread_init();
        if (database_new(q->config, &d) < 0)
                abort(); /* at start, without memory */
        return d;
}

static void thread_end(void *context) {
        database_free(context);
        db_thread_end();
}

static int renew(Requeuer *q, Db *db) {
        bool was_held = q->is_held;
        int r = role_acquire(db, ROLE_REQUEUER, q->holder, &q->is_held);

        if (r < 0)
                return r;
        q->renewed_usec = clock_monotonic();
        if (q->is_held != was_held)
                log_notice(NO_FIELDS, "%s", q->is_held ? "This is the requeuer now" : "Another process is the requeuer: standing by");
        return 0;
}

static int take_over(Db *db) {
        uint64_t rows, workers;
        int r = worker_take_over_dead(db, &rows, &workers);

        if (r >= 0 && workers > 0)
                log_warning(NO_FIELDS, "%llu workers are gone, %llu messages they had leased go back to the queue",
                            (unsigned long long) workers, (unsigned long long) rows);
        return r;
}

static int make_ready(Requeuer *q, Db *db) {
        uint64_t total = 0, rows = DUE_MAX;
        int r = 0;

        for (int i = 0; r >= 0 && rows == DUE_MAX && i < DUE_STATEMENTS_MAX; i++) {
                r = queue_make_due_ready(db, DUE_MAX, &rows);
                if (r == -EAGAIN) { /* a worker was faster; there is another turn */
                        r = 0;
                        break;
                }
                total += r >= 0 ? rows : 0;
        }
        if (total > 0)
                (void) signal_file_touch(SIGNAL_FILE_WORK);
        q->requeued += total;
        return r;
}

static int64_t turn(void *context, void *userdata, Buf *status) {
        Database *d = context;
        Requeuer *q = userdata;
        int r = 0;

        if (!q->is_held || clock_monotonic() >= q->renewed_usec + ROLE_RENEW_SEC * USEC_PER_SEC) {
                r = renew(q, d->main);
                if (r >= 0 && q->is_held)
                        r = take_over(d->main);
        }
        if (r >= 0 && q->is_held)
                r = make_ready(q, d->main);
        if (r < 0) {
                /* Another may take the role by now: ask again before doing anything. */
                q->is_held = false;
                buf_printf(status, "Waiting for the database: %s", db_error(d->main));
                return r;
        }
        if (!q->is_held) {
                buf_append_string(status, "Standing by: another process is the requeuer");
                return ROLE_RENEW_SEC * USEC_PER_SEC;
        }
        buf_printf(status, "%llu messages requeued since the start", (unsigned long long) q->requeued);
        return TURN_INTERVAL_USEC;
}

static void finish(void *context, void *userdata) {
        Database *d = context;
        const Requeuer *q = userdata;

        if (q->is_held)
                (void) role_release(d->main, ROLE_REQUEUER, q->holder);
}

int requeuer_run(const Config *config) {
        Requeuer q = { .config = config };
        char id[INSTANCE_ID_SIZE];

        instance_id("requeuer", id);
        role_make_holder(id, q.holder);
        return turns_run(&(TurnsOptions){ .name = "requeuer", .thread_start = thread_start, .thread_end = thread_end,
                                          .turn = turn, .finish = finish, .userdata = &q });
}
