/* SPDX-License-Identifier: MIT */
#include "basic/buf.h"
#include "core/clock.h"
#include "core/log.h"
#include "db/database.h"
#include "smtp-server/directory.h"

/* last_used_at of a credential is written this often at most. */
#define TOUCH_INTERVAL_USEC (60 * USEC_PER_SEC)

struct Directory {
        Pool *pool;
        Cache *cache;
        Cache *touched; /* credential ids; the values mean nothing */
        uint64_t generation; /* counts directory_forget(): answers to older questions are not cached */
};

struct DirectoryQuery {
        PoolJob job;
        Directory *directory;
        LookupKind kind;
        uint64_t id;
        char *first;
        char *second;
        Buf cache_key;
        uint64_t generation;
        Lookup *result;
        int error;
        directory_done_t done; /* NULL: cancelled */
        void *userdata;
};

static void free_lookup(void *l) {
        (void) lookup_free(l);
}

int directory_new(Pool *pool, Directory **ret) {
        _cleanup_(directory_freep) Directory *d = calloc(1, sizeof(Directory));

        if (!d)
                return -ENOMEM;
        d->pool = pool;
        d->cache = cache_new(DIRECTORY_ENTRIES_MAX, DIRECTORY_TTL_USEC, free_lookup);
        d->touched = cache_new(DIRECTORY_ENTRIES_MAX, TOUCH_INTERVAL_USEC, NULL);
        if (!d->cache || !d->touched)
                return -ENOMEM;
        *ret = TAKE_PTR(d);
        return 0;
}

Directory *directory_free(Directory *d) {
        if (!d)
                return NULL;
        cache_free(d->cache);
        cache_free(d->touched);
        return mfree(d);
}

static DirectoryQuery *query_free(DirectoryQuery *q) {
        if (!q)
                return NULL;
        if (q->first)
                explicit_bzero(q->first, strlen(q->first)); /* may be a key */
        free(q->first);
        free(q->second);
        if (q->cache_key.data)
                explicit_bzero(q->cache_key.data, q->cache_key.size);
        buf_done(&q->cache_key);
        lookup_free(q->result);
        return mfree(q);
}
DEFINE_CLEANUP(DirectoryQuery *, query_free)

static int find(Db *db, const DirectoryQuery *q, Lookup **ret) {
        switch (q->kind) {
        case LOOKUP_CREDENTIAL:
                return lookup_credential(db, q->first, ret);
        case LOOKUP_CREDENTIAL_ID:
                return lookup_credential_id(db, q->id, ret);
        case LOOKUP_SERVER:
                return lookup_server(db, q->first, q->second, ret);
        case LOOKUP_ADDRESS_CREDENTIALS:
                return lookup_address_credentials(db, ret);
        case LOOKUP_RETURN_PATH:
                return lookup_return_path(db, q->first, ret);
        case LOOKUP_ROUTE_TOKEN:
                return lookup_route_token(db, q->first, ret);
        case LOOKUP_ADDRESS:
                return lookup_address(db, q->first, q->second, ret);
        case LOOKUP_SENDER:
                return lookup_sender(db, q->id, q->first, ret);
        default:
                return -EINVAL;
        }
}

static void run_query(PoolJob *job, void *context) {
        DirectoryQuery *q = container_of(job, DirectoryQuery, job);
        Database *database = context;

        q->error = find(database->main, q, &q->result);
        if (q->error == -ENOTCONN || q->error == -EAGAIN)
                q->error = find(database->main, q, &q->result); /* on a new connection */
        if (q->error < 0)
                log_warning(FIELDS(FIELD_ERRNO(q->error)), "A look-up failed: %s", db_error(database->main));
}

static void query_done(PoolJob *job) {
        _cleanup_(query_freep) DirectoryQuery *q = container_of(job, DirectoryQuery, job);
        Directory *d = q->directory;
        Lookup *l = TAKE_PTR(q->result);

        if (q->done)
                q->done(l, q->error, q->userdata);
        if (l && q->generation == d->generation)
                (void) cache_put(d->cache, buf_slice(&q->cache_key), l, clock_monotonic());
        else
                lookup_free(l);
}

static void make_cache_key(const LookupKey *key, Buf *to) {
        buf_printf(to, "%d %llu ", (int) key->kind, (unsigned long long) key->id);
        buf_append_slice(to, key->first);
        buf_append_byte(to, '\0');
        buf_append_slice(to, key->second);
}

static int start(Directory *d, const LookupKey *key, Buf *cache_key, DirectoryQuery **ret,
                 directory_done_t done, void *userdata) {
        _cleanup_(query_freep) DirectoryQuery *q = calloc(1, sizeof(DirectoryQuery));
        int r;

        if (!q)
                return -ENOMEM;
        q->job.run = run_query;
        q->job.done = query_done;
        q->directory = d;
        q->kind = key->kind;
        q->id = key->id;
        q->first = slice_dup(key->first);
        q->second = slice_dup(key->second);
        q->cache_key = TAKE(*cache_key, BUF_EMPTY);
        q->generation = d->generation;
        q->done = done;
        q->userdata = userdata;
        if (!q->first || !q->second)
                return -ENOMEM;
        r = pool_submit(d->pool, &q->job);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(q);
        return 0;
}

int directory_find(Directory *d, const LookupKey *key, const Lookup **ret, DirectoryQuery **ret_query,
                   directory_done_t done, void *userdata) {
        _cleanup_(buf_done) Buf cache_key = BUF_EMPTY;

        make_cache_key(key, &cache_key);
        if (buf_error(&cache_key) < 0)
                return buf_error(&cache_key);
        *ret = cache_get(d->cache, buf_slice(&cache_key), clock_monotonic());
        if (*ret)
                return 1;
        return start(d, key, &cache_key, ret_query, done, userdata);
}

void directory_cancel(DirectoryQuery *q) {
        if (q)
                q->done = NULL;
}

void directory_forget(Directory *d) {
        d->generation++;
        cache_clear(d->cache);
}

typedef struct TouchJob {
        PoolJob job;
        uint64_t id;
} TouchJob;

static void run_touch(PoolJob *job, void *context) {
        Database *database = context;

        (void) lookup_touch_credential(database->main, container_of(job, TouchJob, job)->id);
}

static void touch_done(PoolJob *job) {
        free(container_of(job, TouchJob, job));
}

void directory_touch_credential(Directory *d, uint64_t id) {
        static char something;
        uint64_t now = clock_monotonic();
        TouchJob *job;

        if (cache_get(d->touched, SLICE_OF(id), now))
                return;
        job = calloc(1, sizeof(TouchJob));
        if (!job)
                return;
        *job = (TouchJob){ .job = { .run = run_touch, .done = touch_done }, .id = id };
        if (pool_submit(d->pool, &job->job) < 0)
                free(job);
        else
                (void) cache_put(d->touched, SLICE_OF(id), &something, now);
}
