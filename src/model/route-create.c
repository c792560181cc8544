/* SPDX-License-Identifier: MIT */
#include "core/clock.h"
#include "model/identifier.h"
#include "model/route.h"
#include "model/rows.h"

static const char SQL_LOCK_SERVER[] =
        "SELECT id FROM servers WHERE id = ? AND deleted_at IS NULL FOR UPDATE";
static const char SQL_DOMAIN[] =
        "SELECT d.verified_at IS NOT NULL FROM domains d JOIN servers s "
        "ON (d.owner_type = 'Server' AND d.owner_id = s.id) "
        "OR (d.owner_type = 'Organization' AND d.owner_id = s.organization_id) "
        "WHERE d.id = ? AND s.id = ?";
/* The address, on whatever server: domains of one name are not told apart when mail comes in. */
static const char SQL_SAME[] =
        "SELECT CONCAT(o.permalink, '/', s.permalink) FROM routes r "
        "JOIN domains d ON d.id = r.domain_id JOIN servers s ON s.id = r.server_id "
        "JOIN organizations o ON o.id = s.organization_id "
        "WHERE r.name = ? AND d.name = (SELECT name FROM domains WHERE id = ?) LIMIT 1";
static const char SQL_HAS_RETURN_PATH[] =
        "SELECT COUNT(*) FROM routes WHERE name = '__returnpath__' AND server_id = ?";
static const char SQL_HTTP_ENDPOINT[] =
        "SELECT id FROM http_endpoints WHERE uuid = ? AND server_id = ?";
static const char SQL_SMTP_ENDPOINT[] =
        "SELECT id FROM smtp_endpoints WHERE uuid = ? AND server_id = ?";
static const char SQL_ADDRESS_ENDPOINT[] =
        "SELECT id FROM address_endpoints WHERE uuid = ? AND server_id = ?";
static const char SQL_TOKEN_TAKEN[] = "SELECT COUNT(*) FROM routes WHERE token = ?";
static const char SQL_INSERT[] =
        "INSERT INTO routes (uuid, server_id, domain_id, endpoint_id, endpoint_type, name, "
        "spam_mode, created_at, updated_at, token, mode) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

static const struct {
        const char *type;
        const char *sql;
} ENDPOINTS[] = {
        { "HTTPEndpoint", SQL_HTTP_ENDPOINT },
        { "SMTPEndpoint", SQL_SMTP_ENDPOINT },
        { "AddressEndpoint", SQL_ADDRESS_ENDPOINT },
};

typedef struct Creation {
        const NewRoute *route;
        Problems *problems;
        const char *endpoint_type; /* as the database has it */
        uint64_t endpoint_id;
        uint64_t id;
} Creation;

static bool is_return_path(const NewRoute *route) {
        return streq_ptr(route->name, ROUTE_RETURN_PATH);
}

static bool name_is_valid(const char *name) {
        if (streq(name, ROUTE_WILDCARD) || streq(name, ROUTE_RETURN_PATH))
                return true;
        for (const char *p = name; *p; p++)
                if (!ascii_is_digit(*p) && !(*p >= 'a' && *p <= 'z') && *p != '-' && *p != '.')
                        return false;
        return true;
}

static int check_server(Db *db, const Creation *c) {
        DbStatement *st;
        uint64_t id;
        int r = db_prepare(db, SQL_LOCK_SERVER, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        db_bind_u64(st, c->route->server_id);
        r = db_query_u64(st, &id);
        if (r != -ENOENT)
                return r;
        problems_add(c->problems, "Server must exist");
        return 0;
}

/* Is the name free at its domain? */
static int check_address(Db *db, const Creation *c) {
        DbStatement *st;
        int r = db_prepare(db, SQL_SAME, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        db_bind_string(st, c->route->name);
        db_bind_u64(st, c->route->domain_id);
        r = db_query(st);
        if (r >= 0)
                r = db_fetch(st);
        if (r > 0) {
                Slice server = db_slice(st, 0);

                problems_add(c->problems, "Name is configured on the %.*s mail server",
                             SLICE_FORMAT(server));
        }
        db_end(st);
        return r < 0 ? r : 0;
}

static int check_domain(Db *db, const Creation *c) {
        DbStatement *st;
        uint64_t verified;
        int r;

        if (c->route->domain_id == 0) {
                if (!is_return_path(c->route))
                        problems_add(c->problems, "Domain can't be blank");
                return 0;
        }
        r = db_prepare(db, SQL_DOMAIN, DB_MAIN, 1, &st);
        if (r < 0)
                return r;
        db_bind_u64(st, c->route->domain_id);
        db_bind_u64(st, c->route->server_id);
        r = db_query_u64(st, &verified);
        if (r == -ENOENT)
                problems_add(c->problems, "Domain is invalid");
        else if (r >= 0 && !verified)
                problems_add(c->problems, "Domain has not been verified yet");
        return r == -ENOENT ? 0 : r;
}

/* Postal allows one in the whole installation, though it says what we say and mean. */
static int check_return_path(Db *db, const Creation *c) {
        DbStatement *st;
        bool exists;
        int r;

        if (c->route->mode != ROUTE_ENDPOINT || !streq_ptr(c->endpoint_type, "HTTPEndpoint"))
                problems_add(c->problems, "Return path routes must point to an HTTP endpoint");
        r = db_prepare(db, SQL_HAS_RETURN_PATH, DB_MAIN, 1, &st);
        if (r < 0)
                return r;
        db_bind_u64(st, c->route->server_id);
        r = rows_exist(st, &exists);
        if (r >= 0 && exists)
                problems_add(c->problems, "A return path route already exists for this server");
        return r;
}

static int check_endpoint(Db *db, Creation *c) {
        const NewRoute *route = c->route;
        DbStatement *st;
        int r = -ENOENT;

        if (route->mode != ROUTE_ENDPOINT)
                return 0;
        if (!route->endpoint_type || !route->endpoint_uuid) {
                problems_add(c->problems, "Endpoint can't be blank");
                return 0;
        }
        for (size_t i = 0; i < ELEMENTSOF(ENDPOINTS); i++) {
                if (strcasecmp(route->endpoint_type, ENDPOINTS[i].type) != 0)
                        continue;
                c->endpoint_type = ENDPOINTS[i].type;
                r = db_prepare(db, ENDPOINTS[i].sql, DB_MAIN, 1, &st);
                if (r < 0)
                        return r;
                db_bind_string(st, route->endpoint_uuid);
                db_bind_u64(st, route->server_id);
                r = db_query_u64(st, &c->endpoint_id);
        }
        if (r == -ENOENT)
                problems_add(c->problems, "Endpoint is invalid");
        return r == -ENOENT ? 0 : r;
}

static int check(Db *db, Creation *c) {
        const NewRoute *route = c->route;
        int r;

        r = check_server(db, c);
        if (r < 0 || c->problems->count > 0)
                return r;
        if (problems_check_presence(c->problems, "Name", route->name) &&
            problems_check_length(c->problems, "Name", route->name) && !name_is_valid(route->name))
                problems_add(c->problems, "Name is invalid");
        if (!route_mode_to_string(route->mode))
                problems_add(c->problems, "Endpoint must be chosen");
        if (!route_spam_mode_to_string(route->spam_mode))
                problems_add(c->problems, "Spam mode is not included in the list");
        r = check_domain(db, c);
        if (r >= 0)
                r = check_endpoint(db, c);
        if (r >= 0 && is_return_path(route))
                r = check_return_path(db, c);
        if (r >= 0 && route->name && route->domain_id > 0)
                r = check_address(db, c);
        return r < 0 ? r : c->problems->error;
}

static int free_token(Db *db, char ret[static ROUTE_TOKEN_LENGTH + 1]) {
        bool taken = true;

        while (taken) {
                DbStatement *st;
                int r = db_prepare(db, SQL_TOKEN_TAKEN, DB_MAIN, 1, &st);

                if (r < 0)
                        return r;
                identifier_random(ret, ROUTE_TOKEN_LENGTH, false);
                db_bind_string(st, ret);
                r = rows_exist(st, &taken);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int insert(Db *db, Creation *c) {
        char uuid[UUID_LENGTH + 1], token[ROUTE_TOKEN_LENGTH + 1];
        const NewRoute *route = c->route;
        uint64_t now = clock_realtime();
        DbStatement *st;
        int r;

        r = free_token(db, token);
        if (r >= 0)
                r = db_prepare(db, SQL_INSERT, DB_MAIN, 1, &st);
        if (r < 0)
                return r;
        random_uuid(uuid);
        db_bind_string(st, uuid);
        db_bind_u64(st, route->server_id);
        db_bind_id(st, route->domain_id);
        db_bind_id(st, c->endpoint_id);
        db_bind_string(st, c->endpoint_type);
        db_bind_string(st, route->name);
        db_bind_string(st, route_spam_mode_to_string(route->spam_mode));
        db_bind_datetime(st, now);
        db_bind_datetime(st, now);
        db_bind_string(st, token);
        db_bind_string(st, route_mode_to_string(route->mode));
        return db_run(st, NULL, &c->id);
}

static int create(Db *db, void *userdata) {
        Creation *c = userdata;
        int r;

        problems_done(c->problems);
        c->endpoint_type = NULL;
        c->endpoint_id = 0;
        r = check(db, c);
        if (r < 0 || c->problems->count > 0)
                return r;
        return insert(db, c);
}

int route_create(Db *db, const NewRoute *route, Problems *problems, uint64_t *ret_id) {
        Creation c = { .route = route, .problems = problems };
        int r;

        assert(db && route && problems);

        r = db_transaction(db, create, &c);
        if (r >= 0 && ret_id)
                *ret_id = c.id;
        return r;
}
