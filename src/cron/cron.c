/* SPDX-License-Identifier: MIT */
/* postal cron: does what is due at certain times. One of them at a time, across hosts: it holds the role that the
 * reference's workers want for the same work. */
#include "core/clock.h"
#include "core/instance-id.h"
#include "core/log.h"
#include "core/turns.h"
#include "cron/cron.h"
#include "db/database.h"
#include "model/role.h"
#include "model/scheduled-task.h"
#include "model/server.h"
#include "model/session.h"
#include "model/store.h"
#include "model/worker-lease.h"

#define TURN_INTERVAL_USEC (ROLE_RENEW_SEC * USEC_PER_SEC)
/* How often tomorrow's tables are looked after: new mail servers come at any time. */
#define TABLES_INTERVAL_USEC (10 * USEC_PER_MINUTE)

typedef struct Cron {
        const Config *config;
        char holder[ROLE_HOLDER_SIZE];
        bool is_held;
        uint64_t tables_usec; /* when they were looked after last, monotonic */
        uint64_t runs;        /* tasks run since the start */
} Cron;

typedef struct Task {
        const char *name; /* the reference's, in scheduled_tasks */
        TaskRule rule;
        int (*run)(Cron *c, Database *d);
} Task;

static void *thread_start(void *userdata) {
        const Cron *c = userdata;
        Database *d;

        db_thread_init();
        if (database_new(c->config, &d) < 0)
                abort(); /* at start, without memory */
        return d;
}

static void thread_end(void *context) {
        database_free(context);
        db_thread_end();
}

static int tidy_sessions(_unused_ Cron *c, Database *d) {
        uint64_t ended;
        int r = sessions_tidy(d->main, &ended);

        if (r >= 0)
                log_info(NO_FIELDS, "%llu sessions of the web pages have expired", (unsigned long long) ended);
        return r;
}

/* The reference deletes such rows, and with them the mail. */
static int tidy_queue(Cron *c, Database *d) {
        uint64_t rows;
        int r = worker_take_over_stale(d->main, (uint64_t) c->config->postal.queued_message_lock_stale_days, &rows);

        if (r >= 0 && rows > 0)
                log_warning(NO_FIELDS, "%llu messages were locked for days, they go back to the queue",
                            (unsigned long long) rows);
        return r;
}

static const Task TASKS[] = {
        { "CleanupAuthieSessionsScheduledTask", TASK_QUARTER_PAST, tidy_sessions },
        { "TidyQueuedMessagesTask", TASK_QUARTER_TO, tidy_queue },
};

static int run_task(Cron *c, Database *d, const Task *task) {
        uint64_t now = clock_realtime();
        bool is_due = false;
        int r = task_is_due(d->main, task->name, task->rule, now, &is_due);

        if (r < 0 || !is_due)
                return r;
        r = task->run(c, d);
        if (r < 0)
                log_error(FIELDS(FIELD_ERRNO(r)), "%s failed: %s", task->name, db_error(d->main));
        c->runs++;
        return task_plan_next(d->main, task->name, task->rule, now);
}

/* Today's and tomorrow's tables of raw messages, so that no message has to wait for DDL at midnight. A mail server whose
 * database is missing does not keep the others from theirs. */
static int make_tables(Cron *c, Database *d) {
        _cleanup_(server_list_freep) Server **servers = NULL;
        uint64_t now = clock_realtime();
        int r;

        if (c->tables_usec > 0 && clock_monotonic() < c->tables_usec + TABLES_INTERVAL_USEC)
                return 0;
        r = server_list_all(d->main, &servers);
        for (size_t i = 0; r >= 0 && servers[i]; i++) {
                int k = store_create_raw_table(d->message, servers[i]->id, now);

                if (k >= 0)
                        k = store_create_raw_table(d->message, servers[i]->id, now + USEC_PER_DAY);
                if (k == -ENOENT)
                        log_warning(FIELDS(FIELD_U64("POSTAL_SERVER", servers[i]->id)),
                                    "The message database of %s/%s is missing", servers[i]->organization_permalink,
                                    servers[i]->permalink);
                else if (k < 0)
                        r = k;
        }
        if (r >= 0)
                c->tables_usec = clock_monotonic();
        return r;
}

static int64_t turn(void *context, void *userdata, Buf *status) {
        Database *d = context;
        Cron *c = userdata;
        bool was_held = c->is_held;
        int r = role_acquire(d->main, ROLE_TASKS, c->holder, &c->is_held);

        if (r >= 0 && c->is_held != was_held)
                log_notice(NO_FIELDS, "%s", c->is_held ? "This is cron now" : "Another process does the tasks: standing by");
        for (size_t i = 0; r >= 0 && c->is_held && i < ELEMENTSOF(TASKS); i++)
                r = run_task(c, d, &TASKS[i]);
        if (r >= 0 && c->is_held)
                r = make_tables(c, d);
        if (r < 0) {
                buf_printf(status, "Waiting for the database: %s", database_error(d));
                return r;
        }
        if (c->is_held)
                buf_printf(status, "%llu tasks run since the start", (unsigned long long) c->runs);
        else
                buf_append_string(status, "Standing by: another process does the tasks");
        return TURN_INTERVAL_USEC;
}

static void finish(void *context, void *userdata) {
        Database *d = context;
        const Cron *c = userdata;

        if (c->is_held)
                (void) role_release(d->main, ROLE_TASKS, c->holder);
}

int cron_run(const Config *config) {
        Cron c = { .config = config };
        char id[INSTANCE_ID_SIZE];

        instance_id("cron", id);
        role_make_holder(id, c.holder);
        return turns_run(&(TurnsOptions){ .name = "cron", .thread_start = thread_start, .thread_end = thread_end,
                                          .turn = turn, .finish = finish, .userdata = &c });
}
