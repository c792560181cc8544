/* SPDX-License-Identifier: MIT */
#pragma once

/* The Received field that is put on top of each message we accept (RFC 5321 section 4.4). */

#include "basic/buf.h"

/* What is longer of the client's own words is cut. */
#define RECEIVED_WORD_MAX 255

typedef struct ReceivedField {
        bool is_private; /* leave out where the message came from, which is the next three */
        Slice helo;      /* what the client called itself; may be empty */
        Slice hostname;  /* the name of its address in the DNS, or the address where it has none */
        Slice ip;
        Slice by;        /* our own name */
        Slice protocol;  /* "SMTP", also with TLS and AUTH, or "HTTP": as Postal names them */
        Slice time;      /* from time_format_rfc5322() */
} ReceivedField;

/* Appends the whole field on one line, with its CRLF:
 *
 *     Received: from HELO (HOSTNAME [IP]) by BY with PROTOCOL; TIME
 *     Received: by BY with PROTOCOL; TIME
 *
 * HELO and HOSTNAME are the client's to choose. So that they can make neither a header line nor
 * another clause of this field, control and 8-bit characters are dropped from them, parentheses,
 * quotes, backslashes and semicolons become "?", and they are cut to RECEIVED_WORD_MAX
 * characters. */
void received_append(const ReceivedField *field, Buf *to);
