/* SPDX-License-Identifier: MIT */
#pragma once

/* A bump allocator: many small pieces that live and die together, such as all that is known of one
 * parsed message. Pieces are not freed one by one; arena_done() frees them all. */

#include "basic/slice.h"

typedef struct ArenaBlock ArenaBlock;

typedef struct Arena {
        ArenaBlock *blocks; /* the newest first */
        size_t total;       /* bytes taken from the heap, for limits and metrics */
} Arena;

#define ARENA_EMPTY ((Arena){ 0 })

void arena_done(Arena *a);

/* `size` bytes, aligned for any type, not cleared. NULL when memory is short. */
void *arena_alloc(Arena *a, size_t size);
/* The same, filled with zero bytes. */
void *arena_alloc0(Arena *a, size_t size);
/* A terminated copy. NULL when memory is short. */
char *arena_dup(Arena *a, Slice s);
