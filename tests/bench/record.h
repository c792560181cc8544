/* SPDX-License-Identifier: MIT */
#pragma once

/* The files of ids: one line a fact, columns separated by TAB, the first one the wall clock in
 * microseconds. Each append is one write to a descriptor opened with O_APPEND, so that what was
 * appended is in the file even when the program is killed right after. */

#include "basic/buf.h"

/* Microseconds since 1970. */
uint64_t wall_usec(void);

/* Opens (creates, extends) the file. Returns the descriptor or a negative errno. */
int record_open(const char *path);
/* Appends the whole lines in `lines` and empties it. Returns 0 or a negative errno. */
int record_append(int fd, Buf *lines);

/* Appends a column of a number. */
void record_number(Buf *lines, uint64_t number);
/* Appends a column of text: control characters become spaces, so that lines and columns stay what
 * they are; nothing at all becomes "-". */
void record_column(Buf *lines, Slice value);
