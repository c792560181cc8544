/* SPDX-License-Identifier: MIT */
/* db/database: one connection or two, and what a transaction over them promises. */
#include "core/config-fixture.h"
#include "db/database.h"
#include "db/test-database.h"
#include "test.h"

#define ID 5

static const char SQL_ADD_MAIN[] = "INSERT INTO pairs (v) VALUES (?)";
static const char SQL_ADD_MESSAGE[] = "INSERT INTO {m}.pairs (v) VALUES (?)";

/* The test server for both; for the message databases as another user, if there is one. */
static Database *open_databases(const char *message_user) {
        const char *socket = getenv("POSTAL_TEST_DB_SOCKET");
        _cleanup_(buf_done) Buf yaml = BUF_EMPTY;
        _cleanup_(fixture_done) Fixture f;
        Database *d;

        buf_printf(&yaml,
                   "version: 2\n"
                   "main_db: { host: %s, username: root, database: %s }\n"
                   "message_db: { host: %s, username: %s, database_name_prefix: %s }\n",
                   socket, test_database_prefix(), socket, message_user, test_database_prefix());
        fixture_load(&f, yaml.data, NULL);
        CHECK_INT(f.result, 0);
        CHECK_INT(database_new(f.config, &d), 0);
        return d;
}

static Database *set_up(const char *message_user) {
        test_database_reset();
        test_sql("DROP DATABASE IF EXISTS `%s-server-%d`", test_database_prefix(), ID);
        test_message_database(ID);
        test_sql("CREATE TABLE pairs (v INT UNIQUE)");
        test_sql("CREATE TABLE `%s-server-%d`.pairs (v INT UNIQUE)", test_database_prefix(), ID);
        test_sql("CREATE OR REPLACE USER other@localhost");
        test_sql("GRANT ALL ON *.* TO other@localhost");
        return open_databases(message_user);
}

static const char *rows(void) {
        return test_sql_value("SELECT CONCAT((SELECT COUNT(*) FROM pairs), ' and ', "
                              "(SELECT COUNT(*) FROM `%s-server-%d`.pairs))",
                              test_database_prefix(), ID);
}

static int add(Db *db, const char *sql, uint64_t value) {
        DbStatement *st;
        int r = db_prepare(db, sql, DB_MESSAGE(ID), 1, &st);

        if (r < 0)
                return r;
        db_bind_u64(st, value);
        return db_run(st, NULL, NULL);
}

typedef struct Body {
        int result;     /* of the body, after both rows */
        unsigned again; /* how often it says -EAGAIN first */
        unsigned runs;
} Body;

static int body(Database *d, void *userdata) {
        Body *b = userdata;
        int r;

        b->runs++;
        r = add(d->message, SQL_ADD_MESSAGE, 1);
        if (r >= 0)
                r = add(d->main, SQL_ADD_MAIN, 1);
        if (r < 0)
                return r;
        if (b->again > 0) {
                b->again--;
                return -EAGAIN;
        }
        return b->result;
}

static void check_body(const char *user, bool is_shared) {
        _cleanup_(database_freep) Database *d = set_up(user);
        Body failing = { .result = -EBADMSG }, again = { .again = 2 }, ok = { 0 };

        CHECK(d->is_shared == is_shared);
        CHECK((d->main == d->message) == is_shared);
        CHECK_INT(database_connect(d), 0);
        CHECK_INT(database_transaction(d, body, &failing), -EBADMSG);
        CHECK_STR(rows(), "0 and 0");
        CHECK_INT(database_transaction(d, body, &again), 0);
        CHECK_INT(again.runs, 3);
        CHECK_STR(rows(), "1 and 1");
        CHECK_INT(database_transaction(d, body, &ok), -EEXIST);
        CHECK(strstr(database_error(d), "Duplicate entry"));
        CHECK_STR(rows(), "1 and 1");
}

TEST(one_connection_where_both_are_the_same) {
        check_body("root", true);
}

TEST(two_connections_where_they_differ) {
        check_body("other", false);
}

static int lose_main(Database *d, void *userdata) {
        static const char id[] = "SELECT CONNECTION_ID()";
        unsigned *runs = userdata;
        DbStatement *st;
        uint64_t connection;

        if (add(d->message, SQL_ADD_MESSAGE, 1) < 0 || add(d->main, SQL_ADD_MAIN, 1) < 0 ||
            db_prepare(d->main, id, DB_MAIN, 1, &st) < 0 || db_query_u64(st, &connection) < 0)
                return -EIO;
        if ((*runs)++ == 0)
                test_sql("KILL %llu", (unsigned long long) connection);
        return 0;
}

/* The commit of the message databases has happened by then. */
TEST(a_main_database_lost_at_the_commit_is_told) {
        _cleanup_(database_freep) Database *d = set_up("other");
        unsigned runs = 0;

        CHECK_INT(database_transaction(d, lose_main, &runs), -ECONNABORTED);
        CHECK_INT(runs, 1);
        CHECK_STR(rows(), "0 and 1");
        CHECK(*database_error(d));
}

TEST(a_server_that_is_away) {
        _cleanup_(database_freep) Database *d = NULL;
        _cleanup_(fixture_done) Fixture f;
        Body b = { 0 };

        fixture_load(&f, "version: 2\nmain_db: { host: /nonexistent/s.sock }\n", NULL);
        CHECK_INT(database_new(f.config, &d), 0);
        CHECK_INT(database_connect(d), -ENOTCONN);
        CHECK(strstr(database_error(d), "Cannot connect on the database at /nonexistent/s.sock"));
        CHECK_INT(database_transaction(d, body, &b), -ENOTCONN);
        CHECK_INT(b.runs, 0);
}
