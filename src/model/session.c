/* SPDX-License-Identifier: MIT */
#include "model/session.h"

static const char SQL_TIDY[] =
        "UPDATE authie_sessions SET active = 0 WHERE active = 1 AND ("
        "(expires_at IS NULL AND last_activity_at < UTC_TIMESTAMP() - INTERVAL 12 HOUR) OR "
        "expires_at < UTC_TIMESTAMP())";

int sessions_tidy(Db *db, uint64_t *ret_ended) {
        DbStatement *st;
        int r = db_prepare(db, SQL_TIDY, DB_MAIN, 1, &st);

        return r < 0 ? r : db_run(st, ret_ended, NULL);
}
