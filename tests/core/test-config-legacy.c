/* SPDX-License-Identifier: MIT */
#include "config-fixture.h"

/* Every key of the old format that still counts, as a file would have it. */
static const struct {
        const char *yaml;
        const char *path;
        const char *value;
} mapping[] = {
        { "web: {host: x}", "postal.web_hostname", "x" },
        { "web: {protocol: http}", "postal.web_protocol", "http" },
        { "dns: {smtp_server_hostname: x}", "postal.smtp_hostname", "x" },
        { "general: {use_ip_pools: true}", "postal.use_ip_pools", "true" },
        { "general: {exception_url: x}", "logging.sentry_dsn", "x" },
        { "general: {maximum_delivery_attempts: 9}", "postal.default_maximum_delivery_attempts",
          "9" },
        { "general: {maximum_hold_expiry_days: 9}", "postal.default_maximum_hold_expiry_days",
          "9" },
        { "general: {suppression_list_removal_delay: 9}",
          "postal.default_suppression_list_automatic_removal_days", "9" },
        { "general: {use_local_ns_for_domains: true}",
          "postal.use_local_ns_for_domain_verification", "true" },
        { "general: {default_spam_threshold: 5.5}", "postal.default_spam_threshold", "5" },
        { "general: {default_spam_failure_threshold: 30.0}",
          "postal.default_spam_failure_threshold", "30" },
        { "general: {use_resent_sender_header: false}", "postal.use_resent_sender_header",
          "false" },
        { "web_server: {bind_address: 0.0.0.0}", "web_server.default_bind_address", "0.0.0.0" },
        { "web_server: {port: 81}", "web_server.default_port", "81" },
        { "web_server: {max_threads: 9}", "web_server.max_threads", "9" },
        { "main_db: {host: x}", "main_db.host", "x" },
        { "main_db: {port: 81}", "main_db.port", "81" },
        { "main_db: {username: x}", "main_db.username", "x" },
        { "main_db: {password: x}", "main_db.password", "x" },
        { "main_db: {database: x}", "main_db.database", "x" },
        { "main_db: {pool_size: 9}", "main_db.pool_size", "9" },
        { "main_db: {encoding: x}", "main_db.encoding", "x" },
        { "message_db: {host: x}", "message_db.host", "x" },
        { "message_db: {port: 81}", "message_db.port", "81" },
        { "message_db: {username: x}", "message_db.username", "x" },
        { "message_db: {password: x}", "message_db.password", "x" },
        { "message_db: {prefix: x}", "message_db.database_name_prefix", "x" },
        { "logging: {rails_log: true}", "logging.rails_log_enabled", "true" },
        { "logging: {graylog: {host: x}}", "gelf.host", "x" },
        { "logging: {graylog: {port: 81}}", "gelf.port", "81" },
        { "logging: {graylog: {facility: x}}", "gelf.facility", "x" },
        { "smtp_server: {port: 81}", "smtp_server.default_port", "81" },
        { "smtp_server: {bind_address: 0.0.0.0}", "smtp_server.default_bind_address", "0.0.0.0" },
        { "smtp_server: {tls_enabled: true}", "smtp_server.tls_enabled", "true" },
        { "smtp_server: {tls_certificate_path: $config-file-root/x}",
          "smtp_server.tls_certificate_path", "/config/x" },
        { "smtp_server: {tls_private_key_path: x}", "smtp_server.tls_private_key_path", "x" },
        { "smtp_server: {tls_ciphers: x}", "smtp_server.tls_ciphers", "x" },
        { "smtp_server: {ssl_version: TLSv1_2}", "smtp_server.ssl_version", "TLSv1_2" },
        { "smtp_server: {proxy_protocol: true}", "smtp_server.proxy_protocol", "true" },
        { "smtp_server: {max_message_size: 9}", "smtp_server.max_message_size", "9" },
        { "smtp_server: {log_connect: true}", "smtp_server.log_connections", "true" },
        { "dns: {mx_records: [x, y]}", "dns.mx_records", "x, y" },
        { "dns: {spf_include: x}", "dns.spf_include", "x" },
        { "dns: {return_path: x}", "dns.return_path_domain", "x" },
        { "dns: {route_domain: x}", "dns.route_domain", "x" },
        { "dns: {track_domain: x}", "dns.track_domain", "x" },
        { "dns: {helo_hostname: x}", "dns.helo_hostname", "x" },
        { "dns: {dkim_identifier: x}", "dns.dkim_identifier", "x" },
        { "dns: {domain_verify_prefix: x}", "dns.domain_verify_prefix", "x" },
        { "dns: {custom_return_path_prefix: x}", "dns.custom_return_path_prefix", "x" },
        { "smtp: {host: x}", "smtp.host", "x" },
        { "smtp: {port: 81}", "smtp.port", "81" },
        { "smtp: {username: x}", "smtp.username", "x" },
        { "smtp: {password: x}", "smtp.password", "x" },
        { "smtp: {from_name: x}", "smtp.from_name", "x" },
        { "smtp: {from_address: x}", "smtp.from_address", "x" },
        { "rails: {environment: x}", "rails.environment", "x" },
        { "rails: {secret_key: x}", "rails.secret_key", "x" },
        { "rspamd: {enabled: true}", "rspamd.enabled", "true" },
        { "rspamd: {host: x}", "rspamd.host", "x" },
        { "rspamd: {port: 81}", "rspamd.port", "81" },
        { "rspamd: {ssl: true}", "rspamd.ssl", "true" },
        { "rspamd: {password: x}", "rspamd.password", "x" },
        { "rspamd: {flags: x}", "rspamd.flags", "x" },
        { "spamd: {enabled: true}", "spamd.enabled", "true" },
        { "spamd: {host: x}", "spamd.host", "x" },
        { "spamd: {port: 81}", "spamd.port", "81" },
        { "clamav: {enabled: true}", "clamav.enabled", "true" },
        { "clamav: {host: x}", "clamav.host", "x" },
        { "clamav: {port: 81}", "clamav.port", "81" },
        { "smtp_client: {open_timeout: 9}", "smtp_client.open_timeout", "9" },
        { "smtp_client: {read_timeout: 9}", "smtp_client.read_timeout", "9" },
        { "smtp_relays: [{hostname: x, port: 81, ssl_mode: TLS}]", "postal.smtp_relays",
          "smtp://x:81?ssl_mode=TLS" },
};

TEST(every_old_key_sets_its_setting_and_no_other) {
        size_t with_legacy = 0;

        for (size_t i = 0; i < config_key_count; i++)
                with_legacy += config_keys[i].legacy != NULL;
        CHECK_INT(with_legacy, ELEMENTSOF(mapping));
        for (size_t i = 0; i < ELEMENTSOF(mapping); i++) {
                _cleanup_(fixture_done) Fixture f;
                const ConfigKey *key = fixture_key(mapping[i].path);

                fixture_load(&f, mapping[i].yaml, NULL);
                CHECK_INT(f.result, 0);
                CHECK(f.config->is_legacy);
                CHECK_VALUE(&f, mapping[i].path, mapping[i].value);
                for (size_t j = 0; j < config_key_count; j++)
                        CHECK_INT(config_origin(f.config, &config_keys[j])->spot.kind,
                                  &config_keys[j] == key ? CONFIG_ORIGIN_LEGACY
                                                         : CONFIG_ORIGIN_DEFAULT);
        }
}

TEST(null_leaves_the_default_of_today) {
        _cleanup_(fixture_done) Fixture f;

        fixture_load(&f,
                     "web: {host: }\n"
                     "general: {use_resent_sender_header: ~}\n"
                     "smtp_server: {tls_certificate_path: , ssl_version: null, bind_address: }\n"
                     "smtp: {from_name: }\n"
                     "dns: {mx_records: }\n"
                     "logging: {graylog: }\n"
                     "smtp_relays:\n"
                     "main_db:\n",
                     NULL);
        CHECK_INT(f.result, 0);
        CHECK_NO_FINDING(&f.report, CONFIG_WARNING);
        CHECK_VALUE(&f, "postal.web_hostname", "postal.example.com");
        CHECK_VALUE(&f, "postal.use_resent_sender_header", "true");
        CHECK_VALUE(&f, "smtp_server.tls_certificate_path", "/config/smtp.cert");
        CHECK_VALUE(&f, "smtp_server.ssl_version", "SSLv23");
        CHECK_VALUE(&f, "smtp_server.default_bind_address", "::");
        CHECK_VALUE(&f, "smtp.from_name", "Postal");
        CHECK_VALUE(&f, "dns.mx_records", "mx1.postal.example.com, mx2.postal.example.com");
        CHECK_VALUE(&f, "gelf.host", "null");
        CHECK_VALUE(&f, "main_db.host", "localhost");
        CHECK_VALUE(&f, "worker.threads", "2");
        CHECK_VALUE(&f, "smtp_client.read_timeout", "30");
}

TEST(the_environment_goes_before_an_old_file_too) {
        static const char *const environment[] = { "MAIN_DB_HOST=environment", "WORKER_THREADS=4",
                                                   NULL };
        _cleanup_(fixture_done) Fixture f;

        fixture_load(&f, "main_db: {host: file, username: file}\n", environment);
        CHECK_VALUE(&f, "main_db.host", "environment");
        CHECK_VALUE(&f, "main_db.username", "file");
        CHECK_VALUE(&f, "worker.threads", "4");
}

TEST(relays_become_addresses) {
        _cleanup_(fixture_done) Fixture f;

        fixture_load(&f,
                     "smtp_relays:\n"
                     "  - hostname: \n"
                     "    port: 25\n"
                     "    ssl_mode: Auto\n"
                     "  - hostname: one.example.net\n"
                     "  - {hostname: two.example.net, port: '2525', ssl_mode: TLS}\n"
                     "  - {port: 25}\n"
                     "  - text\n"
                     "  - {hostname: [x], port: {y: z}}\n",
                     NULL);
        CHECK_INT(f.result, 0);
        CHECK_VALUE(&f, "postal.smtp_relays",
                    "smtp://:25?ssl_mode=Auto, smtp://one.example.net:?ssl_mode=, "
                    "smtp://two.example.net:2525?ssl_mode=TLS, smtp://:25?ssl_mode=, "
                    "smtp://:?ssl_mode=, smtp://:?ssl_mode=");
        CHECK_INT(f.config->postal.relay_count, 2);
        CHECK_STR(f.config->postal.relays[0].host, "one.example.net");
        CHECK_INT(f.config->postal.relays[0].port, 25);
        CHECK_STR(f.config->postal.relays[0].ssl_mode, "");
        CHECK_INT(f.config->postal.relays[1].port, 2525);
}

TEST(a_bad_relay_is_shown_where_it_is) {
        _cleanup_(fixture_done) Fixture f;

        fixture_load(&f, "smtp_relays:\n  - hostname: fine\n  - hostname: not fine\n", NULL);
        CHECK_INT(f.result, -EINVAL);
        CHECK_FINDING(&f.report, CONFIG_ERROR, "relay cannot be read");
        CHECK_INT(fixture_find(&f.report, CONFIG_ERROR, NULL)->line, 3);
        CHECK_INT(fixture_find(&f.report, CONFIG_ERROR, NULL)->column, 5);
}

TEST(what_has_no_effect_is_said) {
        static const struct {
                const char *yaml;
                ConfigSeverity severity;
                const char *part;
        } rows[] = {
                { "rabbitmq: {host: x}", CONFIG_INFO, "\"rabbitmq\" has no effect any more" },
                { "workers: {threads: 4}", CONFIG_INFO, "\"workers\"" },
                { "fast_server: {enabled: no}", CONFIG_INFO, "\"fast_server\"" },
                { "logging: {stdout: true}", CONFIG_INFO, "\"logging.stdout\"" },
                { "logging: {root: x}", CONFIG_INFO, "\"logging.root\"" },
                { "logging: {max_log_file_size: 1}", CONFIG_INFO, "\"logging.max_log_file_size\"" },
                { "logging: {max_log_files: 1}", CONFIG_INFO, "\"logging.max_log_files\"" },
                { "smtp_server: {strip_received_headers: 1}", CONFIG_INFO,
                  "strip_received_headers" },
                { "smtp_server: {log_exclude_ips: x}", CONFIG_INFO, "log_exclude_ips" },
                { "message_db: {encoding: x}", CONFIG_INFO, "\"message_db.encoding\"" },
                { "postal: {web_hostname: x}", CONFIG_WARNING, "\"postal\" is not a setting" },
                { "smtp_server: {default_port: 26}", CONFIG_WARNING,
                  "Put \"version: 2\" at the top" },
                { "smtp_server: {max_errors: 26}", CONFIG_WARNING,
                  "Put \"version: 2\" at the top" },
                { "nonsense: 1", CONFIG_WARNING, "\"nonsense\" is not a setting" },
                { "logging: {graylog: {nonsense: 1}}", CONFIG_WARNING,
                  "\"logging.graylog.nonsense\"" },
                { "web: text", CONFIG_WARNING, "\"web\" must hold settings" },
                { "logging: {graylog: text}", CONFIG_WARNING, "\"graylog\" must hold settings" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(fixture_done) Fixture f;

                fixture_load(&f, rows[i].yaml, NULL);
                CHECK_INT(f.result, 0);
                CHECK_FINDING(&f.report, rows[i].severity, rows[i].part);
                if (rows[i].severity == CONFIG_INFO)
                        CHECK_NO_FINDING(&f.report, CONFIG_WARNING);
        }
}

TEST(an_explicit_one_is_the_old_format) {
        _cleanup_(fixture_done) Fixture f;

        fixture_load(&f, "version: 1\nweb: {host: x}\n", NULL);
        CHECK_INT(f.result, 0);
        CHECK_NO_FINDING(&f.report, CONFIG_WARNING);
        CHECK_VALUE(&f, "postal.web_hostname", "x");
}
