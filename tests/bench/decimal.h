/* SPDX-License-Identifier: MIT */
#pragma once

/* Numbers into text, several a message: a tenth of what printf costs. */

#include "basic/buf.h"

static inline void append_decimal(Buf *b, uint64_t number) {
        char digits[20], *first = digits + sizeof(digits);

        do
                *--first = (char) ('0' + number % 10);
        while ((number /= 10) > 0);
        buf_append(b, first, (size_t) (digits + sizeof(digits) - first));
}
