/* SPDX-License-Identifier: MIT */
#include "basic/hashmap.h"
#include "basic/random.h"
#include "test.h"

TEST(siphash_reference_vector) {
        uint8_t key[16], data[15];

        for (uint8_t i = 0; i < 16; i++)
                key[i] = i;
        for (uint8_t i = 0; i < 15; i++)
                data[i] = i;
        CHECK(siphash24(data, sizeof(data), key) == UINT64_C(0xa129ca6149be45e5));
}

TEST(put_get_remove) {
        _cleanup_(hashmap_freep) Hashmap *h = hashmap_new();
        int one = 1, two = 2;

        CHECK_INT(hashmap_put(h, SLICE("a"), &one), 0);
        CHECK_INT(hashmap_put(h, SLICE("a\0b"), &two), 0);
        CHECK(hashmap_get(h, SLICE("a")) == &one);
        CHECK(hashmap_get(h, SLICE("a\0b")) == &two);
        CHECK(!hashmap_get(h, SLICE("b")));
        CHECK_INT(hashmap_put(h, SLICE("a"), &two), 0);
        CHECK_INT(hashmap_size(h), 2);
        CHECK(hashmap_remove(h, SLICE("a")) == &two);
        CHECK(!hashmap_remove(h, SLICE("a")));
        CHECK_INT(hashmap_size(h), 1);
}

/* Against a plain array of flags: any order of puts and removals leaves the same set. */
TEST(random_operations_match_a_model) {
        _cleanup_(hashmap_freep) Hashmap *h = hashmap_new();
        static char present[500];
        size_t count = 0, position = 0, seen = 0;

        for (int step = 0; step < 100000; step++) {
                uint32_t k = (uint32_t) random_below(ELEMENTSOF(present));

                if (random_below(2)) {
                        CHECK_INT(hashmap_put(h, SLICE_OF(k), &present[k]), 0);
                        count += !present[k];
                        present[k] = 1;
                } else {
                        CHECK((hashmap_remove(h, SLICE_OF(k)) != NULL) == present[k]);
                        count -= (size_t) present[k];
                        present[k] = 0;
                }
                CHECK_INT(hashmap_size(h), count);
        }
        for (uint32_t k = 0; k < ELEMENTSOF(present); k++)
                CHECK((hashmap_get(h, SLICE_OF(k)) != NULL) == present[k]);
        while (hashmap_next(h, &position, NULL))
                seen++;
        CHECK_INT(seen, count);
        for (seen = 0; hashmap_remove_any(h); seen++)
                ;
        CHECK_INT(seen, count);
        CHECK_INT(hashmap_size(h), 0);
}
