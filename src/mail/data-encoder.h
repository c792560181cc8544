/* SPDX-License-Identifier: MIT */
#pragma once

/* Message content made into what a server wants behind its "354" (RFC 5321 sections 2.3.8 and
 * 4.5.2): each bare LF and bare CR becomes CRLF, a "." at the beginning of a line becomes "..",
 * and a line "." follows the last one. Content comes in pieces of any size; how it is cut does not
 * matter.
 *
 *     DataEncoder e = DATA_ENCODER_INIT;
 *     data_encoder_feed(&e, headers, &out);
 *     data_encoder_feed(&e, SLICE("\r\n\r\n"), &out);
 *     data_encoder_feed(&e, body, &out);
 *     buf_append_slice(&out, data_encoder_terminator(&e));
 */

#include "basic/buf.h"

typedef struct DataEncoder {
        bool is_within_line;
        bool after_cr; /* CRLF was written for a CR: an LF that comes next belongs to it */
} DataEncoder;

#define DATA_ENCODER_INIT ((DataEncoder){ 0 })

/* The least `space` that data_encoder_step() can work with. */
#define DATA_ENCODER_SPACE_MIN 2

/* Encodes from the front of *input, which is shortened by what was taken, as much as fits. Returns
 * how many bytes were written to `out`. With DATA_ENCODER_SPACE_MIN it always gets on. */
size_t data_encoder_step(DataEncoder *e, Slice *input, char *out, size_t space);

/* Encodes all of `input` and appends it. Memory errors stick in `to`. */
void data_encoder_feed(DataEncoder *e, Slice input, Buf *to);

/* What ends the data: the line end that is missing from the content, if any, and the line ".". */
Slice data_encoder_terminator(const DataEncoder *e);
