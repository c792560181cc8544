/* SPDX-License-Identifier: MIT */
#include "config-fixture.h"

typedef struct Row {
        const char *path;
        ConfigType type;
        const char *initial;
        const char *env_name;
} Row;

/* Every setting of Postal 3.3.6. */
static const Row reference[] = {
        { "postal.web_hostname", CONFIG_STRING, "postal.example.com", "POSTAL_WEB_HOSTNAME" },
        { "postal.web_protocol", CONFIG_STRING, "https", "POSTAL_WEB_PROTOCOL" },
        { "postal.smtp_hostname", CONFIG_STRING, "postal.example.com", "POSTAL_SMTP_HOSTNAME" },
        { "postal.use_ip_pools", CONFIG_BOOLEAN, "false", "POSTAL_USE_IP_POOLS" },
        { "postal.default_maximum_delivery_attempts", CONFIG_INTEGER, "18",
          "POSTAL_DEFAULT_MAXIMUM_DELIVERY_ATTEMPTS" },
        { "postal.default_maximum_hold_expiry_days", CONFIG_INTEGER, "7",
          "POSTAL_DEFAULT_MAXIMUM_HOLD_EXPIRY_DAYS" },
        { "postal.default_suppression_list_automatic_removal_days", CONFIG_INTEGER, "30",
          "POSTAL_DEFAULT_SUPPRESSION_LIST_AUTOMATIC_REMOVAL_DAYS" },
        { "postal.default_spam_threshold", CONFIG_INTEGER, "5", "POSTAL_DEFAULT_SPAM_THRESHOLD" },
        { "postal.default_spam_failure_threshold", CONFIG_INTEGER, "20",
          "POSTAL_DEFAULT_SPAM_FAILURE_THRESHOLD" },
        { "postal.use_local_ns_for_domain_verification", CONFIG_BOOLEAN, "false",
          "POSTAL_USE_LOCAL_NS_FOR_DOMAIN_VERIFICATION" },
        { "postal.use_resent_sender_header", CONFIG_BOOLEAN, "true",
          "POSTAL_USE_RESENT_SENDER_HEADER" },
        { "postal.signing_key_path", CONFIG_STRING, "/config/signing.key",
          "POSTAL_SIGNING_KEY_PATH" },
        { "postal.smtp_relays", CONFIG_LIST, "", "POSTAL_SMTP_RELAYS" },
        { "postal.trusted_proxies", CONFIG_LIST, "", "POSTAL_TRUSTED_PROXIES" },
        { "postal.queued_message_lock_stale_days", CONFIG_INTEGER, "1",
          "POSTAL_QUEUED_MESSAGE_LOCK_STALE_DAYS" },
        { "postal.batch_queued_messages", CONFIG_BOOLEAN, "true", "POSTAL_BATCH_QUEUED_MESSAGES" },
        { "web_server.default_port", CONFIG_INTEGER, "5000", "WEB_SERVER_DEFAULT_PORT" },
        { "web_server.default_bind_address", CONFIG_STRING, "127.0.0.1",
          "WEB_SERVER_DEFAULT_BIND_ADDRESS" },
        { "web_server.max_threads", CONFIG_INTEGER, "5", "WEB_SERVER_MAX_THREADS" },
        { "worker.default_health_server_port", CONFIG_INTEGER, "9090",
          "WORKER_DEFAULT_HEALTH_SERVER_PORT" },
        { "worker.default_health_server_bind_address", CONFIG_STRING, "127.0.0.1",
          "WORKER_DEFAULT_HEALTH_SERVER_BIND_ADDRESS" },
        { "worker.threads", CONFIG_INTEGER, "2", "WORKER_THREADS" },
        { "main_db.host", CONFIG_STRING, "localhost", "MAIN_DB_HOST" },
        { "main_db.port", CONFIG_INTEGER, "3306", "MAIN_DB_PORT" },
        { "main_db.username", CONFIG_STRING, "postal", "MAIN_DB_USERNAME" },
        { "main_db.password", CONFIG_STRING, "null", "MAIN_DB_PASSWORD" },
        { "main_db.database", CONFIG_STRING, "postal", "MAIN_DB_DATABASE" },
        { "main_db.pool_size", CONFIG_INTEGER, "5", "MAIN_DB_POOL_SIZE" },
        { "main_db.encoding", CONFIG_STRING, "utf8mb4", "MAIN_DB_ENCODING" },
        { "message_db.host", CONFIG_STRING, "localhost", "MESSAGE_DB_HOST" },
        { "message_db.port", CONFIG_INTEGER, "3306", "MESSAGE_DB_PORT" },
        { "message_db.username", CONFIG_STRING, "postal", "MESSAGE_DB_USERNAME" },
        { "message_db.password", CONFIG_STRING, "null", "MESSAGE_DB_PASSWORD" },
        { "message_db.encoding", CONFIG_STRING, "utf8mb4", "MESSAGE_DB_ENCODING" },
        { "message_db.database_name_prefix", CONFIG_STRING, "postal",
          "MESSAGE_DB_DATABASE_NAME_PREFIX" },
        { "logging.rails_log_enabled", CONFIG_BOOLEAN, "false", "LOGGING_RAILS_LOG_ENABLED" },
        { "logging.sentry_dsn", CONFIG_STRING, "null", "LOGGING_SENTRY_DSN" },
        { "logging.enabled", CONFIG_BOOLEAN, "true", "LOGGING_ENABLED" },
        { "logging.highlighting_enabled", CONFIG_BOOLEAN, "false", "LOGGING_HIGHLIGHTING_ENABLED" },
        { "gelf.host", CONFIG_STRING, "null", "GELF_HOST" },
        { "gelf.port", CONFIG_INTEGER, "12201", "GELF_PORT" },
        { "gelf.facility", CONFIG_STRING, "postal", "GELF_FACILITY" },
        { "smtp_server.default_port", CONFIG_INTEGER, "25", "SMTP_SERVER_DEFAULT_PORT" },
        { "smtp_server.default_bind_address", CONFIG_STRING,
          "::", "SMTP_SERVER_DEFAULT_BIND_ADDRESS" },
        { "smtp_server.default_health_server_port", CONFIG_INTEGER, "9091",
          "SMTP_SERVER_DEFAULT_HEALTH_SERVER_PORT" },
        { "smtp_server.default_health_server_bind_address", CONFIG_STRING, "127.0.0.1",
          "SMTP_SERVER_DEFAULT_HEALTH_SERVER_BIND_ADDRESS" },
        { "smtp_server.tls_enabled", CONFIG_BOOLEAN, "false", "SMTP_SERVER_TLS_ENABLED" },
        { "smtp_server.tls_certificate_path", CONFIG_STRING, "/config/smtp.cert",
          "SMTP_SERVER_TLS_CERTIFICATE_PATH" },
        { "smtp_server.tls_private_key_path", CONFIG_STRING, "/config/smtp.key",
          "SMTP_SERVER_TLS_PRIVATE_KEY_PATH" },
        { "smtp_server.tls_ciphers", CONFIG_STRING, "null", "SMTP_SERVER_TLS_CIPHERS" },
        { "smtp_server.ssl_version", CONFIG_STRING, "SSLv23", "SMTP_SERVER_SSL_VERSION" },
        { "smtp_server.proxy_protocol", CONFIG_BOOLEAN, "false", "SMTP_SERVER_PROXY_PROTOCOL" },
        { "smtp_server.log_connections", CONFIG_BOOLEAN, "false", "SMTP_SERVER_LOG_CONNECTIONS" },
        { "smtp_server.max_message_size", CONFIG_INTEGER, "14", "SMTP_SERVER_MAX_MESSAGE_SIZE" },
        { "smtp_server.log_ip_address_exclusion_matcher", CONFIG_STRING, "null",
          "SMTP_SERVER_LOG_IP_ADDRESS_EXCLUSION_MATCHER" },
        { "dns.mx_records", CONFIG_LIST, "mx1.postal.example.com, mx2.postal.example.com",
          "DNS_MX_RECORDS" },
        { "dns.spf_include", CONFIG_STRING, "spf.postal.example.com", "DNS_SPF_INCLUDE" },
        { "dns.return_path_domain", CONFIG_STRING, "rp.postal.example.com",
          "DNS_RETURN_PATH_DOMAIN" },
        { "dns.route_domain", CONFIG_STRING, "routes.postal.example.com", "DNS_ROUTE_DOMAIN" },
        { "dns.track_domain", CONFIG_STRING, "track.postal.example.com", "DNS_TRACK_DOMAIN" },
        { "dns.helo_hostname", CONFIG_STRING, "null", "DNS_HELO_HOSTNAME" },
        { "dns.dkim_identifier", CONFIG_STRING, "postal", "DNS_DKIM_IDENTIFIER" },
        { "dns.domain_verify_prefix", CONFIG_STRING, "postal-verification",
          "DNS_DOMAIN_VERIFY_PREFIX" },
        { "dns.custom_return_path_prefix", CONFIG_STRING, "psrp", "DNS_CUSTOM_RETURN_PATH_PREFIX" },
        { "dns.timeout", CONFIG_INTEGER, "5", "DNS_TIMEOUT" },
        { "dns.resolv_conf_path", CONFIG_STRING, "/etc/resolv.conf", "DNS_RESOLV_CONF_PATH" },
        { "smtp.host", CONFIG_STRING, "127.0.0.1", "SMTP_HOST" },
        { "smtp.port", CONFIG_INTEGER, "25", "SMTP_PORT" },
        { "smtp.username", CONFIG_STRING, "null", "SMTP_USERNAME" },
        { "smtp.password", CONFIG_STRING, "null", "SMTP_PASSWORD" },
        { "smtp.authentication_type", CONFIG_STRING, "login", "SMTP_AUTHENTICATION_TYPE" },
        { "smtp.enable_starttls", CONFIG_BOOLEAN, "false", "SMTP_ENABLE_STARTTLS" },
        { "smtp.enable_starttls_auto", CONFIG_BOOLEAN, "true", "SMTP_ENABLE_STARTTLS_AUTO" },
        { "smtp.openssl_verify_mode", CONFIG_STRING, "peer", "SMTP_OPENSSL_VERIFY_MODE" },
        { "smtp.from_name", CONFIG_STRING, "Postal", "SMTP_FROM_NAME" },
        { "smtp.from_address", CONFIG_STRING, "postal@example.com", "SMTP_FROM_ADDRESS" },
        { "rails.environment", CONFIG_STRING, "production", "RAILS_ENVIRONMENT" },
        { "rails.secret_key", CONFIG_STRING, "null", "RAILS_SECRET_KEY" },
        { "rspamd.enabled", CONFIG_BOOLEAN, "false", "RSPAMD_ENABLED" },
        { "rspamd.host", CONFIG_STRING, "127.0.0.1", "RSPAMD_HOST" },
        { "rspamd.port", CONFIG_INTEGER, "11334", "RSPAMD_PORT" },
        { "rspamd.ssl", CONFIG_BOOLEAN, "false", "RSPAMD_SSL" },
        { "rspamd.password", CONFIG_STRING, "null", "RSPAMD_PASSWORD" },
        { "rspamd.flags", CONFIG_STRING, "null", "RSPAMD_FLAGS" },
        { "spamd.enabled", CONFIG_BOOLEAN, "false", "SPAMD_ENABLED" },
        { "spamd.host", CONFIG_STRING, "127.0.0.1", "SPAMD_HOST" },
        { "spamd.port", CONFIG_INTEGER, "783", "SPAMD_PORT" },
        { "clamav.enabled", CONFIG_BOOLEAN, "false", "CLAMAV_ENABLED" },
        { "clamav.host", CONFIG_STRING, "127.0.0.1", "CLAMAV_HOST" },
        { "clamav.port", CONFIG_INTEGER, "2000", "CLAMAV_PORT" },
        { "smtp_client.open_timeout", CONFIG_INTEGER, "30", "SMTP_CLIENT_OPEN_TIMEOUT" },
        { "smtp_client.read_timeout", CONFIG_INTEGER, "30", "SMTP_CLIENT_READ_TIMEOUT" },
        { "migration_waiter.enabled", CONFIG_BOOLEAN, "false", "MIGRATION_WAITER_ENABLED" },
        { "migration_waiter.attempts", CONFIG_INTEGER, "120", "MIGRATION_WAITER_ATTEMPTS" },
        { "migration_waiter.sleep_time", CONFIG_INTEGER, "2", "MIGRATION_WAITER_SLEEP_TIME" },
        { "oidc.enabled", CONFIG_BOOLEAN, "false", "OIDC_ENABLED" },
        { "oidc.local_authentication_enabled", CONFIG_BOOLEAN, "true",
          "OIDC_LOCAL_AUTHENTICATION_ENABLED" },
        { "oidc.name", CONFIG_STRING, "OIDC Provider", "OIDC_NAME" },
        { "oidc.issuer", CONFIG_STRING, "null", "OIDC_ISSUER" },
        { "oidc.identifier", CONFIG_STRING, "null", "OIDC_IDENTIFIER" },
        { "oidc.secret", CONFIG_STRING, "null", "OIDC_SECRET" },
        { "oidc.scopes", CONFIG_LIST, "openid, email", "OIDC_SCOPES" },
        { "oidc.uid_field", CONFIG_STRING, "sub", "OIDC_UID_FIELD" },
        { "oidc.email_address_field", CONFIG_STRING, "email", "OIDC_EMAIL_ADDRESS_FIELD" },
        { "oidc.name_field", CONFIG_STRING, "name", "OIDC_NAME_FIELD" },
        { "oidc.discovery", CONFIG_BOOLEAN, "true", "OIDC_DISCOVERY" },
        { "oidc.authorization_endpoint", CONFIG_STRING, "null", "OIDC_AUTHORIZATION_ENDPOINT" },
        { "oidc.token_endpoint", CONFIG_STRING, "null", "OIDC_TOKEN_ENDPOINT" },
        { "oidc.userinfo_endpoint", CONFIG_STRING, "null", "OIDC_USERINFO_ENDPOINT" },
        { "oidc.jwks_uri", CONFIG_STRING, "null", "OIDC_JWKS_URI" },
};

/* Those that we add. */
static const Row ours[] = {
        { "smtp_server.submission_port", CONFIG_INTEGER, "0", "SMTP_SERVER_SUBMISSION_PORT" },
        { "smtp_server.submissions_port", CONFIG_INTEGER, "0", "SMTP_SERVER_SUBMISSIONS_PORT" },
        { "smtp_server.max_connections", CONFIG_INTEGER, "10000", "SMTP_SERVER_MAX_CONNECTIONS" },
        { "smtp_server.max_connections_per_address", CONFIG_INTEGER, "200",
          "SMTP_SERVER_MAX_CONNECTIONS_PER_ADDRESS" },
        { "smtp_server.max_recipients", CONFIG_INTEGER, "1000", "SMTP_SERVER_MAX_RECIPIENTS" },
        { "smtp_server.max_errors", CONFIG_INTEGER, "50", "SMTP_SERVER_MAX_ERRORS" },
        { "smtp_server.command_timeout", CONFIG_INTEGER, "300", "SMTP_SERVER_COMMAND_TIMEOUT" },
        { "smtp_server.data_timeout", CONFIG_INTEGER, "180", "SMTP_SERVER_DATA_TIMEOUT" },
        { "smtp_server.auth_requires_tls", CONFIG_BOOLEAN, "false",
          "SMTP_SERVER_AUTH_REQUIRES_TLS" },
        { "smtp_server.auth_failures_per_minute", CONFIG_INTEGER, "30",
          "SMTP_SERVER_AUTH_FAILURES_PER_MINUTE" },
        { "smtp_server.proxy_trusted_networks", CONFIG_LIST, "",
          "SMTP_SERVER_PROXY_TRUSTED_NETWORKS" },
        { "smtp_server.spool_directory", CONFIG_STRING, "null", "SMTP_SERVER_SPOOL_DIRECTORY" },
        { "smtp_client.max_connections_per_destination", CONFIG_INTEGER, "20",
          "SMTP_CLIENT_MAX_CONNECTIONS_PER_DESTINATION" },
        { "smtp_client.max_connections_per_host", CONFIG_INTEGER, "40",
          "SMTP_CLIENT_MAX_CONNECTIONS_PER_HOST" },
        { "smtp_client.max_messages_per_connection", CONFIG_INTEGER, "100",
          "SMTP_CLIENT_MAX_MESSAGES_PER_CONNECTION" },
        { "smtp_client.command_timeout", CONFIG_INTEGER, "300", "SMTP_CLIENT_COMMAND_TIMEOUT" },
        { "smtp_client.data_timeout", CONFIG_INTEGER, "180", "SMTP_CLIENT_DATA_TIMEOUT" },
        { "smtp_client.final_dot_timeout", CONFIG_INTEGER, "600", "SMTP_CLIENT_FINAL_DOT_TIMEOUT" },
        { "smtp_client.idle_timeout", CONFIG_INTEGER, "5", "SMTP_CLIENT_IDLE_TIMEOUT" },
        { "worker.instance", CONFIG_STRING, "null", "WORKER_INSTANCE" },
        { "dns.dnssec", CONFIG_BOOLEAN, "false", "DNS_DNSSEC" },
        { "dns.trust_anchor_path", CONFIG_STRING, "null", "DNS_TRUST_ANCHOR_PATH" },
        { "logging.level", CONFIG_STRING, "info", "LOGGING_LEVEL" },
};

static const Row *find_row(const Row *rows, size_t count, const char *path) {
        for (size_t i = 0; i < count; i++)
                if (streq(rows[i].path, path))
                        return &rows[i];
        return NULL;
}

TEST(every_setting_has_its_type_default_and_variable) {
        _cleanup_(fixture_done) Fixture f;
        char env_name[CONFIG_ENV_NAME_MAX];

        fixture_load(&f, "version: 2\n", NULL);
        CHECK_INT(f.result, 0);
        CHECK_INT(f.report.count, 1);
        CHECK_INT(config_key_count, ELEMENTSOF(reference) + ELEMENTSOF(ours));
        for (size_t i = 0; i < config_key_count; i++) {
                const ConfigKey *key = &config_keys[i];
                const Row *row = key->flags & CONFIG_OURS
                                         ? find_row(ours, ELEMENTSOF(ours), key->path)
                                         : find_row(reference, ELEMENTSOF(reference), key->path);

                if (!row)
                        test_fail(__FILE__, __LINE__, "%s is not expected", key->path);
                CHECK_INT(key->type, row->type);
                CHECK_VALUE(&f, key->path, row->initial);
                CHECK_STR(config_key_env_name(key, env_name), row->env_name);
                CHECK_INT(config_origin(f.config, key)->spot.kind, CONFIG_ORIGIN_DEFAULT);
                CHECK(!config_is_set(f.config, config_field(f.config, key)));
        }
}

/* A value of the type that is not the default. */
static const char *other_value(const ConfigKey *key) {
        static char number[24];

        switch (key->type) {
        case CONFIG_STRING:
                return streq(key->path, "logging.level") ? "debug" : "other";
        case CONFIG_INTEGER:
                (void) snprintf(number, sizeof(number), "%lld",
                                (long long) strtoll(key->initial, NULL, 10) + 1);
                return number;
        case CONFIG_BOOLEAN:
                return streq(key->initial, "true") ? "false" : "true";
        case CONFIG_LIST:
                return key->flags & CONFIG_NETWORKS ? "192.0.2.0/24" : "smtp://other";
        }
        return NULL;
}

TEST(every_variable_sets_its_setting_and_no_other) {
        for (size_t i = 0; i < config_key_count; i++) {
                const ConfigKey *key = &config_keys[i];
                _cleanup_(fixture_done) Fixture f;
                char env_name[CONFIG_ENV_NAME_MAX], variable[200];
                const char *environment[] = { variable, NULL };

                (void) snprintf(variable, sizeof(variable), "%s=%s",
                                config_key_env_name(key, env_name), other_value(key));
                fixture_load(&f, "version: 2\n", environment);
                CHECK_INT(f.result, 0);
                CHECK_VALUE(&f, key->path, other_value(key));
                for (size_t j = 0; j < config_key_count; j++)
                        CHECK_INT(config_origin(f.config, &config_keys[j])->spot.kind,
                                  j == i ? CONFIG_ORIGIN_ENVIRONMENT : CONFIG_ORIGIN_DEFAULT);
                CHECK(config_is_set(f.config, config_field(f.config, key)));
        }
}

TEST(every_key_of_the_file_sets_its_setting_and_no_other) {
        for (size_t i = 0; i < config_key_count; i++) {
                const ConfigKey *key = &config_keys[i];
                _cleanup_(fixture_done) Fixture f;
                char yaml[200];

                (void) snprintf(yaml, sizeof(yaml), "version: 2\n%s:\n  %s: %s\n", key->group,
                                key->name, other_value(key));
                fixture_load(&f, yaml, NULL);
                CHECK_INT(f.result, 0);
                CHECK_NO_FINDING(&f.report, CONFIG_WARNING);
                CHECK_VALUE(&f, key->path, other_value(key));
                CHECK_INT(config_origin(f.config, key)->spot.line, 3);
                CHECK_INT(config_origin(f.config, key)->spot.column, strlen(key->name) + 5);
                for (size_t j = 0; j < config_key_count; j++)
                        CHECK_INT(config_origin(f.config, &config_keys[j])->spot.kind,
                                  j == i ? CONFIG_ORIGIN_FILE : CONFIG_ORIGIN_DEFAULT);
        }
}

TEST(every_row_is_complete) {
        for (size_t i = 0; i < config_key_count; i++) {
                const ConfigKey *key = &config_keys[i];
                size_t size = strlen(key->description);

                CHECK(size > 10 && key->description[size - 1] == '.');
                CHECK(ascii_is_alpha(key->description[0]));
                if (!key->initial)
                        CHECK(key->type == CONFIG_STRING && (key->flags & CONFIG_NULLABLE));
                if (key->initial && key->choices)
                        CHECK(config_key_allows(key, key->initial));
                if (key->type == CONFIG_INTEGER) {
                        int64_t initial = strtoll(key->initial, NULL, 10);

                        CHECK(key->min <= initial && initial <= key->max && key->min < key->max);
                }
                for (size_t j = 0; j < i; j++) {
                        CHECK(!streq(key->path, config_keys[j].path));
                        CHECK(!key->legacy || !streq_ptr(key->legacy, config_keys[j].legacy));
                        CHECK(key->offset != config_keys[j].offset);
                }
        }
}

TEST(groups_are_in_order_and_whole) {
        size_t group = 0;

        for (size_t i = 0; i < config_key_count; i++) {
                if (!streq(config_keys[i].group, config_groups[group].name))
                        group++;
                CHECK(group < config_group_count);
                CHECK_STR(config_keys[i].group, config_groups[group].name);
        }
        CHECK_INT(group + 1, config_group_count);
}

TEST(secrets_are_marked) {
        static const char *const secrets[] = {
                "main_db.password", "message_db.password", "logging.sentry_dsn", "smtp.password",
                "rails.secret_key", "rspamd.password",     "oidc.secret",
        };

        for (size_t i = 0; i < config_key_count; i++) {
                bool is_secret = false;

                for (size_t j = 0; j < ELEMENTSOF(secrets); j++)
                        is_secret |= streq(config_keys[i].path, secrets[j]);
                if (is_secret != !!(config_keys[i].flags & CONFIG_SECRET))
                        test_fail(__FILE__, __LINE__, "%s", config_keys[i].path);
        }
}

TEST(choices) {
        const ConfigKey *level = fixture_key("logging.level");

        CHECK(config_key_allows(level, "debug"));
        CHECK(config_key_allows(level, "error"));
        CHECK(!config_key_allows(level, "err"));
        CHECK(!config_key_allows(level, "errors"));
        CHECK(!config_key_allows(level, ""));
        CHECK(!config_key_allows(level, "debug|info"));
        CHECK(config_key_allows(fixture_key("dns.route_domain"), "anything"));
}
