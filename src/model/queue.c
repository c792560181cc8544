/* SPDX-License-Identifier: MIT */
/* All statements here live on the index postal_ready (locked_by, retry_after, ip_address_id, server_id,
 * domain): each starts with equalities on its first columns. */
#include <math.h>

#include "basic/hashmap.h"
#include "basic/time-format.h"
#include "model/queue.h"

static const char SQL_NEXT_SERVER[] =
        "SELECT server_id FROM queued_messages FORCE INDEX (postal_ready) "
        "WHERE locked_by IS NULL AND retry_after IS NULL AND ip_address_id <=> ? AND server_id > ? "
        "ORDER BY server_id LIMIT 1";

#define COLUMNS                                                                                    \
        "id, server_id, message_id, ip_address_id, route_id, domain, batch_key, manual, attempts, " \
        "TIMESTAMPDIFF(MICROSECOND, created_at, UTC_TIMESTAMP(6))"
#define READY_OF_SERVER                                                                            \
        "FROM queued_messages FORCE INDEX (postal_ready) WHERE locked_by IS NULL AND "             \
        "retry_after IS NULL AND ip_address_id <=> ? AND server_id = ?"

static const char SQL_READY_FIRST[] =
        "SELECT " COLUMNS " " READY_OF_SERVER " ORDER BY domain, id LIMIT ? FOR UPDATE SKIP LOCKED";
static const char SQL_READY_AFTER[] =
        "SELECT " COLUMNS " " READY_OF_SERVER
        " AND domain > ? ORDER BY domain, id LIMIT ? FOR UPDATE SKIP LOCKED";
static const char SQL_LEASE[] =
        "UPDATE queued_messages SET locked_by = ?, locked_at = UTC_TIMESTAMP(6) WHERE id IN ({in})";
static const char SQL_RELEASE[] =
        "UPDATE queued_messages SET locked_by = NULL, locked_at = NULL WHERE locked_by = ? AND id IN ({in})";
static const char SQL_RELEASE_ALL[] =
        "UPDATE queued_messages SET locked_by = NULL, locked_at = NULL WHERE locked_by = ? LIMIT 1000";
static const char SQL_MAKE_READY[] =
        "UPDATE queued_messages SET retry_after = NULL WHERE locked_by IS NULL AND "
        "retry_after <= UTC_TIMESTAMP() ORDER BY retry_after LIMIT ?";

/* Mail servers whose place in their domains is remembered; beyond that, some start again at the front. */
#define PLACES_MAX 10000

/* One walk over the mail servers: for rows without an address, and for each address of this host. */
typedef struct Walk {
        uint64_t ip_address_id;
        uint64_t server_id; /* the last one visited */
        Hashmap *domains;   /* server id -> the domain (char *) to go on after */
} Walk;

struct QueueCursor {
        Walk *walks;
        size_t count;
        size_t next;
};

static void walk_done(Walk *w) {
        char *domain;

        while (w->domains && (domain = hashmap_remove_any(w->domains)))
                free(domain);
        hashmap_free(w->domains);
}

QueueCursor *queue_cursor_new(const uint64_t *ip_address_ids, size_t count) {
        _cleanup_(queue_cursor_freep) QueueCursor *c = calloc(1, sizeof(QueueCursor));

        if (!c)
                return NULL;
        c->walks = calloc(count + 1, sizeof(Walk));
        if (!c->walks)
                return NULL;
        for (size_t i = 0; i <= count; i++) {
                c->walks[i].ip_address_id = i > 0 ? ip_address_ids[i - 1] : 0;
                c->walks[i].domains = hashmap_new();
                c->count = i + 1;
                if (!c->walks[i].domains)
                        return NULL;
        }
        return TAKE_PTR(c);
}

QueueCursor *queue_cursor_free(QueueCursor *c) {
        if (!c)
                return NULL;
        for (size_t i = 0; i < c->count; i++)
                walk_done(&c->walks[i]);
        free(c->walks);
        return mfree(c);
}

/* The mail server after the last one visited; 0 and *ret_round when the walk is at its end. */
static int next_server(Db *db, Walk *w, uint64_t *ret) {
        DbStatement *st;
        int r = db_prepare(db, SQL_NEXT_SERVER, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        db_bind_id(st, w->ip_address_id);
        db_bind_u64(st, w->server_id);
        r = db_query_u64(st, ret);
        if (r == -ENOENT)
                *ret = 0;
        return r == -ENOENT ? 0 : r;
}

static int read_row(const DbStatement *st, Arena *arena, QueuedMessage *m) {
        *m = (QueuedMessage){
                .id = db_u64(st, 0),
                .server_id = db_u64(st, 1),
                .message_id = db_u64(st, 2),
                .ip_address_id = db_u64(st, 3),
                .route_id = db_u64(st, 4),
                .domain = arena_dup(arena, db_slice(st, 5)),
                .is_incoming = slice_starts_with_ignore_case(db_slice(st, 6), SLICE("incoming-")),
                .is_manual = db_u64(st, 7) != 0,
                .attempts = (unsigned) MAX(db_i64(st, 8), INT64_C(0)),
                .age_usec = (uint64_t) MAX(db_i64(st, 9), INT64_C(0)),
        };
        return m->domain ? 0 : -ENOMEM;
}

static int remember_domain(Walk *w, uint64_t server_id, const char *domain) {
        Slice key = SLICE_OF(server_id);
        char *copy = NULL;
        int r = 0;

        free(hashmap_remove(w->domains, key));
        if (!domain || hashmap_size(w->domains) >= PLACES_MAX)
                return 0;
        copy = strdup(domain);
        if (!copy)
                return -ENOMEM;
        r = hashmap_put(w->domains, key, copy);
        if (r < 0)
                free(copy);
        return r;
}

typedef struct ClaimRun {
        Walk *walk;
        uint64_t server_id;
        const char *lease;
        size_t max;
        queue_admit_t admit;
        void *userdata;
        Arena *arena;
        QueueClaim *claim;
        char *last_domain; /* of the rows seen; NULL when the server's rows were seen to their end */
} ClaimRun;

/* Reads ready rows in the order of their domains, behind the domain `after` unless it is NULL, and keeps those
 * admitted. Returns how many it has seen. */
static int select_rows(Db *db, ClaimRun *run, const char *after) {
        const int limit = QUEUE_CLAIM_MAX;
        DbStatement *st;
        int seen = 0;
        int r = db_prepare(db, after ? SQL_READY_AFTER : SQL_READY_FIRST, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        db_bind_id(st, run->walk->ip_address_id);
        db_bind_u64(st, run->server_id);
        if (after)
                db_bind_string(st, after);
        db_bind_i64(st, limit);
        r = db_query(st);
        while (r >= 0 && (r = db_fetch(st)) > 0) {
                QueuedMessage *m = &run->claim->messages[run->claim->count];

                seen++;
                r = read_row(st, run->arena, m);
                if (r < 0)
                        break;
                run->last_domain = m->domain;
                if (run->claim->count < run->max && run->admit(m, run->userdata))
                        run->claim->count++;
                else
                        run->claim->has_more = true;
        }
        db_end(st);
        if (seen < limit)
                run->last_domain = NULL;
        return r < 0 ? r : seen;
}

static int for_ids(Db *db, const char *sql, const char *lease, const uint64_t *ids, size_t count) {
        while (count > 0) {
                unsigned rows = (unsigned) MIN(count, (size_t) DB_ROWS_MAX), size = 1;
                DbStatement *st;
                int r;

                /* Few sizes, so that few statements are prepared; the last id fills up. */
                while (size < rows)
                        size *= 2;
                r = db_prepare(db, sql, DB_MAIN, size, &st);
                if (r < 0)
                        return r;
                db_bind_string(st, lease);
                for (unsigned i = 0; i < size; i++)
                        db_bind_u64(st, ids[MIN(i, rows - 1)]);
                r = db_run(st, NULL, NULL);
                if (r < 0)
                        return r;
                ids += rows;
                count -= rows;
        }
        return 0;
}

static int claim_body(Db *db, void *userdata) {
        ClaimRun *run = userdata;
        const char *after = hashmap_get(run->walk->domains, SLICE_OF(run->server_id));
        uint64_t ids[QUEUE_CLAIM_MAX];
        int r;

        r = select_rows(db, run, after);
        if (r == 0 && after)
                r = select_rows(db, run, NULL); /* round to the first domain */
        if (r < 0)
                return r;
        for (size_t i = 0; i < run->claim->count; i++)
                ids[i] = run->claim->messages[i].id;
        return for_ids(db, SQL_LEASE, run->lease, ids, run->claim->count);
}

int queue_claim(Db *db, QueueCursor *c, const char *lease, size_t max, queue_admit_t admit, void *userdata,
                Arena *arena, QueueClaim *ret, bool *ret_round) {
        Walk *w = &c->walks[c->next];
        ClaimRun run = { .walk = w, .lease = lease, .max = MIN(max, (size_t) QUEUE_CLAIM_MAX),
                         .admit = admit, .userdata = userdata, .arena = arena, .claim = ret };
        int r;

        ret->count = 0;
        ret->has_more = false;
        *ret_round = false;
        r = next_server(db, w, &run.server_id);
        if (r < 0)
                return r;
        if (run.server_id == 0) {
                w->server_id = 0;
                c->next = (c->next + 1) % c->count;
                *ret_round = c->next == 0;
                return 0;
        }
        /* Not tried again on a deadlock: what was admitted would be admitted twice. */
        r = db_begin(db);
        if (r < 0)
                return r;
        r = claim_body(db, &run);
        if (r < 0) {
                db_rollback(db);
                return r;
        }
        r = db_commit(db);
        if (r < 0)
                return r;
        w->server_id = run.server_id;
        return remember_domain(w, run.server_id, run.last_domain);
}

int queue_release(Db *db, const char *lease, const uint64_t *ids, size_t count) {
        return for_ids(db, SQL_RELEASE, lease, ids, count);
}

int queue_release_all(Db *db, const char *lease, uint64_t *ret) {
        uint64_t affected;

        *ret = 0;
        do {
                DbStatement *st;
                int r = db_prepare(db, SQL_RELEASE_ALL, DB_MAIN, 1, &st);

                if (r < 0)
                        return r;
                db_bind_string(st, lease);
                r = db_run(st, &affected, NULL);
                if (r < 0)
                        return r;
                *ret += affected;
        } while (affected > 0);
        return 0;
}

int queue_make_due_ready(Db *db, uint64_t max, uint64_t *ret) {
        DbStatement *st;
        int r = db_prepare(db, SQL_MAKE_READY, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        db_bind_u64(st, max);
        return db_run(st, ret, NULL);
}

unsigned queue_retry_delay_sec(unsigned attempts) {
        /* At 60 the delay would be 60 years. */
        return (unsigned) (300 * pow(1.3, MIN(attempts, 60u)));
}
