/* SPDX-License-Identifier: MIT */
#pragma once

/* Mail servers 1 and 2 of the recorded rows with their message databases, both empty of mail, for
 * the tests of what is done with mail. */

#include "model/model-fixture.h"
#include "model/store.h"

/* The day of NOW_USEC; message databases have its table already. */
#define RAW_TABLE "raw-2026-11-22"

/* Everything as it was at the start, with the connection of test_database() for both kinds of
 * databases. Ids go on. */
Database *mail_set_up(void);

/* The first column of the first row of a statement in the message database of that server. */
const char *mail_value(unsigned server_id, const char *format, ...) _printf_(2, 3);
#define CHECK_MAIL(server_id, want, ...) CHECK_STR(mail_value(server_id, __VA_ARGS__), want)
/* Runs a statement there. */
void mail_sql(unsigned server_id, const char *format, ...) _printf_(2, 3);

/* A recipient of outgoing mail of the server's own domain. */
#define OUTGOING(server, address)                                                                  \
        {                                                                                          \
                .server_id = (server), .scope = MESSAGE_OUTGOING, .rcpt_to = (address),            \
                .domain_id = 1, .credential_id = 1                                                 \
        }

/* A message of two short parts for these recipients. The body is the caller's. */
StoreMessage mail_message(const Spool *body, StoreRecipient *to, size_t count);
void mail_fill(Spool *body, const char *text);

/* Stores a message for one recipient and takes its queue row for `lease`, unless that is NULL.
 * Returns the id of the queue row. */
uint64_t mail_store(Database *d, StoreRecipient *to, const char *lease);
