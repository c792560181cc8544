/* SPDX-License-Identifier: MIT */
#pragma once

/* Messages as the worker needs them: their rows, many at a time, and their raw parts. */

#include "basic/arena.h"
#include "basic/buf.h"
#include "db/db.h"

typedef struct MessageRow {
        uint64_t id;
        bool is_found;
        bool is_incoming;
        bool scope_is_valid;
        const char *scope;
        const char *token;
        const char *rcpt_to;   /* "" for NULL, as all texts */
        const char *mail_from;
        const char *raw_table; /* "" when the raw message was removed */
        uint64_t raw_headers_id;
        uint64_t raw_body_id;
        uint64_t domain_id;
        uint64_t credential_id;
        uint64_t route_id;
        uint64_t endpoint_id;
        const char *endpoint_type;
        uint64_t size;
        bool is_bounce;
        bool is_spam;
        bool is_parsed;
        bool has_tag;
        double spam_score;

        /* Of its recipient, on the suppression list. */
        bool has_suppression;       /* a row is there */
        bool is_suppressed;         /* and has not expired */
        const char *suppression_reason;
} MessageRow;

/* Fills rows[i] for ids[i], up to DB_ROWS_MAX of one mail server; those that do not exist have is_found false. Strings are in the
 * arena. With `now_usec`, outgoing recipients are looked up on the suppression list. */
int message_rows_load(Db *message_db, uint64_t server_id, const uint64_t *ids, size_t count, uint64_t now_usec,
                      Arena *arena, MessageRow *rows);

/* Raw values longer than this are read in pieces, so that no connection buffers them whole. */
#define RAW_PIECE_SIZE ((size_t) 2 * 1024 * 1024)

/* Appends the data of one row of a raw table; NULL appends nothing. -ENOENT: no such row or table. */
int raw_load(Db *message_db, uint64_t server_id, const char *table, uint64_t id, Buf *to);

/* Reads up to DB_ROWS_MAX rows of one raw table at once; ids may repeat, and 0 is skipped. values[i] is the data of ids[i] in the arena, cut
 * to RAW_PIECE_SIZE, and lengths[i] its whole length; SLICE_NULL where there is no row, or its data is NULL. */
int raw_load_many(Db *message_db, uint64_t server_id, const char *table, const uint64_t *ids, size_t count,
                  Arena *arena, Slice *values, uint64_t *lengths);
