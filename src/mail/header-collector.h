/* SPDX-License-Identifier: MIT */
#pragma once

/* The header fields of a message as the SMTP server sees them while it comes in: what decides
 * whether the sender may send and whether the message runs in a loop. Postal's rules, not RFC
 * 5322's:
 *
 * - The first empty line ends the header.
 * - A line that begins with white space is appended to the value before it as it is, white space
 *   included, with nothing in between.
 * - Other lines are cut at the first ":"; white space behind it is dropped. A line without ":" is a
 *   field without a value, and what is folded behind it is dropped.
 *
 * Unlike there, white space before the ":" is no part of the name: mail software takes "From :"
 * for From. And a CR that ends no line begins a new one here, though it does not end the header:
 * when the message is sent on, such a CR becomes CRLF, and a From behind it becomes one that
 * everybody sees.
 *
 *     _cleanup_(header_collector_done) HeaderCollector c = HEADER_COLLECTOR_EMPTY;
 *     header_collector_feed(&c, received);          the Received field of our own
 *     header_collector_feed(&c, content);           again and again
 *     r = header_collector_finish(&c);
 *     while (header_collector_next(&c, SLICE("From"), &position, &value))
 *             …
 */

#include "basic/buf.h"

/* A longer header section, or one of more fields, is not collected: see `is_too_large`. */
#define HEADER_COLLECTOR_SIZE_MAX ((size_t) 1024 * 1024)
#define HEADER_COLLECTOR_FIELDS_MAX 4096

typedef struct CollectedField {
        Slice name;  /* as written */
        Slice value; /* SLICE_NULL for a line without ":" */
} CollectedField;

typedef struct HeaderCollector {
        Buf section;            /* the header as fed, without the empty line */
        size_t line_start;      /* where the line begins that is not complete yet */
        Buf values;             /* what `fields` points into, besides `section` */
        CollectedField *fields; /* owned; there after header_collector_finish() */
        size_t count;
        bool is_complete;  /* the empty line was seen; further content is ignored */
        bool is_too_large; /* a limit was passed: refuse the message, the fields are not to be
                            * relied on */
} HeaderCollector;

#define HEADER_COLLECTOR_EMPTY ((HeaderCollector){ 0 })

/* Frees everything and makes the collector empty again. */
void header_collector_done(HeaderCollector *c);

/* Takes the next bytes of the message, in pieces of any size, up to the empty line and with it.
 * Returns how many: all of them until the header is complete, none afterwards. */
size_t header_collector_feed(HeaderCollector *c, Slice content);

/* What was fed, as it is stored: without the empty line, nor the line end before it. */
Slice header_collector_section(const HeaderCollector *c);

/* Splits what was fed into fields; to be called once, at the end of the message. Returns 0 or
 * -ENOMEM. With `is_too_large` it returns 0, too. */
int header_collector_finish(HeaderCollector *c);

/* Finds the next value of that name, case ignored, from *position on, which starts at 0. Fields
 * without a value give the empty one. The slice belongs to the collector. */
bool header_collector_next(const HeaderCollector *c, Slice name, size_t *position, Slice *ret);

/* How many values of Received contain "by HOSTNAME", case-sensitively: more than so many mean that
 * the message runs in a loop. */
unsigned header_count_received_by(const HeaderCollector *c, Slice hostname);
