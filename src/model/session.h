/* SPDX-License-Identifier: MIT */
#pragma once

/* Sessions of the web pages (table authie_sessions). */

#include "db/db.h"

/* Ends those that have expired, and those without expiry that were idle for 12 hours (postal-core 4.8). */
int sessions_tidy(Db *main_db, uint64_t *ret_ended);
