/* SPDX-License-Identifier: MIT */
#pragma once

/* The parts of a message (RFC 2045, RFC 2046), as slices of it. Nothing is changed, and nothing is
 * ever written back: the bytes of the message are the truth, this only says where things are.
 *
 * All limits are such that real mail does not reach them; what is behind them is left in one
 * piece, and `is_truncated` says so. */

#include "basic/buf.h"
#include "mail/mime-value.h"

#define MIME_DEPTH_MAX 20
#define MIME_PARTS_MAX 1000
/* RFC 2046 section 5.1.1 allows 70; a multipart with a longer boundary is not taken apart. */
#define MIME_BOUNDARY_MAX 256

typedef enum MimeEncoding {
        MIME_IDENTITY, /* 7bit, 8bit, binary, and what nobody knows */
        MIME_QUOTED_PRINTABLE,
        MIME_BASE64,
} MimeEncoding;

typedef struct MimePart {
        Slice headers;
        Slice body;            /* still encoded; of a multipart, what is around its parts, too */
        MimeValue type;        /* Content-Type; where there is none, "text/plain", or, within a
                                * multipart/digest, "message/rfc822" */
        MimeValue disposition; /* Content-Disposition, if any */
        Slice filename;        /* of the disposition, otherwise the name of the type, in UTF-8;
                                * SLICE_NULL without one */
        bool is_attachment;    /* it has a file name, or its disposition says so */
        MimeEncoding encoding;
        unsigned depth; /* of the message itself 0 */
        struct MimePart *parent;
        struct MimePart *first;
        struct MimePart *next;
} MimePart;

typedef struct MimeMessage {
        MimePart *root;
        size_t count; /* all parts, the root included */
        bool is_truncated;
} MimeMessage;

/* Takes a message apart, whose two halves are as message_split() gives them. The parts live in the
 * arena and point into the two slices. Only multiparts are taken apart, not messages within the
 * message. A part that is not closed goes on to the end of the one it is in. Fails with -ENOMEM
 * only. */
int mime_parse(Arena *arena, Slice headers, Slice body, MimeMessage *ret);

/* The part after `part` in the order of the message, going into multiparts; NULL after the last. */
const MimePart *mime_next(const MimePart *part);

/* The first part of that type (in lower case) which is no attachment; NULL without one. */
const MimePart *mime_find_body(const MimeMessage *message, Slice type);

/* Appends the body without its transfer encoding (RFC 2045 section 6). Broken encodings are
 * decoded as far as they go: see quoted_printable_decode() and base64_decode_lenient(). */
void mime_part_decode(const MimePart *part, Buf *to);

/* Appends the body, decoded, as UTF-8, by the charset of its type. */
void mime_part_text(const MimePart *part, Buf *to);
