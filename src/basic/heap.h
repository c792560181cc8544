/* SPDX-License-Identifier: MIT */
#pragma once

/* A binary min-heap of objects that carry a HeapItem: timers by due time, retries by date. Each item
 * knows its place, so that moving and removing cost O(log n) too. */

#include "basic/macro.h"

typedef struct HeapItem {
        uint64_t key;
        size_t place; /* 1-based place in the heap; 0 while in none */
} HeapItem;

typedef struct Heap {
        HeapItem **items;
        size_t count;
        size_t space;
} Heap;

/* Forgets all items (they are not owned) and frees the heap's own memory. */
void heap_done(Heap *h);

/* Puts the item in, or moves it when it is in already. Returns 0 or -ENOMEM; moving cannot fail. */
int heap_put(Heap *h, HeapItem *item, uint64_t key);

/* Takes the item out; nothing happens when it is in no heap. */
void heap_remove(Heap *h, HeapItem *item);

/* The item with the smallest key, or NULL. */
static inline HeapItem *heap_peek(const Heap *h) {
        return h->count > 0 ? h->items[0] : NULL;
}
