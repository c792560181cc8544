/* SPDX-License-Identifier: MIT */
#include "basic/time-format.h"
#include "test.h"

#define SOME_TIME (UINT64_C(1709640000) * USEC_PER_SEC + 123456) /* 2024-03-05 12:00:00 UTC, a Tuesday */

TEST(formats) {
        char rfc5322[TIME_RFC5322_SIZE], sql[TIME_SQL_SIZE], decimal[TIME_DECIMAL_SIZE];
        char rfc3339[TIME_RFC3339_SIZE], date[TIME_DATE_SIZE];

        time_format_rfc5322(SOME_TIME, rfc5322);
        CHECK_STR(rfc5322, "Tue, 05 Mar 2024 12:00:00 -0000");
        time_format_sql(SOME_TIME, sql);
        CHECK_STR(sql, "2024-03-05 12:00:00.123456");
        time_format_decimal(SOME_TIME, decimal);
        CHECK_STR(decimal, "1709640000.123456");
        time_format_rfc3339(SOME_TIME, rfc3339);
        CHECK_STR(rfc3339, "2024-03-05T12:00:00.123456Z");
        time_format_date(SOME_TIME, date);
        CHECK_STR(date, "2024-03-05");
}

TEST(the_far_future_stays_within_the_buffers) {
        char sql[TIME_SQL_SIZE], decimal[TIME_DECIMAL_SIZE];

        time_format_sql(USEC_INFINITY, sql);
        CHECK_STR(sql, "9999-12-31 23:59:59.551615");
        time_format_decimal(USEC_INFINITY, decimal);
        CHECK_STR(decimal, "18446744073709.551615");
}

TEST(beginnings) {
        CHECK(time_begin_of(SOME_TIME + 59 * USEC_PER_MINUTE, TIME_HOUR) == SOME_TIME / USEC_PER_SEC * USEC_PER_SEC);
        CHECK(time_begin_of(SOME_TIME, TIME_DAY) == UINT64_C(1709596800) * USEC_PER_SEC);
        CHECK(time_begin_of(SOME_TIME, TIME_MONTH) == UINT64_C(1709251200) * USEC_PER_SEC);
        CHECK(time_begin_of(SOME_TIME, TIME_YEAR) == UINT64_C(1704067200) * USEC_PER_SEC);
        CHECK_INT(time_minute_of_hour(SOME_TIME + 17 * USEC_PER_MINUTE), 17);
}

TEST(sql_times_are_read_back) {
        static const struct {
                const char *text;
                int r;
                uint64_t usec;
        } cases[] = {
                { "2026-11-22 08:29:06.588649", 0, UINT64_C(1795336146588649) },
                { "2026-11-22 08:29:06", 0, UINT64_C(1795336146000000) },
                { "2026-11-22 08:29:06.5", 0, UINT64_C(1795336146500000) },
                { "1970-01-01 00:00:00", 0, 0 },
                { "9999-12-31 23:59:59.999999", 0, UINT64_C(253402300799999999) },
                { "0000-00-00 00:00:00", -EINVAL, 0 },
                { "1969-12-31 23:59:59", -EINVAL, 0 },
                { "2026-11-22", -EINVAL, 0 },
                { "2026-11-22T08:29:06", -EINVAL, 0 },
                { "2026-11-22 08:29:06.", -EINVAL, 0 },
                { "2026-11-22 08:29:06.1234567", -EINVAL, 0 },
                { "2026-11-22 08:29:06 ", -EINVAL, 0 },
                { "", -EINVAL, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                uint64_t usec = 0;

                CHECK_INT(time_parse_sql(slice_from_string(cases[i].text), &usec), cases[i].r);
                CHECK_INT(usec, cases[i].usec);
        }
}
