/* SPDX-License-Identifier: MIT */

/* A value v with its highest bit at place b >= 7 falls into row e = b - 7, where v >> e has exactly
 * eight bits; rows follow each other so that bucket = e * 128 + (v >> e). Row 0 begins with the
 * small values themselves. A quantile is the middle of its bucket, kept inside what was really
 * seen. */

#include <math.h>

#include "bench/histogram.h"

#define PARTS (UINT64_C(1) << HISTOGRAM_PART_BITS)

static unsigned row_of(uint64_t value) {
        return value < PARTS ? 0 : 63 - (unsigned) __builtin_clzll(value) - HISTOGRAM_PART_BITS;
}

static uint64_t middle_of(size_t bucket) {
        unsigned row = bucket < 2 * PARTS ? 0 : (unsigned) (bucket >> HISTOGRAM_PART_BITS) - 1;
        uint64_t low = (bucket - ((uint64_t) row << HISTOGRAM_PART_BITS)) << row;

        return low + (((UINT64_C(1) << row) - 1) >> 1);
}

void histogram_add(Histogram *h, uint64_t value) {
        unsigned row = row_of(value);

        h->min = h->count == 0 ? value : MIN(h->min, value);
        h->max = MAX(h->max, value);
        h->sum += (double) value;
        h->count++;
        h->buckets[((size_t) row << HISTOGRAM_PART_BITS) + (value >> row)]++;
}

void histogram_merge(Histogram *h, const Histogram *from) {
        if (from->count == 0)
                return;
        h->min = h->count == 0 ? from->min : MIN(h->min, from->min);
        h->max = MAX(h->max, from->max);
        h->sum += from->sum;
        h->count += from->count;
        for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
                h->buckets[i] += from->buckets[i];
}

uint64_t histogram_quantile(const Histogram *h, double q) {
        uint64_t rank, seen = 0;

        assert(q >= 0 && q <= 1);

        if (h->count == 0)
                return 0;
        rank = (uint64_t) ceil(q * (double) h->count);
        if (rank <= 1)
                return h->min;
        if (rank >= h->count)
                return h->max;
        for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
                seen += h->buckets[i];
                if (seen >= rank)
                        return MIN(MAX(middle_of(i), h->min), h->max);
        }
        return h->max;
}

double histogram_mean(const Histogram *h) {
        return h->count == 0 ? 0 : h->sum / (double) h->count;
}
