/* SPDX-License-Identifier: MIT */
#pragma once

/* The relaxed canonical forms of DKIM (RFC 6376 section 3.4), of a message as it will be
 * transmitted: each bare CR and bare LF counts as the CRLF that data_encoder_feed() makes of it. */

#include "mail/dkim-key.h"

/* A body that comes in pieces of any size, on its way into a hash or a buffer.
 *
 *     _cleanup_(dkim_body_done) DkimBody b = DKIM_BODY_EMPTY;
 *     r = dkim_body_begin(&b);
 *     dkim_body_feed(&b, piece);
 *     r = dkim_body_finish(&b, hash);
 */
typedef struct DkimBody {
        struct evp_md_ctx_st *md; /* owned; NULL when the bytes go to `to` */
        Buf *to;
        uint64_t line_ends;  /* met, but not passed on: they may be at the end */
        bool has_space;      /* likewise white space */
        bool is_within_line; /* some of the current line was passed on */
        bool after_cr;       /* an LF that comes next belongs to it */
        bool has_text;       /* something was passed on */
        bool has_failed;
} DkimBody;

#define DKIM_BODY_EMPTY ((DkimBody){ 0 })

/* Starts a hash. Returns 0 or -ENOMEM. */
int dkim_body_begin(DkimBody *b);
void dkim_body_feed(DkimBody *b, Slice piece);
/* Writes the hash of the whole (RFC 6376 section 3.7). Returns 0 or -ENOMEM. */
int dkim_body_finish(DkimBody *b, uint8_t ret[static DKIM_HASH_SIZE]);
void dkim_body_done(DkimBody *b);

/* The hash of the body of a stored message, which is transmitted as `headers`, CRLF CRLF and
 * `body`: one for all signatures of it, whatever fields are put on top. Where bare CRs in the
 * header make an empty line of their own, the body begins there, as it does for who receives it.
 * Returns 0 or -ENOMEM. */
int dkim_body_hash(Slice headers, Slice body, uint8_t ret[static DKIM_HASH_SIZE]);

/* Appends the canonical form of a body (RFC 6376 section 3.4.4), which for the hash is never made
 * as a whole. */
void dkim_canonical_body(Slice body, Buf *to);

/* Takes the next field off the front of a header section, whole, with its folded lines and line
 * ends; fields that have no ":" too. False at the first empty line and at the end. */
bool dkim_field_next(Slice *rest, Slice *ret);

/* The name of a field, without the spaces and TABs before the ":"; SLICE_NULL without a ":". */
Slice dkim_field_name(Slice field);

/* Appends the canonical form of a field (RFC 6376 section 3.4.2) without the CRLF that ends it.
 * False, and nothing appended, for one without ":". */
bool dkim_canonical_field(Slice field, Buf *to);
