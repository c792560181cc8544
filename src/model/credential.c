/* SPDX-License-Identifier: MIT */
#include "core/clock.h"
#include "core/ip-network.h"
#include "model/credential.h"
#include "model/identifier.h"
#include "model/rows.h"

#define SELECT_CREDENTIALS                                                                         \
        "SELECT id, server_id, type, uuid, `key`, name, hold, last_used_at, created_at "           \
        "FROM credentials "

static const char SQL_LOAD[] = SELECT_CREDENTIALS "WHERE id = ?";
static const char SQL_FIND[] =
        SELECT_CREDENTIALS "WHERE uuid = ? OR id = ? ORDER BY uuid = ? DESC LIMIT 1";
static const char SQL_LIST[] = SELECT_CREDENTIALS "WHERE server_id = ? ORDER BY name, id";
static const char SQL_LOCK_SERVER[] =
        "SELECT id FROM servers WHERE id = ? AND deleted_at IS NULL FOR UPDATE";
static const char SQL_KEY_TAKEN[] = "SELECT COUNT(*) FROM credentials WHERE `key` = ?";
static const char SQL_INSERT[] = "INSERT INTO credentials (server_id, `key`, type, name, "
                                 "created_at, updated_at, hold, uuid) "
                                 "VALUES (?, ?, ?, ?, ?, ?, ?, ?)";

static const char *const TYPES[CREDENTIAL_TYPE_MAX] = {
        [CREDENTIAL_SMTP] = "SMTP",
        [CREDENTIAL_API] = "API",
        [CREDENTIAL_SMTP_IP] = "SMTP-IP",
};

const char *credential_type_to_string(CredentialType type) {
        return type >= 0 && type < CREDENTIAL_TYPE_MAX ? TYPES[type] : NULL;
}

CredentialType credential_type_from_string(const char *text) {
        for (int type = 0; type < CREDENTIAL_TYPE_MAX; type++)
                if (strcasecmp(strempty(text), TYPES[type]) == 0)
                        return type;
        return CREDENTIAL_TYPE_INVALID;
}

static int credential_from_row(DbStatement *st, Credential **ret) {
        _cleanup_(credential_freep) Credential *c = calloc(1, sizeof(Credential));
        _cleanup_free_ char *type = NULL;

        if (!c || row_text(st, 2, &type) < 0 || row_string(st, 3, &c->uuid) < 0 ||
            row_text(st, 4, &c->key) < 0 || row_text(st, 5, &c->name) < 0)
                return -ENOMEM;
        c->id = db_u64(st, 0);
        c->server_id = db_u64(st, 1);
        c->type = credential_type_from_string(type);
        c->hold = db_u64(st, 6);
        c->last_used_usec = db_datetime(st, 7);
        c->created_usec = db_datetime(st, 8);
        *ret = TAKE_PTR(c);
        return 0;
}

Credential *credential_free(Credential *c) {
        if (!c)
                return NULL;
        if (c->key)
                explicit_bzero(c->key, strlen(c->key));
        free(c->key);
        free(c->uuid);
        free(c->name);
        return mfree(c);
}

DEFINE_MODEL_ROWS(Credential, credential)

int credential_load(Db *db, uint64_t id, Credential **ret) {
        DbStatement *st;
        int r = db_prepare(db, SQL_LOAD, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        db_bind_u64(st, id);
        return credential_one(st, ret);
}

int credential_find(Db *db, const char *what, Credential **ret) {
        uint64_t id = 0;
        DbStatement *st;
        int r = db_prepare(db, SQL_FIND, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        (void) slice_to_u64(slice_from_string(what), INT32_MAX, &id);
        db_bind_string(st, what);
        db_bind_u64(st, id);
        db_bind_string(st, what);
        return credential_one(st, ret);
}

int credential_list(Db *db, uint64_t server_id, Credential ***ret) {
        DbStatement *st;
        int r = db_prepare(db, SQL_LIST, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        db_bind_u64(st, server_id);
        return credential_collect(st, ret);
}

typedef struct Creation {
        const NewCredential *credential;
        Problems *problems;
        uint64_t id;
} Creation;

static int key_taken(Db *db, const char *key, bool *ret) {
        DbStatement *st;
        int r = db_prepare(db, SQL_KEY_TAKEN, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        db_bind_string(st, key);
        return rows_exist(st, ret);
}

static int free_key(Db *db, char ret[static CREDENTIAL_KEY_LENGTH + 1]) {
        bool taken = true;

        while (taken) {
                int r;

                random_alnum(ret, CREDENTIAL_KEY_LENGTH);
                r = key_taken(db, ret, &taken);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* A network may be given to one server only, because clients from there say nothing else. */
static int check_network(Db *db, const char *key, Problems *problems) {
        IpNetwork network;
        bool taken;
        int r;

        if (!problems_check_presence(problems, "Key", key) ||
            !problems_check_length(problems, "Key", key))
                return 0;
        if (ip_network_parse(key, &network) < 0)
                problems_add(problems, "Key must be a valid IPv4 or IPv6 address");
        r = key_taken(db, key, &taken);
        if (r >= 0 && taken)
                problems_add(problems, "Key has already been taken");
        return r;
}

static int check_server(Db *db, uint64_t server_id, Problems *problems) {
        DbStatement *st;
        uint64_t id;
        int r = db_prepare(db, SQL_LOCK_SERVER, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        db_bind_u64(st, server_id);
        r = db_query_u64(st, &id);
        if (r != -ENOENT)
                return r;
        problems_add(problems, "Server must exist");
        return 0;
}

static int insert(Db *db, Creation *creation, const char *key) {
        const NewCredential *c = creation->credential;
        char uuid[UUID_LENGTH + 1];
        uint64_t now = clock_realtime();
        DbStatement *st;
        int r = db_prepare(db, SQL_INSERT, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        random_uuid(uuid);
        db_bind_u64(st, c->server_id);
        db_bind_string(st, key);
        db_bind_string(st, credential_type_to_string(c->type));
        db_bind_string(st, c->name);
        db_bind_datetime(st, now);
        db_bind_datetime(st, now);
        db_bind_bool(st, c->hold);
        db_bind_string(st, uuid);
        return db_run(st, NULL, &creation->id);
}

static int create(Db *db, void *userdata) {
        Creation *creation = userdata;
        const NewCredential *c = creation->credential;
        Problems *problems = creation->problems;
        char made[CREDENTIAL_KEY_LENGTH + 1];
        int r;

        problems_done(problems);
        r = check_server(db, c->server_id, problems);
        if (r < 0)
                return r;
        if (!credential_type_to_string(c->type))
                problems_add(problems, "Type is not included in the list");
        if (problems_check_presence(problems, "Name", c->name))
                (void) problems_check_length(problems, "Name", c->name);
        if (c->type == CREDENTIAL_SMTP_IP)
                r = check_network(db, c->key, problems);
        else
                r = free_key(db, made);
        if (r >= 0)
                r = problems->error;
        if (r < 0 || problems->count > 0)
                return r;
        return insert(db, creation, c->type == CREDENTIAL_SMTP_IP ? c->key : made);
}

int credential_create(Db *db, const NewCredential *credential, Problems *problems,
                      uint64_t *ret_id) {
        Creation c = { credential, problems, 0 };
        int r;

        assert(db && credential && problems);

        r = db_transaction(db, create, &c);
        if (r >= 0 && ret_id)
                *ret_id = c.id;
        return r;
}
