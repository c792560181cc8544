/* SPDX-License-Identifier: MIT */
#pragma once

#include "test.h"

/* Appends the file of that name in tests/fixtures/mail. */
static inline void fixture_read(const char *name, Buf *to) {
        _cleanup_(buf_done) Buf path = BUF_EMPTY;
        _cleanup_fclose_ FILE *f = NULL;
        size_t n;

        buf_printf(&path, FIXTURES "/mail/%s", name);
        f = fopen(buf_string(&path), "re");
        if (!f)
                test_fail(__FILE__, __LINE__, "cannot open %s", buf_string(&path));
        do {
                char *data = buf_reserve(to, 4096);

                CHECK(data);
                n = fread(data, 1, 4096, f);
                buf_extend(to, n);
        } while (n > 0);
}
