/* SPDX-License-Identifier: MIT */
#include <pthread.h>

#include "db/test-database.h"
#include "test.h"

static const char SQL_ADD[] = "UPDATE counters SET v = v + 1 WHERE id = ?";
static const char SQL_SUM[] = "SELECT SUM(v) FROM counters";

static void set_up(void) {
        test_sql("CREATE OR REPLACE TABLE counters (id INT PRIMARY KEY, v INT) ENGINE=InnoDB");
        test_sql("INSERT INTO counters VALUES (1, 0), (2, 0)");
}

static int add(Db *db, uint64_t id) {
        DbStatement *st;
        int r = db_prepare(db, SQL_ADD, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        db_bind_u64(st, id);
        return db_run(st, NULL, NULL);
}

static int add_and_fail(Db *db, void *userdata) {
        (void) userdata;
        if (add(db, 1) < 0)
                return -EIO;
        return -EBADMSG;
}

TEST(a_failed_body_changes_nothing) {
        set_up();
        CHECK_INT(db_transaction(test_database(), add_and_fail, NULL), -EBADMSG);
        CHECK_STR(test_sql_value("SELECT SUM(v) FROM counters"), "0");
}

/* Both rows, in the order that userdata says: two threads with opposite orders deadlock all the time. */
static int add_both(Db *db, void *userdata) {
        uint64_t first = *(uint64_t *) userdata;
        int r = add(db, first);

        return r < 0 ? r : add(db, 3 - first);
}

static void *add_100_times(void *userdata) {
        Db *db = test_database_another();
        intptr_t failed = 0;

        db_thread_init();
        for (int i = 0; i < 100; i++) {
                /* A transaction may fall over others more often than it tries: then it says so. */
                int r;
                do
                        r = db_transaction(db, add_both, userdata);
                while (r == -EAGAIN);
                failed += r < 0;
        }
        db_free(db);
        db_thread_end();
        return (void *) failed;
}

TEST(deadlocks_are_tried_again) {
        uint64_t orders[4] = { 1, 2, 1, 2 };
        pthread_t threads[4];

        set_up();
        for (size_t i = 0; i < ELEMENTSOF(threads); i++)
                CHECK(pthread_create(&threads[i], NULL, add_100_times, &orders[i]) == 0);
        for (size_t i = 0; i < ELEMENTSOF(threads); i++) {
                void *failed;
                pthread_join(threads[i], &failed);
                CHECK(!failed);
        }
        CHECK_STR(test_sql_value("SELECT SUM(v) FROM counters"), "800");
}

static int lose_connection_once(Db *db, void *userdata) {
        static const char select[] = "SELECT CONNECTION_ID()";
        unsigned *runs = userdata;
        DbStatement *st;
        uint64_t id;
        int r;

        r = add(db, 1);
        if (r < 0)
                return r;
        if ((*runs)++ > 0)
                return 0;
        r = db_prepare(db, select, DB_MAIN, 1, &st);
        if (r >= 0)
                r = db_query_u64(st, &id);
        if (r < 0)
                return r;
        test_sql("KILL %llu", (unsigned long long) id);
        return add(db, 2);
}

TEST(a_connection_lost_before_commit_runs_the_body_again) {
        _cleanup_(db_freep) Db *db = NULL;
        unsigned runs = 0;

        set_up();
        db = test_database_another();
        CHECK_INT(db_transaction(db, lose_connection_once, &runs), 0);
        CHECK_INT(runs, 2);
        CHECK_STR(test_sql_value("SELECT SUM(v) FROM counters"), "1");
}

TEST(a_lost_connection_stays_lost_until_the_transaction_ends) {
        _cleanup_(db_freep) Db *db = NULL;
        DbStatement *st;

        set_up();
        db = test_database_another();
        CHECK_INT(db_begin(db), 0);
        CHECK_INT(add(db, 1), 0);
        test_sql("KILL %s", test_sql_value("SELECT id FROM information_schema.processlist WHERE "
                                                   "command = 'Sleep' AND db = '%s' ORDER BY id DESC LIMIT 1",
                                               db_database(db)));
        CHECK_INT(add(db, 2), -ENOTCONN);
        CHECK_INT(db_prepare(db, SQL_SUM, DB_MAIN, 1, &st), -ENOTCONN);
        CHECK_INT(db_commit(db), -ENOTCONN);
        CHECK_INT(db_prepare(db, SQL_SUM, DB_MAIN, 1, &st), 0);
        CHECK_STR(test_sql_value("SELECT SUM(v) FROM counters"), "0");
}

TEST(readers_see_committed_rows_only) {
        _cleanup_(db_freep) Db *writer = NULL, *reader = NULL;
        DbStatement *st;
        uint64_t sum;

        set_up();
        writer = test_database_another();
        reader = test_database_another();
        CHECK_INT(db_begin(reader), 0);
        CHECK_INT(db_begin(writer), 0);
        CHECK_INT(add(writer, 1), 0);
        CHECK_INT(db_prepare(reader, SQL_SUM, DB_MAIN, 1, &st), 0);
        CHECK_INT(db_query_u64(st, &sum), 0);
        CHECK_INT(sum, 0);
        CHECK_INT(db_commit(writer), 0);
        CHECK_INT(db_prepare(reader, SQL_SUM, DB_MAIN, 1, &st), 0);
        CHECK_INT(db_query_u64(st, &sum), 0);
        CHECK_INT(sum, 1);
        db_rollback(reader);
}
