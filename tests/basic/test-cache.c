/* SPDX-License-Identifier: MIT */
#include "basic/cache.h"
#include "test.h"

static unsigned freed;
static void count_free(void *value) {
        freed++;
        free(value);
}

static void put(Cache *c, const char *key, const char *value, uint64_t now) {
        CHECK_INT(cache_put(c, slice_from_string(key), strdup(value), now), 0);
}

TEST(entries_expire) {
        _cleanup_(cache_freep) Cache *c = cache_new(10, 100, count_free);

        freed = 0;
        put(c, "a", "1", 0);
        CHECK_STR(cache_get(c, SLICE("a"), 99), "1");
        CHECK(!cache_get(c, SLICE("a"), 100));
        CHECK_INT(freed, 1);
        CHECK_INT(cache_size(c), 0);
}

TEST(the_least_recently_used_goes_first) {
        _cleanup_(cache_freep) Cache *c = cache_new(2, 1000, count_free);

        put(c, "a", "1", 0);
        put(c, "b", "2", 0);
        CHECK(cache_get(c, SLICE("a"), 1));
        put(c, "c", "3", 2);
        CHECK(!cache_get(c, SLICE("b"), 3));
        CHECK_STR(cache_get(c, SLICE("a"), 3), "1");
        CHECK_STR(cache_get(c, SLICE("c"), 3), "3");
}

TEST(replacing_and_clearing_free_the_old_values) {
        _cleanup_(cache_freep) Cache *c = cache_new(10, 1000, count_free);

        freed = 0;
        put(c, "a", "1", 0);
        put(c, "a", "2", 0);
        CHECK_INT(freed, 1);
        CHECK_STR(cache_get(c, SLICE("a"), 1), "2");
        cache_remove(c, SLICE("nothing"));
        cache_clear(c);
        CHECK_INT(freed, 2);
        CHECK(!cache_get(c, SLICE("a"), 1));
}
