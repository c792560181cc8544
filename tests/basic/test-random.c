/* SPDX-License-Identifier: MIT */
#include "basic/random.h"
#include "test.h"

TEST(alnum_has_its_length_and_alphabet) {
        char s[65];

        random_alnum(s, 64);
        CHECK_INT(strlen(s), 64);
        for (char *p = s; *p; p++)
                CHECK(ascii_is_alnum(*p));
        random_alnum_upper(s, 8);
        CHECK_INT(strlen(s), 8);
        for (char *p = s; *p; p++)
                CHECK(ascii_is_digit(*p) || (*p >= 'A' && *p <= 'Z'));
        random_letters_lower(s, 6);
        CHECK_INT(strlen(s), 6);
        for (char *p = s; *p; p++)
                CHECK(*p >= 'a' && *p <= 'z');
}

/* 62,000 characters: each of the 62 is expected 1,000 times, with a deviation of 32. */
TEST(alnum_is_even) {
        unsigned counts[256] = { 0 };
        char s[1001];

        for (int i = 0; i < 62; i++) {
                random_alnum(s, 1000);
                for (char *p = s; *p; p++)
                        counts[(unsigned char) *p]++;
        }
        for (int c = 0; c < 256; c++)
                if (ascii_is_alnum((char) c))
                        CHECK(counts[c] > 700 && counts[c] < 1300);
}

TEST(below_stays_below) {
        for (int i = 0; i < 10000; i++)
                CHECK(random_below(7) < 7);
        CHECK_INT(random_below(1), 0);
}

TEST(uuid_form) {
        char u[UUID_LENGTH + 1];

        random_uuid(u);
        CHECK_INT(strlen(u), 36);
        CHECK_INT(u[14], '4');
        CHECK(strchr("89ab", u[19]));
        for (int i = 0; i < 36; i++)
                CHECK(i == 8 || i == 13 || i == 18 || i == 23 ? u[i] == '-'
                                                              : strchr("0123456789abcdef", u[i]) != NULL);
}
