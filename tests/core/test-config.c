/* SPDX-License-Identifier: MIT */
#include "config-fixture.h"

/* One line of a group and what the setting is then. */
typedef struct Row {
        const char *yaml;
        const char *path;
        const char *value;
} Row;

static void check_rows(const Row *rows, size_t count, ConfigSeverity worst) {
        for (size_t i = 0; i < count; i++) {
                _cleanup_(fixture_done) Fixture f;
                char yaml[500];

                (void) snprintf(yaml, sizeof(yaml), "version: 2\n%s\n", rows[i].yaml);
                fixture_load(&f, yaml, NULL);
                CHECK_INT(f.result, 0);
                CHECK_VALUE(&f, rows[i].path, rows[i].value);
                if (worst < CONFIG_WARNING)
                        CHECK_NO_FINDING(&f.report, CONFIG_WARNING);
                else if (!fixture_find(&f.report, CONFIG_WARNING, NULL))
                        test_fail(__FILE__, __LINE__, "no warning for %s", rows[i].yaml);
        }
}

TEST(values_that_are_what_they_look_like) {
        static const Row rows[] = {
                { "postal: {web_hostname: a.b}", "postal.web_hostname", "a.b" },
                { "postal: {web_hostname: 'a b'}", "postal.web_hostname", "a b" },
                { "postal: {web_hostname: 'null'}", "postal.web_hostname", "null" },
                { "postal: {web_hostname: \"\\u00e9\"}", "postal.web_hostname", "\xc3\xa9" },
                { "postal: {web_hostname: 25}", "postal.web_hostname", "25" },
                { "main_db: {password: '0123'}", "main_db.password", "0123" },
                { "main_db: {password: 123}", "main_db.password", "123" },
                { "main_db: {port: 3307}", "main_db.port", "3307" },
                { "main_db: {port: '3307'}", "main_db.port", "3307" },
                { "main_db: {port: 3_307}", "main_db.port", "3307" },
                { "main_db: {port: 0x10}", "main_db.port", "16" },
                { "main_db: {port: 017}", "main_db.port", "15" },
                { "main_db: {port: 5.0}", "main_db.port", "5" },
                { "main_db: {port: true}", "main_db.port", "1" },
                { "postal: {default_spam_threshold: false}", "postal.default_spam_threshold", "0" },
                { "postal: {default_spam_threshold: -5}", "postal.default_spam_threshold", "-5" },
                { "postal: {use_ip_pools: true}", "postal.use_ip_pools", "true" },
                { "postal: {use_ip_pools: yes}", "postal.use_ip_pools", "true" },
                { "postal: {use_ip_pools: On}", "postal.use_ip_pools", "true" },
                { "postal: {use_ip_pools: 1}", "postal.use_ip_pools", "true" },
                { "postal: {use_ip_pools: 1.0}", "postal.use_ip_pools", "true" },
                { "postal: {use_ip_pools: '1'}", "postal.use_ip_pools", "true" },
                { "postal: {use_ip_pools: 'true'}", "postal.use_ip_pools", "true" },
                { "logging: {enabled: no}", "logging.enabled", "false" },
                { "logging: {enabled: off}", "logging.enabled", "false" },
                { "logging: {enabled: 0}", "logging.enabled", "false" },
                { "logging: {enabled: 'no'}", "logging.enabled", "false" },
                { "dns: {mx_records: [a, b]}", "dns.mx_records", "a, b" },
                { "dns: {mx_records: [a, '', null, b]}", "dns.mx_records", "a, b" },
                { "dns: {mx_records: a.b}", "dns.mx_records", "a.b" },
                { "dns: {mx_records: []}", "dns.mx_records", "" },
                { "dns: {mx_records: [25]}", "dns.mx_records", "25" },
                { "postal:", "postal.web_hostname", "postal.example.com" },
                { "postal: ~", "postal.web_hostname", "postal.example.com" },
                { "postal: {}", "postal.web_hostname", "postal.example.com" },
        };

        check_rows(rows, ELEMENTSOF(rows), CONFIG_INFO);
}

TEST(values_that_are_not_what_they_look_like) {
        static const Row rows[] = {
                { "main_db: {password: 0123}", "main_db.password", "83" },
                { "main_db: {password: yes}", "main_db.password", "true" },
                { "main_db: {password: 1_000}", "main_db.password", "1000" },
                { "main_db: {password: 1.10}", "main_db.password", "1.1" },
                { "main_db: {password: 1:30}", "main_db.password", "5400" },
                { "main_db: {password: 2024-01-31}", "main_db.password", "2024-01-31" },
                { "main_db:\n  password: :a", "main_db.password", ":a" },
                { "main_db: {port: 25abc}", "main_db.port", "25" },
                { "main_db: {port: 25.7}", "main_db.port", "25" },
                { "main_db: {port: '0x10'}", "main_db.port", "3306" },
                { "main_db: {port: abc}", "main_db.port", "3306" },
                { "main_db: {port: 0}", "main_db.port", "3306" },
                { "main_db: {port: 65536}", "main_db.port", "3306" },
                { "main_db: {port: -1}", "main_db.port", "3306" },
                { "main_db: {port: 99999999999999999999}", "main_db.port", "3306" },
                { "main_db: {port: .nan}", "main_db.port", "3306" },
                { "main_db: {port: .inf}", "main_db.port", "3306" },
                { "main_db: {port: [1]}", "main_db.port", "3306" },
                { "main_db: {host: {a: b}}", "main_db.host", "localhost" },
                { "postal: {use_ip_pools: 'yes'}", "postal.use_ip_pools", "false" },
                { "postal: {use_ip_pools: 'TRUE'}", "postal.use_ip_pools", "false" },
                { "postal: {use_ip_pools: 2}", "postal.use_ip_pools", "false" },
                { "postal: {use_ip_pools: y}", "postal.use_ip_pools", "false" },
                { "dns: {mx_records: [a, [b]]}", "dns.mx_records", "a" },
                { "dns: {mx_records: {a: b}}", "dns.mx_records",
                  "mx1.postal.example.com, mx2.postal.example.com" },
                { "logging: {level: loud}", "logging.level", "info" },
                { "logging: {level: Info}", "logging.level", "info" },
                { "postal: text", "postal.web_hostname", "postal.example.com" },
                { "postal: [text]", "postal.web_hostname", "postal.example.com" },
        };

        check_rows(rows, ELEMENTSOF(rows), CONFIG_WARNING);
}

TEST(null_is_a_value_where_it_means_something) {
        static const Row rows[] = {
                { "smtp_server: {tls_ciphers: }", "smtp_server.tls_ciphers", "null" },
                { "smtp_server: {ssl_version: }", "smtp_server.ssl_version", "null" },
                { "smtp_server: {ssl_version: ''}", "smtp_server.ssl_version", "null" },
                { "smtp_server: {ssl_version: ~}", "smtp_server.ssl_version", "null" },
                { "smtp: {from_name: }", "smtp.from_name", "null" },
                { "dns: {helo_hostname: ''}", "dns.helo_hostname", "null" },
                { "postal: {smtp_relays: }", "postal.smtp_relays", "" },
                { "postal: {trusted_proxies: ''}", "postal.trusted_proxies", "" },
                { "postal: {use_ip_pools: }", "postal.use_ip_pools", "false" },
        };
        static const Row with_warning[] = {
                { "logging: {enabled: }", "logging.enabled", "false" },
                { "postal: {use_resent_sender_header: ''}", "postal.use_resent_sender_header",
                  "false" },
        };

        check_rows(rows, ELEMENTSOF(rows), CONFIG_INFO);
        check_rows(with_warning, ELEMENTSOF(with_warning), CONFIG_WARNING);
}

TEST(null_where_it_means_nothing_leaves_the_default) {
        static const Row rows[] = {
                { "postal: {web_hostname: }", "postal.web_hostname", "postal.example.com" },
                { "postal: {web_hostname: ''}", "postal.web_hostname", "postal.example.com" },
                { "postal: {signing_key_path: ~}", "postal.signing_key_path",
                  "/config/signing.key" },
                { "main_db: {port: }", "main_db.port", "3306" },
                { "main_db: {username: null}", "main_db.username", "postal" },
                { "oidc: {scopes: }", "oidc.scopes", "openid, email" },
        };

        check_rows(rows, ELEMENTSOF(rows), CONFIG_WARNING);
}

TEST(values_of_the_environment) {
        static const struct {
                const char *variable;
                const char *path;
                const char *value;
                bool has_warning;
        } rows[] = {
                { "MAIN_DB_HOST=db", "main_db.host", "db", false },
                { "MAIN_DB_PASSWORD=0123", "main_db.password", "0123", false },
                { "MAIN_DB_PASSWORD=yes", "main_db.password", "yes", false },
                { "MAIN_DB_PASSWORD=~", "main_db.password", "~", false },
                { "MAIN_DB_PASSWORD=", "main_db.password", "null", false },
                { "MAIN_DB_PORT=3307", "main_db.port", "3307", false },
                { "MAIN_DB_PORT=3_307", "main_db.port", "3307", false },
                { "MAIN_DB_PORT=25abc", "main_db.port", "25", true },
                { "MAIN_DB_PORT=", "main_db.port", "3306", true },
                { "SMTP_PORT=tcp://10.0.0.1:25", "smtp.port", "25", true },
                { "POSTAL_USE_IP_POOLS=true", "postal.use_ip_pools", "true", false },
                { "POSTAL_USE_IP_POOLS=1", "postal.use_ip_pools", "true", false },
                { "POSTAL_USE_IP_POOLS=1.0", "postal.use_ip_pools", "true", false },
                { "POSTAL_USE_IP_POOLS=TRUE", "postal.use_ip_pools", "false", true },
                { "POSTAL_USE_IP_POOLS=yes", "postal.use_ip_pools", "false", true },
                { "POSTAL_USE_IP_POOLS=on", "postal.use_ip_pools", "false", true },
                { "POSTAL_USE_IP_POOLS=false", "postal.use_ip_pools", "false", false },
                { "LOGGING_ENABLED=", "logging.enabled", "false", true },
                { "DNS_HELO_HOSTNAME=", "dns.helo_hostname", "null", false },
                { "POSTAL_WEB_HOSTNAME=", "postal.web_hostname", "postal.example.com", true },
                { "DNS_MX_RECORDS=a", "dns.mx_records", "a", false },
                { "DNS_MX_RECORDS=a,b", "dns.mx_records", "a, b", false },
                { "DNS_MX_RECORDS= a ,\tb ,, c,", "dns.mx_records", "a, b, c", false },
                { "DNS_MX_RECORDS=", "dns.mx_records", "", false },
                { "POSTAL_SMTP_RELAYS=", "postal.smtp_relays", "", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(fixture_done) Fixture f;

                fixture_load(&f, "version: 2\n", ENV(rows[i].variable));
                CHECK_INT(f.result, 0);
                CHECK_VALUE(&f, rows[i].path, rows[i].value);
                if (rows[i].has_warning)
                        CHECK_FINDING(&f.report, CONFIG_WARNING, NULL);
                else
                        CHECK_NO_FINDING(&f.report, CONFIG_WARNING);
        }
}

TEST(the_environment_goes_before_the_file) {
        _cleanup_(fixture_done) Fixture f;

        fixture_load(&f, "version: 2\nmain_db: {host: file, port: 1000, username: file}\n",
                     ENV("MAIN_DB_HOST=environment", "MAIN_DB_PORT="));
        CHECK_INT(f.result, 0);
        CHECK_VALUE(&f, "main_db.host", "environment");
        CHECK_VALUE(&f, "main_db.port", "1000");
        CHECK_VALUE(&f, "main_db.username", "file");
        CHECK_STR(config_origin(f.config, fixture_key("main_db.host"))->spot.source,
                  "environment variable MAIN_DB_HOST");
}

TEST(findings_have_line_and_column) {
        static const struct {
                const char *yaml;
                ConfigSeverity severity;
                unsigned line;
                unsigned column;
                const char *part;
        } rows[] = {
                { "version: 2\ndns:\n  timeout: 99999\n", CONFIG_WARNING, 3, 12, "from 1 to 300" },
                { "version: 2\ndns:\n  timeout:\n", CONFIG_WARNING, 3, 11, "is empty" },
                { "version: 2\ndns: {a: 1}\n", CONFIG_WARNING, 2, 7, "\"dns.a\" is not a setting" },
                { "version: 2\nx: {a: 1}\n", CONFIG_WARNING, 2, 1, "\"x\" is not a group" },
                { "version: 2\npostal:\n  smtp_relays:\n  - smtp://a\n  - smtp://b:x\n",
                  CONFIG_ERROR, 5, 5, "relay cannot be read" },
                { "version: 2\npostal: {trusted_proxies: [10.1.1.1, x]}\n", CONFIG_ERROR, 2, 38,
                  "\"x\" is not an IP address" },
                { "version: 3\n", CONFIG_ERROR, 1, 10, "Must be 1 or 2." },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(fixture_done) Fixture f;
                const ConfigFinding *finding;

                fixture_load(&f, rows[i].yaml, NULL);
                CHECK_INT(f.result, rows[i].severity == CONFIG_ERROR ? -EINVAL : 0);
                CHECK_FINDING(&f.report, rows[i].severity, rows[i].part);
                finding = fixture_find(&f.report, rows[i].severity, rows[i].part);
                CHECK_STR(finding->path, FIXTURE_PATH);
                CHECK_INT(finding->line, rows[i].line);
                CHECK_INT(finding->column, rows[i].column);
        }
}

TEST(relays_are_parsed) {
        _cleanup_(fixture_done) Fixture f;

        fixture_load(&f,
                     "version: 2\n"
                     "postal:\n"
                     "  smtp_relays:\n"
                     "  - smtp://one.example.net:2525?ssl_mode=TLS\n"
                     "  - smtp://:25?ssl_mode=Auto\n"
                     "  - smtp://two.example.net\n",
                     NULL);
        CHECK_INT(f.result, 0);
        CHECK_NO_FINDING(&f.report, CONFIG_WARNING);
        CHECK_STR(f.config->postal.smtp_relays[1], "smtp://:25?ssl_mode=Auto");
        CHECK_STR(f.config->postal.smtp_relays[2], "smtp://two.example.net");
        CHECK(!f.config->postal.smtp_relays[3]);
        CHECK_INT(f.config->postal.relay_count, 2);
        CHECK_STR(f.config->postal.relays[0].host, "one.example.net");
        CHECK_INT(f.config->postal.relays[0].port, 2525);
        CHECK_STR(f.config->postal.relays[0].ssl_mode, "TLS");
        CHECK_STR(f.config->postal.relays[1].host, "two.example.net");
        CHECK_INT(f.config->postal.relays[1].port, 25);
        CHECK_STR(f.config->postal.relays[1].ssl_mode, "Auto");
}

TEST(relays_that_stop_the_start) {
        static const char *const rows[] = {
                "smtp_relays: [smtp://a:b]",    "smtp_relays: ['smtp://a b']",
                "smtp_relays: [{hostname: a}]", "smtp_relays: [[smtp://a]]",
                "smtp_relays: {hostname: a}",   "smtp_relays: nonsense here",
        };
        _cleanup_(fixture_done) Fixture environment;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(fixture_done) Fixture f;
                char yaml[200];

                (void) snprintf(yaml, sizeof(yaml), "version: 2\npostal:\n  %s\n", rows[i]);
                fixture_load(&f, yaml, NULL);
                CHECK_INT(f.result, -EINVAL);
                CHECK(!f.config);
                CHECK_FINDING(&f.report, CONFIG_ERROR, NULL);
        }
        fixture_load(&environment, "version: 2\n", ENV("POSTAL_SMTP_RELAYS=smtp://a,smtp://[b"));
        CHECK_INT(environment.result, -EINVAL);
}

TEST(relays_with_a_warning) {
        static const char *const rows[] = { "relay.example.net:25", "relay.example.net",
                                            "smtp://user:password@relay.example.net" };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(fixture_done) Fixture f;
                char variable[200];

                (void) snprintf(variable, sizeof(variable), "POSTAL_SMTP_RELAYS=%s", rows[i]);
                fixture_load(&f, "version: 2\n", ENV(variable));
                CHECK_INT(f.result, 0);
                CHECK_FINDING(&f.report, CONFIG_WARNING, "no effect");
                CHECK(!fixture_find(&f.report, CONFIG_WARNING, "password@"));
        }
}

TEST(networks_are_parsed) {
        _cleanup_(fixture_done) Fixture f;

        fixture_load(&f,
                     "version: 2\n"
                     "postal: {trusted_proxies: [192.0.2.1, '2001:db8::/32']}\n"
                     "smtp_server: {proxy_trusted_networks: 10.0.0.0/8}\n",
                     NULL);
        CHECK_INT(f.result, 0);
        CHECK_INT(f.config->postal.trusted_proxy_network_count, 2);
        CHECK_INT(f.config->postal.trusted_proxy_networks[1].prefix, 32);
        CHECK_INT(f.config->smtp_server.proxy_network_count, 1);
        CHECK_INT(f.config->smtp_server.proxy_networks[0].prefix, 8);
}

TEST(networks_that_stop_the_start) {
        static const char *const rows[] = { "POSTAL_TRUSTED_PROXIES=10.0.0.0/8,proxy",
                                            "POSTAL_TRUSTED_PROXIES=10.0.0.0/33",
                                            "SMTP_SERVER_PROXY_TRUSTED_NETWORKS=all" };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(fixture_done) Fixture f;

                fixture_load(&f, "version: 2\n", ENV(rows[i]));
                CHECK_INT(f.result, -EINVAL);
                CHECK_FINDING(&f.report, CONFIG_ERROR, "is not an IP address or network");
        }
}

TEST(unknown_keys_are_warnings_with_a_guess) {
        static const struct {
                const char *yaml;
                const char *part;
        } rows[] = {
                { "message_db: {prefix: x}", "Did you mean \"message_db.database_name_prefix\"?" },
                { "smtp_server: {port: 25}", "Did you mean \"smtp_server.default_port\"?" },
                { "web: {host: x}", "Did you mean \"postal.web_hostname\"?" },
                { "general: {use_ip_pools: true}", "Did you mean \"postal.use_ip_pools\"?" },
                { "postal: {web_hostnam: x}", "Did you mean \"postal.web_hostname\"?" },
                { "postal: {helo_hostname: x}", "Did you mean \"dns.helo_hostname\"?" },
                { "postall: {web_hostname: x}", "Did you mean \"postal\"?" },
                { "postal: {nothing_of_the_kind: x}", "postal.yml(5)" },
                { "nothing: {of: the kind}", "postal.yml(5)" },
                { "nothing:", "postal.yml(5)" },
                { "'': x", "postal.yml(5)" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(fixture_done) Fixture f;
                char yaml[200];

                (void) snprintf(yaml, sizeof(yaml), "version: 2\n%s\n", rows[i].yaml);
                fixture_load(&f, yaml, NULL);
                CHECK_INT(f.result, 0);
                CHECK_FINDING(&f.report, CONFIG_WARNING, rows[i].part);
                CHECK_INT(f.report.totals[CONFIG_WARNING], 1);
        }
}

TEST(secrets_do_not_get_into_findings) {
        _cleanup_(fixture_done) Fixture f;
        _cleanup_(buf_done) Buf text = BUF_EMPTY;

        fixture_load(&f, "version: 2\nmain_db: {password: 0755}\nrails: {secret_key: 1.23450}\n",
                     NULL);
        config_report_format(&f.report, CONFIG_INFO, &text);
        CHECK(!strstr(buf_string(&text), "0755") && !strstr(buf_string(&text), "493"));
        CHECK(!strstr(buf_string(&text), "1.2345"));
        CHECK_INT(f.report.totals[CONFIG_WARNING], 2);
}

TEST(the_reply_timeout_depends_on_what_was_set) {
        _cleanup_(fixture_done) Fixture unset, set, same;

        fixture_load(&unset, "version: 2\nsmtp_client: {command_timeout: 100}\n", NULL);
        CHECK_INT(config_smtp_reply_timeout(unset.config), 100);
        fixture_load(&set, "version: 2\nsmtp_client: {read_timeout: 20}\n", NULL);
        CHECK_INT(config_smtp_reply_timeout(set.config), 20);
        fixture_load(&same, "version: 2\n", ENV("SMTP_CLIENT_READ_TIMEOUT=30"));
        CHECK_INT(config_smtp_reply_timeout(same.config), 30);
}
