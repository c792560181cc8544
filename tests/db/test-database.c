/* SPDX-License-Identifier: MIT */
#include <stdarg.h>

#include <mysql.h>

#include "basic/buf.h"
#include "basic/random.h"
#include "db/test-database.h"

static char name[32];
static Db *first;
static MYSQL *plain; /* for SQL text that is not constant, which a Db does not take */
static uint64_t message_databases[16];
static size_t message_database_count;

static void drop_all(void) {
        for (size_t i = 0; i < message_database_count; i++)
                test_sql("DROP DATABASE IF EXISTS `%s-server-%llu`", name,
                         (unsigned long long) message_databases[i]);
        test_sql("DROP DATABASE IF EXISTS `%s`", name);
        first = db_free(first);
        mysql_close(plain);
}

Db *test_database_over(const char *socket) {
        DbServer server = { .socket = socket };
        DbOptions options = { .servers = &server,
                              .server_count = 1,
                              .user = "root",
                              .database = name,
                              .message_prefix = name };
        Db *db;

        if (db_new(&options, &db) < 0)
                abort();
        return db;
}

Db *test_database_another(void) {
        return test_database_over(getenv("POSTAL_TEST_DB_SOCKET"));
}

Db *test_database(void) {
        char suffix[9];

        if (first)
                return first;
        if (!getenv("POSTAL_TEST_DB_SOCKET")) {
                printf("Bail out! Run this through tests/with-mariadb.\n");
                exit(EXIT_FAILURE);
        }
        db_library_init();
        random_letters_lower(suffix, 8);
        (void) snprintf(name, sizeof(name), "test-%s", suffix);
        plain = mysql_init(NULL);
        if (!mysql_real_connect(plain, NULL, "root", NULL, NULL, 0, getenv("POSTAL_TEST_DB_SOCKET"),
                                0)) {
                printf("Bail out! %s\n", mysql_error(plain));
                exit(EXIT_FAILURE);
        }
        first = test_database_another();
        test_sql("CREATE DATABASE `%s` CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci", name);
        test_sql("USE `%s`", name);
        (void) atexit(drop_all);
        return first;
}

void test_database_reset(void) {
        (void) test_database();
        test_sql("DROP DATABASE IF EXISTS `%s`", name);
        test_sql("CREATE DATABASE `%s` CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci", name);
        test_sql("USE `%s`", name);
        db_disconnect(first);
}

const char *test_database_prefix(void) {
        return name;
}

void test_message_database(uint64_t server_id) {
        if (message_database_count == ELEMENTSOF(message_databases))
                abort();
        message_databases[message_database_count++] = server_id;
        test_sql(
                "CREATE DATABASE `%s-server-%llu` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci",
                name, (unsigned long long) server_id);
}

static MYSQL_RES *query(const char *format, va_list ap) {
        _cleanup_(buf_done) Buf text = BUF_EMPTY;

        (void) test_database();
        buf_vprintf(&text, format, ap);
        if (mysql_real_query(plain, text.data, text.size) != 0) {
                printf("Bail out! %s: %s\n", text.data, mysql_error(plain));
                exit(EXIT_FAILURE);
        }
        return mysql_store_result(plain);
}

void test_sql(const char *format, ...) {
        va_list ap;
        MYSQL_RES *result;

        va_start(ap, format);
        result = query(format, ap);
        va_end(ap);
        if (result)
                mysql_free_result(result);
}

void test_sql_file(const char *file_name) {
        _cleanup_(buf_done) Buf text = BUF_EMPTY;
        _cleanup_fclose_ FILE *f = NULL;
        char path[4096];
        size_t n;

        (void) snprintf(path, sizeof(path), "%s/db/%s", strempty(getenv("POSTAL_TEST_FIXTURES")),
                        file_name);
        f = fopen(path, "r");
        if (!f) {
                printf("Bail out! Cannot open %s\n", path);
                exit(EXIT_FAILURE);
        }
        while ((n = fread(buf_reserve(&text, 65536), 1, 65536, f)) > 0)
                buf_extend(&text, n);
        for (char *at = text.data, *end; (end = strstr(at, ";\n")); at = end + 2) {
                *end = '\0';
                while (*at == '\n' || (*at == '-' && at[1] == '-'))
                        at += *at == '-' ? strcspn(at, "\n") : 1;
                test_sql("%s", at);
        }
}

const char *test_sql_value(const char *format, ...) {
        static char value[4096];
        va_list ap;
        MYSQL_RES *result;
        MYSQL_ROW row;

        va_start(ap, format);
        result = query(format, ap);
        va_end(ap);
        row = result ? mysql_fetch_row(result) : NULL;
        (void) snprintf(value, sizeof(value), "%s", row && row[0] ? row[0] : "");
        if (result)
                mysql_free_result(result);
        return value;
}
