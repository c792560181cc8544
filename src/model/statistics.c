/* SPDX-License-Identifier: MIT */
/* Rows are updated first and inserted only when there is none: an upsert would use up an id of the table's
 * 32 bits each time. */
#include "basic/time-format.h"
#include "model/statistics.h"

#define UPDATE_COUNTS(table)                                                                       \
        "UPDATE {m}." table " SET incoming = incoming + ?, outgoing = outgoing + ?, "              \
        "bounces = bounces + ?, held = held + ? WHERE time = ?"
#define INSERT_COUNTS(table)                                                                       \
        "INSERT INTO {m}." table " (incoming, outgoing, bounces, held, time, spam) "               \
        "VALUES (?, ?, ?, ?, ?, 0) ON DUPLICATE KEY UPDATE incoming = incoming + VALUES(incoming), " \
        "outgoing = outgoing + VALUES(outgoing), bounces = bounces + VALUES(bounces), "            \
        "held = held + VALUES(held)"

static const struct {
        TimeUnit unit;
        const char *update;
        const char *insert;
} PERIODS[] = {
        { TIME_HOUR, UPDATE_COUNTS("stats_hourly"), INSERT_COUNTS("stats_hourly") },
        { TIME_DAY, UPDATE_COUNTS("stats_daily"), INSERT_COUNTS("stats_daily") },
        { TIME_MONTH, UPDATE_COUNTS("stats_monthly"), INSERT_COUNTS("stats_monthly") },
        { TIME_YEAR, UPDATE_COUNTS("stats_yearly"), INSERT_COUNTS("stats_yearly") },
};

/* A minute's row is an hour old when its minute comes round again: then it starts from 0. */
static const char SQL_ADD_LIVE[] =
        "INSERT INTO {m}.live_stats (type, minute, count, timestamp) VALUES (?, ?, ?, ?) "
        "ON DUPLICATE KEY UPDATE "
        "count = IF(timestamp < VALUES(timestamp) - 1800, VALUES(count), count + VALUES(count)), "
        "timestamp = VALUES(timestamp)";
static const char SQL_LIVE_TOTAL[] =
        "SELECT CAST(COALESCE(SUM(count), 0) AS UNSIGNED) FROM {m}.live_stats WHERE type = ? AND timestamp > ?";

static const char SQL_ADD_TOTALS[] =
        "UPDATE statistics SET total_messages = COALESCE(total_messages, 0) + ?, "
        "total_incoming = COALESCE(total_incoming, 0) + ?, total_outgoing = COALESCE(total_outgoing, 0) + ? "
        "ORDER BY id LIMIT 1";
static const char SQL_INSERT_TOTALS[] =
        "INSERT INTO statistics (total_messages, total_incoming, total_outgoing) VALUES (?, ?, ?)";

static int run_counts(Db *db, const char *sql, uint64_t server_id, uint64_t time,
                      const StatisticsCount *count, uint64_t *ret_affected) {
        DbStatement *st;
        int r = db_prepare(db, sql, DB_MESSAGE(server_id), 1, &st);

        if (r < 0)
                return r;
        db_bind_u64(st, count->incoming);
        db_bind_u64(st, count->outgoing);
        db_bind_u64(st, count->bounces);
        db_bind_u64(st, count->held);
        db_bind_u64(st, time);
        return db_run(st, ret_affected, NULL);
}

int statistics_add(Db *db, uint64_t server_id, uint64_t usec, const StatisticsCount *count) {
        if (count->incoming + count->outgoing + count->bounces + count->held == 0)
                return 0;
        for (size_t i = 0; i < ELEMENTSOF(PERIODS); i++) {
                uint64_t time = time_begin_of(usec, PERIODS[i].unit) / USEC_PER_SEC, affected = 0;
                int r = run_counts(db, PERIODS[i].update, server_id, time, count, &affected);

                if (r >= 0 && affected == 0)
                        r = run_counts(db, PERIODS[i].insert, server_id, time, count, NULL);
                if (r < 0)
                        return r;
        }
        return 0;
}

int live_statistics_add(Db *db, uint64_t server_id, uint64_t usec, const char *type, uint64_t count) {
        DbStatement *st;
        int r;

        if (count == 0)
                return 0;
        r = db_prepare(db, SQL_ADD_LIVE, DB_MESSAGE(server_id), 1, &st);
        if (r < 0)
                return r;
        db_bind_string(st, type);
        db_bind_u64(st, time_minute_of_hour(usec));
        db_bind_u64(st, count);
        db_bind_decimal_time(st, usec);
        return db_run(st, NULL, NULL);
}

int live_statistics_total(Db *db, uint64_t server_id, uint64_t usec, const char *type, uint64_t *ret) {
        DbStatement *st;
        int r = db_prepare(db, SQL_LIVE_TOTAL, DB_MESSAGE(server_id), 1, &st);

        if (r < 0)
                return r;
        db_bind_string(st, type);
        usec -= USEC_PER_HOUR;
        db_bind_decimal_time(st, usec - usec % USEC_PER_MINUTE);
        return db_query_u64(st, ret);
}

static int run_totals(Db *db, const char *sql, uint64_t incoming, uint64_t outgoing, uint64_t *ret_affected) {
        DbStatement *st;
        int r = db_prepare(db, sql, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        db_bind_u64(st, incoming + outgoing);
        db_bind_u64(st, incoming);
        db_bind_u64(st, outgoing);
        return db_run(st, ret_affected, NULL);
}

int statistics_add_totals(Db *db, uint64_t incoming, uint64_t outgoing) {
        uint64_t affected = 0;
        int r = run_totals(db, SQL_ADD_TOTALS, incoming, outgoing, &affected);

        if (r >= 0 && affected == 0)
                r = run_totals(db, SQL_INSERT_TOTALS, incoming, outgoing, NULL);
        return r;
}
