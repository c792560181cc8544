/* SPDX-License-Identifier: MIT */
#pragma once

/* A main database with the recorded rows, brought up to date, for the tests of the model. */

#include "core/clock.h"
#include "db/database.h"
#include "db/migrate.h"
#include "db/test-database.h"
#include "model/problems.h"
#include "test.h"

#define CHECK_SQL(want, ...) CHECK_STR(test_sql_value(__VA_ARGS__), want)
#define UUID_PATTERN "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"

/* The clock stands at 2026-11-22 09:00:00.123456. */
#define NOW_USEC UINT64_C(1795338000123456)

/* The problems that the last call found, and what to check of them: all of them, in their order. */
static Problems problems;

static inline void check_problems(const char *file, int line, const char *const *want) {
        size_t count = 0;

        for (; want[count]; count++)
                if (count >= problems.count || !streq(problems.texts[count], want[count]))
                        test_fail(file, line, "\"%s\", not \"%s\"",
                                  count < problems.count ? problems.texts[count] : "nothing",
                                  want[count]);
        if (problems.count > count)
                test_fail(file, line, "also \"%s\"", problems.texts[count]);
}
#define CHECK_PROBLEMS(...)                                                                        \
        check_problems(__FILE__, __LINE__, (const char *const[]){ __VA_ARGS__, NULL })
#define CHECK_NO_PROBLEMS() check_problems(__FILE__, __LINE__, (const char *const[]){ NULL })

static inline Db *model_set_up(void) {
        _cleanup_(buf_done) Buf words = BUF_EMPTY;

        problems_done(&problems);
        clock_set_fake(NOW_USEC, 0);
        test_database_reset();
        test_sql_file("main-3.3.6.sql");
        test_sql_file("main-rows.sql");
        if (migrate_own(test_database(), NULL, &words) < 0)
                test_fail(__FILE__, __LINE__, "%s", buf_string(&words));
        return test_database();
}
