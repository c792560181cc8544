/* SPDX-License-Identifier: MIT */
#pragma once

/* What every fuzz target includes. A target defines fuzz_one(), which must not crash, hang or fail
 * a FUZZ_CHECK() whatever it is given. It gets a copy of the input with nothing behind it that may
 * be read. */

#include "basic/buf.h"

void fuzz_one(Slice input);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        fuzz_one(slice_make(data, size));
        return 0;
}

/* Like assert(), in every build. */
#define FUZZ_CHECK(condition)                                                                      \
        do {                                                                                       \
                if (!(condition)) {                                                                \
                        fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);            \
                        abort();                                                                   \
                }                                                                                  \
        } while (0)

/* Takes a byte off the front, to choose by; 0 when there is none. */
static inline unsigned fuzz_byte(Slice *input) {
        unsigned byte = input->size > 0 ? (uint8_t) input->data[0] : 0;

        *input = input->size > 0 ? slice_from(*input, 1) : *input;
        return byte;
}

/* Takes the next piece of `size` bytes, or what there is, off the front. */
static inline Slice fuzz_piece(Slice *input, size_t size) {
        Slice piece = slice_first(*input, MIN(size, input->size));

        *input = slice_from(*input, piece.size);
        return piece;
}

/* Whether `s` lies within `whole`. */
static inline bool fuzz_is_within(Slice s, Slice whole) {
        return s.size == 0 || (s.data >= whole.data && s.data + s.size <= whole.data + whole.size);
}
