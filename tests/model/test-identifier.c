/* SPDX-License-Identifier: MIT */
#include "model/identifier.h"
#include "model/problems.h"
#include "test.h"

TEST(permalinks_of_names) {
        static const struct {
                const char *name, *permalink;
        } cases[] = {
                { "Acme", "acme" },
                { "Dev Box", "dev-box" },
                { "\xc3\x9cn\xc3\xaf"
                  "code S\xc3\xa9rver",
                  "unicode-server" },
                { "  A & B,  Ltd. ", "a-b-ltd" },
                { "--x--y--", "x-y" },
                { "snake_case", "snake_case" },
                { "Stra\xc3\x9f"
                  "e",
                  "strasse" },
                { "\xc5\x81\xc3\xb3"
                  "d\xc5\xba",
                  "lodz" },
                { "\xc3\x86on \xc5\x93uvre", "aeon-oeuvre" },
                { "e\xcc\x81t\xc3\xa9", "ete" },
                { "\xe6\x97\xa5\xe6\x9c\xac", "" },
                { "\xe6\x97\xa5 Tokyo", "tokyo" },
                { "a\xff\xfe\x62", "a-b" },
                { "a\xc3", "a" },
                { "", "" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(buf_done) Buf permalink = BUF_EMPTY;

                identifier_permalink(cases[i].name, &permalink);
                CHECK_STR(buf_string(&permalink), cases[i].permalink);
        }
        CHECK(permalink_is_valid("a-1"));
        CHECK(permalink_is_valid(""));
        CHECK(!permalink_is_valid("snake_case"));
        CHECK(!permalink_is_valid("A"));
}

TEST(random_identifiers_have_their_form) {
        bool lower_end = false, upper_end = false, digit = false;

        for (int i = 0; i < 1000; i++) {
                char dkim[DKIM_STRING_LENGTH + 1], route[ROUTE_TOKEN_LENGTH + 1];
                char code[VERIFICATION_CODE_LENGTH + 1];

                identifier_random(dkim, DKIM_STRING_LENGTH, true);
                identifier_random(route, ROUTE_TOKEN_LENGTH, false);
                identifier_verification_code(code);
                CHECK_INT(strlen(dkim), DKIM_STRING_LENGTH);
                CHECK_INT(strlen(route), ROUTE_TOKEN_LENGTH);
                CHECK_INT(strspn(code, "0123456789"), VERIFICATION_CODE_LENGTH);
                CHECK_INT(strlen(code), VERIFICATION_CODE_LENGTH);
                CHECK(ascii_is_alpha(dkim[0]) && ascii_is_alpha(dkim[5]));
                CHECK(ascii_is_alpha(route[0]) && ascii_is_alpha(route[7]));
                lower_end |= dkim[0] >= 'a';
                upper_end |= dkim[0] < 'a';
                for (size_t k = 1; k < 5; k++)
                        CHECK(dkim[k] >= 'A' && dkim[k] <= 'Z');
                for (size_t k = 1; k < 7; k++) {
                        CHECK(ascii_is_alnum(route[k]));
                        digit |= ascii_is_digit(route[k]);
                }
        }
        CHECK(lower_end && upper_end && digit);
}

TEST(problems_are_collected) {
        _cleanup_(problems_done) Problems p = PROBLEMS_EMPTY;
        char text[600];

        memset(text, 'x', sizeof(text));
        text[255] = '\0';
        CHECK(problems_check_presence(&p, "Name", "x"));
        CHECK(problems_check_length(&p, "Name", text));
        CHECK(problems_check_length(&p, "Name", NULL));
        CHECK_INT(p.count, 0);
        CHECK(!problems_check_presence(&p, "Name", " \t"));
        CHECK(!problems_check_presence(&p, "First name", NULL));
        text[255] = 'x';
        text[256] = '\0';
        CHECK(!problems_check_length(&p, "Name", text));
        CHECK_INT(p.count, 3);
        CHECK_STR(p.texts[0], "Name can't be blank");
        CHECK_STR(p.texts[1], "First name can't be blank");
        CHECK_STR(p.texts[2], "Name is too long (maximum is 255 characters)");
        /* Characters count, not bytes. */
        for (size_t i = 0; i < 510; i += 2)
                memcpy(text + i, "\xc3\xa9", 2);
        text[510] = '\0';
        CHECK(problems_check_length(&p, "Name", text));
}
