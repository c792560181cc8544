/* SPDX-License-Identifier: MIT */
#include "basic/time-format.h"
#include "model/suppression.h"

static const char SQL_FIND[] =
        "SELECT reason, keep_until >= ? FROM {m}.suppressions WHERE type = 'recipient' AND address = ? "
        "ORDER BY keep_until DESC LIMIT 1";
static const char SQL_RENEW[] =
        "UPDATE {m}.suppressions SET reason = ?, keep_until = ? WHERE type = 'recipient' AND address = ?";
static const char SQL_INSERT[] =
        "INSERT INTO {m}.suppressions (type, reason, keep_until, address, timestamp) "
        "VALUES ('recipient', ?, ?, ?, ?)";
static const char SQL_REMOVE[] = "DELETE FROM {m}.suppressions WHERE type = 'recipient' AND address = ?";

int suppression_find(Db *db, uint64_t server_id, const char *address, uint64_t now_usec, Suppression *ret) {
        DbStatement *st;
        int r = db_prepare(db, SQL_FIND, DB_MESSAGE(server_id), 1, &st);

        *ret = (Suppression){ 0 };
        if (r < 0)
                return r;
        db_bind_decimal_time(st, now_usec);
        db_bind_string(st, address);
        r = db_query(st);
        if (r >= 0)
                r = db_fetch(st);
        if (r > 0) {
                ret->exists = true;
                ret->is_active = db_u64(st, 1) != 0;
                (void) snprintf(ret->reason, sizeof(ret->reason), "%.*s", SLICE_FORMAT(db_slice(st, 0)));
        }
        db_end(st);
        return r < 0 ? r : 0;
}

static int run_add(Db *db, const char *sql, uint64_t server_id, const char *address, const char *reason,
                   uint64_t until_usec, uint64_t now_usec, uint64_t *ret_affected) {
        DbStatement *st;
        int r = db_prepare(db, sql, DB_MESSAGE(server_id), 1, &st);

        if (r < 0)
                return r;
        db_bind_string(st, reason);
        db_bind_decimal_time(st, until_usec);
        db_bind_string(st, address);
        if (now_usec > 0)
                db_bind_decimal_time(st, now_usec);
        return db_run(st, ret_affected, NULL);
}

int suppression_add(Db *db, uint64_t server_id, const char *address, const char *reason, uint64_t now_usec,
                    uint64_t days) {
        uint64_t until = now_usec + days * USEC_PER_DAY, affected = 0;
        int r = run_add(db, SQL_RENEW, server_id, address, reason, until, 0, &affected);

        if (r < 0 || affected > 0)
                return r;
        return run_add(db, SQL_INSERT, server_id, address, reason, until, now_usec, NULL);
}

int suppression_remove(Db *db, uint64_t server_id, const char *address, bool *ret_removed) {
        uint64_t affected = 0;
        DbStatement *st;
        int r = db_prepare(db, SQL_REMOVE, DB_MESSAGE(server_id), 1, &st);

        if (r < 0)
                return r;
        db_bind_string(st, address);
        r = db_run(st, &affected, NULL);
        if (r >= 0)
                *ret_removed = affected > 0;
        return r;
}
