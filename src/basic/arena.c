/* SPDX-License-Identifier: MIT */
#include <stdalign.h>

#include "basic/arena.h"

#define ARENA_BLOCK_SIZE ((size_t) 4096)

struct ArenaBlock {
        ArenaBlock *next;
        size_t size;
        size_t used;
        alignas(max_align_t) char data[];
};

void arena_done(Arena *a) {
        while (a->blocks) {
                ArenaBlock *next = a->blocks->next;
                free(a->blocks);
                a->blocks = next;
        }
        a->total = 0;
}

static ArenaBlock *block_add(Arena *a, size_t size) {
        size_t data_size = MAX(size, ARENA_BLOCK_SIZE - sizeof(ArenaBlock));
        ArenaBlock *block = malloc(sizeof(ArenaBlock) + data_size);

        if (!block)
                return NULL;
        block->size = data_size;
        block->used = 0;
        /* A piece larger than a block gets one of its own, behind the one that still has room. */
        if (a->blocks && size > ARENA_BLOCK_SIZE / 2) {
                block->next = a->blocks->next;
                a->blocks->next = block;
        } else {
                block->next = a->blocks;
                a->blocks = block;
        }
        a->total += sizeof(ArenaBlock) + data_size;
        return block;
}

void *arena_alloc(Arena *a, size_t size) {
        const size_t align = alignof(max_align_t);
        ArenaBlock *block = a->blocks;
        void *piece;

        if (size > SIZE_MAX / 2)
                return NULL;
        size = (MAX(size, (size_t) 1) + align - 1) / align * align;
        if (!block || block->size - block->used < size) {
                block = block_add(a, size);
                if (!block)
                        return NULL;
        }
        piece = block->data + block->used;
        block->used += size;
        return piece;
}

void *arena_alloc0(Arena *a, size_t size) {
        void *piece = arena_alloc(a, size);

        return piece ? memset(piece, 0, size) : NULL;
}

char *arena_dup(Arena *a, Slice s) {
        char *copy = arena_alloc(a, s.size + 1);

        if (!copy)
                return NULL;
        if (s.size > 0)
                memcpy(copy, s.data, s.size);
        copy[s.size] = '\0';
        return copy;
}
