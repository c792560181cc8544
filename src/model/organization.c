/* SPDX-License-Identifier: MIT */
#include "core/clock.h"
#include "model/identifier.h"
#include "model/organization.h"
#include "model/rows.h"

#define COLUMNS                                                                                    \
        "id, uuid, name, permalink, time_zone, owner_id, created_at, suspended_at, deleted_at, "   \
        "suspension_reason, (SELECT COUNT(*) FROM servers s WHERE s.organization_id = "            \
        "organizations.id AND s.deleted_at IS NULL)"

static const char SQL_LOAD[] = "SELECT " COLUMNS " FROM organizations WHERE id = ?";
static const char SQL_FIND[] = "SELECT " COLUMNS " FROM organizations "
                               "WHERE (permalink = ? OR uuid = ? OR id = ?) AND deleted_at IS NULL "
                               "ORDER BY permalink = ? DESC, uuid = ? DESC LIMIT 1";
static const char SQL_LIST[] =
        "SELECT " COLUMNS " FROM organizations WHERE deleted_at IS NULL ORDER BY name, id";
static const char SQL_PERMALINK_TAKEN[] = "SELECT COUNT(*) FROM organizations WHERE permalink = ?";
static const char SQL_OWNER_EXISTS[] = "SELECT COUNT(*) FROM users WHERE id = ?";
static const char SQL_INSERT[] =
        "INSERT INTO organizations (uuid, name, permalink, time_zone, created_at, updated_at, "
        "owner_id) VALUES (?, ?, ?, ?, ?, ?, ?)";
static const char SQL_DEFAULT_POOL[] =
        "SELECT id FROM ip_pools WHERE `default` = 1 ORDER BY id LIMIT 1";
static const char SQL_INSERT_POOL[] =
        "INSERT INTO organization_ip_pools (organization_id, ip_pool_id, created_at, updated_at) "
        "VALUES (?, ?, ?, ?)";

static const char *const RESERVED[] = { "new",   "edit", "remove", "delete", "destroy",
                                        "admin", "mail", "org",    "server" };

static int organization_from_row(DbStatement *st, Organization **ret) {
        _cleanup_(organization_freep) Organization *o = calloc(1, sizeof(Organization));

        if (!o || row_text(st, 1, &o->uuid) < 0 || row_text(st, 2, &o->name) < 0 ||
            row_text(st, 3, &o->permalink) < 0 || row_string(st, 4, &o->time_zone) < 0 ||
            row_string(st, 9, &o->suspension_reason) < 0)
                return -ENOMEM;
        o->id = db_u64(st, 0);
        o->owner_id = db_u64(st, 5);
        o->created_usec = db_datetime(st, 6);
        o->suspended_usec = db_datetime(st, 7);
        o->deleted_usec = db_datetime(st, 8);
        o->server_count = db_u64(st, 10);
        *ret = TAKE_PTR(o);
        return 0;
}

Organization *organization_free(Organization *o) {
        if (!o)
                return NULL;
        free(o->uuid);
        free(o->name);
        free(o->permalink);
        free(o->time_zone);
        free(o->suspension_reason);
        return mfree(o);
}

DEFINE_MODEL_ROWS(Organization, organization)

int organization_load(Db *db, uint64_t id, Organization **ret) {
        DbStatement *st;
        int r = db_prepare(db, SQL_LOAD, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        db_bind_u64(st, id);
        return organization_one(st, ret);
}

int organization_find(Db *db, const char *what, Organization **ret) {
        uint64_t id = 0;
        DbStatement *st;
        int r = db_prepare(db, SQL_FIND, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        (void) slice_to_u64(slice_from_string(what), INT32_MAX, &id);
        db_bind_string(st, what);
        db_bind_string(st, what);
        db_bind_u64(st, id);
        db_bind_string(st, what);
        db_bind_string(st, what);
        return organization_one(st, ret);
}

int organization_list(Db *db, Organization ***ret) {
        DbStatement *st;
        int r = db_prepare(db, SQL_LIST, DB_MAIN, 1, &st);

        return r < 0 ? r : organization_collect(st, ret);
}

static int permalink_taken(Db *db, const char *permalink, bool *ret) {
        DbStatement *st;
        int r = db_prepare(db, SQL_PERMALINK_TAKEN, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        db_bind_string(st, permalink);
        return rows_exist(st, ret);
}

/* "acme", else "acme-2", "acme-3", … */
static int free_permalink(Db *db, const char *name, Buf *ret) {
        _cleanup_(buf_done) Buf base = BUF_EMPTY;
        bool taken = true;

        identifier_permalink(name, &base);
        for (unsigned number = 1; taken; number++) {
                int r;

                buf_reset(ret, SIZE_MAX);
                buf_append_slice(ret, buf_slice(&base));
                if (number > 1)
                        buf_printf(ret, "-%u", number);
                if (buf_error(ret) < 0 || base.size == 0)
                        return buf_error(ret);
                r = permalink_taken(db, ret->data, &taken);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int check_permalink(Db *db, const char *permalink, bool is_given, Problems *problems) {
        bool taken = false;
        int r;

        if (!problems_check_presence(problems, "Short name", permalink) ||
            !problems_check_length(problems, "Short name", permalink))
                return 0;
        if (!permalink_is_valid(permalink))
                problems_add(problems, "Short name is invalid");
        for (size_t i = 0; i < ELEMENTSOF(RESERVED); i++)
                if (streq(permalink, RESERVED[i]))
                        problems_add(problems, "Short name is reserved");
        if (!is_given)
                return 0;
        r = permalink_taken(db, permalink, &taken);
        if (r >= 0 && taken)
                problems_add(problems, "Short name has already been taken");
        return r;
}

static int check_owner(Db *db, uint64_t owner_id, Problems *problems) {
        DbStatement *st;
        bool exists;
        int r = db_prepare(db, SQL_OWNER_EXISTS, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        db_bind_u64(st, owner_id);
        r = rows_exist(st, &exists);
        if (r >= 0 && !exists)
                problems_add(problems, "Owner must exist");
        return r;
}

typedef struct Creation {
        const NewOrganization *organization;
        Problems *problems;
        uint64_t id;
} Creation;

static int insert(Db *db, const NewOrganization *o, const char *permalink, uint64_t now,
                  uint64_t *ret_id) {
        char uuid[UUID_LENGTH + 1];
        DbStatement *st;
        int r = db_prepare(db, SQL_INSERT, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        random_uuid(uuid);
        db_bind_string(st, uuid);
        db_bind_string(st, o->name);
        db_bind_string(st, permalink);
        db_bind_string(st, o->time_zone && *o->time_zone ? o->time_zone : "UTC");
        db_bind_datetime(st, now);
        db_bind_datetime(st, now);
        db_bind_u64(st, o->owner_id);
        return db_run(st, NULL, ret_id);
}

static int attach_default_pool(Db *db, uint64_t id, uint64_t now) {
        DbStatement *st;
        uint64_t pool;
        int r;

        r = db_prepare(db, SQL_DEFAULT_POOL, DB_MAIN, 1, &st);
        if (r >= 0)
                r = db_query_u64(st, &pool);
        if (r == -ENOENT)
                return 0;
        if (r >= 0)
                r = db_prepare(db, SQL_INSERT_POOL, DB_MAIN, 1, &st);
        if (r < 0)
                return r;
        db_bind_u64(st, id);
        db_bind_u64(st, pool);
        db_bind_datetime(st, now);
        db_bind_datetime(st, now);
        return db_run(st, NULL, NULL);
}

static int create(Db *db, void *userdata) {
        Creation *c = userdata;
        const NewOrganization *o = c->organization;
        const bool is_given = o->permalink && *o->permalink;
        _cleanup_(buf_done) Buf permalink = BUF_EMPTY;
        uint64_t now = clock_realtime();
        int r = 0;

        problems_done(c->problems);
        if (problems_check_presence(c->problems, "Name", o->name))
                (void) problems_check_length(c->problems, "Name", o->name);
        if (is_given)
                buf_append_string(&permalink, o->permalink);
        else
                r = free_permalink(db, o->name, &permalink);
        if (r >= 0)
                r = check_permalink(db, buf_string(&permalink), is_given, c->problems);
        if (r >= 0)
                r = check_owner(db, o->owner_id, c->problems);
        if (r >= 0)
                r = c->problems->error;
        if (r < 0 || c->problems->count > 0)
                return r;
        r = insert(db, o, permalink.data, now, &c->id);
        return r < 0 ? r : attach_default_pool(db, c->id, now);
}

int organization_create(Db *db, const NewOrganization *organization, Problems *problems,
                        uint64_t *ret_id) {
        Creation c = { organization, problems, 0 };
        int r;

        assert(db && organization && problems);

        r = db_transaction(db, create, &c);
        if (r >= 0 && ret_id)
                *ret_id = c.id;
        return r;
}
