/* SPDX-License-Identifier: MIT */
#include "model/domain.h"
#include "model/rows.h"

#define SELECT_DOMAINS                                                                             \
        "SELECT d.id, d.uuid, d.name, d.owner_type, d.owner_id, d.verified_at, "                   \
        "d.verification_method, d.verification_token, d.dkim_private_key, "                        \
        "d.dkim_identifier_string, d.spf_status, d.dkim_status, d.mx_status, "                     \
        "d.return_path_status, d.dns_checked_at, d.use_for_any, d.created_at, "                    \
        "IF(d.owner_type = 'Server', CONCAT(oo.permalink, '/', os.permalink), oo.permalink) "      \
        "FROM domains d "                                                                          \
        "LEFT JOIN servers os ON d.owner_type = 'Server' AND os.id = d.owner_id "                  \
        "LEFT JOIN organizations oo "                                                              \
        "ON oo.id = IF(d.owner_type = 'Organization', d.owner_id, os.organization_id) "

static const char SQL_LOAD[] = SELECT_DOMAINS "WHERE d.id = ?";
static const char SQL_FIND[] =
        SELECT_DOMAINS "WHERE d.uuid = ? OR d.id = ? ORDER BY d.uuid = ? DESC LIMIT 1";
static const char SQL_FIND_BY_NAME[] = SELECT_DOMAINS
        "WHERE d.owner_type = ? AND d.owner_id = ? AND d.name = ? ORDER BY d.id LIMIT 1";
static const char SQL_FIND_FOR_SERVER[] =
        SELECT_DOMAINS "JOIN servers s ON (d.owner_type = 'Server' AND d.owner_id = s.id) OR "
                       "(d.owner_type = 'Organization' AND d.owner_id = s.organization_id) "
                       "WHERE s.id = ? AND d.name = ? AND d.verified_at IS NOT NULL "
                       "ORDER BY d.owner_type DESC, d.id LIMIT 1";
static const char SQL_LIST[] =
        SELECT_DOMAINS "WHERE ? = 0 OR (d.owner_type = ? AND d.owner_id = ?) ORDER BY d.name, d.id";

static const char *const OWNERS[DOMAIN_OWNER_MAX] = {
        [DOMAIN_OF_SERVER] = "Server",
        [DOMAIN_OF_ORGANIZATION] = "Organization",
};

const char *domain_owner_to_string(DomainOwner owner) {
        return owner >= 0 && owner < DOMAIN_OWNER_MAX ? OWNERS[owner] : NULL;
}

static DomainOwner owner_from_slice(Slice text) {
        for (int owner = 0; owner < DOMAIN_OWNER_MAX; owner++)
                if (slice_equal(text, slice_from_string(OWNERS[owner])))
                        return owner;
        return DOMAIN_OWNER_INVALID;
}

static int domain_from_row(DbStatement *st, Domain **ret) {
        _cleanup_(domain_freep) Domain *d = calloc(1, sizeof(Domain));

        if (!d || row_text(st, 1, &d->uuid) < 0 || row_text(st, 2, &d->name) < 0 ||
            row_string(st, 6, &d->verification_method) < 0 ||
            row_string(st, 7, &d->verification_token) < 0 ||
            row_string(st, 8, &d->dkim_private_key) < 0 ||
            row_string(st, 9, &d->dkim_identifier_string) < 0 ||
            row_string(st, 10, &d->spf_status) < 0 || row_string(st, 11, &d->dkim_status) < 0 ||
            row_string(st, 12, &d->mx_status) < 0 ||
            row_string(st, 13, &d->return_path_status) < 0 ||
            row_string(st, 17, &d->owner_path) < 0)
                return -ENOMEM;
        d->id = db_u64(st, 0);
        d->owner_type = owner_from_slice(db_slice(st, 3));
        d->owner_id = db_u64(st, 4);
        d->verified_usec = db_datetime(st, 5);
        d->is_verified = !db_is_null(st, 5);
        d->dkim_status_ok = streq_ptr(d->dkim_status, "OK");
        d->return_path_status_ok = streq_ptr(d->return_path_status, "OK");
        d->dns_checked_usec = db_datetime(st, 14);
        d->use_for_any = db_u64(st, 15);
        d->created_usec = db_datetime(st, 16);
        *ret = TAKE_PTR(d);
        return 0;
}

Domain *domain_free(Domain *d) {
        if (!d)
                return NULL;
        if (d->dkim_private_key)
                explicit_bzero(d->dkim_private_key, strlen(d->dkim_private_key));
        free(d->dkim_private_key);
        free(d->uuid);
        free(d->name);
        free(d->verification_method);
        free(d->verification_token);
        free(d->dkim_identifier_string);
        free(d->spf_status);
        free(d->dkim_status);
        free(d->mx_status);
        free(d->return_path_status);
        free(d->owner_path);
        return mfree(d);
}

DEFINE_MODEL_ROWS(Domain, domain)

int domain_load(Db *db, uint64_t id, Domain **ret) {
        DbStatement *st;
        int r = db_prepare(db, SQL_LOAD, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        db_bind_u64(st, id);
        return domain_one(st, ret);
}

int domain_find(Db *db, const char *what, Domain **ret) {
        uint64_t id = 0;
        DbStatement *st;
        int r = db_prepare(db, SQL_FIND, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        (void) slice_to_u64(slice_from_string(what), INT32_MAX, &id);
        db_bind_string(st, what);
        db_bind_u64(st, id);
        db_bind_string(st, what);
        return domain_one(st, ret);
}

int domain_find_by_name(Db *db, DomainOwner owner_type, uint64_t owner_id, const char *name,
                        Domain **ret) {
        DbStatement *st;
        int r = db_prepare(db, SQL_FIND_BY_NAME, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        db_bind_string(st, domain_owner_to_string(owner_type));
        db_bind_u64(st, owner_id);
        db_bind_string(st, name);
        return domain_one(st, ret);
}

int domain_find_for_server(Db *db, uint64_t server_id, const char *name, Domain **ret) {
        DbStatement *st;
        int r = db_prepare(db, SQL_FIND_FOR_SERVER, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        db_bind_u64(st, server_id);
        db_bind_string(st, name);
        return domain_one(st, ret);
}

int domain_list(Db *db, DomainOwner owner_type, uint64_t owner_id, Domain ***ret) {
        DbStatement *st;
        int r = db_prepare(db, SQL_LIST, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        db_bind_u64(st, owner_id);
        db_bind_string(st, domain_owner_to_string(owner_type));
        db_bind_u64(st, owner_id);
        return domain_collect(st, ret);
}
