/* SPDX-License-Identifier: MIT */
#include "basic/arena.h"
#include "test.h"

TEST(pieces_are_aligned_and_do_not_overlap) {
        Arena a = ARENA_EMPTY;
        unsigned char *pieces[2000];

        for (size_t i = 0; i < ELEMENTSOF(pieces); i++) {
                size_t size = i % 97 + 1;
                pieces[i] = arena_alloc(&a, size);
                CHECK(pieces[i]);
                CHECK_INT((uintptr_t) pieces[i] % 16, 0);
                memset(pieces[i], (int) (i & 255), size);
        }
        for (size_t i = 0; i < ELEMENTSOF(pieces); i++)
                for (size_t k = 0; k < i % 97 + 1; k++)
                        CHECK_INT(pieces[i][k], i & 255);
        arena_done(&a);
        CHECK_INT(a.total, 0);
}

TEST(a_large_piece_does_not_waste_the_current_block) {
        Arena a = ARENA_EMPTY;
        char *first = arena_alloc(&a, 16), *large, *second;

        large = arena_alloc(&a, 100000);
        second = arena_alloc(&a, 16);
        CHECK(large);
        CHECK(second == first + 16);
        arena_done(&a);
}

TEST(impossible_sizes_fail) {
        Arena a = ARENA_EMPTY;

        CHECK(!arena_alloc(&a, SIZE_MAX));
        CHECK(!arena_alloc(&a, SIZE_MAX - 8));
        arena_done(&a);
}

TEST(dup_and_alloc0) {
        Arena a = ARENA_EMPTY;
        char *zero = arena_alloc0(&a, 32);

        CHECK_STR(arena_dup(&a, SLICE("hello")), "hello");
        CHECK_STR(arena_dup(&a, SLICE_NULL), "");
        for (int i = 0; i < 32; i++)
                CHECK_INT(zero[i], 0);
        arena_done(&a);
}
