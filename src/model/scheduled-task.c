/* SPDX-License-Identifier: MIT */
#include "basic/time-format.h"
#include "model/scheduled-task.h"

static const char SQL_FIND[] = "SELECT next_run_after < ? FROM scheduled_tasks WHERE name = ?";
static const char SQL_CREATE[] = "INSERT INTO scheduled_tasks (name, next_run_after) VALUES (?, ?)";
static const char SQL_PLAN[] = "UPDATE scheduled_tasks SET next_run_after = ? WHERE name = ?";

uint64_t task_next_time(TaskRule rule, uint64_t usec) {
        uint64_t time = time_begin_of(usec, rule == TASK_AT_THREE ? TIME_DAY : TIME_HOUR);
        uint64_t period = rule == TASK_AT_THREE ? USEC_PER_DAY : USEC_PER_HOUR;

        time += rule == TASK_AT_THREE ? 3 * USEC_PER_HOUR
                                      : (rule == TASK_QUARTER_PAST ? 15 : 45) * USEC_PER_MINUTE;
        return time > usec ? time : time + period;
}

static int run_with(Db *db, const char *sql, uint64_t usec, const char *name, bool name_first) {
        DbStatement *st;
        int r = db_prepare(db, sql, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        if (name_first)
                db_bind_string(st, name);
        db_bind_datetime(st, usec);
        if (!name_first)
                db_bind_string(st, name);
        return db_run(st, NULL, NULL);
}

int task_is_due(Db *db, const char *name, TaskRule rule, uint64_t now_usec, bool *ret) {
        uint64_t is_due = 0;
        DbStatement *st;
        int r = db_prepare(db, SQL_FIND, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        db_bind_datetime(st, now_usec);
        db_bind_string(st, name);
        r = db_query_u64(st, &is_due);
        if (r == -ENOENT) {
                r = run_with(db, SQL_CREATE, task_next_time(rule, now_usec), name, true);
                if (r == -EEXIST)
                        r = 0;
        }
        if (r >= 0)
                *ret = is_due != 0;
        return r;
}

int task_plan_next(Db *db, const char *name, TaskRule rule, uint64_t now_usec) {
        return run_with(db, SQL_PLAN, task_next_time(rule, now_usec), name, false);
}
