/* SPDX-License-Identifier: MIT */
#include "basic/random.h"
#include "bench/histogram.h"
#include "test.h"

static Histogram histogram, other;

static void start(void) {
        histogram = other = (Histogram){ 0 };
}

TEST(small_values_are_exact) {
        start();
        for (uint64_t v = 1; v <= 200; v++)
                histogram_add(&histogram, v);
        CHECK_INT(histogram.count, 200);
        CHECK_INT(histogram_quantile(&histogram, 0), 1);
        CHECK_INT(histogram_quantile(&histogram, 0.5), 100);
        CHECK_INT(histogram_quantile(&histogram, 0.99), 198);
        CHECK_INT(histogram_quantile(&histogram, 0.999), 200);
        CHECK_INT(histogram_quantile(&histogram, 1), 200);
        CHECK(histogram_mean(&histogram) == 100.5);
}

TEST(every_bucket_holds_less_than_one_percent_of_error) {
        for (unsigned bit = 0; bit < 64; bit++)
                for (unsigned round = 0; round < 200; round++) {
                        uint64_t value = (UINT64_C(1) << bit) + random_below(UINT64_C(1) << bit);
                        uint64_t have, difference;

                        start();
                        /* Neighbours far away on both sides, so that min and max cannot help. */
                        histogram_add(&histogram, 0);
                        histogram_add(&histogram, value);
                        histogram_add(&histogram, UINT64_MAX);
                        have = histogram_quantile(&histogram, 0.5);
                        difference = have > value ? have - value : value - have;
                        CHECK(difference <= value / 100);
                }
}

TEST(the_extreme_values_have_a_bucket) {
        start();
        histogram_add(&histogram, 0);
        histogram_add(&histogram, UINT64_MAX);
        CHECK_INT(histogram.buckets[0], 1);
        CHECK_INT(histogram.buckets[HISTOGRAM_BUCKETS - 1], 1);
        CHECK(histogram_quantile(&histogram, 1) == UINT64_MAX);
}

TEST(quantiles_agree_with_a_sorted_list) {
        static const double quantiles[] = { 0.5, 0.9, 0.95, 0.99, 0.999 };
        const uint64_t count = 100000;

        start();
        /* 1000, 1007, 1014 …: the value of rank r is known without sorting. */
        for (uint64_t i = 0; i < count; i++)
                histogram_add(&histogram, 1000 + 7 * ((i * 7919) % count));
        for (size_t i = 0; i < ELEMENTSOF(quantiles); i++) {
                double want = 1000 + 7 * (quantiles[i] * (double) count - 1);
                double have = (double) histogram_quantile(&histogram, quantiles[i]);

                CHECK(have > want * 0.99 && have < want * 1.01);
        }
}

TEST(merging_is_the_same_as_adding_to_one) {
        start();
        for (uint64_t v = 0; v < 1000; v++)
                histogram_add(v % 3 == 0 ? &histogram : &other, v * v);
        histogram_merge(&histogram, &other);
        CHECK_INT(histogram.count, 1000);
        CHECK_INT(histogram.min, 0);
        CHECK_INT(histogram.max, 999 * 999);
        CHECK(histogram_quantile(&histogram, 0.5) > 499 * 499 * 99 / 100);
        CHECK(histogram_quantile(&histogram, 0.5) < 499 * 499 * 101 / 100);
}

TEST(an_empty_histogram_answers_zero) {
        start();
        histogram_merge(&histogram, &other);
        CHECK_INT(histogram.count, 0);
        CHECK_INT(histogram_quantile(&histogram, 0.99), 0);
        CHECK(histogram_mean(&histogram) == 0);
}
