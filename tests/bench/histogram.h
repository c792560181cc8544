/* SPDX-License-Identifier: MIT */
#pragma once

/* A histogram of unsigned numbers of any size (here: nanoseconds) in fixed memory. Buckets are
 * exact below 256 and split each further power of two into 128 equal parts, so that a quantile is
 * wrong by less than one in 128, whatever the range. */

#include "basic/macro.h"

#define HISTOGRAM_PART_BITS 7
#define HISTOGRAM_BUCKETS ((64 - HISTOGRAM_PART_BITS + 1) << HISTOGRAM_PART_BITS)

typedef struct Histogram {
        uint64_t count;
        uint64_t min; /* of no meaning while count is 0 */
        uint64_t max;
        double sum;
        uint64_t buckets[HISTOGRAM_BUCKETS];
} Histogram;

void histogram_add(Histogram *h, uint64_t value);
/* Counts all that `from` has counted. */
void histogram_merge(Histogram *h, const Histogram *from);

/* The smallest value that at least the share `q` (0 … 1) of all values does not exceed; 0 when
 * empty. histogram_quantile(h, 1) is the exact maximum. */
uint64_t histogram_quantile(const Histogram *h, double q);
double histogram_mean(const Histogram *h);
