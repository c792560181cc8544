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

/* Takes a number of `digits` digits, and the character behind it, from the front of *s. */
static int take_number(Slice *s, size_t digits, char behind, int *ret) {
        uint64_t value;

        if (s->size < digits || (behind && (s->size == digits || s->data[digits] != behind)) ||
            slice_to_u64(slice_first(*s, digits), INT32_MAX, &value) < 0)
                return -EINVAL;
        *s = slice_from(*s, digits + (behind ? 1 : 0));
        *ret = (int) value;
        return 0;
}

/* ".5" is half a second; more than six digits are not SQL's. */
static int take_fraction(Slice s, uint64_t *ret_usec) {
        uint64_t usec = 0;

        if (s.size > 0) {
                if (s.data[0] != '.' || s.size < 2 || s.size > 7 ||
                    slice_to_u64(slice_from(s, 1), 999999, &usec) < 0)
                        return -EINVAL;
                for (size_t digits = s.size - 1; digits < 6; digits++)
                        usec *= 10;
        }
        *ret_usec = usec;
        return 0;
}

int time_parse_sql(Slice text, uint64_t *ret_usec) {
        struct tm tm = { 0 };
        uint64_t usec;
        time_t seconds;

        if (take_number(&text, 4, '-', &tm.tm_year) < 0 || take_number(&text, 2, '-', &tm.tm_mon) < 0 ||
            take_number(&text, 2, ' ', &tm.tm_mday) < 0 ||
            take_number(&text, 2, ':', &tm.tm_hour) < 0 || take_number(&text, 2, ':', &tm.tm_min) < 0 ||
            take_number(&text, 2, 0, &tm.tm_sec) < 0 || take_fraction(text, &usec) < 0)
                return -EINVAL;
        tm.tm_year -= 1900;
        tm.tm_mon -= 1;
        seconds = timegm(&tm);
        if (seconds < 0)
                return -EINVAL;
        *ret_usec = (uint64_t) seconds * USEC_PER_SEC + usec;
        return 0;
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
