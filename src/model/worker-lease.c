/* SPDX-License-Identifier: MIT */
#include "basic/buf.h"
#include "basic/random.h"
#include "model/queue.h"
#include "model/worker-lease.h"

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

static const char SQL_REGISTER[] =
        "INSERT INTO postal_workers (name, host, instance, pid, started_at, heartbeat_at) "
        "VALUES (?, ?, ?, ?, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6)) "
        "ON DUPLICATE KEY UPDATE heartbeat_at = VALUES(heartbeat_at)";
static const char SQL_HEARTBEAT[] =
        "UPDATE postal_workers SET heartbeat_at = UTC_TIMESTAMP(6) WHERE name = ?";
static const char SQL_UNREGISTER[] = "DELETE FROM postal_workers WHERE name = ?";
static const char SQL_DEAD[] =
        "SELECT name FROM postal_workers WHERE heartbeat_at < "
        "UTC_TIMESTAMP(6) - INTERVAL " TEXT(WORKER_LEASE_TIMEOUT_SEC) " SECOND LIMIT 100";
/* Holds the row while its leases are given away: a worker that comes to itself meanwhile waits, and is then told that it
 * is gone. */
static const char SQL_LOCK_DEAD[] =
        "SELECT 1 FROM postal_workers WHERE name = ? AND heartbeat_at < "
        "UTC_TIMESTAMP(6) - INTERVAL " TEXT(WORKER_LEASE_TIMEOUT_SEC) " SECOND FOR UPDATE";
static const char SQL_TAKE_STALE[] =
        "UPDATE queued_messages SET locked_by = NULL, locked_at = NULL "
        "WHERE locked_by IS NOT NULL AND locked_at < UTC_TIMESTAMP(6) - INTERVAL ? DAY "
        "AND locked_by NOT IN (SELECT name FROM postal_workers) LIMIT 1000";

void worker_make_name(const char *instance, char ret[static WORKER_NAME_SIZE]) {
        char host[64] = "unknown", suffix[17];

        (void) gethostname(host, sizeof(host) - 1);
        random_alnum(suffix, 16);
        (void) snprintf(ret, WORKER_NAME_SIZE, "host:%.60s pid:%d worker:%.60s %s", host, (int) getpid(),
                        instance, suffix);
}

int worker_register(Db *db, const char *name, const char *instance) {
        char host[256] = "";
        DbStatement *st;
        int r = db_prepare(db, SQL_REGISTER, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        (void) gethostname(host, sizeof(host) - 1);
        db_bind_string(st, name);
        db_bind_string(st, host);
        db_bind_string(st, instance);
        db_bind_i64(st, getpid());
        return db_run(st, NULL, NULL);
}

static int run_for_name(Db *db, const char *sql, const char *name, uint64_t *ret_affected) {
        DbStatement *st;
        int r = db_prepare(db, sql, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        db_bind_string(st, name);
        return db_run(st, ret_affected, NULL);
}

int worker_heartbeat(Db *db, const char *name) {
        uint64_t affected = 0;
        int r = run_for_name(db, SQL_HEARTBEAT, name, &affected);

        return r < 0 ? r : affected == 0 ? -ENOENT : 0;
}

int worker_unregister(Db *db, const char *name) {
        return run_for_name(db, SQL_UNREGISTER, name, NULL);
}

typedef struct TakeOver {
        const char *name;
        uint64_t rows;
        bool is_dead;
} TakeOver;

static int take_over(Db *db, void *userdata) {
        TakeOver *t = userdata;
        DbStatement *st;
        uint64_t one;
        int r;

        r = db_prepare(db, SQL_LOCK_DEAD, DB_MAIN, 1, &st);
        if (r < 0)
                return r;
        db_bind_string(st, t->name);
        r = db_query_u64(st, &one);
        t->is_dead = r >= 0;
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        r = queue_release_all(db, t->name, &t->rows);
        return r < 0 ? r : worker_unregister(db, t->name);
}

static int list_dead(Db *db, Buf *names) {
        DbStatement *st;
        int r = db_prepare(db, SQL_DEAD, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        r = db_query(st);
        while (r >= 0 && (r = db_fetch(st)) > 0) {
                buf_append_slice(names, db_slice(st, 0));
                buf_append_byte(names, '\0');
        }
        db_end(st);
        return r < 0 ? r : buf_error(names);
}

int worker_take_over_dead(Db *db, uint64_t *ret_rows, uint64_t *ret_workers) {
        _cleanup_(buf_done) Buf names = BUF_EMPTY;
        int r;

        *ret_rows = *ret_workers = 0;
        r = list_dead(db, &names);
        for (size_t at = 0; r >= 0 && at < names.size; at += strlen(names.data + at) + 1) {
                TakeOver t = { .name = names.data + at };

                r = db_transaction(db, take_over, &t);
                if (r >= 0 && t.is_dead) {
                        *ret_rows += t.rows;
                        (*ret_workers)++;
                }
        }
        return r;
}

int worker_take_over_stale(Db *db, uint64_t days, uint64_t *ret_rows) {
        DbStatement *st;
        int r = db_prepare(db, SQL_TAKE_STALE, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        db_bind_u64(st, days);
        return db_run(st, ret_rows, NULL);
}
