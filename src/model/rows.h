/* SPDX-License-Identifier: MIT */
#pragma once

/* Inside of src/model: making objects of the rows of a statement. */

#include "db/db.h"

/* A copy of a text column: NULL for NULL, */
int row_string(const DbStatement *st, unsigned column, char **ret);
/* or "" for NULL. */
int row_text(const DbStatement *st, unsigned column, char **ret);

/* Appends to a NULL-terminated array, which is NULL at first. */
int rows_append(void ***items, size_t *count, void *item);

/* A statement with one row and one number that asks whether something exists. */
int rows_exist(DbStatement *st, bool *ret);

/* Given
 *     static int PREFIX_from_row(DbStatement *st, Type **ret);
 *     Type *PREFIX_free(Type *x);
 * makes
 *     Type **PREFIX_list_free(Type **items);                       all objects and the array
 *     static int PREFIX_collect(DbStatement *st, Type ***ret);     runs the statement
 *     static int PREFIX_one(DbStatement *st, Type **ret);          its first row, or -ENOENT
 */
#define DEFINE_MODEL_ROWS(Type, prefix)                                                            \
        Type **prefix##_list_free(Type **items) {                                                  \
                for (size_t i = 0; items && items[i]; i++)                                         \
                        prefix##_free(items[i]);                                                   \
                return mfree(items);                                                               \
        }                                                                                          \
                                                                                                   \
        _unused_ static int prefix##_collect(DbStatement *st, Type ***ret) {                       \
                _cleanup_(prefix##_list_freep) Type **items = NULL;                                \
                size_t count = 0;                                                                  \
                int r = rows_append((void ***) &items, &count, NULL);                              \
                                                                                                   \
                if (r >= 0)                                                                        \
                        r = db_query(st);                                                          \
                while (r >= 0 && (r = db_fetch(st)) > 0) {                                         \
                        _cleanup_(prefix##_freep) Type *item = NULL;                               \
                                                                                                   \
                        r = prefix##_from_row(st, &item);                                          \
                        if (r >= 0)                                                                \
                                r = rows_append((void ***) &items, &count, item);                  \
                        if (r >= 0)                                                                \
                                item = NULL;                                                       \
                }                                                                                  \
                db_end(st);                                                                        \
                if (r < 0)                                                                         \
                        return r;                                                                  \
                *ret = TAKE_PTR(items);                                                            \
                return 0;                                                                          \
        }                                                                                          \
                                                                                                   \
        _unused_ static int prefix##_one(DbStatement *st, Type **ret) {                            \
                int r = db_query(st);                                                              \
                                                                                                   \
                if (r >= 0)                                                                        \
                        r = db_fetch(st);                                                          \
                if (r > 0)                                                                         \
                        r = prefix##_from_row(st, ret);                                            \
                else if (r == 0)                                                                   \
                        r = -ENOENT;                                                               \
                db_end(st);                                                                        \
                return r < 0 ? r : 0;                                                              \
        }
