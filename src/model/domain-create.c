/* SPDX-License-Identifier: MIT */
#include "core/clock.h"
#include "core/rsa-key.h"
#include "model/domain.h"
#include "model/identifier.h"
#include "model/rows.h"

static const char SQL_LOCK_SERVER[] = "SELECT id FROM servers WHERE id = ? FOR UPDATE";
static const char SQL_LOCK_ORGANIZATION[] = "SELECT id FROM organizations WHERE id = ? FOR UPDATE";
static const char SQL_NAME_TAKEN[] =
        "SELECT COUNT(*) FROM domains WHERE owner_type = ? AND owner_id = ? AND name = ?";
static const char SQL_DKIM_STRING_TAKEN[] =
        "SELECT COUNT(*) FROM domains WHERE dkim_identifier_string = ?";
static const char SQL_INSERT[] =
        "INSERT INTO domains (server_id, uuid, name, verification_token, verification_method, "
        "verified_at, dkim_private_key, created_at, updated_at, owner_type, owner_id, "
        "dkim_identifier_string, use_for_any) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

typedef struct Creation {
        const NewDomain *domain;
        const char *method;
        Buf key;
        Problems *problems;
        uint64_t id;
} Creation;

static bool name_is_valid(const char *name) {
        for (const char *p = name; *p; p++)
                if (!ascii_is_digit(*p) && !(*p >= 'a' && *p <= 'z') && *p != '-' && *p != '.')
                        return false;
        return true;
}

/* A row that others who add to the same owner wait for. */
static int lock_owner(Db *db, const Creation *c) {
        const char *sql =
                c->domain->owner_type == DOMAIN_OF_SERVER ? SQL_LOCK_SERVER : SQL_LOCK_ORGANIZATION;
        DbStatement *st;
        uint64_t id;
        int r = db_prepare(db, sql, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        db_bind_u64(st, c->domain->owner_id);
        r = db_query_u64(st, &id);
        if (r != -ENOENT)
                return r;
        problems_add(c->problems, "%s must exist", domain_owner_to_string(c->domain->owner_type));
        return 0;
}

static int check(Db *db, const Creation *c) {
        const char *name = c->domain->name;
        DbStatement *st;
        bool taken;
        int r;

        if (!streq(c->method, "DNS") && !streq(c->method, "Email"))
                problems_add(c->problems, "Verify Method is not included in the list");
        if (!problems_check_presence(c->problems, "Name", name) ||
            !problems_check_length(c->problems, "Name", name))
                return 0;
        if (!name_is_valid(name))
                problems_add(c->problems, "Name is invalid");
        r = db_prepare(db, SQL_NAME_TAKEN, DB_MAIN, 1, &st);
        if (r < 0)
                return r;
        db_bind_string(st, domain_owner_to_string(c->domain->owner_type));
        db_bind_u64(st, c->domain->owner_id);
        db_bind_string(st, name);
        r = rows_exist(st, &taken);
        if (r >= 0 && taken)
                problems_add(c->problems, "Name is already added");
        return r;
}

static int free_dkim_string(Db *db, char ret[static DKIM_STRING_LENGTH + 1]) {
        bool taken = true;

        while (taken) {
                DbStatement *st;
                int r = db_prepare(db, SQL_DKIM_STRING_TAKEN, DB_MAIN, 1, &st);

                if (r < 0)
                        return r;
                identifier_random(ret, DKIM_STRING_LENGTH, true);
                db_bind_string(st, ret);
                r = rows_exist(st, &taken);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int insert(Db *db, Creation *c) {
        const NewDomain *d = c->domain;
        char uuid[UUID_LENGTH + 1], dkim_string[DKIM_STRING_LENGTH + 1];
        char token[VERIFICATION_TOKEN_LENGTH + 1];
        uint64_t now = clock_realtime();
        DbStatement *st;
        int r;

        r = free_dkim_string(db, dkim_string);
        if (r >= 0)
                r = db_prepare(db, SQL_INSERT, DB_MAIN, 1, &st);
        if (r < 0)
                return r;
        random_uuid(uuid);
        if (streq(c->method, "DNS"))
                random_alnum(token, VERIFICATION_TOKEN_LENGTH);
        else
                identifier_verification_code(token);
        db_bind_id(st, d->owner_type == DOMAIN_OF_SERVER ? d->owner_id : 0);
        db_bind_string(st, uuid);
        db_bind_string(st, d->name);
        db_bind_string(st, token);
        db_bind_string(st, c->method);
        db_bind_datetime(st, d->is_verified ? now : 0);
        db_bind_slice(st, buf_slice(&c->key));
        db_bind_datetime(st, now);
        db_bind_datetime(st, now);
        db_bind_string(st, domain_owner_to_string(d->owner_type));
        db_bind_u64(st, d->owner_id);
        db_bind_string(st, dkim_string);
        db_bind_id(st, d->use_for_any);
        return db_run(st, NULL, &c->id);
}

static int create(Db *db, void *userdata) {
        Creation *c = userdata;
        int r;

        problems_done(c->problems);
        r = lock_owner(db, c);
        if (r >= 0)
                r = check(db, c);
        if (r >= 0)
                r = c->problems->error;
        if (r < 0 || c->problems->count > 0)
                return r;
        return insert(db, c);
}

int domain_create(Db *db, const NewDomain *domain, Problems *problems, uint64_t *ret_id) {
        Creation c = { .domain = domain, .problems = problems };
        int r;

        assert(db && domain && problems);
        assert(domain_owner_to_string(domain->owner_type));

        c.method = domain->verification_method ? domain->verification_method : "DNS";
        /* Before the transaction, whose lock should not last as long as making a key. */
        r = rsa_key_generate(RSA_KEY_BITS, &c.key);
        if (r >= 0)
                r = db_transaction(db, create, &c);
        if (c.key.data)
                explicit_bzero(c.key.data, c.key.size);
        buf_done(&c.key);
        if (r >= 0 && ret_id)
                *ret_id = c.id;
        return r;
}
