/* SPDX-License-Identifier: MIT */
#pragma once

/* The suppression list of a mail server (postal-core 2.7): recipients that get no mail for some days. */

#include "db/db.h"

/* Adds the address, or renews it. */
int suppression_add(Db *message_db, uint64_t server_id, const char *address, const char *reason, uint64_t now_usec,
                    uint64_t days);
int suppression_remove(Db *message_db, uint64_t server_id, const char *address, bool *ret_removed);
