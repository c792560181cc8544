/* SPDX-License-Identifier: MIT */
/* A new mail server is a row and a database, which no transaction holds together. The row is
 * committed first: until the database is complete nobody can use the server, since it has no
 * credentials, routes or domains yet, and making it once more completes it. Postal drops a database
 * of that name first; here nothing is ever dropped. */
#include "core/clock.h"
#include "model/identifier.h"
#include "model/rows.h"
#include "model/server.h"

static const char SQL_LOCK_ORGANIZATION[] =
        "SELECT id FROM organizations WHERE id = ? AND deleted_at IS NULL FOR UPDATE";
static const char SQL_NAME_TAKEN[] =
        "SELECT COUNT(*) FROM servers WHERE organization_id = ? AND name = ?";
static const char SQL_PERMALINK_TAKEN[] =
        "SELECT COUNT(*) FROM servers WHERE organization_id = ? AND permalink = ?";
static const char SQL_SAME[] =
        "SELECT id FROM servers WHERE organization_id = ? AND name = ? AND permalink = ? "
        "AND deleted_at IS NULL LIMIT 1";
static const char SQL_TOKEN_TAKEN[] = "SELECT COUNT(*) FROM servers WHERE token = ?";
static const char SQL_POOL_BELONGS[] =
        "SELECT COUNT(*) FROM organization_ip_pools WHERE organization_id = ? AND ip_pool_id = ?";
static const char SQL_INSERT[] =
        "INSERT INTO servers (organization_id, uuid, name, mode, ip_pool_id, created_at, "
        "updated_at, permalink, message_retention_days, raw_message_retention_days, "
        "raw_message_retention_size, token, spam_threshold, spam_failure_threshold) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, 60, 30, 2048, ?, ?, ?)";

static const char SQL_DELETE[] = "DELETE FROM servers WHERE id = ?";
static const char SQL_HAS_MESSAGES[] =
        "SELECT COUNT(*) FROM (SELECT 1 FROM {m}.messages LIMIT 1) m";

static const char *const RESERVED[] = { "new",    "all",    "search",  "stats", "edit",
                                        "manage", "delete", "destroy", "remove" };

typedef struct Creation {
        Database *database;
        const NewServer *server;
        Buf permalink;
        Problems *problems;
        uint64_t id;
} Creation;

static int ask(Db *db, const char *sql, uint64_t organization_id, const char *text, bool *ret) {
        DbStatement *st;
        int r = db_prepare(db, sql, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        db_bind_u64(st, organization_id);
        db_bind_string(st, text);
        return rows_exist(st, ret);
}

static int check_name(Db *db, const Creation *c) {
        const NewServer *s = c->server;
        bool taken;
        int r;

        if (!problems_check_presence(c->problems, "Name", s->name) ||
            !problems_check_length(c->problems, "Name", s->name))
                return 0;
        r = ask(db, SQL_NAME_TAKEN, s->organization_id, s->name, &taken);
        if (r >= 0 && taken)
                problems_add(c->problems, "Name has already been taken");
        return r;
}

static int check_permalink(Db *db, const Creation *c) {
        const char *permalink = buf_string(&c->permalink);
        bool taken;
        int r;

        if (!problems_check_presence(c->problems, "Short name", permalink) ||
            !problems_check_length(c->problems, "Short name", permalink))
                return 0;
        r = ask(db, SQL_PERMALINK_TAKEN, c->server->organization_id, permalink, &taken);
        if (r < 0)
                return r;
        if (taken)
                problems_add(c->problems, "Short name has already been taken");
        if (!permalink_is_valid(permalink))
                problems_add(c->problems, "Short name is invalid");
        for (size_t i = 0; i < ELEMENTSOF(RESERVED); i++)
                if (streq(permalink, RESERVED[i]))
                        problems_add(c->problems, "Short name is reserved");
        return 0;
}

static int check_pool(Db *db, const Creation *c) {
        DbStatement *st;
        bool belongs;
        int r;

        if (c->server->ip_pool_id == 0)
                return 0;
        r = db_prepare(db, SQL_POOL_BELONGS, DB_MAIN, 1, &st);
        if (r < 0)
                return r;
        db_bind_u64(st, c->server->organization_id);
        db_bind_u64(st, c->server->ip_pool_id);
        r = rows_exist(st, &belongs);
        if (r >= 0 && !belongs)
                problems_add(c->problems, "IP pool must belong to the organization");
        return r;
}

static int free_token(Db *db, char ret[static SERVER_TOKEN_LENGTH + 1]) {
        bool taken = true;

        while (taken) {
                DbStatement *st;
                int r = db_prepare(db, SQL_TOKEN_TAKEN, DB_MAIN, 1, &st);

                if (r < 0)
                        return r;
                random_letters_lower(ret, SERVER_TOKEN_LENGTH);
                db_bind_string(st, ret);
                r = rows_exist(st, &taken);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int insert(Db *db, Creation *c) {
        char uuid[UUID_LENGTH + 1], token[SERVER_TOKEN_LENGTH + 1];
        const NewServer *s = c->server;
        uint64_t now = clock_realtime();
        DbStatement *st;
        int r;

        r = free_token(db, token);
        if (r >= 0)
                r = db_prepare(db, SQL_INSERT, DB_MAIN, 1, &st);
        if (r < 0)
                return r;
        random_uuid(uuid);
        db_bind_u64(st, s->organization_id);
        db_bind_string(st, uuid);
        db_bind_string(st, s->name);
        db_bind_string(st, server_mode_to_string(s->mode));
        db_bind_id(st, s->ip_pool_id);
        db_bind_datetime(st, now);
        db_bind_datetime(st, now);
        db_bind_slice(st, buf_slice(&c->permalink));
        db_bind_string(st, token);
        db_bind_i64(st, s->spam_threshold);
        db_bind_i64(st, s->spam_failure_threshold);
        return db_run(st, NULL, &c->id);
}

static int delete_row(Db *db, uint64_t id) {
        DbStatement *st;
        int r = db_prepare(db, SQL_DELETE, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        db_bind_u64(st, id);
        return db_run(st, NULL, NULL);
}

/* A main database that was restored from an older backup gives numbers again whose databases are
 * full of somebody else's mail. Those numbers are passed over. */
static int insert_unused(Db *db, Creation *c) {
        bool used = true;

        while (used) {
                DbStatement *st;
                int r = insert(db, c);

                if (r < 0)
                        return r;
                used = false;
                r = db_prepare(c->database->message, SQL_HAS_MESSAGES, DB_MESSAGE(c->id), 1, &st);
                if (r >= 0)
                        r = rows_exist(st, &used);
                if (r < 0 && r != -ENOENT)
                        return r;
                r = used ? delete_row(db, c->id) : 0;
                if (r < 0)
                        return r;
        }
        return 0;
}

/* In a transaction. The lock on the organization keeps two of the same name apart. */
static int create_row(Db *db, void *userdata) {
        Creation *c = userdata;
        uint64_t organization;
        DbStatement *st;
        int r;

        problems_done(c->problems);
        r = db_prepare(db, SQL_LOCK_ORGANIZATION, DB_MAIN, 1, &st);
        if (r < 0)
                return r;
        db_bind_u64(st, c->server->organization_id);
        r = db_query_u64(st, &organization);
        if (r == -ENOENT) {
                problems_add(c->problems, "Organization must exist");
                return c->problems->error;
        }
        if (r >= 0)
                r = check_name(db, c);
        if (r >= 0)
                r = check_permalink(db, c);
        if (r >= 0)
                r = check_pool(db, c);
        if (r < 0)
                return r;
        if (!server_mode_to_string(c->server->mode))
                problems_add(c->problems, "Mode is not included in the list");
        if (c->problems->error < 0 || c->problems->count > 0)
                return c->problems->error;
        return insert_unused(db, c);
}

/* The server that an earlier call made, but whose database it did not get ready. */
static int find_unfinished(Database *d, Creation *c, bool *ret) {
        uint64_t id, version;
        DbStatement *st;
        int r = db_prepare(d->main, SQL_SAME, DB_MAIN, 1, &st);

        *ret = false;
        if (r < 0)
                return r;
        db_bind_u64(st, c->server->organization_id);
        db_bind_string(st, c->server->name);
        db_bind_slice(st, buf_slice(&c->permalink));
        r = db_query_u64(st, &id);
        if (r == -ENOENT)
                return 0;
        if (r < 0)
                return r;
        r = migrate_message_version(d->message, id, &version);
        if (r < 0 && r != -ENOENT)
                return r;
        if (r == -ENOENT || version < migrate_message_version_latest()) {
                c->id = id;
                *ret = true;
        }
        return 0;
}

int server_provision(Database *d, uint64_t id, const MigrateHooks *hooks, Buf *reterr) {
        int r = migrate_message_create(d->message, id, reterr);

        return r < 0 ? r : migrate_message(d->message, id, hooks, reterr);
}

static int explain(Db *db, int r, Buf *reterr) {
        if (r < 0)
                buf_append_string(reterr, db_error(db));
        return r;
}

int server_create(Database *d, const NewServer *server, const MigrateHooks *hooks,
                  Problems *problems, uint64_t *ret_id, bool *ret_completed, Buf *reterr) {
        Creation c = { .database = d, .server = server, .problems = problems };
        bool unfinished = false;
        int r;

        assert(d && server && problems && reterr);

        if (server->permalink && *server->permalink)
                buf_append_string(&c.permalink, server->permalink);
        else
                identifier_permalink(server->name, &c.permalink);
        r = buf_error(&c.permalink);
        if (r >= 0)
                r = explain(d->main, find_unfinished(d, &c, &unfinished), reterr);
        if (r >= 0 && !unfinished)
                r = explain(d->main, db_transaction(d->main, create_row, &c), reterr);
        buf_done(&c.permalink);
        if (r < 0 || problems->count > 0)
                return r;
        r = server_provision(d, c.id, hooks, reterr);
        if (r < 0)
                return r;
        if (ret_id)
                *ret_id = c.id;
        if (ret_completed)
                *ret_completed = unfinished;
        return 0;
}
