/* SPDX-License-Identifier: MIT */
#pragma once

/* Storing accepted messages: all rows of a batch of messages in one transaction, with the database's own
 * durability (postal-core 2.4, 2.6, 3.2, 4.1). Only when this returns 0 may a client be told 250.
 *
 * The body is stored once for each mail server that gets the message, however many recipients it has there,
 * and shared by their message rows; headers are stored for each, because the worker writes each message's
 * signature into its own. Where a recipient's body may be rewritten (StoreRecipient.owns_body), it gets a
 * copy of its own: the reference rewrites bodies in place. */

#include "basic/arena.h"
#include "core/spool.h"
#include "db/database.h"

typedef enum MessageScope {
        MESSAGE_OUTGOING,
        MESSAGE_INCOMING,
} MessageScope;

#define MESSAGE_TOKEN_LENGTH 16
/* Columns of 255 characters; what is longer is cut. */
#define MESSAGE_TEXT_MAX 255

typedef struct StoreRecipient {
        uint64_t server_id;
        MessageScope scope;
        const char *rcpt_to;
        uint64_t domain_id; /* ids: 0 is NULL */
        uint64_t route_id;
        uint64_t credential_id;
        uint64_t ip_address_id;
        uint64_t endpoint_id;
        const char *endpoint_type; /* with endpoint_id */
        bool is_bounce;
        bool owns_body;

        /* Filled in by store_messages(). */
        char token[MESSAGE_TOKEN_LENGTH + 1];
        uint64_t message_id;
        uint64_t raw_headers_id;
        uint64_t raw_body_id;
} StoreRecipient;

typedef struct StoreMessage {
        Slice headers;     /* without the empty line behind them */
        const Spool *body; /* NULL: the message has none */
        uint64_t size;     /* of the whole message, as received */
        uint64_t received_usec;
        const char *mail_from; /* "" for the null sender */
        bool received_with_tls;
        const char *subject;    /* or NULL; UTF-8, cut to MESSAGE_TEXT_MAX by the caller */
        const char *message_id; /* or NULL */
        const char *tag;        /* or NULL */
        StoreRecipient *recipients;
        size_t recipient_count;
} StoreMessage;

/* Stores all or nothing. Tables of raw messages that do not exist yet are made. -ECONNABORTED: nobody knows; the client
 * must be told to try again. Otherwise the errors of db.h. */
int store_messages(Database *d, StoreMessage *messages[], size_t count);

/* Makes the table of raw messages of that UTC day, with its row in raw_message_sizes. 0 when it exists already. */
int store_create_raw_table(Db *message_db, uint64_t server_id, uint64_t usec);
