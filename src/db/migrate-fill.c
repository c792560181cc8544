/* SPDX-License-Identifier: MIT */
/* Steps that are more than a statement. */
#include "basic/random.h"
#include "db/migrate-plan.h"

#define BATCH 64

static const char SQL_CREDENTIALS_WITHOUT_UUID[] =
        "SELECT id FROM credentials WHERE uuid IS NULL LIMIT 64";
static const char SQL_CREDENTIAL_SET_UUID[] =
        "UPDATE credentials SET uuid = ? WHERE id = ? AND uuid IS NULL";

static const char SQL_IP_ADDRESSES_SET_PRIORITY[] =
        "UPDATE ip_addresses SET priority = 100 WHERE priority IS NULL";

static int next_credentials(Db *db, uint64_t ids[static BATCH], size_t *ret_count) {
        DbStatement *st;
        size_t count = 0;
        int r;

        r = db_prepare(db, SQL_CREDENTIALS_WITHOUT_UUID, DB_MAIN, 1, &st);
        if (r < 0)
                return r;
        r = db_query(st);
        while (r >= 0 && count < BATCH && (r = db_fetch(st)) > 0)
                ids[count++] = db_u64(st, 0);
        db_end(st);
        if (r < 0)
                return r;
        *ret_count = count;
        return 0;
}

int migrate_fill_credential_uuids(Db *db, bool *ret_changed) {
        bool changed = false;

        for (;;) {
                uint64_t ids[BATCH];
                size_t count = 0;
                int r = next_credentials(db, ids, &count);

                for (size_t i = 0; r >= 0 && i < count; i++) {
                        char uuid[UUID_LENGTH + 1];
                        DbStatement *st;

                        r = db_prepare(db, SQL_CREDENTIAL_SET_UUID, DB_MAIN, 1, &st);
                        if (r < 0)
                                return r;
                        random_uuid(uuid);
                        db_bind_string(st, uuid);
                        db_bind_u64(st, ids[i]);
                        r = db_run(st, NULL, NULL);
                        changed = true;
                }
                if (r < 0)
                        return r;
                if (count == 0)
                        break;
        }
        *ret_changed = changed;
        return 0;
}

int migrate_fill_ip_priorities(Db *db, bool *ret_changed) {
        DbStatement *st;
        uint64_t affected;
        int r;

        r = db_prepare(db, SQL_IP_ADDRESSES_SET_PRIORITY, DB_MAIN, 1, &st);
        if (r >= 0)
                r = db_run(st, &affected, NULL);
        if (r < 0)
                return r;
        *ret_changed = affected > 0;
        return 0;
}
