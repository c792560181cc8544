/* SPDX-License-Identifier: MIT */
#include "basic/list.h"
#include "test.h"

typedef struct Thing {
        int number;
        ListNode node;
} Thing;

TEST(append_prepend_pop) {
        Thing a = { .number = 1 }, b = { .number = 2 }, c = { .number = 3 };
        List l = { 0 };

        list_append(&l, &b.node);
        list_append(&l, &c.node);
        list_prepend(&l, &a.node);
        CHECK_INT(l.count, 3);
        CHECK_INT(LIST_ITEM(list_pop(&l), Thing, node)->number, 1);
        CHECK_INT(LIST_ITEM(list_pop(&l), Thing, node)->number, 2);
        CHECK_INT(LIST_ITEM(list_pop(&l), Thing, node)->number, 3);
        CHECK(!list_pop(&l));
        list_remove(&l, &a.node);
        CHECK_INT(l.count, 0);
}

TEST(foreach_allows_removal) {
        Thing things[5] = { 0 };
        List l = { 0 };
        int sum = 0;

        for (int i = 0; i < 5; i++) {
                things[i].number = i;
                list_append(&l, &things[i].node);
        }
        LIST_FOREACH(t, &l, Thing, node)
                if (t->number % 2)
                        list_remove(&l, &t->node);
        LIST_FOREACH(t, &l, Thing, node)
                sum += t->number;
        CHECK_INT(sum, 6);
        CHECK_INT(l.count, 3);
}

TEST(move_all) {
        Thing a = { .number = 1 }, b = { .number = 2 };
        List from = { 0 }, to = { 0 };

        list_append(&to, &a.node);
        list_append(&from, &b.node);
        list_move_all(&to, &from);
        list_move_all(&to, &from);
        CHECK_INT(to.count, 2);
        CHECK_INT(from.count, 0);
        CHECK(to.last == &b.node && b.node.previous == &a.node);
}
