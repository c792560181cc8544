/* SPDX-License-Identifier: MIT */
#include "core/address-matcher.h"
#include "test.h"

TEST(what_matches) {
        static const struct {
                const char *pattern;
                const char *address;
                bool matches;
        } rows[] = {
                { "10", "192.168.10.1", true },
                { "^10\\.", "10.1.2.3", true },
                { "^10\\.", "110.1.2.3", false },
                { "\\A127\\.0\\.0\\.1\\z", "127.0.0.1", true },
                { "\\A127\\.0\\.0\\.1\\Z", "127.0.0.11", false },
                { "\\A(10\\.|192\\.168\\.)", "192.168.0.1", true },
                { "\\A(?:10|172)\\.", "172.16.0.1", true },
                { "^\\d+\\.\\d+\\.\\d+\\.\\d+$", "1.2.3.4", true },
                { "^\\d+$", "1.2.3.4", false },
                { "\\D", "1234", false },
                { "^[\\d.]+$", "1.2.3.4", true },
                { "^[^\\d]", "1.2.3.4", false },
                { "^[\\h:]+$", "fe80::1", true },
                { "^\\h+:", "FE80::1", true },
                { "^[0-9a-f:]+$", "fe80::1", true },
                { "^[\\w\\-]+$", "a_b-c", true },
                { "^[a\\]]+$", "a]", true },
                { "^[a^]+$", "^a", true },
                { "^[\\.]$", ".", true },
                { "^[\\.]$", "\\", false },
                { "^1.*?4$", "1.2.3.4", true },
                { "^(\\d{1,3}\\.){3}\\d{1,3}$", "192.0.2.1", true },
                { "\\b192\\b", "10.192.0.1", true },
                { "\\b19\\b", "10.192.0.1", false },
                { "\\s", "1.2.3.4", false },
                { "a\\/b", "a/b", true },
                { "", "anything", true },
                { "1|2", "2", true },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(address_matcher_freep) AddressMatcher *matcher = NULL;
                _cleanup_free_ char *text = NULL;

                if (address_matcher_new(rows[i].pattern, &matcher, &text) != 0)
                        test_fail(__FILE__, __LINE__, "%s is refused: %s", rows[i].pattern, text);
                if (address_matcher_matches(matcher, rows[i].address) != rows[i].matches)
                        test_fail(__FILE__, __LINE__, "%s against %s", rows[i].pattern,
                                  rows[i].address);
        }
}

TEST(what_is_refused_with_a_reason) {
        static const char *const rows[] = {
                "(",
                ")",
                "(1",
                "1)",
                "[",
                "[]",
                "[^]",
                "[1",
                "[\\",
                "[a[b]]",
                "[a&&b]",
                "[\\^a]",
                "\\",
                "\\1",
                "(1)\\1",
                "\\k<x>",
                "\\p{Digit}",
                "[\\D]",
                "(?=1)",
                "(?!1)",
                "(?<name>1)",
                "(?i)a",
                "1++",
                "((((((((((((((((1))))))))))))))))",
                "(((1{99}){99}){99})",
                "1{99999999999999999999}{9}",
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(address_matcher_freep) AddressMatcher *matcher = NULL;
                _cleanup_free_ char *text = NULL;

                if (address_matcher_new(rows[i], &matcher, &text) != -EINVAL)
                        test_fail(__FILE__, __LINE__, "%s is taken", rows[i]);
                CHECK(text && *text);
        }
}

TEST(a_pattern_has_a_limit) {
        _cleanup_(address_matcher_freep) AddressMatcher *matcher = NULL;
        _cleanup_free_ char *text = NULL;
        char pattern[ADDRESS_PATTERN_SIZE_MAX + 2];

        memset(pattern, '1', sizeof(pattern));
        pattern[sizeof(pattern) - 1] = '\0';
        CHECK_INT(address_matcher_new(pattern, &matcher, &text), -EINVAL);
}
