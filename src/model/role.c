/* SPDX-License-Identifier: MIT */
#include "model/role.h"

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

static const char SQL_TAKE[] =
        "UPDATE worker_roles SET acquired_at = UTC_TIMESTAMP(), worker = ? WHERE role = ? AND ("
        "worker = ? OR acquired_at IS NULL "
        "OR acquired_at < UTC_TIMESTAMP() - INTERVAL " TEXT(ROLE_FOREIGN_TIMEOUT_SEC) " SECOND "
        "OR (worker LIKE 'postal:%' AND "
        "acquired_at < UTC_TIMESTAMP() - INTERVAL " TEXT(ROLE_TIMEOUT_SEC) " SECOND))";
static const char SQL_CREATE[] =
        "INSERT INTO worker_roles (role, worker, acquired_at) VALUES (?, ?, UTC_TIMESTAMP())";
static const char SQL_RELEASE[] = "DELETE FROM worker_roles WHERE role = ? AND worker = ?";

void role_make_holder(const char *id, char ret[static ROLE_HOLDER_SIZE]) {
        char host[65] = "unknown";

        (void) gethostname(host, sizeof(host) - 1);
        (void) snprintf(ret, ROLE_HOLDER_SIZE, "postal:%s host:%s", id, host);
}

int role_acquire(Db *db, const char *role, const char *holder, bool *ret_held) {
        uint64_t affected = 0;
        DbStatement *st;
        int r = db_prepare(db, SQL_TAKE, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        db_bind_string(st, holder);
        db_bind_string(st, role);
        db_bind_string(st, holder);
        r = db_run(st, &affected, NULL);
        if (r < 0)
                return r;
        if (affected == 0) {
                r = db_prepare(db, SQL_CREATE, DB_MAIN, 1, &st);
                if (r < 0)
                        return r;
                db_bind_string(st, role);
                db_bind_string(st, holder);
                r = db_run(st, NULL, NULL);
                if (r < 0 && r != -EEXIST)
                        return r;
                affected = r >= 0;
        }
        *ret_held = affected > 0;
        return 0;
}

int role_release(Db *db, const char *role, const char *holder) {
        DbStatement *st;
        int r = db_prepare(db, SQL_RELEASE, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        db_bind_string(st, role);
        db_bind_string(st, holder);
        return db_run(st, NULL, NULL);
}
