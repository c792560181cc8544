/* SPDX-License-Identifier: MIT */
#pragma once

/* A hash map from byte strings to pointers. Keys are copied; values are not owned. The hash is
 * keyed with random bytes (SipHash-2-4), so that peers cannot choose keys that collide. */

#include "basic/slice.h"

typedef struct Hashmap Hashmap;

/* Returns a new, empty map, or NULL when memory is short. */
Hashmap *hashmap_new(void);
/* Frees the map and its keys; the values are the caller's. Returns NULL. */
Hashmap *hashmap_free(Hashmap *h);
DEFINE_CLEANUP(Hashmap *, hashmap_free)

size_t hashmap_size(const Hashmap *h);

/* Stores the value, replacing an earlier one, which is lost. Values must not be NULL. Returns 0, or
 * -ENOMEM with the map as it was. */
int hashmap_put(Hashmap *h, Slice key, void *value);
/* The value, or NULL. */
void *hashmap_get(const Hashmap *h, Slice key);
/* Takes the entry out and returns its value, or NULL. */
void *hashmap_remove(Hashmap *h, Slice key);

/* Runs over all entries in no order: start with *position = 0; returns NULL at the end. The map must
 * not change meanwhile. */
void *hashmap_next(const Hashmap *h, size_t *position, Slice *ret_key);
/* Takes some entry out and returns its value, or NULL when the map is empty. */
void *hashmap_remove_any(Hashmap *h);

/* SipHash-2-4 of `data` under a 16 byte key. */
uint64_t siphash24(const void *data, size_t size, const uint8_t key[16]);
