/* SPDX-License-Identifier: MIT */
#include <time.h>

#include "basic/time-format.h"

static const char *const DAYS[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
static const char *const MONTHS[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

/* The year 9999 is the last that all the formats have room for. */
#define SECONDS_MAX INT64_C(253402300799)

static struct tm split(uint64_t usec) {
        time_t seconds = (time_t) MIN(usec / USEC_PER_SEC, (uint64_t) SECONDS_MAX);
        struct tm tm = { 0 };

        (void) gmtime_r(&seconds, &tm);
        return tm;
}

void time_format_rfc5322(uint64_t usec, char ret[static TIME_RFC5322_SIZE]) {
        struct tm tm = split(usec);

        (void) snprintf(ret, TIME_RFC5322_SIZE, "%s, %02d %s %04d %02d:%02d:%02d -0000",
                        DAYS[tm.tm_wday], tm.tm_mday, MONTHS[tm.tm_mon],
                        tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
                        tm.tm_sec);
}

void time_format_sql(uint64_t usec, char ret[static TIME_SQL_SIZE]) {
        struct tm tm = split(usec);

        (void) snprintf(ret, TIME_SQL_SIZE, "%04d-%02d-%02d %02d:%02d:%02d.%06u",
                        tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                        tm.tm_hour, tm.tm_min, tm.tm_sec,
                        (unsigned) (usec % USEC_PER_SEC));
}

void time_format_decimal(uint64_t usec, char ret[static TIME_DECIMAL_SIZE]) {
        (void) snprintf(ret, TIME_DECIMAL_SIZE, "%llu.%06u", (unsigned long long) (usec / USEC_PER_SEC),
                        (unsigned) (usec % USEC_PER_SEC));
}

void time_format_rfc3339(uint64_t usec, char ret[static TIME_RFC3339_SIZE]) {
        char sql[TIME_SQL_SIZE];

        time_format_sql(usec, sql);
        (void) snprintf(ret, TIME_RFC3339_SIZE, "%.10sT%.15sZ", sql, sql + 11);
}

void time_format_date(uint64_t usec, char ret[static TIME_DATE_SIZE]) {
        char sql[TIME_SQL_SIZE];

        time_format_sql(usec, sql);
        (void) snprintf(ret, TIME_DATE_SIZE, "%.10s", sql);
}

uint64_t time_begin_of(uint64_t usec, TimeUnit unit) {
        struct tm tm = split(usec);

        tm.tm_sec = tm.tm_min = 0;
        if (unit >= TIME_DAY)
                tm.tm_hour = 0;
        if (unit >= TIME_MONTH)
                tm.tm_mday = 1;
        if (unit >= TIME_YEAR)
                tm.tm_mon = 0;
        return (uint64_t) timegm(&tm) * USEC_PER_SEC;
}

unsigned time_minute_of_hour(uint64_t usec) {
        return (unsigned) (usec / USEC_PER_MINUTE % 60);
}
