/* SPDX-License-Identifier: MIT */
#include "model/route.h"
#include "model/rows.h"

#define SELECT_ROUTES                                                                              \
        "SELECT r.id, r.server_id, r.domain_id, d.name, r.uuid, r.name, r.token, r.mode, "         \
        "r.endpoint_id, r.endpoint_type, COALESCE(h.url, e.hostname, a.address), "                 \
        "(SELECT COUNT(*) FROM additional_route_endpoints x WHERE x.route_id = r.id), "            \
        "r.spam_mode, r.created_at FROM routes r "                                                 \
        "LEFT JOIN domains d ON d.id = r.domain_id "                                               \
        "LEFT JOIN http_endpoints h ON r.endpoint_type = 'HTTPEndpoint' AND h.id = r.endpoint_id " \
        "LEFT JOIN smtp_endpoints e ON r.endpoint_type = 'SMTPEndpoint' AND e.id = r.endpoint_id " \
        "LEFT JOIN address_endpoints a ON r.endpoint_type = 'AddressEndpoint' "                    \
        "AND a.id = r.endpoint_id "

static const char SQL_LOAD[] = SELECT_ROUTES "WHERE r.id = ?";
static const char SQL_FIND[] =
        SELECT_ROUTES "WHERE r.uuid = ? OR r.id = ? ORDER BY r.uuid = ? DESC LIMIT 1";
static const char SQL_LIST[] = SELECT_ROUTES "WHERE r.server_id = ? ORDER BY d.name, r.name, r.id";

static const char *const MODES[ROUTE_MODE_MAX] = {
        [ROUTE_ENDPOINT] = "Endpoint", [ROUTE_ACCEPT] = "Accept", [ROUTE_HOLD] = "Hold",
        [ROUTE_BOUNCE] = "Bounce",     [ROUTE_REJECT] = "Reject",
};
static const char *const SPAM_MODES[ROUTE_SPAM_MODE_MAX] = {
        [ROUTE_SPAM_MARK] = "Mark",
        [ROUTE_SPAM_QUARANTINE] = "Quarantine",
        [ROUTE_SPAM_FAIL] = "Fail",
};

const char *route_mode_to_string(RouteMode mode) {
        return mode >= 0 && mode < ROUTE_MODE_MAX ? MODES[mode] : NULL;
}

RouteMode route_mode_from_string(const char *text) {
        for (int mode = 0; mode < ROUTE_MODE_MAX; mode++)
                if (strcasecmp(strempty(text), MODES[mode]) == 0)
                        return mode;
        return ROUTE_MODE_INVALID;
}

const char *route_spam_mode_to_string(RouteSpamMode mode) {
        return mode >= 0 && mode < ROUTE_SPAM_MODE_MAX ? SPAM_MODES[mode] : NULL;
}

RouteSpamMode route_spam_mode_from_string(const char *text) {
        for (int mode = 0; mode < ROUTE_SPAM_MODE_MAX; mode++)
                if (strcasecmp(strempty(text), SPAM_MODES[mode]) == 0)
                        return mode;
        return ROUTE_SPAM_MODE_INVALID;
}

static int route_from_row(DbStatement *st, Route **ret) {
        _cleanup_free_ char *mode = NULL, *spam_mode = NULL;
        _cleanup_(route_freep) Route *route = calloc(1, sizeof(Route));
        RouteSpamMode spam;

        if (!route || row_string(st, 3, &route->domain_name) < 0 ||
            row_text(st, 4, &route->uuid) < 0 || row_text(st, 5, &route->name) < 0 ||
            row_text(st, 6, &route->token) < 0 || row_text(st, 7, &mode) < 0 ||
            row_string(st, 9, &route->endpoint_type) < 0 ||
            row_string(st, 10, &route->endpoint_description) < 0 ||
            row_text(st, 12, &spam_mode) < 0)
                return -ENOMEM;
        route->id = db_u64(st, 0);
        route->server_id = db_u64(st, 1);
        route->domain_id = db_u64(st, 2);
        route->mode = route_mode_from_string(mode);
        route->endpoint_id = db_u64(st, 8);
        route->additional_endpoint_count = db_u64(st, 11);
        spam = route_spam_mode_from_string(spam_mode);
        route->spam_mode = spam < 0 ? ROUTE_SPAM_MARK : spam;
        route->created_usec = db_datetime(st, 13);
        *ret = TAKE_PTR(route);
        return 0;
}

Route *route_free(Route *route) {
        if (!route)
                return NULL;
        free(route->domain_name);
        free(route->uuid);
        free(route->name);
        free(route->token);
        free(route->endpoint_type);
        free(route->endpoint_description);
        return mfree(route);
}

DEFINE_MODEL_ROWS(Route, route)

int route_load(Db *db, uint64_t id, Route **ret) {
        DbStatement *st;
        int r = db_prepare(db, SQL_LOAD, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        db_bind_u64(st, id);
        return route_one(st, ret);
}

int route_find(Db *db, const char *what, Route **ret) {
        uint64_t id = 0;
        DbStatement *st;
        int r = db_prepare(db, SQL_FIND, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        (void) slice_to_u64(slice_from_string(what), INT32_MAX, &id);
        db_bind_string(st, what);
        db_bind_u64(st, id);
        db_bind_string(st, what);
        return route_one(st, ret);
}

int route_list(Db *db, uint64_t server_id, Route ***ret) {
        DbStatement *st;
        int r = db_prepare(db, SQL_LIST, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        db_bind_u64(st, server_id);
        return route_collect(st, ret);
}
