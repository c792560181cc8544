/* SPDX-License-Identifier: MIT */
#pragma once

/* Intrusive doubly linked lists. A member of type ListNode sits in each object; a List is the head.
 * Removing a node that is in no list does nothing, so clean-up code need not know. */

#include "basic/macro.h"

typedef struct ListNode ListNode;
struct ListNode {
        ListNode *next;
        ListNode *previous;
};

typedef struct List {
        ListNode *first;
        ListNode *last;
        size_t count;
} List;

static inline void list_append(List *l, ListNode *n) {
        assert(!n->next && !n->previous && l->first != n);
        n->previous = l->last;
        if (l->last)
                l->last->next = n;
        else
                l->first = n;
        l->last = n;
        l->count++;
}

static inline void list_prepend(List *l, ListNode *n) {
        assert(!n->next && !n->previous && l->first != n);
        n->next = l->first;
        if (l->first)
                l->first->previous = n;
        else
                l->last = n;
        l->first = n;
        l->count++;
}

static inline bool list_contains_node(const List *l, const ListNode *n) {
        return n->next || n->previous || l->first == n;
}

static inline void list_remove(List *l, ListNode *n) {
        if (!list_contains_node(l, n))
                return;
        if (n->previous)
                n->previous->next = n->next;
        else
                l->first = n->next;
        if (n->next)
                n->next->previous = n->previous;
        else
                l->last = n->previous;
        n->next = n->previous = NULL;
        l->count--;
}

/* Takes the first node out, or returns NULL. */
static inline ListNode *list_pop(List *l) {
        ListNode *n = l->first;

        if (n)
                list_remove(l, n);
        return n;
}

/* Moves all nodes of `from` to the end of `to`. */
static inline void list_move_all(List *to, List *from) {
        if (!from->first)
                return;
        from->first->previous = to->last;
        if (to->last)
                to->last->next = from->first;
        else
                to->first = from->first;
        to->last = from->last;
        to->count += from->count;
        *from = (List){ 0 };
}

/* The object of a node, or NULL for NULL. */
#define LIST_ITEM(node, type, member)                                                              \
        ({                                                                                         \
                ListNode *item_node_ = (node);                                                     \
                item_node_ ? container_of(item_node_, type, member) : NULL;                        \
        })

/* Runs over the objects; the current one may be removed and freed in the body. */
#define LIST_FOREACH(item, list, type, member)                                                     \
        for (ListNode *item##_node_ = (list)->first, *item##_next_ = NULL;                         \
             item##_node_ && (item##_next_ = item##_node_->next, true);                            \
             item##_node_ = item##_next_)                                                          \
                for (type *item = container_of(item##_node_, type, member); item; item = NULL)
