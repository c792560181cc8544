/* SPDX-License-Identifier: MIT */
#include "core/config-relay.h"
#include "test.h"

TEST(relays) {
        static const struct {
                const char *text;
                const char *host;
                unsigned port;
                const char *ssl_mode;
        } rows[] = {
                { "smtp://a.example", "a.example", 25, "Auto" },
                { "smtp://a.example:2525", "a.example", 2525, "Auto" },
                { "smtp://a.example:", "a.example", 25, "Auto" },
                { "smtp://a.example:025", "a.example", 25, "Auto" },
                { "smtp://a.example/", "a.example", 25, "Auto" },
                { "smtp://a.example?ssl_mode=TLS", "a.example", 25, "TLS" },
                { "smtp://a.example/?ssl_mode=TLS", "a.example", 25, "TLS" },
                { "smtp://a.example:465/x/y?ssl_mode=TLS#z", "a.example", 465, "TLS" },
                { "smtp://a.example?ssl_mode=", "a.example", 25, "" },
                { "smtp://a.example?ssl_mode", "a.example", 25, "Auto" },
                { "smtp://a.example?x=y&ssl_mode=None&ssl_mode=TLS", "a.example", 25, "None" },
                { "smtp://a.example?SSL_MODE=None", "a.example", 25, "Auto" },
                { "smtp://a.example?ssl_mode=%54LS+x", "a.example", 25, "TLS x" },
                { "https://a.example", "a.example", 25, "Auto" },
                { "//a.example:26", "a.example", 26, "Auto" },
                { "SMTP://A.example", "A.example", 25, "Auto" },
                { "smtp://192.0.2.1:26", "192.0.2.1", 26, "Auto" },
                { "smtp://[2001:db8::1]", "2001:db8::1", 25, "Auto" },
                { "smtp://[2001:db8::1]:26?ssl_mode=None", "2001:db8::1", 26, "None" },
                { "smtp://user:pass@a.example:26", "a.example", 26, "Auto" },
                { "smtp://under_score", "under_score", 25, "Auto" },
                { "smtp://a.example:65535", "a.example", 65535, "Auto" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(arena_done) Arena arena = ARENA_EMPTY;
                const char *problem;
                SmtpRelay relay;

                if (config_relay_parse(&arena, rows[i].text, &relay, &problem) != 1)
                        test_fail(__FILE__, __LINE__, "%s is no relay", rows[i].text);
                CHECK_STR(relay.host, rows[i].host);
                CHECK_INT(relay.port, rows[i].port);
                CHECK_STR(relay.ssl_mode, rows[i].ssl_mode);
        }
}

TEST(relays_without_a_host) {
        static const struct {
                const char *text;
                bool has_problem;
        } rows[] = {
                { "smtp://", false },
                { "smtp://:25?ssl_mode=Auto", false },
                { "smtp://:?ssl_mode=", false },
                { "smtp:///x", false },
                { "", true },
                { "a.example", true },
                { "a.example:25", true },
                { "smtp:a.example", true },
                { "/a", true },
                { "?ssl_mode=TLS", true },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(arena_done) Arena arena = ARENA_EMPTY;
                const char *problem;
                SmtpRelay relay;

                CHECK_INT(config_relay_parse(&arena, rows[i].text, &relay, &problem), 0);
                CHECK_INT(problem != NULL, rows[i].has_problem);
        }
}

TEST(what_is_no_relay) {
        static const char *const rows[] = {
                "smtp://a b",
                "smtp://a.example:x",
                "smtp://a.example:-1",
                "smtp://a.example:0",
                "smtp://a.example:65536",
                "smtp://a.example:25:25",
                "smtp://2001:db8::1",
                "smtp://[2001:db8::1",
                "smtp://2001:db8::1]",
                "smtp://[x]",
                "smtp://[]",
                "smtp://[192.0.2.1]",
                "smtp://[::1]x",
                "smtp://[::1%25eth0]",
                "smtp://[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0001]",
                "smtp://x@y@z",
                "smtp://a%2",
                "smtp://a%zz",
                "smtp://\xc3\xa9.example",
                "smtp://a.example?ssl_mode=\"TLS\"",
                "smtp://a\\b",
                "{\"hostname\"=>\"a\"}",
                "\x01",
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(arena_done) Arena arena = ARENA_EMPTY;
                const char *problem = NULL;
                SmtpRelay relay;

                if (config_relay_parse(&arena, rows[i], &relay, &problem) != -EINVAL)
                        test_fail(__FILE__, __LINE__, "%s is a relay", rows[i]);
                CHECK(problem != NULL);
        }
}

TEST(modes) {
        CHECK(config_relay_knows_ssl_mode("Auto"));
        CHECK(config_relay_knows_ssl_mode("None"));
        CHECK(config_relay_knows_ssl_mode("TLS"));
        CHECK(config_relay_knows_ssl_mode("STARTTLS"));
        CHECK(config_relay_knows_ssl_mode("STARTLS"));
        CHECK(config_relay_knows_ssl_mode(""));
        CHECK(!config_relay_knows_ssl_mode("auto"));
        CHECK(!config_relay_knows_ssl_mode("SSL"));
}
