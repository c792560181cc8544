/* SPDX-License-Identifier: MIT */
/* Open addressing with linear probing and backward-shift deletion; at most three quarters full.
 * Entries are stored with their full hash, so that growing does not hash again. */
#include "basic/hashmap.h"
#include "basic/random.h"

#define HASHMAP_FIRST_SLOTS 16

typedef struct Entry {
        uint64_t hash;
        char *key;
        size_t key_size;
        void *value; /* NULL: the slot is free */
} Entry;

struct Hashmap {
        Entry *entries;
        size_t slots; /* a power of two */
        size_t count;
        uint8_t seed[16];
};

#define ROTL(x, b) (uint64_t)(((x) << (b)) | ((x) >> (64 - (b))))
#define SIPROUND(v0, v1, v2, v3)                                                                   \
        do {                                                                                       \
                v0 += v1;                                                                          \
                v1 = ROTL(v1, 13) ^ v0;                                                            \
                v0 = ROTL(v0, 32);                                                                 \
                v2 += v3;                                                                          \
                v3 = ROTL(v3, 16) ^ v2;                                                            \
                v0 += v3;                                                                          \
                v3 = ROTL(v3, 21) ^ v0;                                                            \
                v2 += v1;                                                                          \
                v1 = ROTL(v1, 17) ^ v2;                                                            \
                v2 = ROTL(v2, 32);                                                                 \
        } while (0)

static uint64_t load_le64(const uint8_t *p) {
        uint64_t v;
        memcpy(&v, p, sizeof(v));
        return le64toh(v);
}

uint64_t siphash24(const void *data, size_t size, const uint8_t key[16]) {
        const uint8_t *p = data;
        uint64_t k0 = load_le64(key), k1 = load_le64(key + 8), last = (uint64_t) size << 56, m;
        uint64_t v0 = UINT64_C(0x736f6d6570736575) ^ k0, v1 = UINT64_C(0x646f72616e646f6d) ^ k1;
        uint64_t v2 = UINT64_C(0x6c7967656e657261) ^ k0, v3 = UINT64_C(0x7465646279746573) ^ k1;

        for (; size >= 8; size -= 8, p += 8) {
                m = load_le64(p);
                v3 ^= m;
                SIPROUND(v0, v1, v2, v3);
                SIPROUND(v0, v1, v2, v3);
                v0 ^= m;
        }
        for (size_t i = 0; i < size; i++)
                last |= (uint64_t) p[i] << (8 * i);
        v3 ^= last;
        SIPROUND(v0, v1, v2, v3);
        SIPROUND(v0, v1, v2, v3);
        v0 ^= last;
        v2 ^= 0xff;
        for (int i = 0; i < 4; i++)
                SIPROUND(v0, v1, v2, v3);
        return v0 ^ v1 ^ v2 ^ v3;
}

Hashmap *hashmap_new(void) {
        Hashmap *h = calloc(1, sizeof(Hashmap));

        if (!h)
                return NULL;
        h->slots = HASHMAP_FIRST_SLOTS;
        h->entries = calloc(h->slots, sizeof(Entry));
        if (!h->entries)
                return mfree(h);
        random_bytes(h->seed, sizeof(h->seed));
        return h;
}

Hashmap *hashmap_free(Hashmap *h) {
        if (!h)
                return NULL;
        for (size_t i = 0; i < h->slots; i++)
                if (h->entries[i].value)
                        free(h->entries[i].key);
        free(h->entries);
        return mfree(h);
}

size_t hashmap_size(const Hashmap *h) {
        return h->count;
}

/* The slot that holds the key, or the free slot where it would go. */
static size_t find_slot(const Hashmap *h, Slice key, uint64_t hash) {
        size_t at = hash & (h->slots - 1);

        for (;; at = (at + 1) & (h->slots - 1)) {
                const Entry *e = &h->entries[at];

                if (!e->value)
                        return at;
                if (e->hash == hash && slice_equal(slice_make(e->key, e->key_size), key))
                        return at;
        }
}

static int grow(Hashmap *h) {
        Entry *old = h->entries;
        size_t old_slots = h->slots;
        Entry *entries = calloc(old_slots * 2, sizeof(Entry));

        if (!entries)
                return -ENOMEM;
        h->entries = entries;
        h->slots = old_slots * 2;
        for (size_t i = 0; i < old_slots; i++) {
                size_t at;

                if (!old[i].value)
                        continue;
                at = old[i].hash & (h->slots - 1);
                while (entries[at].value)
                        at = (at + 1) & (h->slots - 1);
                entries[at] = old[i];
        }
        free(old);
        return 0;
}

int hashmap_put(Hashmap *h, Slice key, void *value) {
        uint64_t hash = siphash24(key.data, key.size, h->seed);
        size_t at = find_slot(h, key, hash);
        char *copy;

        assert(value);

        if (h->entries[at].value) {
                h->entries[at].value = value;
                return 0;
        }
        if ((h->count + 1) * 4 > h->slots * 3) {
                int r = grow(h);
                if (r < 0)
                        return r;
                at = find_slot(h, key, hash);
        }
        copy = slice_dup(key);
        if (!copy)
                return -ENOMEM;
        h->entries[at] = (Entry){ hash, copy, key.size, value };
        h->count++;
        return 0;
}

void *hashmap_get(const Hashmap *h, Slice key) {
        return h->entries[find_slot(h, key, siphash24(key.data, key.size, h->seed))].value;
}

static void *remove_at(Hashmap *h, size_t hole) {
        size_t mask = h->slots - 1;
        void *value = h->entries[hole].value;

        free(h->entries[hole].key);
        h->count--;
        for (size_t at = (hole + 1) & mask; h->entries[at].value; at = (at + 1) & mask) {
                size_t home = h->entries[at].hash & mask;

                /* The entry may move into the hole unless its home lies cyclically behind it. */
                if (((at - home) & mask) >= ((at - hole) & mask)) {
                        h->entries[hole] = h->entries[at];
                        hole = at;
                }
        }
        h->entries[hole] = (Entry){ 0 };
        return value;
}

void *hashmap_remove(Hashmap *h, Slice key) {
        size_t at = find_slot(h, key, siphash24(key.data, key.size, h->seed));

        return h->entries[at].value ? remove_at(h, at) : NULL;
}

void *hashmap_remove_any(Hashmap *h) {
        for (size_t i = 0; h->count > 0 && i < h->slots; i++)
                if (h->entries[i].value)
                        return remove_at(h, i);
        return NULL;
}

void *hashmap_next(const Hashmap *h, size_t *position, Slice *ret_key) {
        while (*position < h->slots) {
                const Entry *e = &h->entries[(*position)++];

                if (!e->value)
                        continue;
                if (ret_key)
                        *ret_key = slice_make(e->key, e->key_size);
                return e->value;
        }
        return NULL;
}
