/* SPDX-License-Identifier: MIT */
#pragma once

/* People who use the web interface. */

#include "db/db.h"
#include "model/problems.h"

#define USER_PASSWORD_LENGTH_MIN 8

typedef struct User {
        uint64_t id;
        char *uuid;
        char *first_name;
        char *last_name;
        char *email_address;
        char *time_zone; /* a name of Rails', or NULL */
        bool is_admin;
        bool has_password;
        uint64_t email_verified_usec; /* 0: never */
        uint64_t created_usec;
} User;

User *user_free(User *u);
DEFINE_CLEANUP(User *, user_free)
User **user_list_free(User **items);
DEFINE_CLEANUP(User **, user_list_free)

/* -ENOENT: there is none. E-mail addresses compare without regard to case. */
int user_load(Db *db, uint64_t id, User **ret);
int user_find_by_email(Db *db, const char *email_address, User **ret);
/* All, by name; NULL-terminated. */
int user_list(Db *db, User ***ret);
/* The administrator who was there first: who owns what nobody was named for. */
int user_find_first_admin(Db *db, User **ret);

typedef struct NewUser {
        const char *first_name;
        const char *last_name;
        const char *email_address;
        const char *password;  /* NULL or "": none, where that is allowed */
        const char *time_zone; /* NULL: UTC */
        bool is_admin;
        bool is_email_verified;
        bool may_lack_password; /* signing in by OpenID Connect */
} NewUser;

/* Makes the user unless there are problems. Takes a good part of a second, for the password. */
int user_create(Db *db, const NewUser *user, Problems *problems, uint64_t *ret_id);
