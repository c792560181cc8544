/* SPDX-License-Identifier: MIT */
#include "basic/cache.h"
#include "basic/hashmap.h"
#include "basic/list.h"

typedef struct Entry {
        ListNode node; /* in Cache.by_use, the most recently used last */
        char *key;
        size_t key_size;
        uint64_t expires_usec;
        void *value;
} Entry;

struct Cache {
        Hashmap *map;
        List by_use;
        size_t entries_max;
        uint64_t ttl_usec;
        cache_free_t free_value;
};

Cache *cache_new(size_t entries_max, uint64_t ttl_usec, cache_free_t free_value) {
        _cleanup_(cache_freep) Cache *c = calloc(1, sizeof(Cache));

        assert(entries_max > 0);

        if (!c)
                return NULL;
        c->entries_max = entries_max;
        c->ttl_usec = ttl_usec;
        c->free_value = free_value;
        c->map = hashmap_new();
        return c->map ? TAKE_PTR(c) : NULL;
}

static void drop(Cache *c, Entry *e) {
        list_remove(&c->by_use, &e->node);
        (void) hashmap_remove(c->map, slice_make(e->key, e->key_size));
        if (c->free_value)
                c->free_value(e->value);
        free(e->key);
        free(e);
}

void cache_clear(Cache *c) {
        while (c->by_use.first)
                drop(c, LIST_ITEM(c->by_use.first, Entry, node));
}

Cache *cache_free(Cache *c) {
        if (!c)
                return NULL;
        if (c->map)
                cache_clear(c);
        hashmap_free(c->map);
        return mfree(c);
}

void *cache_get(Cache *c, Slice key, uint64_t now_usec) {
        Entry *e = hashmap_get(c->map, key);

        if (!e)
                return NULL;
        if (e->expires_usec <= now_usec) {
                drop(c, e);
                return NULL;
        }
        list_remove(&c->by_use, &e->node);
        list_append(&c->by_use, &e->node);
        return e->value;
}

static Entry *entry_new(Slice key) {
        Entry *e = calloc(1, sizeof(Entry));

        if (!e)
                return NULL;
        e->key = slice_dup(key);
        if (!e->key)
                return mfree(e);
        e->key_size = key.size;
        return e;
}

int cache_put(Cache *c, Slice key, void *value, uint64_t now_usec) {
        Entry *e;

        cache_remove(c, key);
        e = entry_new(key);
        if (!e || hashmap_put(c->map, key, e) < 0) {
                if (e)
                        free(e->key);
                free(e);
                if (c->free_value)
                        c->free_value(value);
                return -ENOMEM;
        }
        e->value = value;
        e->expires_usec = now_usec + c->ttl_usec;
        list_append(&c->by_use, &e->node);
        if (c->by_use.count > c->entries_max)
                drop(c, LIST_ITEM(c->by_use.first, Entry, node));
        return 0;
}

void cache_remove(Cache *c, Slice key) {
        Entry *e = hashmap_get(c->map, key);

        if (e)
                drop(c, e);
}

size_t cache_size(const Cache *c) {
        return c->by_use.count;
}
