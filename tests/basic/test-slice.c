/* SPDX-License-Identifier: MIT */
#include "basic/slice.h"
#include "test.h"

TEST(comparing) {
        CHECK(slice_equal(SLICE("ab"), SLICE("ab")));
        CHECK(!slice_equal(SLICE("ab"), SLICE("aB")));
        CHECK(slice_equal(SLICE_NULL, SLICE("")));
        CHECK(slice_equal_ignore_case(SLICE("X-Foo"), SLICE("x-fOO")));
        CHECK(!slice_equal_ignore_case(SLICE("X-Foo"), SLICE("x-fO")));
        /* Only letters have a case: '[' and '{' differ in the same bit. */
        CHECK(!slice_equal_ignore_case(SLICE("["), SLICE("{")));
        CHECK(slice_starts_with_ignore_case(SLICE("MAIL FROM:<>"), SLICE("mail from")));
        CHECK(!slice_starts_with_ignore_case(SLICE("MA"), SLICE("mail")));
}

TEST(finding) {
        CHECK_INT(slice_find_byte(SLICE("a@b@c"), '@', 0), 1);
        CHECK_INT(slice_find_byte(SLICE("a@b@c"), '@', 2), 3);
        CHECK_INT(slice_find_byte(SLICE("a@b@c"), '@', 9), -1);
        CHECK_INT(slice_find_last_byte(SLICE("a@b@c"), '@'), 3);
        CHECK_INT(slice_find_last_byte(SLICE_NULL, '@'), -1);
        CHECK_INT(slice_find_ignore_case(SLICE("received BY host"), SLICE("by HOST")), 9);
        CHECK_INT(slice_find_ignore_case(SLICE("by"), SLICE("by host")), -1);
        CHECK(!slice_from(SLICE_NULL, 0).data);
}

TEST(trimming_and_splitting) {
        Slice s = SLICE("a,b,,c");

        CHECK_SLICE(slice_trim(SLICE(" \t x y\r\n")), "x y");
        CHECK_SLICE(slice_trim(SLICE(" \t ")), "");
        CHECK_SLICE(slice_split(&s, ','), "a");
        CHECK_SLICE(slice_split(&s, ','), "b");
        CHECK_SLICE(slice_split(&s, ','), "");
        CHECK_SLICE(slice_split(&s, ','), "c");
        CHECK(s.data == NULL);
}

TEST(numbers) {
        uint64_t v = 7;

        CHECK_INT(slice_to_u64(SLICE("0"), 10, &v), 0);
        CHECK_INT(v, 0);
        CHECK_INT(slice_to_u64(SLICE("18446744073709551615"), UINT64_MAX, &v), 0);
        CHECK(v == UINT64_MAX);
        CHECK_INT(slice_to_u64(SLICE("18446744073709551616"), UINT64_MAX, &v), -ERANGE);
        CHECK_INT(slice_to_u64(SLICE("11"), 10, &v), -ERANGE);
        CHECK_INT(slice_to_u64(SLICE(""), 10, &v), -EINVAL);
        CHECK_INT(slice_to_u64(SLICE("-1"), 10, &v), -EINVAL);
        CHECK_INT(slice_to_u64(SLICE("1 "), 10, &v), -EINVAL);
        CHECK(v == UINT64_MAX);
}

TEST(copies) {
        _cleanup_free_ char *a = slice_dup(SLICE("abc")), *b = slice_dup(SLICE_NULL);
        char upper[] = "AbC-\xc3\x84";

        CHECK_STR(a, "abc");
        CHECK_STR(b, "");
        CHECK_STR(ascii_lower(upper), "abc-\xc3\x84");
}
