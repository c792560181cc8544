/* SPDX-License-Identifier: MIT */
#include <pthread.h>

#include "basic/random.h"
#include "db/statement.h"
#include "db/test-database.h"
#include "test.h"

#define CHECK_DB(call)                                                                             \
        do {                                                                                       \
                int call_result_ = (call);                                                         \
                if (call_result_ < 0)                                                              \
                        test_fail(__FILE__, __LINE__, "%s: %d, %s", #call, call_result_,           \
                                  db_error(test_database()));                                      \
        } while (0)

TEST(names_are_filled_in) {
        static const struct {
                const char *sql;
                DbNames names;
                unsigned rows;
                const char *want;
        } cases[] = {
                { "SELECT 1", { 0 }, 1, "SELECT 1" },
                { "SELECT id FROM {m}.messages", { .server_id = 12 }, 1,
                  "SELECT id FROM `PREFIX-server-12`.messages" },
                { "INSERT INTO {m}.{raw} (data) VALUES {rows:(?)}", { 7, "raw-2026-11-22" }, 3,
                  "INSERT INTO `PREFIX-server-7`.`raw-2026-11-22` (data) VALUES (?),(?),(?)" },
                { "DELETE FROM q WHERE id IN ({in})", { 0 }, 2, "DELETE FROM q WHERE id IN (?,?)" },
                { "USE {main}", { 0 }, 1, "USE `PREFIX`" },
                { "SELECT {m}", { 0 }, 1, NULL },
                { "SELECT {raw}", { .raw_table = "messages" }, 1, NULL },
                { "SELECT {raw}", { .raw_table = "raw-`; DROP" }, 1, NULL },
                { "SELECT {unknown}", { 0 }, 1, NULL },
                { "SELECT {m", { 0 }, 1, NULL },
        };
        Db *db = test_database();

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(buf_done) Buf text = BUF_EMPTY;
                int r = db_expand(db, cases[i].sql, cases[i].names, cases[i].rows, &text);
                const char *at;

                CHECK_INT(r, cases[i].want ? 0 : -EINVAL);
                if (!cases[i].want)
                        continue;
                at = strstr(cases[i].want, "PREFIX");
                if (!at) {
                        CHECK_STR(text.data, cases[i].want);
                        continue;
                }
                CHECK(strncmp(text.data, cases[i].want, (size_t) (at - cases[i].want)) == 0);
                CHECK(strstr(text.data, test_database_prefix()));
                CHECK(strstr(text.data, at + strlen("PREFIX")));
        }
}

TEST(values_of_every_kind_come_back) {
        static const char create[] = "CREATE TABLE kinds (id INT AUTO_INCREMENT PRIMARY KEY, u BIGINT UNSIGNED, "
                                     "i INT, d DECIMAL(18,6), t DATETIME(6), s VARCHAR(255), b LONGBLOB, n INT, "
                                     "f TINYINT(1), e DECIMAL(8,2))";
        static const char insert[] = "INSERT INTO kinds (u, i, d, t, s, b, n, f, e) VALUES (?,?,?,?,?,?,?,?,?)";
        static const char select[] = "SELECT u, i, d, t, s, b, n, f, e FROM kinds WHERE id = ?";
        static const uint64_t usec = UINT64_C(1795336352864659);
        _cleanup_free_ char *large = malloc(3000000);
        Db *db = test_database();
        DbStatement *st;
        uint64_t id, affected;

        random_bytes(large, 3000000);
        CHECK_DB(db_run_text(db, create, DB_MAIN));
        CHECK_DB(db_prepare(db, insert, DB_MAIN, 1, &st));
        db_bind_u64(st, UINT64_MAX);
        db_bind_i64(st, -5);
        db_bind_decimal_time(st, usec);
        db_bind_datetime(st, usec);
        db_bind_string(st, "h\xc3\xa9llo \xf0\x9f\x93\xac");
        db_bind_blob(st, slice_make(large, 3000000));
        db_bind_id(st, 0);
        db_bind_bool(st, true);
        db_bind_double(st, 12.34);
        CHECK_DB(db_run(st, &affected, &id));
        CHECK_INT(affected, 1);

        CHECK_DB(db_prepare(db, select, DB_MAIN, 1, &st));
        db_bind_u64(st, id);
        CHECK_DB(db_query(st));
        CHECK_INT(db_fetch(st), 1);
        CHECK(db_u64(st, 0) == UINT64_MAX);
        CHECK_INT(db_i64(st, 1), -5);
        CHECK(db_decimal_time(st, 2) == usec);
        CHECK_SLICE(db_slice(st, 3), "2026-11-22 08:32:32.864659");
        CHECK(db_datetime(st, 3) == usec);
        CHECK_INT(db_datetime(st, 4), 0);
        CHECK_SLICE(db_slice(st, 4), "h\xc3\xa9llo \xf0\x9f\x93\xac");
        CHECK(slice_equal(db_slice(st, 5), slice_make(large, 3000000)));
        CHECK(db_is_null(st, 6));
        CHECK_INT(db_u64(st, 7), 1);
        CHECK(db_double(st, 8) > 12.339 && db_double(st, 8) < 12.341);
        CHECK_INT(db_fetch(st), 0);
        db_end(st);
}

TEST(rows_after_a_long_value_are_whole) {
        static const char select[] = "SELECT REPEAT('x', seq * 100) FROM seq_1_to_50 ORDER BY seq DESC";
        DbStatement *st;
        size_t expected = 5000;

        CHECK_DB(db_prepare(test_database(), select, DB_MAIN, 1, &st));
        CHECK_DB(db_query(st));
        while (db_fetch(st) > 0) {
                CHECK_INT(db_slice(st, 0).size, expected);
                expected -= 100;
        }
        CHECK_INT(expected, 0);
        db_end(st);
}

typedef struct Stream {
        size_t left;
        unsigned reads;
} Stream;

static ssize_t read_stream(void *userdata, char *buffer, size_t size) {
        Stream *s = userdata;
        size_t n = MIN(size, s->left);

        memset(buffer, 'z', n);
        s->left -= n;
        s->reads++;
        return (ssize_t) n;
}

TEST(streams_are_sent_in_pieces) {
        static const char create[] = "CREATE TABLE streams (id INT AUTO_INCREMENT PRIMARY KEY, data LONGBLOB, n INT)";
        static const char insert[] = "INSERT INTO streams (data, n) VALUES (?, ?)";
        static const char select[] = "SELECT LENGTH(data), data = REPEAT('z', 2000000), n FROM streams";
        Stream s = { .left = 2000000 };
        Db *db = test_database();
        DbStatement *st;

        CHECK_DB(db_run_text(db, create, DB_MAIN));
        CHECK_DB(db_prepare(db, insert, DB_MAIN, 1, &st));
        db_bind_stream(st, read_stream, &s);
        db_bind_u64(st, 7);
        CHECK_DB(db_run(st, NULL, NULL));
        CHECK(s.reads >= 4);
        CHECK_DB(db_prepare(db, select, DB_MAIN, 1, &st));
        CHECK_DB(db_query(st));
        CHECK_INT(db_fetch(st), 1);
        CHECK_INT(db_u64(st, 0), 2000000);
        CHECK_INT(db_u64(st, 1), 1);
        CHECK_INT(db_u64(st, 2), 7);
        db_end(st);
}

TEST(errors_are_told_apart) {
        static const char create[] = "CREATE TABLE uniques (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(5) UNIQUE)";
        static const char insert[] = "INSERT INTO uniques (v) VALUES (?)";
        static const char missing[] = "SELECT * FROM not_there";
        Db *db = test_database();
        DbStatement *st;

        CHECK_DB(db_run_text(db, create, DB_MAIN));
        CHECK_INT(db_run_text(db, create, DB_MAIN), -EEXIST);
        for (int i = 0; i < 2; i++) {
                CHECK_DB(db_prepare(db, insert, DB_MAIN, 1, &st));
                db_bind_string(st, "dup");
                CHECK_INT(db_run(st, NULL, NULL), i == 0 ? 0 : -EEXIST);
        }
        CHECK(!strstr(db_error(db), "dup'"));
        CHECK_DB(db_prepare(db, insert, DB_MAIN, 1, &st));
        db_bind_string(st, "too long");
        CHECK_INT(db_run(st, NULL, NULL), -EOVERFLOW);
        CHECK_DB(db_prepare(db, insert, DB_MAIN, 1, &st));
        db_bind_string(st, "\xff\xfe");
        CHECK_INT(db_run(st, NULL, NULL), -EILSEQ);
        CHECK_INT(db_prepare(db, missing, DB_MAIN, 1, &st), -ENOENT);
        CHECK(strstr(db_error(db), "not_there"));
}

TEST(a_failed_query_can_be_ended) {
        static const char select[] = "SELECT id FROM vanishing WHERE id = ?";
        Db *db = test_database();
        DbStatement *st;

        for (int i = 0; i < 2; i++) {
                test_sql("CREATE TABLE vanishing (id INT)");
                CHECK_DB(db_prepare(db, select, DB_MAIN, 1, &st));
                db_bind_u64(st, 1);
                test_sql("DROP TABLE vanishing");
                CHECK_INT(db_query(st), -ENOENT);
                db_end(st);
                CHECK_INT(db->failed.count, 1);
        }
}

/* The server begins to send rows before it knows that there will be an error. */
TEST(an_error_behind_some_rows_is_told) {
        static const char create[] = "CREATE TABLE returned (id INT AUTO_INCREMENT PRIMARY KEY, "
                                     "v VARCHAR(4) UNIQUE)";
        static const char insert[] = "INSERT INTO returned (v) VALUES {rows:(?)} RETURNING id";
        static const struct {
                const char *values[4];
                int result;
                unsigned number;
        } cases[] = {
                { { "a", "b", "a", "c" }, -EEXIST, 1062 },
                { { "a", "b", "too long", "c" }, -EOVERFLOW, 1406 },
                { { "a", "b", "\xff", "c" }, -EILSEQ, 1366 },
        };
        Db *db = test_database();

        CHECK_DB(db_run_text(db, create, DB_MAIN));
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                DbStatement *st;
                int r;

                CHECK_DB(db_prepare(db, insert, DB_MAIN, 4, &st));
                for (size_t k = 0; k < 4; k++)
                        db_bind_string(st, cases[i].values[k]);
                r = db_query(st);
                while (r >= 0 && (r = db_fetch(st)) > 0)
                        ;
                db_end(st);
                CHECK_INT(r, cases[i].result);
                CHECK_INT(db_error_number(db), cases[i].number);
        }
        CHECK_STR(test_sql_value("SELECT COUNT(*) FROM returned"), "0");
}

TEST(a_connection_lost_between_rows_is_made_again) {
        static const char id[] = "SELECT CONNECTION_ID()";
        static const char many[] = "SELECT REPEAT('x', 10000) FROM seq_1_to_100000";
        _cleanup_(db_freep) Db *db = test_database_another();
        DbStatement *st;
        uint64_t connection;
        int r;

        CHECK_INT(db_prepare(db, id, DB_MAIN, 1, &st), 0);
        CHECK_INT(db_query_u64(st, &connection), 0);
        CHECK_INT(db_prepare(db, many, DB_MAIN, 1, &st), 0);
        CHECK_INT(db_query(st), 0);
        CHECK_INT(db_fetch(st), 1);
        test_sql("KILL %llu", (unsigned long long) connection);
        while ((r = db_fetch(st)) > 0)
                ;
        db_end(st);
        CHECK_INT(r, -ENOTCONN);
        CHECK_INT(db_prepare(db, id, DB_MAIN, 1, &st), 0);
        CHECK_INT(db_query_u64(st, &connection), 0);
}

TEST(another_connection_goes_to_the_same_place) {
        static const char select[] = "SELECT CONNECTION_ID()";
        _cleanup_(db_freep) Db *other = NULL;
        uint64_t first, second;
        DbStatement *st;

        CHECK_DB(db_new_like(test_database(), &other));
        CHECK_STR(db_database(other), test_database_prefix());
        CHECK_DB(db_prepare(test_database(), select, DB_MAIN, 1, &st));
        CHECK_DB(db_query_u64(st, &first));
        CHECK_INT(db_prepare(other, select, DB_MAIN, 1, &st), 0);
        CHECK_INT(db_query_u64(st, &second), 0);
        CHECK(first != second);
}

TEST(a_server_that_is_away_is_not_connected) {
        DbServer servers[] = { { .socket = "/nonexistent/mysql.sock" }, { .host = "127.0.0.1", .port = 1 } };
        DbOptions options = { .servers = servers, .server_count = 2, .user = "root" };
        _cleanup_(db_freep) Db *db = NULL;

        CHECK_INT(db_new(&options, &db), 0);
        CHECK_INT(db_connect(db), -ENOTCONN);
        CHECK(strstr(db_error(db), "Cannot connect"));
}

TEST(the_second_server_is_tried) {
        DbServer servers[] = { { .socket = "/nonexistent/mysql.sock" },
                               { .socket = getenv("POSTAL_TEST_DB_SOCKET") } };
        DbOptions options = { .servers = servers, .server_count = 2, .user = "root" };
        _cleanup_(db_freep) Db *db = NULL;

        (void) test_database();
        CHECK_INT(db_new(&options, &db), 0);
        CHECK_INT(db_connect(db), 0);
        CHECK(strstr(db_server_version(db), "MariaDB"));
}

TEST(a_lost_connection_is_made_again_with_its_statements) {
        static const char select[] = "SELECT CONNECTION_ID()";
        _cleanup_(db_freep) Db *db = test_database_another();
        DbStatement *st;
        uint64_t first, second;

        CHECK_DB(db_prepare(db, select, DB_MAIN, 1, &st));
        CHECK_DB(db_query_u64(st, &first));
        test_sql("KILL %llu", (unsigned long long) first);
        CHECK_DB(db_prepare(db, select, DB_MAIN, 1, &st));
        CHECK_INT(db_query_u64(st, &second), -ENOTCONN);
        CHECK_DB(db_prepare(db, select, DB_MAIN, 1, &st));
        CHECK_DB(db_query_u64(st, &second));
        CHECK(first != second);
}

TEST(the_statement_cache_is_bounded) {
        static const char select[] = "SELECT {m}.x.id FROM {m}.x";
        static const char count[] = "SELECT COUNT(*) FROM {m}.x";
        _cleanup_(db_freep) Db *db = test_database_another();
        DbStatement *st;
        uint64_t n;

        (void) select;
        test_message_database(900);
        test_sql("CREATE TABLE `%s-server-900`.x (id INT)", test_database_prefix());
        for (unsigned rows = 1; rows <= DB_ROWS_MAX; rows++)
                for (uint64_t k = 0; k < 10; k++) {
                        char table[16];

                        (void) snprintf(table, sizeof(table), "raw-%llu", (unsigned long long) k);
                        CHECK_DB(db_prepare(db, count, DB_RAW(900, table), rows, &st));
                        CHECK_DB(db_query_u64(st, &n));
                        CHECK_INT(db->by_use.count <= DB_STATEMENTS_MAX, 1);
                }
        CHECK_INT(hashmap_size(db->statements), DB_STATEMENTS_MAX);
}

/* The rule that the store relies on: INSERT … RETURNING gives the ids in the order of the rows,
 * whatever else is inserted at the same time. */
static void *insert_single_rows(void *userdata) {
        static const char insert[] = "INSERT INTO ordered (v) VALUES (?)";
        static const char select[] = "INSERT INTO ordered (v) SELECT v FROM ordered LIMIT 5";
        volatile bool *stop = userdata;
        Db *db = test_database_another();
        DbStatement *st;

        db_thread_init();
        while (!*stop) {
                if (db_prepare(db, insert, DB_MAIN, 1, &st) < 0)
                        abort();
                db_bind_string(st, "single");
                if (db_run(st, NULL, NULL) < 0 || db_run_text(db, select, DB_MAIN) < 0)
                        abort();
        }
        db_free(db);
        db_thread_end();
        return NULL;
}

TEST(returned_ids_belong_to_their_rows) {
        static const char create[] = "CREATE TABLE ordered (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(40))";
        static const char insert[] = "INSERT INTO ordered (v) VALUES {rows:(?)} RETURNING id";
        static const char check[] = "SELECT COUNT(*) FROM ordered WHERE id = ? AND v = ?";
        static volatile bool stop;
        Db *db = test_database();
        pthread_t threads[2];
        DbStatement *st;

        CHECK_DB(db_run_text(db, create, DB_MAIN));
        for (size_t i = 0; i < ELEMENTSOF(threads); i++)
                CHECK(pthread_create(&threads[i], NULL, insert_single_rows, (void *) &stop) == 0);
        for (unsigned round = 0; round < 100; round++) {
                char tokens[DB_ROWS_MAX][17];
                uint64_t ids[DB_ROWS_MAX], found;
                unsigned n = 1u << (round % 7);

                CHECK_DB(db_prepare(db, insert, DB_MAIN, n, &st));
                for (unsigned i = 0; i < n; i++) {
                        random_alnum(tokens[i], 16);
                        db_bind_string(st, tokens[i]);
                }
                CHECK_DB(db_query(st));
                for (unsigned i = 0; i < n; i++) {
                        CHECK_INT(db_fetch(st), 1);
                        ids[i] = db_u64(st, 0);
                }
                CHECK_INT(db_fetch(st), 0);
                db_end(st);
                for (unsigned i = 0; i < n; i++) {
                        CHECK_DB(db_prepare(db, check, DB_MAIN, 1, &st));
                        db_bind_u64(st, ids[i]);
                        db_bind_string(st, tokens[i]);
                        CHECK_DB(db_query_u64(st, &found));
                        CHECK_INT(found, 1);
                }
        }
        stop = true;
        for (size_t i = 0; i < ELEMENTSOF(threads); i++)
                pthread_join(threads[i], NULL);
}
