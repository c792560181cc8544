/* SPDX-License-Identifier: MIT */
#include "basic/random.h"
#include "model/rows.h"
#include "model/server.h"

#define SELECT_SERVERS                                                                             \
        "SELECT s.id, s.organization_id, s.uuid, s.name, s.permalink, s.token, o.permalink, "      \
        "o.name, s.mode, s.suspended_at IS NOT NULL OR o.suspended_at IS NOT NULL, "               \
        "s.deleted_at IS NOT NULL OR o.deleted_at IS NOT NULL OR o.id IS NULL, "                   \
        "IF(s.suspended_at IS NULL, o.suspension_reason, s.suspension_reason), s.allow_sender, "   \
        "s.privacy_mode, s.log_smtp_data, s.ip_pool_id, s.send_limit, s.spam_threshold, "          \
        "s.spam_failure_threshold, s.outbound_spam_threshold, s.postmaster_address, "              \
        "s.message_retention_days, s.raw_message_retention_days, s.raw_message_retention_size, "   \
        "s.created_at FROM servers s LEFT JOIN organizations o ON o.id = s.organization_id "
#define NOT_DELETED "s.deleted_at IS NULL AND o.id IS NOT NULL AND o.deleted_at IS NULL "

static const char SQL_LOAD[] = SELECT_SERVERS "WHERE s.id = ?";
static const char SQL_FIND_BY_PERMALINKS[] =
        SELECT_SERVERS "WHERE o.permalink = ? AND s.permalink = ? AND " NOT_DELETED "LIMIT 1";
static const char SQL_FIND[] = SELECT_SERVERS
        "WHERE (s.id = ? OR s.uuid = ? OR s.permalink = ? OR s.token = ?) AND " NOT_DELETED
        "ORDER BY s.id = ? DESC, s.uuid = ? DESC, s.permalink = ? DESC LIMIT 2";
static const char SQL_LIST[] =
        SELECT_SERVERS "WHERE (? = 0 OR s.organization_id = ?) AND " NOT_DELETED
                       "ORDER BY o.permalink, s.name, s.id";
static const char SQL_LIST_ALL[] = SELECT_SERVERS "ORDER BY s.id";

static const char *const MODES[SERVER_MODE_MAX] = {
        [SERVER_LIVE] = "Live",
        [SERVER_DEVELOPMENT] = "Development",
};

const char *server_mode_to_string(ServerMode mode) {
        return mode >= 0 && mode < SERVER_MODE_MAX ? MODES[mode] : NULL;
}

ServerMode server_mode_from_string(const char *text) {
        for (int mode = 0; mode < SERVER_MODE_MAX; mode++)
                if (strcasecmp(strempty(text), MODES[mode]) == 0)
                        return mode;
        return SERVER_MODE_INVALID;
}

/* A number, or -1 for NULL. */
static int64_t number_or_none(DbStatement *st, unsigned column) {
        return db_is_null(st, column) ? -1 : db_i64(st, column);
}

static int texts_from_row(DbStatement *st, Server *s) {
        _cleanup_free_ char *mode = NULL;
        ServerMode m;

        if (row_text(st, 2, &s->uuid) < 0 || row_text(st, 3, &s->name) < 0 ||
            row_text(st, 4, &s->permalink) < 0 || row_text(st, 5, &s->token) < 0 ||
            row_text(st, 6, &s->organization_permalink) < 0 ||
            row_text(st, 7, &s->organization_name) < 0 || row_text(st, 8, &mode) < 0 ||
            row_string(st, 11, &s->suspension_reason) < 0 ||
            row_string(st, 20, &s->postmaster_address) < 0)
                return -ENOMEM;
        m = server_mode_from_string(mode);
        s->mode = m < 0 ? SERVER_LIVE : m;
        return 0;
}

static int server_from_row(DbStatement *st, Server **ret) {
        _cleanup_(server_freep) Server *s = calloc(1, sizeof(Server));

        if (!s || texts_from_row(st, s) < 0)
                return -ENOMEM;
        s->id = db_u64(st, 0);
        s->organization_id = db_u64(st, 1);
        s->is_suspended = db_u64(st, 9);
        s->is_deleted = db_u64(st, 10);
        s->allow_sender = db_u64(st, 12);
        s->privacy_mode = db_u64(st, 13);
        s->log_smtp_data = db_u64(st, 14);
        s->ip_pool_id = db_u64(st, 15);
        s->send_limit = number_or_none(st, 16);
        s->spam_threshold = db_double(st, 17);
        s->spam_failure_threshold = db_double(st, 18);
        s->has_outbound_spam_threshold = !db_is_null(st, 19);
        s->outbound_spam_threshold = db_double(st, 19);
        s->message_retention_days = number_or_none(st, 21);
        s->raw_message_retention_days = number_or_none(st, 22);
        s->raw_message_retention_size = number_or_none(st, 23);
        s->created_usec = db_datetime(st, 24);
        *ret = TAKE_PTR(s);
        return 0;
}

Server *server_free(Server *s) {
        if (!s)
                return NULL;
        free(s->uuid);
        free(s->name);
        free(s->permalink);
        free(s->token);
        free(s->organization_permalink);
        free(s->organization_name);
        free(s->suspension_reason);
        free(s->postmaster_address);
        return mfree(s);
}

DEFINE_MODEL_ROWS(Server, server)

int server_load(Db *db, uint64_t id, Server **ret) {
        DbStatement *st;
        int r = db_prepare(db, SQL_LOAD, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        db_bind_u64(st, id);
        return server_one(st, ret);
}

static int find_by_permalinks(Db *db, Slice organization, Slice server, Server **ret) {
        DbStatement *st;
        int r = db_prepare(db, SQL_FIND_BY_PERMALINKS, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        db_bind_slice(st, organization);
        db_bind_slice(st, server);
        return server_one(st, ret);
}

int server_find(Db *db, const char *what, Server **ret) {
        _cleanup_(server_list_freep) Server **found = NULL;
        Slice rest = slice_from_string(what);
        uint64_t id = 0;
        DbStatement *st;
        int r;

        if (strchr(what, '/')) {
                Slice organization = slice_split(&rest, '/');

                return find_by_permalinks(db, organization, rest, ret);
        }
        r = db_prepare(db, SQL_FIND, DB_MAIN, 1, &st);
        if (r < 0)
                return r;
        (void) slice_to_u64(rest, INT32_MAX, &id);
        db_bind_u64(st, id);
        for (int i = 0; i < 3; i++)
                db_bind_string(st, what);
        db_bind_u64(st, id);
        for (int i = 0; i < 2; i++)
                db_bind_string(st, what);
        r = server_collect(st, &found);
        if (r < 0)
                return r;
        if (!found[0])
                return -ENOENT;
        /* Only permalinks are not unique; the id and the UUID come first. */
        if (found[1] && found[0]->id != id && strcasecmp(found[0]->uuid, what) != 0 &&
            strcasecmp(found[1]->permalink, what) == 0)
                return -ENOTUNIQ;
        *ret = found[0];
        found[0] = NULL;
        if (found[1])
                server_free(found[1]);
        return 0;
}

int server_list(Db *db, uint64_t organization_id, Server ***ret) {
        DbStatement *st;
        int r = db_prepare(db, SQL_LIST, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        db_bind_u64(st, organization_id);
        db_bind_u64(st, organization_id);
        return server_collect(st, ret);
}

int server_list_all(Db *db, Server ***ret) {
        DbStatement *st;
        int r = db_prepare(db, SQL_LIST_ALL, DB_MAIN, 1, &st);

        return r < 0 ? r : server_collect(st, ret);
}
