/* SPDX-License-Identifier: MIT */
#pragma once

/* Workers and their heartbeats (design section 6). A worker's name is what stands in locked_by of the rows it has
 * leased. All times are the database server's, so that hosts' clocks do not matter. */

#include "db/db.h"

/* How often a worker says that it lives. */
#define WORKER_HEARTBEAT_SEC 5
/* Without a renewal for so long it starts no further message: well before its leases can be taken over. */
#define WORKER_LEASE_SAFE_SEC 40
/* Without a heartbeat for so long, the requeuer gives its leases to others. A worker that crashed comes back
 * sooner and settles its own journal first. */
#define WORKER_LEASE_TIMEOUT_SEC 90

#define WORKER_NAME_SIZE 190

/* "host:mail1 pid:4711 worker:1 3f2a…", new each time. */
void worker_make_name(const char *instance, char ret[static WORKER_NAME_SIZE]);

int worker_register(Db *main_db, const char *name, const char *instance);
/* -ENOENT: the row is gone, the leases have been taken over. */
int worker_heartbeat(Db *main_db, const char *name);
int worker_unregister(Db *main_db, const char *name);

/* Gives the leases of workers whose heartbeat stopped back to the queue, and forgets those workers. Returns how many rows and
 * workers. */
int worker_take_over_dead(Db *main_db, uint64_t *ret_rows, uint64_t *ret_workers);
/* The same for leases of nobody known, such as those of a Ruby worker, that are older than `days`: the reference
 * deletes such rows. */
int worker_take_over_stale(Db *main_db, uint64_t days, uint64_t *ret_rows);
