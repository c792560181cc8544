/* SPDX-License-Identifier: MIT */
/* Fills the names into the constant text of a statement. Nothing else ever gets into SQL text, and these
 * are checked character by character, so quoting them is enough. */
#include "db/statement.h"

static bool is_name(const char *s) {
        for (; *s; s++)
                if (!ascii_is_alnum(*s) && *s != '-' && *s != '_')
                        return false;
        return true;
}

static int expand_one(const Db *db, Slice what, DbNames names, unsigned rows, Buf *to) {
        if (slice_equal(what, SLICE("m"))) {
                if (!db->message_prefix || !is_name(db->message_prefix) || names.server_id == 0)
                        return -EINVAL;
                buf_printf(to, "`%s-server-%llu`", db->message_prefix,
                           (unsigned long long) names.server_id);
                return 0;
        }
        if (slice_equal(what, SLICE("main"))) {
                if (!db->database || !is_name(db->database))
                        return -EINVAL;
                buf_printf(to, "`%s`", db->database);
                return 0;
        }
        if (slice_equal(what, SLICE("raw"))) {
                if (!names.raw_table || strncmp(names.raw_table, "raw-", 4) != 0 ||
                    !is_name(names.raw_table))
                        return -EINVAL;
                buf_printf(to, "`%s`", names.raw_table);
                return 0;
        }
        if (slice_starts_with_ignore_case(what, SLICE("rows:")))
                what = slice_from(what, 5);
        else if (slice_equal(what, SLICE("in")))
                what = SLICE("?");
        else
                return -EINVAL;
        for (unsigned i = 0; i < rows; i++) {
                if (i > 0)
                        buf_append_byte(to, ',');
                buf_append_slice(to, what);
        }
        return 0;
}

int db_expand(const Db *db, const char *sql, DbNames names, unsigned rows, Buf *to) {
        Slice rest = slice_from_string(sql);
        int r;

        while (rest.size > 0) {
                ssize_t open = slice_find_byte(rest, '{', 0), close;

                if (open < 0) {
                        buf_append_slice(to, rest);
                        break;
                }
                close = slice_find_byte(rest, '}', (size_t) open);
                if (close < 0)
                        return -EINVAL;
                buf_append_slice(to, slice_first(rest, (size_t) open));
                r = expand_one(db, slice_make(rest.data + open + 1, (size_t) (close - open - 1)),
                               names, rows, to);
                if (r < 0)
                        return r;
                rest = slice_from(rest, (size_t) close + 1);
        }
        return buf_error(to);
}
