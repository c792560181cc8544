/* SPDX-License-Identifier: MIT */
#pragma once

/* The messages the load generator sends: mail as an application writes it, of a given size, with
 * the body made once. Only what must differ (addresses, Message-ID, load id) is written per
 * message. */

#include "basic/buf.h"

#define MESSAGE_RUN_MAX 32
/* "<run>-<number>" and a NUL byte; the number has at least nine digits. */
#define MESSAGE_ID_SIZE (MESSAGE_RUN_MAX + 1 + 20 + 1)

typedef struct MessageSource {
        char run[MESSAGE_RUN_MAX + 1];
        Buf fixed;        /* the header fields that never change, and the empty line after them */
        Buf body;         /* as it goes over the wire: dots stuffed, and the final dot */
        size_t body_size; /* of the body as it is meant: without stuffing and final dot */
        char body_sha256[2 * 32 + 1];
} MessageSource;

/* Prepares messages of `size` bytes (header and body, CRLF line ends, dots not stuffed) when the
 * addresses are as long as the samples given; smaller sizes than the header needs give one short
 * line of body. `run` names the run in load ids; it is letters and digits. Returns 0, -EINVAL when
 * it is not, or -ENOMEM. */
int message_source_init(MessageSource *s, const char *run, size_t size, const char *sample_from,
                        const char *sample_to);
void message_source_done(MessageSource *s);

/* Writes the load id of a message and returns its slice of `ret`. */
Slice message_source_id(const MessageSource *s, uint64_t number, char ret[static MESSAGE_ID_SIZE]);

/* Appends the whole header section of a message, with the empty line. What follows on the wire is
 * s->body; the size to declare is what was appended plus s->body_size. */
void message_source_header(const MessageSource *s, Slice id, Slice from, Slice to, Buf *header);
