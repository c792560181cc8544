/* SPDX-License-Identifier: MIT */
#pragma once

/* A name for a process that holds a role, the same after each restart: kept in the state directory, in a file that
 * only one process can have. So a service that comes back is known at once for the one that was there before. */

#define INSTANCE_ID_SIZE 33

/* Reads or makes `<state directory>/<name>.id` and keeps it locked as long as the process lives. Without a state directory, and when
 * another process has the file, the id is a random one. */
void instance_id(const char *name, char ret[static INSTANCE_ID_SIZE]);
