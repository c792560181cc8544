/* SPDX-License-Identifier: MIT */
#include "model/domain-key.h"

static const char SQL_LOAD[] =
        "SELECT selector, private_key, is_active FROM postal_domain_keys WHERE domain_id = ?";
static const char SQL_CREATE[] =
        "INSERT INTO postal_domain_keys (domain_id, selector, private_key, is_active, created_at) "
        "VALUES (?, ?, ?, 0, UTC_TIMESTAMP(6))";
static const char SQL_SET_ACTIVE[] = "UPDATE postal_domain_keys SET is_active = ? WHERE domain_id = ?";

DomainKey *domain_key_free(DomainKey *k) {
        if (!k)
                return NULL;
        if (k->private_key)
                explicit_bzero(k->private_key, strlen(k->private_key));
        free(k->private_key);
        free(k->selector);
        return mfree(k);
}

int domain_key_find(Db *db, uint64_t domain_id, DomainKey **ret) {
        _cleanup_(domain_key_freep) DomainKey *k = calloc(1, sizeof(DomainKey));
        DbStatement *st;
        int r;

        if (!k)
                return -ENOMEM;
        r = db_prepare(db, SQL_LOAD, DB_MAIN, 1, &st);
        if (r < 0)
                return r;
        db_bind_u64(st, domain_id);
        r = db_query(st);
        if (r >= 0)
                r = db_fetch(st);
        if (r > 0) {
                k->selector = slice_dup(db_slice(st, 0));
                k->private_key = slice_dup(db_slice(st, 1));
                k->is_active = db_u64(st, 2) != 0;
        }
        db_end(st);
        if (r <= 0)
                return r == 0 ? -ENOENT : r;
        if (!k->selector || !k->private_key)
                return -ENOMEM;
        *ret = TAKE_PTR(k);
        return 0;
}

int domain_key_load(Db *db, uint64_t domain_id, DomainKey **ret) {
        _cleanup_(domain_key_freep) DomainKey *k = NULL;
        int r = domain_key_find(db, domain_id, &k);

        if (r < 0)
                return r;
        if (!k->is_active)
                return -ENOENT;
        *ret = TAKE_PTR(k);
        return 0;
}

int domain_key_create(Db *db, uint64_t domain_id, const char *selector, const char *private_key) {
        DbStatement *st;
        int r = db_prepare(db, SQL_CREATE, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        db_bind_u64(st, domain_id);
        db_bind_string(st, selector);
        db_bind_string(st, private_key);
        return db_run(st, NULL, NULL);
}

int domain_key_set_active(Db *db, uint64_t domain_id, bool is_active) {
        uint64_t affected = 0;
        DbStatement *st;
        int r = db_prepare(db, SQL_SET_ACTIVE, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        db_bind_bool(st, is_active);
        db_bind_u64(st, domain_id);
        r = db_run(st, &affected, NULL);
        return r < 0 ? r : affected == 0 ? -ENOENT : 0;
}
