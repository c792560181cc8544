/* SPDX-License-Identifier: MIT */
#include "basic/random.h"
#include "core/spool.h"
#include "test.h"

static void check_content(const Spool *s, const char *want, size_t size, size_t step) {
        char buffer[100000];
        uint64_t at = 0;
        ssize_t n;

        CHECK_INT(s->size, size);
        while ((n = spool_read(s, at, buffer, step)) > 0) {
                CHECK(memcmp(buffer, want + at, (size_t) n) == 0);
                at += (uint64_t) n;
        }
        CHECK_INT(n, 0);
        CHECK_INT(at, size);
}

TEST(small_content_stays_in_memory) {
        Spool s = SPOOL_EMPTY(NULL);

        CHECK_INT(spool_append(&s, SLICE("one ")), 0);
        CHECK_INT(spool_append(&s, SLICE("two")), 0);
        CHECK(!spool_is_file(&s));
        CHECK_SLICE(spool_slice(&s), "one two");
        check_content(&s, "one two", 7, 2);
        spool_done(&s);
}

TEST(large_content_goes_to_a_file_and_comes_back) {
        static char data[1500000];

        random_bytes(data, sizeof(data));
        for (size_t piece = 1000; piece <= 700000; piece *= 7) {
                Spool s = SPOOL_EMPTY(NULL);

                for (size_t at = 0; at < sizeof(data); at += piece)
                        CHECK_INT(spool_append(&s, slice_make(data + at, MIN(piece, sizeof(data) - at))), 0);
                CHECK(spool_is_file(&s));
                CHECK(s.memory.size <= SPOOL_MEMORY_MAX);
                check_content(&s, data, sizeof(data), 65537);
                spool_done(&s);
        }
}

TEST(a_folder_that_is_not_there_is_an_error) {
        static char data[SPOOL_MEMORY_MAX + 1];
        Spool s = SPOOL_EMPTY("/nonexistent");

        CHECK_INT(spool_append(&s, slice_make(data, 10)), 0);
        CHECK_INT(spool_append(&s, slice_make(data, sizeof(data))), -ENOENT);
        spool_done(&s);
}
