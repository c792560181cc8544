/* SPDX-License-Identifier: MIT */
#pragma once

/* Times are microseconds in a uint64_t, since 1970 UTC where they are wall clock times. Here they
 * become text; reading the clock is core/clock's business. */

#include "basic/slice.h"

#define USEC_PER_SEC UINT64_C(1000000)
#define USEC_PER_MSEC UINT64_C(1000)
#define USEC_PER_MINUTE (60 * USEC_PER_SEC)
#define USEC_PER_HOUR (60 * USEC_PER_MINUTE)
#define USEC_PER_DAY (24 * USEC_PER_HOUR)
#define USEC_INFINITY UINT64_MAX

/* "Tue, 05 Mar 2024 12:00:00 -0000" (RFC 5322 section 3.3, UTC of unknown zone). */
#define TIME_RFC5322_SIZE 32
void time_format_rfc5322(uint64_t usec, char ret[static TIME_RFC5322_SIZE]);

/* "2024-03-05 12:00:00.123456", the form of SQL's DATETIME(6) in UTC. */
#define TIME_SQL_SIZE 27
void time_format_sql(uint64_t usec, char ret[static TIME_SQL_SIZE]);
/* Reads it back, also without the fraction. -EINVAL for anything else, and for years before 1970. */
int time_parse_sql(Slice text, uint64_t *ret_usec);

/* "1709640000.123456", the form of the message databases' DECIMAL(18,6). */
#define TIME_DECIMAL_SIZE 22
void time_format_decimal(uint64_t usec, char ret[static TIME_DECIMAL_SIZE]);

/* "2024-03-05T12:00:00.123456Z" (RFC 3339). */
#define TIME_RFC3339_SIZE 28
void time_format_rfc3339(uint64_t usec, char ret[static TIME_RFC3339_SIZE]);

/* "2024-03-05", the UTC date. */
#define TIME_DATE_SIZE 11
void time_format_date(uint64_t usec, char ret[static TIME_DATE_SIZE]);

typedef enum TimeUnit {
        TIME_HOUR,
        TIME_DAY,
        TIME_MONTH,
        TIME_YEAR,
} TimeUnit;

/* The beginning of the UTC hour, day, month or year that `usec` lies in. */
uint64_t time_begin_of(uint64_t usec, TimeUnit unit);
/* The minute of the UTC hour, 0 to 59. */
unsigned time_minute_of_hour(uint64_t usec);
