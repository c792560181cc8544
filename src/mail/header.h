/* SPDX-License-Identifier: MIT */
#pragma once

/* Messages and their header sections as they are stored: bytes of which all kinds of software made
 * something, looked at without copying (RFC 5322 sections 2.1 and 2.2). Lines end with CRLF or with
 * a bare LF; a CR elsewhere is a byte like any other.
 *
 * A header section is a Slice. It is read with another Slice, the rest:
 *
 *     Slice rest = headers;
 *     HeaderField field;
 *     while (header_next(&rest, &field))
 *             if (field.is_field)
 *                     use(field.name, field.value);
 */

#include "basic/buf.h"

typedef struct HeaderField {
        Slice name;    /* without white space before the colon; empty unless is_field */
        Slice value;   /* raw: from behind the colon to before the last line end */
        Slice raw;     /* all of it with its line ends */
        bool is_field; /* false for lines that are no field, such as "From x Mon Nov 23", and the
                        * folded lines behind them */
} HeaderField;

/* Splits a message at the first CR? LF CR? LF, which belongs to neither part. Returns whether
 * there is one; without, all is header and the body is SLICE_NULL. A body that is there but empty
 * has a pointer. */
bool message_split(Slice message, Slice *ret_headers, Slice *ret_body);

/* Takes the next field off the front of *rest, with its folded lines (RFC 5322 section 2.2.3).
 * False at the end, which is the first empty line or the end of the bytes. */
bool header_next(Slice *rest, HeaderField *ret);

/* Takes fields off the front of *rest until one has that name, case ignored. */
bool header_find_next(Slice *rest, Slice name, HeaderField *ret);

/* The last field of that name, which counts where RFC 5322 section 3.6 allows only one. */
bool header_find_last(Slice headers, Slice name, HeaderField *ret);

/* Appends the value without line ends (RFC 5322 section 2.2.3); the white space of folding stays.
 * Any other CR or LF becomes a space, so that what comes out is one line. */
void header_unfold(Slice value, Buf *to);

/* Appends the last Message-ID without what is up to the last "<" and from the first ">", unfolded,
 * trimmed, without control characters, and as valid UTF-8. Returns false when there is none or
 * nothing is left of it. */
bool header_message_id(Slice headers, Buf *to);

/* Appends the last Subject: unfolded, its encoded words decoded (RFC 2047), control characters
 * replaced by spaces, trimmed, valid UTF-8, and cut to this many characters. Returns false when
 * there is none or nothing is left of it. */
#define HEADER_SUBJECT_MAX 200
bool header_subject(Slice headers, Buf *to);
