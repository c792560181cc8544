/* SPDX-License-Identifier: MIT */
#include "basic/heap.h"
#include "basic/random.h"
#include "test.h"

TEST(items_come_out_in_order_after_moves_and_removals) {
        static HeapItem items[1000];
        Heap h = { 0 };
        uint64_t last = 0;
        size_t in = 0, out = 0;

        for (int round = 0; round < 20000; round++) {
                HeapItem *item = &items[random_below(ELEMENTSOF(items))];

                if (random_below(3) == 0)
                        heap_remove(&h, item);
                else
                        CHECK_INT(heap_put(&h, item, random_below(500)), 0);
        }
        for (size_t i = 0; i < ELEMENTSOF(items); i++)
                in += items[i].place > 0;
        CHECK_INT(h.count, in);
        while (heap_peek(&h)) {
                HeapItem *item = heap_peek(&h);

                CHECK(item->key >= last);
                last = item->key;
                heap_remove(&h, item);
                CHECK_INT(item->place, 0);
                out++;
        }
        CHECK_INT(out, in);
        heap_done(&h);
}

TEST(done_frees_the_items) {
        HeapItem item = { 0 };
        Heap h = { 0 };

        CHECK_INT(heap_put(&h, &item, 7), 0);
        heap_done(&h);
        CHECK_INT(item.place, 0);
        heap_remove(&h, &item);
}
