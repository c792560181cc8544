/* SPDX-License-Identifier: MIT */
#pragma once

/* Numbers for property tests: the same ones in each run, so that a failure can be had again.
 * (splitmix64; not for secrets.) */

#include "basic/buf.h"

typedef struct Prng {
        uint64_t state;
} Prng;

static inline uint64_t prng_next(Prng *p) {
        uint64_t z = p->state += UINT64_C(0x9e3779b97f4a7c15);

        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        return z ^ z >> 31;
}

/* 0 … bound-1. */
static inline size_t prng_below(Prng *p, size_t bound) {
        return (size_t) (prng_next(p) % bound);
}

/* Appends `count` pieces, each a random one of `pieces`: text that looks like what a parser is made
 * for is more likely to hurt it than noise. */
static inline void prng_pieces(Prng *p, const char *const pieces[], size_t n, size_t count,
                               Buf *to) {
        while (count-- > 0)
                buf_append_string(to, pieces[prng_below(p, n)]);
}
