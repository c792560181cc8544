/* SPDX-License-Identifier: MIT */
#include "core/config.h"
#include "test.h"

/* Each host as HOST:PORT or its path, with a bar between them. */
static void check_hosts(const char *text, const char *want) {
        _cleanup_(buf_done) Buf have = BUF_EMPTY;
        DbHost *hosts;
        size_t count;

        if (config_parse_db_hosts(text, 3306, &hosts, &count) != 0)
                test_fail(__FILE__, __LINE__, "\"%s\" cannot be read", text);
        for (size_t i = 0; i < count; i++) {
                if (i > 0)
                        buf_append_byte(&have, '|');
                if (hosts[i].socket_path)
                        buf_append_string(&have, hosts[i].socket_path);
                else
                        buf_printf(&have, "%s:%u", hosts[i].host, hosts[i].port);
        }
        db_hosts_free(hosts, count);
        CHECK_STR(buf_string(&have), want);
}

TEST(hosts) {
        check_hosts("localhost", "localhost:3306");
        check_hosts("db.example.net", "db.example.net:3306");
        check_hosts("db.example.net:3307", "db.example.net:3307");
        check_hosts("192.0.2.1", "192.0.2.1:3306");
        check_hosts("::1", "::1:3306");
        check_hosts("2001:db8::1", "2001:db8::1:3306");
        check_hosts("[2001:db8::1]", "2001:db8::1:3306");
        check_hosts("[2001:db8::1]:3307", "2001:db8::1:3307");
        check_hosts("/run/mysqld/mysqld.sock", "/run/mysqld/mysqld.sock");
        check_hosts("a,b:1,[::1]:2,/c", "a:3306|b:1|::1:2|/c");
        check_hosts(" a , b ", "a:3306|b:3306");
        check_hosts("a,,b,", "a:3306|b:3306");
        check_hosts("a:65535", "a:65535");
}

TEST(what_is_no_host) {
        static const char *const rows[] = {
                "",    ",",    " ",   "a:",      "a:x",         "a:0",    "a:65536", ":3306",
                "a b", "[::1", "[]",  "[::1]x",  "[::1]:",      "::1]",   "1:2:x:3", "a,b:",
                "a/b", "a@b",  "[x]", "[::1]:0", "[::1]:99999", "[/x]:1",
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                DbHost *hosts = NULL;
                size_t count = 0;

                if (config_parse_db_hosts(rows[i], 3306, &hosts, &count) != -EINVAL)
                        test_fail(__FILE__, __LINE__, "\"%s\" can be read", rows[i]);
                CHECK(!hosts && count == 0);
        }
        {
                DbHost *hosts;
                size_t count;

                CHECK_INT(config_parse_db_hosts(NULL, 3306, &hosts, &count), -EINVAL);
                CHECK_INT(config_parse_db_hosts("a", 0, &hosts, &count), -EINVAL);
                CHECK_INT(config_parse_db_hosts("a", -1, &hosts, &count), -EINVAL);
                CHECK_INT(config_parse_db_hosts("a", 65536, &hosts, &count), -EINVAL);
        }
}

TEST(the_list_has_a_limit) {
        _cleanup_(buf_done) Buf text = BUF_EMPTY;
        DbHost *hosts;
        size_t count;

        for (unsigned i = 0; i < 64; i++)
                buf_printf(&text, "h%u,", i);
        CHECK_INT(config_parse_db_hosts(buf_string(&text), 3306, &hosts, &count), 0);
        CHECK_INT(count, 64);
        db_hosts_free(hosts, count);
        buf_append_string(&text, "one-too-many");
        CHECK_INT(config_parse_db_hosts(buf_string(&text), 3306, &hosts, &count), -EINVAL);
}
