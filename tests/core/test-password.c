/* SPDX-License-Identifier: MIT */
#include "core/password.h"
#include "test.h"

TEST(a_hash_fits_its_password_only) {
        char first[PASSWORD_HASH_SIZE], second[PASSWORD_HASH_SIZE];
        bool fits;

        CHECK_INT(password_hash("P0stal-admin!", first), 0);
        CHECK_INT(password_hash("P0stal-admin!", second), 0);
        CHECK(strcmp(first, second) != 0);
        CHECK_INT(strlen(first), 60);
        CHECK_INT(strncmp(first, "$2a$12$", 7), 0);
        CHECK_INT(password_verify("P0stal-admin!", first, &fits), 0);
        CHECK(fits);
        CHECK_INT(password_verify("p0stal-admin!", first, &fits), 0);
        CHECK(!fits);
}

/* Of the recorded database, made by bcrypt-ruby. */
TEST(recorded_hashes_are_understood) {
        static const char ada[] = "$2a$12$rphykHR3MuzWtA9gnPXZhe2xaG9kJ76zMLNtPMmGk8cpjDjezEmCa";
        bool fits;

        CHECK_INT(password_verify("P0stal-admin!", ada, &fits), 0);
        CHECK(fits);
}

TEST(what_is_no_hash_fits_nothing) {
        static const char *const hashes[] = { "", "*", "*0", "$2a$12$", "$2a$12$short", "plain" };

        for (size_t i = 0; i < ELEMENTSOF(hashes); i++) {
                bool fits = true;

                CHECK_INT(password_verify("plain", hashes[i], &fits), 0);
                CHECK(!fits);
                CHECK_INT(password_verify(hashes[i], hashes[i], &fits), 0);
                CHECK(!fits);
        }
}
