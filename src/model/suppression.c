/* SPDX-License-Identifier: MIT */
#include "basic/time-format.h"
#include "model/suppression.h"

static const char SQL_RENEW[] =
        "UPDATE {m}.suppressions SET reason = ?, keep_until = ? WHERE type = 'recipient' AND address = ?";
static const char SQL_INSERT[] =
        "INSERT INTO {m}.suppressions (type, reason, keep_until, address, timestamp) "
        "VALUES ('recipient', ?, ?, ?, ?)";
static const char SQL_REMOVE[] = "DELETE FROM {m}.suppressions WHERE type = 'recipient' AND address = ?";

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
