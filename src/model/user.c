/* SPDX-License-Identifier: MIT */
#include "basic/random.h"
#include "core/clock.h"
#include "core/password.h"
#include "model/rows.h"
#include "model/user.h"

#define COLUMNS                                                                                    \
        "id, uuid, first_name, last_name, email_address, time_zone, admin, "                       \
        "password_digest IS NOT NULL, email_verified_at, created_at"

static const char SQL_LOAD[] = "SELECT " COLUMNS " FROM users WHERE id = ?";
static const char SQL_FIND_BY_EMAIL[] =
        "SELECT " COLUMNS " FROM users WHERE email_address = ? ORDER BY id LIMIT 1";
static const char SQL_FIND_FIRST_ADMIN[] =
        "SELECT " COLUMNS " FROM users WHERE admin = 1 ORDER BY id LIMIT 1";
static const char SQL_LIST[] = "SELECT " COLUMNS " FROM users ORDER BY first_name, last_name, id";
static const char SQL_EMAIL_TAKEN[] = "SELECT COUNT(*) FROM users WHERE email_address = ?";
static const char SQL_INSERT[] =
        "INSERT INTO users (uuid, first_name, last_name, email_address, password_digest, "
        "time_zone, email_verified_at, created_at, updated_at, admin) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

static int user_from_row(DbStatement *st, User **ret) {
        _cleanup_(user_freep) User *u = calloc(1, sizeof(User));

        if (!u || row_text(st, 1, &u->uuid) < 0 || row_text(st, 2, &u->first_name) < 0 ||
            row_text(st, 3, &u->last_name) < 0 || row_text(st, 4, &u->email_address) < 0 ||
            row_string(st, 5, &u->time_zone) < 0)
                return -ENOMEM;
        u->id = db_u64(st, 0);
        u->is_admin = db_u64(st, 6);
        u->has_password = db_u64(st, 7);
        u->email_verified_usec = db_datetime(st, 8);
        u->created_usec = db_datetime(st, 9);
        *ret = TAKE_PTR(u);
        return 0;
}

User *user_free(User *u) {
        if (!u)
                return NULL;
        free(u->uuid);
        free(u->first_name);
        free(u->last_name);
        free(u->email_address);
        free(u->time_zone);
        return mfree(u);
}

DEFINE_MODEL_ROWS(User, user)

int user_load(Db *db, uint64_t id, User **ret) {
        DbStatement *st;
        int r = db_prepare(db, SQL_LOAD, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        db_bind_u64(st, id);
        return user_one(st, ret);
}

int user_find_by_email(Db *db, const char *email_address, User **ret) {
        DbStatement *st;
        int r = db_prepare(db, SQL_FIND_BY_EMAIL, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        db_bind_string(st, email_address);
        return user_one(st, ret);
}

int user_find_first_admin(Db *db, User **ret) {
        DbStatement *st;
        int r = db_prepare(db, SQL_FIND_FIRST_ADMIN, DB_MAIN, 1, &st);

        return r < 0 ? r : user_one(st, ret);
}

int user_list(Db *db, User ***ret) {
        DbStatement *st;
        int r = db_prepare(db, SQL_LIST, DB_MAIN, 1, &st);

        return r < 0 ? r : user_collect(st, ret);
}

static int check_email(Db *db, const char *email, Problems *problems) {
        DbStatement *st;
        bool taken;
        int r;

        if (!problems_check_presence(problems, "Email address", email) ||
            !problems_check_length(problems, "Email address", email))
                return 0;
        r = db_prepare(db, SQL_EMAIL_TAKEN, DB_MAIN, 1, &st);
        if (r < 0)
                return r;
        db_bind_string(st, email);
        r = rows_exist(st, &taken);
        if (r < 0)
                return r;
        if (taken)
                problems_add(problems, "Email address has already been taken");
        if (!strchr(email, '@'))
                problems_add(problems, "Email address is invalid");
        return 0;
}

static void check_password(const NewUser *u, Problems *problems) {
        size_t characters = 0;

        for (const char *c = strempty(u->password); *c; c++)
                characters += ((unsigned char) *c & 0xC0) != 0x80;
        if (characters == 0 && !u->may_lack_password)
                problems_add(problems, "Password can't be blank");
        if (characters > 0 && characters < USER_PASSWORD_LENGTH_MIN)
                problems_add(problems, "Password is too short (minimum is %d characters)",
                             USER_PASSWORD_LENGTH_MIN);
}

static int check(Db *db, const NewUser *u, Problems *problems) {
        int r = check_email(db, u->email_address, problems);

        if (r < 0)
                return r;
        if (problems_check_presence(problems, "First name", u->first_name))
                (void) problems_check_length(problems, "First name", u->first_name);
        if (problems_check_presence(problems, "Last name", u->last_name))
                (void) problems_check_length(problems, "Last name", u->last_name);
        (void) problems_check_length(problems, "Time zone", u->time_zone);
        check_password(u, problems);
        return problems->error;
}

int user_create(Db *db, const NewUser *u, Problems *problems, uint64_t *ret_id) {
        const bool has_password = u->password && *u->password;
        char uuid[UUID_LENGTH + 1], hash[PASSWORD_HASH_SIZE];
        uint64_t now = clock_realtime();
        DbStatement *st;
        int r;

        assert(db && u && problems);

        r = check(db, u, problems);
        if (r < 0 || problems->count > 0)
                return r;
        if (has_password) {
                r = password_hash(u->password, hash);
                if (r < 0)
                        return r;
        }
        random_uuid(uuid);
        r = db_prepare(db, SQL_INSERT, DB_MAIN, 1, &st);
        if (r < 0)
                return r;
        db_bind_string(st, uuid);
        db_bind_string(st, u->first_name);
        db_bind_string(st, u->last_name);
        db_bind_string(st, u->email_address);
        db_bind_string(st, has_password ? hash : NULL);
        db_bind_string(st, u->time_zone && *u->time_zone ? u->time_zone : "UTC");
        db_bind_datetime(st, u->is_email_verified ? now : 0);
        db_bind_datetime(st, now);
        db_bind_datetime(st, now);
        db_bind_bool(st, u->is_admin);
        return db_run(st, NULL, ret_id);
}
