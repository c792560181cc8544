/* SPDX-License-Identifier: MIT */
#include "core/password.h"
#include "model/model-fixture.h"
#include "model/user.h"

static const NewUser GRACE = {
        .first_name = "Grace",
        .last_name = "Hopper",
        .email_address = "grace@example.com",
        .password = "correct horse",
        .is_admin = true,
        .is_email_verified = true,
};

TEST(a_user_is_made_as_postal_makes_it) {
        _cleanup_(user_freep) User *u = NULL;
        Db *db = model_set_up();
        uint64_t id;
        bool fits;

        CHECK_INT(user_create(db, &GRACE, &problems, &id), 0);
        CHECK_NO_PROBLEMS();
        CHECK_INT(id, 3);
        CHECK_INT(user_load(db, id, &u), 0);
        CHECK_STR(u->email_address, "grace@example.com");
        CHECK_STR(u->time_zone, "UTC");
        CHECK(u->is_admin && u->has_password);
        CHECK_INT(u->created_usec, NOW_USEC);
        CHECK_INT(u->email_verified_usec, NOW_USEC / USEC_PER_SEC * USEC_PER_SEC);
        CHECK_SQL("1", "SELECT uuid REGEXP '" UUID_PATTERN "' FROM users WHERE id = 3");
        CHECK_SQL("1",
                  "SELECT created_at = updated_at AND password_reset_token IS NULL AND "
                  "email_verification_token IS NULL AND oidc_uid IS NULL FROM users WHERE id = 3");
        CHECK_INT(password_verify("correct horse",
                                  test_sql_value("SELECT password_digest FROM users WHERE id = 3"),
                                  &fits),
                  0);
        CHECK(fits);
}

TEST(problems_are_told_in_postals_words) {
        Db *db = model_set_up();
        NewUser u = { 0 };

        CHECK_INT(user_create(db, &u, &problems, NULL), 0);
        CHECK_PROBLEMS("Email address can't be blank", "First name can't be blank",
                       "Last name can't be blank", "Password can't be blank");
        problems_done(&problems);
        u = GRACE;
        u.email_address = "ADMIN@example.COM";
        u.password = "short";
        CHECK_INT(user_create(db, &u, &problems, NULL), 0);
        CHECK_PROBLEMS("Email address has already been taken",
                       "Password is too short (minimum is 8 characters)");
        problems_done(&problems);
        u = GRACE;
        u.email_address = "grace";
        CHECK_INT(user_create(db, &u, &problems, NULL), 0);
        CHECK_PROBLEMS("Email address is invalid");
        CHECK_SQL("2", "SELECT COUNT(*) FROM users");
}

TEST(a_password_is_not_needed_where_another_system_signs_in) {
        Db *db = model_set_up();
        _cleanup_(user_freep) User *u = NULL;
        NewUser user = GRACE;
        uint64_t id;

        user.password = "";
        user.may_lack_password = true;
        CHECK_INT(user_create(db, &user, &problems, &id), 0);
        CHECK_NO_PROBLEMS();
        CHECK_INT(user_load(db, id, &u), 0);
        CHECK(!u->has_password);
        CHECK_SQL("1", "SELECT password_digest IS NULL FROM users WHERE id = 3");
}

TEST(users_are_found) {
        Db *db = model_set_up();
        _cleanup_(user_list_freep) User **all = NULL;
        _cleanup_(user_freep) User *norm = NULL, *admin = NULL;

        CHECK_INT(user_list(db, &all), 0);
        CHECK_STR(all[0]->first_name, "Ada");
        CHECK_STR(all[1]->time_zone, "London");
        CHECK(!all[2]);
        CHECK_INT(user_find_by_email(db, "NORM@example.com", &norm), 0);
        CHECK_INT(norm->id, 2);
        CHECK_INT(norm->email_verified_usec, 0);
        CHECK_INT(user_find_first_admin(db, &admin), 0);
        CHECK_INT(admin->id, 1);
        CHECK_INT(user_load(db, 99, &norm), -ENOENT);
}
