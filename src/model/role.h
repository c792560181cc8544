/* SPDX-License-Identifier: MIT */
#pragma once

/* Roles that one process holds at a time, across hosts: rows of worker_roles (postal-core 4.8). `tasks` is the
 * reference's, held by our cron, so that a Ruby worker on the same database stands back; `requeuer` is ours. */

#include "db/db.h"

#define ROLE_TASKS "tasks"
#define ROLE_REQUEUER "requeuer"

/* A holder renews this often, and has lost the role after so long without. */
#define ROLE_RENEW_SEC 5
#define ROLE_TIMEOUT_SEC 15
/* Holders that are not ours renew every minute, and are given five, as the reference does. */
#define ROLE_FOREIGN_TIMEOUT_SEC 300

#define ROLE_HOLDER_SIZE 160
/* The name of a process of this installation on this host. It is the same after a restart, so that the role is there at once;
 * `id` comes from the state directory. Our names begin with "postal:". */
void role_make_holder(const char *id, char ret[static ROLE_HOLDER_SIZE]);

/* Takes or renews. *ret_held tells whether the role is ours now. */
int role_acquire(Db *main_db, const char *role, const char *holder, bool *ret_held);
int role_release(Db *main_db, const char *role, const char *holder);
