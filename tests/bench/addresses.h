/* SPDX-License-Identifier: MIT */
#pragma once

/* Where addresses of the load come from: a pattern with one %d ("user%d@example.com"), a fixed
 * address, or a file with an address in each line ("@FILE"). The address of a number is always the
 * same, so that a message sent again goes to the same recipients. */

#include "basic/buf.h"

typedef struct Addresses {
        Slice before, after; /* of the pattern's number */
        bool has_number;
        uint64_t numbers; /* the number runs from 0 to here, then again; 0: no end */
        Buf file;         /* the lines of the file, each ended by '\n' */
        Slice *lines;
        size_t line_count;
} Addresses;

/* `text` must outlive the structure. Returns 0, -EINVAL for more than one %d or an address that is
 * empty or has control characters, or what reading the file gave. */
int addresses_init(Addresses *a, const char *text, uint64_t numbers);
void addresses_done(Addresses *a);

/* Appends the address of a number. */
void addresses_append(const Addresses *a, uint64_t number, Buf *to);
