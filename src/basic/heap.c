/* SPDX-License-Identifier: MIT */
#include "basic/heap.h"

static void put_at(Heap *h, size_t at, HeapItem *item) {
        h->items[at] = item;
        item->place = at + 1;
}

static void sift_up(Heap *h, size_t at) {
        HeapItem *item = h->items[at];

        while (at > 0) {
                size_t parent = (at - 1) / 2;

                if (h->items[parent]->key <= item->key)
                        break;
                put_at(h, at, h->items[parent]);
                at = parent;
        }
        put_at(h, at, item);
}

static void sift_down(Heap *h, size_t at) {
        HeapItem *item = h->items[at];

        for (;;) {
                size_t child = at * 2 + 1;

                if (child >= h->count)
                        break;
                if (child + 1 < h->count && h->items[child + 1]->key < h->items[child]->key)
                        child++;
                if (item->key <= h->items[child]->key)
                        break;
                put_at(h, at, h->items[child]);
                at = child;
        }
        put_at(h, at, item);
}

void heap_done(Heap *h) {
        for (size_t i = 0; i < h->count; i++)
                h->items[i]->place = 0;
        free(h->items);
        *h = (Heap){ 0 };
}

int heap_put(Heap *h, HeapItem *item, uint64_t key) {
        if (item->place > 0) {
                item->key = key;
                sift_up(h, item->place - 1);
                sift_down(h, item->place - 1);
                return 0;
        }
        if (h->count == h->space) {
                size_t space = MAX(h->space * 2, (size_t) 64);
                HeapItem **items = reallocarray(h->items, space, sizeof(HeapItem *));

                if (!items)
                        return -ENOMEM;
                h->items = items;
                h->space = space;
        }
        item->key = key;
        h->items[h->count++] = item;
        sift_up(h, h->count - 1);
        return 0;
}

void heap_remove(Heap *h, HeapItem *item) {
        size_t at;
        HeapItem *last;

        if (item->place == 0)
                return;
        at = item->place - 1;
        assert(at < h->count && h->items[at] == item);
        item->place = 0;
        last = h->items[--h->count];
        if (last == item)
                return;
        put_at(h, at, last);
        sift_up(h, at);
        sift_down(h, last->place - 1);
}
