/* SPDX-License-Identifier: MIT */
#include "model/rows.h"

int row_string(const DbStatement *st, unsigned column, char **ret) {
        char *copy;

        if (db_is_null(st, column)) {
                *ret = NULL;
                return 0;
        }
        copy = slice_dup(db_slice(st, column));
        if (!copy)
                return -ENOMEM;
        *ret = copy;
        return 0;
}

int row_text(const DbStatement *st, unsigned column, char **ret) {
        char *copy = slice_dup(db_is_null(st, column) ? SLICE("") : db_slice(st, column));

        if (!copy)
                return -ENOMEM;
        *ret = copy;
        return 0;
}

int rows_append(void ***items, size_t *count, void *item) {
        /* Grows by doubling: there is room for a power of two, one of them for the end. */
        if ((*count & (*count + 1)) == 0) {
                void **grown = realloc(*items, (*count + 1) * 2 * sizeof(void *));

                if (!grown)
                        return -ENOMEM;
                *items = grown;
        }
        (*items)[*count] = item;
        if (item)
                (*items)[++*count] = NULL;
        return 0;
}

int rows_exist(DbStatement *st, bool *ret) {
        uint64_t count = 0;
        int r = db_query_u64(st, &count);

        if (r < 0)
                return r;
        *ret = count > 0;
        return 0;
}
