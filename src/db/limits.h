/* SPDX-License-Identifier: MIT */
#pragma once

/* Whether a database server is able to store messages of the size that is configured. */

#include "basic/buf.h"
#include "db/db.h"

#define DB_VERSION_MIN_MAJOR 10
#define DB_VERSION_MIN_MINOR 6

/* Checks the version of the server and its limits: a message must fit into one packet, and into a
 * tenth of the redo log. Appends a line for each limit that is too low, which says what to set.
 * Returns how many there are, or a negative errno. */
int db_check_limits(Db *db, uint64_t message_size_max, Buf *report);
