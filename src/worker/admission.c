/* SPDX-License-Identifier: MIT */
#include "basic/buf.h"
#include "basic/hashmap.h"
#include "worker/admission.h"

/* Destinations that are remembered without having messages, for their limits. */
#define IDLE_ENTRIES_MAX 20000

typedef struct Entry {
        size_t count;
        unsigned connections;
        bool has_succeeded;
} Entry;

/* Something that happened while the table was lent. */
typedef struct Change {
        char *key;
        size_t key_size;
        bool is_done;
        unsigned connections;
        bool has_succeeded;
} Change;

struct Admission {
        bool has_relays;
        size_t total_max;
        unsigned connections_first;
        Hashmap *entries;
        size_t total;
        bool is_lent;
        Change *changes;
        size_t change_count;
        size_t change_space;
};

int admission_new(bool has_relays, size_t total_max, unsigned connections_first, Admission **ret) {
        Admission *a = calloc(1, sizeof(Admission));

        if (!a)
                return -ENOMEM;
        a->has_relays = has_relays;
        a->total_max = total_max;
        a->connections_first = connections_first;
        a->entries = hashmap_new();
        if (!a->entries) {
                free(a);
                return -ENOMEM;
        }
        *ret = a;
        return 0;
}

Admission *admission_free(Admission *a) {
        Entry *e;

        if (!a)
                return NULL;
        while ((e = hashmap_remove_any(a->entries)))
                free(e);
        hashmap_free(a->entries);
        for (size_t i = 0; i < a->change_count; i++)
                free(a->changes[i].key);
        free(a->changes);
        return mfree(a);
}

static void make_key(const Admission *a, bool is_incoming, const char *domain, uint64_t ip_address_id, Buf *to) {
        buf_printf(to, "%c%llu ", is_incoming ? 'i' : 'o', (unsigned long long) ip_address_id);
        if (!is_incoming && a->has_relays)
                return;
        for (const char *p = domain; *p; p++)
                buf_append_byte(to, ascii_to_lower(*p));
}

static Entry *entry_of(Admission *a, Slice key) {
        Entry *e = hashmap_get(a->entries, key);

        if (e)
                return e;
        e = calloc(1, sizeof(Entry));
        if (!e)
                return NULL;
        e->connections = a->connections_first;
        if (hashmap_put(a->entries, key, e) < 0)
                return mfree(e);
        return e;
}

static void drop_if_idle(Admission *a, Slice key, Entry *e) {
        if (e->count > 0 ||
            (e->connections != a->connections_first && hashmap_size(a->entries) < IDLE_ENTRIES_MAX))
                return;
        free(hashmap_remove(a->entries, key));
}

/* Once many messages are in memory, destinations that have not taken any lately get less room; when it is nearly full, none
 * beyond a first message. */
static size_t room_of(const Admission *a, const Entry *e) {
        size_t room = (size_t) e->connections * ADMISSION_PER_CONNECTION;

        if (a->total >= a->total_max)
                return 0;
        if (e->has_succeeded || a->total < a->total_max / 2)
                return room;
        return a->total < a->total_max / 10 * 9 ? 2 : 1;
}

bool admission_admit(const QueuedMessage *m, void *admission) {
        Admission *a = admission;
        _cleanup_(buf_done) Buf key = BUF_EMPTY;
        Entry *e;

        make_key(a, m->is_incoming, m->domain, m->ip_address_id, &key);
        e = buf_error(&key) < 0 ? NULL : entry_of(a, buf_slice(&key));
        if (!e)
                return false;
        if (e->count >= room_of(a, e)) {
                drop_if_idle(a, buf_slice(&key), e);
                return false;
        }
        e->count++;
        a->total++;
        return true;
}

static void apply_done(Admission *a, Slice key) {
        Entry *e = hashmap_get(a->entries, key);

        assert(e && e->count > 0 && a->total > 0);
        e->count--;
        a->total--;
        drop_if_idle(a, key, e);
}

void admission_give_back(Admission *a, const QueuedMessage *m) {
        _cleanup_(buf_done) Buf key = BUF_EMPTY;

        make_key(a, m->is_incoming, m->domain, m->ip_address_id, &key);
        apply_done(a, buf_slice(&key));
}

static void apply_limit(Admission *a, Slice key, unsigned connections, bool has_succeeded) {
        Entry *e = entry_of(a, key);

        if (!e)
                return;
        e->connections = connections;
        e->has_succeeded = has_succeeded;
        drop_if_idle(a, key, e);
}

static void note(Admission *a, Buf *key, bool is_done, unsigned connections, bool has_succeeded) {
        if (a->change_count == a->change_space) {
                size_t space = MAX(a->change_space * 2, (size_t) 64);
                Change *changes = reallocarray(a->changes, space, sizeof(Change));

                if (!changes)
                        abort(); /* a count that is lost would never come right again */
                a->changes = changes;
                a->change_space = space;
        }
        a->changes[a->change_count] = (Change){ .key_size = key->size, .is_done = is_done,
                                                .connections = connections, .has_succeeded = has_succeeded };
        a->changes[a->change_count++].key = buf_take(key);
}

void admission_lend(Admission *a) {
        assert(!a->is_lent);
        a->is_lent = true;
}

void admission_return(Admission *a) {
        assert(a->is_lent);
        a->is_lent = false;
        for (size_t i = 0; i < a->change_count; i++) {
                const Change *c = &a->changes[i];
                Slice key = slice_make(c->key, c->key_size);

                if (c->is_done)
                        apply_done(a, key);
                else
                        apply_limit(a, key, c->connections, c->has_succeeded);
                free(c->key);
        }
        a->change_count = 0;
}

void admission_done(Admission *a, bool is_incoming, const char *domain, uint64_t ip_address_id) {
        _cleanup_(buf_done) Buf key = BUF_EMPTY;

        make_key(a, is_incoming, domain, ip_address_id, &key);
        if (a->is_lent)
                note(a, &key, true, 0, false);
        else
                apply_done(a, buf_slice(&key));
}

void admission_set_limit(Admission *a, bool is_incoming, const char *domain, uint64_t ip_address_id,
                         unsigned connections, bool has_succeeded) {
        _cleanup_(buf_done) Buf key = BUF_EMPTY;

        make_key(a, is_incoming, domain, ip_address_id, &key);
        if (a->is_lent)
                note(a, &key, false, connections, has_succeeded);
        else
                apply_limit(a, buf_slice(&key), connections, has_succeeded);
}

size_t admission_total(const Admission *a) {
        return a->total;
}
