/* SPDX-License-Identifier: MIT */
#include "model/lookup.h"

#define SERVER_COLUMNS                                                                             \
        "s.id, s.permalink, o.permalink, s.suspended_at IS NOT NULL OR o.suspended_at IS NOT NULL, " \
        "COALESCE(s.privacy_mode, 1), COALESCE(s.log_smtp_data, 0), COALESCE(s.allow_sender, 0), " \
        "EXISTS (SELECT 1 FROM track_domains t WHERE t.server_id = s.id AND t.dns_status = 'OK')"
#define SERVER_COLUMN_COUNT 8
#define SERVER_TABLES                                                                              \
        "servers s JOIN organizations o ON o.id = s.organization_id AND o.deleted_at IS NULL"

static const char SQL_CREDENTIAL[] =
        "SELECT " SERVER_COLUMNS ", c.id FROM credentials c JOIN " SERVER_TABLES
        " ON s.id = c.server_id AND s.deleted_at IS NULL WHERE c.type = 'SMTP' AND c.`key` = ? LIMIT 1";
static const char SQL_CREDENTIAL_ID[] =
        "SELECT " SERVER_COLUMNS ", c.id FROM credentials c JOIN " SERVER_TABLES
        " ON s.id = c.server_id AND s.deleted_at IS NULL WHERE c.id = ?";
static const char SQL_SERVER[] =
        "SELECT " SERVER_COLUMNS " FROM " SERVER_TABLES
        " WHERE o.permalink = ? AND s.permalink = ? AND s.deleted_at IS NULL LIMIT 1";
static const char SQL_SERVER_TOKEN[] =
        "SELECT " SERVER_COLUMNS " FROM " SERVER_TABLES " WHERE s.token = ? AND s.deleted_at IS NULL LIMIT 1";
static const char SQL_KEYS[] =
        "SELECT id, `key` FROM credentials WHERE server_id = ? AND type = 'SMTP' ORDER BY id";
static const char SQL_ADDRESS_CREDENTIALS[] =
        "SELECT " SERVER_COLUMNS ", c.id, c.`key` FROM credentials c JOIN " SERVER_TABLES
        " ON s.id = c.server_id AND s.deleted_at IS NULL WHERE c.type = 'SMTP-IP' ORDER BY c.id";

#define ROUTE_COLUMNS "r.id, r.domain_id, r.endpoint_id, r.endpoint_type, r.mode, r.name, d.name"
#define ROUTE_TABLES                                                                               \
        "routes r LEFT JOIN domains d ON d.id = r.domain_id JOIN " SERVER_TABLES                   \
        " ON s.id = r.server_id AND s.deleted_at IS NULL"

static const char SQL_RETURN_PATH_ROUTE[] =
        "SELECT " SERVER_COLUMNS ", " ROUTE_COLUMNS " FROM " ROUTE_TABLES
        " WHERE r.server_id = ? AND r.name = '__returnpath__' ORDER BY r.id LIMIT 1";
static const char SQL_ROUTE_TOKEN[] =
        "SELECT " SERVER_COLUMNS ", " ROUTE_COLUMNS " FROM " ROUTE_TABLES " WHERE r.token = ? LIMIT 1";
/* The exact name before the wildcard. */
static const char SQL_ROUTE_ADDRESS[] =
        "SELECT " SERVER_COLUMNS ", " ROUTE_COLUMNS " FROM " ROUTE_TABLES
        " WHERE d.name = ? AND r.name IN (?, '*') ORDER BY r.name = '*', r.id LIMIT 1";
static const char SQL_ADDITIONAL[] =
        "SELECT endpoint_id, endpoint_type FROM additional_route_endpoints WHERE route_id = ? ORDER BY id";

/* The server's own domain is preferred to its organization's. */
static const char SQL_SENDER[] =
        "SELECT d.id FROM domains d JOIN servers s ON s.id = ? WHERE d.name = ? AND d.verified_at IS NOT NULL AND "
        "((d.owner_type = 'Server' AND d.owner_id = s.id) OR "
        "(d.owner_type = 'Organization' AND d.owner_id = s.organization_id)) "
        "ORDER BY d.owner_type = 'Server' DESC, d.id LIMIT 1";
static const char SQL_SENDER_ANY[] =
        "SELECT id FROM domains WHERE owner_type = 'Server' AND owner_id = ? AND verified_at IS NOT NULL AND "
        "use_for_any = 1 ORDER BY name, id LIMIT 1";
static const char SQL_TOUCH[] = "UPDATE credentials SET last_used_at = UTC_TIMESTAMP(6) WHERE id = ?";

/* Additional endpoints of a route, and credentials of one look-up. */
#define TARGETS_MAX ((size_t) 100)
#define CREDENTIALS_MAX ((size_t) 10000)

Lookup *lookup_free(Lookup *l) {
        if (!l)
                return NULL;
        free(l->credentials);
        arena_done(&l->arena);
        return mfree(l);
}

static Lookup *lookup_new(void) {
        return calloc(1, sizeof(Lookup));
}

static int read_server(const DbStatement *st, Arena *arena, LookupServer *s) {
        *s = (LookupServer){
                .id = db_u64(st, 0),
                .permalink = arena_dup(arena, db_slice(st, 1)),
                .organization_permalink = arena_dup(arena, db_slice(st, 2)),
                .is_suspended = db_u64(st, 3) != 0,
                .privacy_mode = db_u64(st, 4) != 0,
                .log_smtp_data = db_u64(st, 5) != 0,
                .allow_sender = db_u64(st, 6) != 0,
                .has_tracking = db_u64(st, 7) != 0,
        };
        return s->permalink && s->organization_permalink ? 0 : -ENOMEM;
}

static int read_route(const DbStatement *st, Lookup *l) {
        const unsigned at = SERVER_COLUMN_COUNT;
        const char *mode = arena_dup(&l->arena, db_slice(st, at + 4));

        l->targets = arena_alloc0(&l->arena, (TARGETS_MAX + 1) * sizeof(LookupTarget));
        l->route_name = arena_dup(&l->arena, db_slice(st, at + 5));
        l->domain_name = db_is_null(st, at + 6) ? NULL : arena_dup(&l->arena, db_slice(st, at + 6));
        if (!l->targets || !l->route_name || !mode)
                return -ENOMEM;
        l->mode = route_mode_from_string(mode);
        if (l->mode < 0)
                l->mode = ROUTE_REJECT; /* not known: rather no mail than mail that nobody gets */
        l->targets[0] = (LookupTarget){ .route_id = db_u64(st, at), .domain_id = db_u64(st, at + 1) };
        if (l->mode == ROUTE_ENDPOINT) {
                l->targets[0].endpoint_id = db_u64(st, at + 2);
                l->targets[0].endpoint_type = arena_dup(&l->arena, db_slice(st, at + 3));
        }
        l->target_count = 1;
        return 0;
}

/* Runs a bound statement of at most one row: 1, 0, or an error. The caller ends it. */
static int one_row(DbStatement *st) {
        int r = db_query(st);

        return r < 0 ? r : db_fetch(st);
}

/* Reads the server, and with `has_route` the route, of a bound statement. */
static int fill(DbStatement *st, Lookup *l, bool has_route) {
        int r = one_row(st);

        l->is_found = r > 0;
        if (r > 0)
                r = read_server(st, &l->arena, &l->server);
        if (r >= 0 && l->is_found && has_route)
                r = read_route(st, l);
        db_end(st);
        return r < 0 ? r : 0;
}

static int credential(Db *db, const char *sql, const char *key, uint64_t id, Lookup **ret) {
        _cleanup_(lookup_freep) Lookup *l = lookup_new();
        DbStatement *st;
        int r;

        if (!l)
                return -ENOMEM;
        r = db_prepare(db, sql, DB_MAIN, 1, &st);
        if (r < 0)
                return r;
        if (key)
                db_bind_string(st, key);
        else
                db_bind_u64(st, id);
        r = one_row(st);
        if (r > 0) {
                l->is_found = true;
                l->credential_id = db_u64(st, SERVER_COLUMN_COUNT);
                r = read_server(st, &l->arena, &l->server);
        }
        db_end(st);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(l);
        return 0;
}

int lookup_credential(Db *db, const char *key, Lookup **ret) {
        return credential(db, SQL_CREDENTIAL, key, 0, ret);
}

int lookup_credential_id(Db *db, uint64_t id, Lookup **ret) {
        return credential(db, SQL_CREDENTIAL_ID, NULL, id, ret);
}

static LookupCredential *add_credential(Lookup *l) {
        /* Grows in powers of two. */
        if ((l->credential_count & (l->credential_count - 1)) == 0) {
                size_t space = MAX(l->credential_count * 2, (size_t) 1);
                LookupCredential *more = reallocarray(l->credentials, space, sizeof(LookupCredential));

                if (!more)
                        return NULL;
                l->credentials = more;
        }
        l->credentials[l->credential_count] = (LookupCredential){ 0 };
        return &l->credentials[l->credential_count++];
}

static int read_keys(Db *db, Lookup *l) {
        DbStatement *st;
        int r = db_prepare(db, SQL_KEYS, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        db_bind_u64(st, l->server.id);
        r = db_query(st);
        while (r >= 0 && l->credential_count < CREDENTIALS_MAX && (r = db_fetch(st)) > 0) {
                LookupCredential *c = add_credential(l);

                if (!c || !(c->key = arena_dup(&l->arena, db_slice(st, 1)))) {
                        r = -ENOMEM;
                        break;
                }
                c->id = db_u64(st, 0);
        }
        db_end(st);
        return r;
}

int lookup_server(Db *db, const char *organization, const char *permalink, Lookup **ret) {
        _cleanup_(lookup_freep) Lookup *l = lookup_new();
        DbStatement *st;
        int r;

        if (!l)
                return -ENOMEM;
        r = db_prepare(db, SQL_SERVER, DB_MAIN, 1, &st);
        if (r < 0)
                return r;
        db_bind_string(st, organization);
        db_bind_string(st, permalink);
        r = fill(st, l, false);
        if (r >= 0 && l->is_found)
                r = read_keys(db, l);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(l);
        return 0;
}

static int compare_prefixes(const void *a, const void *b) {
        const LookupCredential *x = a, *y = b;

        if (x->network.prefix != y->network.prefix)
                return x->network.prefix > y->network.prefix ? -1 : 1;
        return x->id < y->id ? -1 : x->id > y->id;
}

int lookup_address_credentials(Db *db, Lookup **ret) {
        _cleanup_(lookup_freep) Lookup *l = lookup_new();
        DbStatement *st;
        int r;

        if (!l)
                return -ENOMEM;
        r = db_prepare(db, SQL_ADDRESS_CREDENTIALS, DB_MAIN, 1, &st);
        if (r < 0)
                return r;
        r = db_query(st);
        while (r >= 0 && l->credential_count < CREDENTIALS_MAX && (r = db_fetch(st)) > 0) {
                LookupCredential *c;
                IpNetwork network;

                const char *key = arena_dup(&l->arena, db_slice(st, SERVER_COLUMN_COUNT + 1));

                if (!key) {
                        r = -ENOMEM;
                        break;
                }
                /* The reference drops the connection over one that cannot be parsed. */
                if (ip_network_parse(key, &network) < 0)
                        continue;
                c = add_credential(l);
                r = c ? read_server(st, &l->arena, &c->server) : -ENOMEM;
                if (r < 0)
                        break;
                c->id = db_u64(st, SERVER_COLUMN_COUNT);
                c->network = network;
        }
        db_end(st);
        if (r < 0)
                return r;
        if (l->credential_count > 0)
                qsort(l->credentials, l->credential_count, sizeof(LookupCredential), compare_prefixes);
        l->is_found = l->credential_count > 0;
        *ret = TAKE_PTR(l);
        return 0;
}

/* Only routes to an endpoint have additional ones. */
static int read_additional(Db *db, Lookup *l) {
        DbStatement *st;
        int r;

        if (!l->is_found || l->mode != ROUTE_ENDPOINT)
                return 0;
        r = db_prepare(db, SQL_ADDITIONAL, DB_MAIN, 1, &st);
        if (r < 0)
                return r;
        db_bind_u64(st, l->targets[0].route_id);
        r = db_query(st);
        while (r >= 0 && l->target_count <= TARGETS_MAX && (r = db_fetch(st)) > 0) {
                LookupTarget *t = &l->targets[l->target_count++];

                *t = l->targets[0];
                t->endpoint_id = db_u64(st, 0);
                t->endpoint_type = arena_dup(&l->arena, db_slice(st, 1));
        }
        db_end(st);
        return r < 0 ? r : 0;
}

int lookup_return_path(Db *db, const char *token, Lookup **ret) {
        _cleanup_(lookup_freep) Lookup *l = lookup_new(), *route = lookup_new();
        DbStatement *st;
        int r;

        if (!l || !route)
                return -ENOMEM;
        r = db_prepare(db, SQL_SERVER_TOKEN, DB_MAIN, 1, &st);
        if (r < 0)
                return r;
        db_bind_string(st, token);
        r = fill(st, l, false);
        if (r >= 0 && l->is_found)
                r = db_prepare(db, SQL_RETURN_PATH_ROUTE, DB_MAIN, 1, &st);
        if (r >= 0 && l->is_found) {
                db_bind_u64(st, l->server.id);
                r = fill(st, route, true);
        }
        if (r >= 0 && route->is_found)
                r = read_additional(db, route);
        if (r < 0)
                return r;
        *ret = route->is_found ? TAKE_PTR(route) : TAKE_PTR(l);
        return 0;
}

static int route(Db *db, const char *sql, const char *first, const char *second, Lookup **ret) {
        _cleanup_(lookup_freep) Lookup *l = lookup_new();
        DbStatement *st;
        int r;

        if (!l)
                return -ENOMEM;
        r = db_prepare(db, sql, DB_MAIN, 1, &st);
        if (r < 0)
                return r;
        db_bind_string(st, first);
        if (second)
                db_bind_string(st, second);
        r = fill(st, l, true);
        if (r >= 0)
                r = read_additional(db, l);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(l);
        return 0;
}

int lookup_route_token(Db *db, const char *token, Lookup **ret) {
        return route(db, SQL_ROUTE_TOKEN, token, NULL, ret);
}

int lookup_address(Db *db, const char *local, const char *domain, Lookup **ret) {
        return route(db, SQL_ROUTE_ADDRESS, domain, local, ret);
}

int lookup_sender(Db *db, uint64_t server_id, const char *domain, Lookup **ret) {
        _cleanup_(lookup_freep) Lookup *l = lookup_new();
        DbStatement *st;
        int r;

        if (!l)
                return -ENOMEM;
        r = db_prepare(db, SQL_SENDER, DB_MAIN, 1, &st);
        if (r < 0)
                return r;
        db_bind_u64(st, server_id);
        db_bind_string(st, domain);
        r = db_query_u64(st, &l->domain_id);
        if (r == -ENOENT) {
                r = db_prepare(db, SQL_SENDER_ANY, DB_MAIN, 1, &st);
                if (r < 0)
                        return r;
                db_bind_u64(st, server_id);
                r = db_query_u64(st, &l->domain_id);
        }
        if (r < 0 && r != -ENOENT)
                return r;
        l->is_found = r >= 0;
        *ret = TAKE_PTR(l);
        return 0;
}

int lookup_touch_credential(Db *db, uint64_t id) {
        DbStatement *st;
        int r = db_prepare(db, SQL_TOUCH, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        db_bind_u64(st, id);
        return db_run(st, NULL, NULL);
}
