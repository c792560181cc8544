/* SPDX-License-Identifier: MIT */
#include "basic/buf.h"
#include "test.h"

TEST(append_printf_consume) {
        _cleanup_(buf_done) Buf b = BUF_EMPTY;

        CHECK_STR(buf_string(&b), "");
        buf_append_string(&b, "abc");
        buf_append_byte(&b, '-');
        buf_printf(&b, "%d/%s", 42, "x");
        CHECK_STR(buf_string(&b), "abc-42/x");
        buf_consume(&b, 4);
        CHECK_STR(buf_string(&b), "42/x");
        buf_truncate(&b, 2);
        CHECK_STR(buf_string(&b), "42");
        CHECK_INT(buf_error(&b), 0);
}

TEST(long_formats_are_not_cut) {
        _cleanup_(buf_done) Buf b = BUF_EMPTY;

        for (int i = 0; i < 1000; i++)
                buf_printf(&b, "%0200d", i);
        CHECK_INT(b.size, 200000);
        CHECK_INT(strlen(b.data), 200000);
}

TEST(the_limit_makes_an_error_that_sticks) {
        _cleanup_(buf_done) Buf b = { .limit = 10 };

        buf_append_string(&b, "0123456789");
        CHECK_INT(buf_error(&b), 0);
        buf_append_byte(&b, 'x');
        CHECK_INT(buf_error(&b), -ENOBUFS);
        buf_consume(&b, 5);
        buf_append_byte(&b, 'y');
        CHECK_STR(buf_string(&b), "56789");
        buf_reset(&b, 1024);
        buf_append_byte(&b, 'z');
        CHECK_STR(buf_string(&b), "z");
}

TEST(take_leaves_an_empty_buffer) {
        Buf b = BUF_EMPTY;
        _cleanup_free_ char *one = NULL, *none = NULL;

        buf_append_string(&b, "one");
        one = buf_take(&b);
        CHECK_STR(one, "one");
        CHECK_INT(b.size, 0);
        none = buf_take(&b);
        CHECK_STR(none, "");
        b.error = -ENOMEM;
        CHECK(!buf_take(&b));
        CHECK_INT(errno, ENOMEM);
}

TEST(reset_keeps_small_memory_only) {
        Buf b = BUF_EMPTY;

        buf_append_string(&b, "small");
        buf_reset(&b, 1000);
        CHECK(b.data != NULL);
        (void) buf_reserve(&b, 5000);
        buf_reset(&b, 1000);
        CHECK(b.data == NULL);
        buf_done(&b);
}
