/* SPDX-License-Identifier: MIT */
#pragma once

/* A bounded cache whose entries expire: look-ups on the accept path, DNS answers, parsed keys. When
 * it is full, the entry unused for longest goes. Time comes from the caller. */

#include "basic/slice.h"

typedef struct Cache Cache;
typedef void (*cache_free_t)(void *value);

/* At most `entries_max` entries, each valid for `ttl_usec`; `free_value` is called for each value that
 * leaves the cache. Returns NULL when memory is short. */
Cache *cache_new(size_t entries_max, uint64_t ttl_usec, cache_free_t free_value);
Cache *cache_free(Cache *c);
DEFINE_CLEANUP(Cache *, cache_free)

/* The value, owned by the cache and valid until its next call, or NULL. */
void *cache_get(Cache *c, Slice key, uint64_t now_usec);
/* Stores the value and takes ownership of it, also on failure. Returns 0 or -ENOMEM. */
int cache_put(Cache *c, Slice key, void *value, uint64_t now_usec);
void cache_remove(Cache *c, Slice key);
void cache_clear(Cache *c);
size_t cache_size(const Cache *c);
