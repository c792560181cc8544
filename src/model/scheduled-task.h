/* SPDX-License-Identifier: MIT */
#pragma once

/* When work that recurs is due (postal-core 4.8): rows of scheduled_tasks under the reference's names, so that both platforms
 * keep to the same plan. */

#include "db/db.h"

typedef enum TaskRule {
        TASK_QUARTER_PAST, /* at hh:15:00 UTC */
        TASK_QUARTER_TO,   /* at hh:45:00 UTC */
        TASK_AT_THREE,     /* at 03:00:00 UTC */
} TaskRule;

/* The next such time after `usec`. */
uint64_t task_next_time(TaskRule rule, uint64_t usec);

/* Whether the task is due. One that is seen for the first time is not; its row is made. */
int task_is_due(Db *main_db, const char *name, TaskRule rule, uint64_t now_usec, bool *ret);
/* Plans the next run, after this one has been made or has failed. */
int task_plan_next(Db *main_db, const char *name, TaskRule rule, uint64_t now_usec);
