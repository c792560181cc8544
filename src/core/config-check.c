/* SPDX-License-Identifier: MIT */
/* One function for each thing that can be wrong; none depends on another. */
#include "core/config-check.h"
#include "basic/hashmap.h"
#include "core/address-matcher.h"
#include "core/config-check-files.h"
#include "core/config-origin.h"
#include "core/config-relay.h"

/* RFC 5321, section 4.5.3.1.8. */
#define RECIPIENTS_LEAST 100
/* RFC 5321, section 4.5.3.2.6. */
#define FINAL_DOT_TIMEOUT_LEAST 600

static const char example_domain[] = "example.com";

/* At the place where the setting got its value. */
#define FIND(config, report, severity, field, ...)                                                 \
        config_report_add(report, severity, config_place(config, &(config)->field), __VA_ARGS__)

static void check_ranges(const Config *config, ConfigReport *report) {
        for (size_t i = 0; i < config_key_count; i++) {
                const ConfigOrigin *origin = config_origin(config, &config_keys[i]);

                if (origin->rejected_text)
                        config_report_add(report, CONFIG_ERROR,
                                          config_spot_place(&origin->rejected, &config_keys[i]),
                                          "%s", origin->rejected_text);
        }
}

static void check_choices(const Config *config, ConfigReport *report) {
        for (size_t i = 0; i < config_key_count; i++) {
                const ConfigKey *key = &config_keys[i];

                if (key->choices && !config_key_allows(key, config_string(config, key)))
                        config_report_add(report, CONFIG_ERROR,
                                          config_place(config, config_field(config, key)),
                                          "\"%s\" is none of %s. Correct it.",
                                          config_string(config, key), key->choices);
        }
}

static bool is_example(const char *name) {
        size_t size = strlen(name), domain_size = sizeof(example_domain) - 1;
        Slice end;

        if (size < domain_size)
                return false;
        end = slice_make(name + size - domain_size, domain_size);
        return slice_equal_ignore_case(end, slice_from_string(example_domain)) &&
               (size == domain_size || strchr(".@", name[size - domain_size - 1]));
}

static bool is_host_name(const char *name) {
        for (const char *p = name; *p; p++)
                if (!ascii_is_alnum(*p) && *p != '.' && *p != '-' && *p != '_' && !(*p & 0x80))
                        return false;
        return *name != '.';
}

static void check_name(const Config *config, const ConfigKey *key, const char *name,
                       ConfigReport *report) {
        ConfigPlace place = config_place(config, config_field(config, key));
        bool is_address = streq(key->path, "smtp.from_address");

        if (is_example(name))
                config_report_add(report, CONFIG_WARNING, place,
                                  "This is still the example \"%s\". Put your own name there.",
                                  name);
        if (is_address && !strchr(name, '@'))
                config_report_add(report, CONFIG_ERROR, place,
                                  "\"%s\" is not an e-mail address. Correct it.", name);
        if (!is_address && !is_host_name(name))
                config_report_add(
                        report, CONFIG_ERROR, place,
                        "\"%s\" is not a host name. Write it without scheme, port, slash or space.",
                        name);
}

static void check_names(const Config *config, ConfigReport *report) {
        for (size_t i = 0; i < config_key_count; i++) {
                const ConfigKey *key = &config_keys[i];

                if (!(key->flags & CONFIG_HOSTNAME))
                        continue;
                if (key->type == CONFIG_STRING)
                        check_name(config, key, config_string(config, key), report);
                else
                        for (char *const *p = config_list(config, key); *p; p++)
                                check_name(config, key, *p, report);
        }
}

static void check_relays(const Config *config, ConfigReport *report) {
        if (config->postal.smtp_relays[0] && config->postal.relay_count == 0)
                FIND(config, report, CONFIG_WARNING, postal.smtp_relays,
                     "None of the relays names a host, so mail goes straight to the recipients' "
                     "servers. Name one, or remove the setting.");
        for (size_t i = 0; i < config->postal.relay_count; i++) {
                const SmtpRelay *relay = &config->postal.relays[i];

                if (!config_relay_knows_ssl_mode(relay->ssl_mode))
                        FIND(config, report, CONFIG_ERROR, postal.smtp_relays,
                             "The relay %s has the unknown ssl_mode \"%s\". It must be Auto, "
                             "STARTTLS, TLS or None.",
                             relay->host, relay->ssl_mode);
                else if (!*relay->ssl_mode)
                        FIND(config, report, CONFIG_WARNING, postal.smtp_relays,
                             "The relay %s has no ssl_mode, which means no TLS. Write "
                             "ssl_mode=Auto, or ssl_mode=None to keep it so.",
                             relay->host);
        }
}

/* The names of Ruby's OpenSSL, which may end in _server or _client. */
static void check_ssl_version(const Config *config, ConfigReport *report) {
        static const char *const names[] = { "SSLv23", "TLSv1_2", "TLSv1_1",
                                             "TLSv1",  "SSLv3",   "SSLv2" };
        const char *version = config->smtp_server.ssl_version;

        for (size_t i = 0; version && i < ELEMENTSOF(names); i++) {
                size_t size = strlen(names[i]);
                const char *end = version + size;

                if (strncmp(version, names[i], size) != 0 ||
                    (*end && !streq(end, "_server") && !streq(end, "_client")))
                        continue;
                if (i > 1)
                        FIND(config, report, CONFIG_WARNING, smtp_server.ssl_version,
                             "%s is not safe, and many clients refuse it. Use SSLv23, which stands "
                             "for all versions that are.",
                             names[i]);
                return;
        }
        if (version)
                FIND(config, report, CONFIG_ERROR, smtp_server.ssl_version,
                     "\"%s\" is not a version of TLS that can be chosen. Use SSLv23, which stands "
                     "for all that are safe.",
                     version);
}

static void check_matcher(const Config *config, ConfigReport *report) {
        const char *pattern = config->smtp_server.log_ip_address_exclusion_matcher;
        _cleanup_(address_matcher_freep) AddressMatcher *matcher = NULL;
        _cleanup_free_ char *text = NULL;
        int r;

        if (!pattern)
                return;
        r = address_matcher_new(pattern, &matcher, &text);
        if (r == -ENOMEM)
                report->error = r;
        else if (r < 0)
                FIND(config, report, CONFIG_ERROR, smtp_server.log_ip_address_exclusion_matcher,
                     "This expression cannot be used, so no client would be left out of the log: "
                     "%s Correct it.",
                     text);
}

static void check_proxies(const Config *config, ConfigReport *report) {
        bool has_networks = config->smtp_server.proxy_network_count > 0;

        if (config->smtp_server.proxy_protocol && !has_networks)
                FIND(config, report, CONFIG_WARNING, smtp_server.proxy_protocol,
                     "Every peer is believed which client address it names. List the addresses of "
                     "your proxies in smtp_server.proxy_trusted_networks.");
        if (!config->smtp_server.proxy_protocol && has_networks)
                FIND(config, report, CONFIG_WARNING, smtp_server.proxy_trusted_networks,
                     "This has no effect while smtp_server.proxy_protocol is false.");
}

static void check_authentication(const Config *config, ConfigReport *report) {
        bool has_starttls = config->smtp_server.tls_enabled;

        if (config->smtp_server.auth_requires_tls) {
                if (!has_starttls && config->smtp_server.submissions_port == 0)
                        FIND(config, report, CONFIG_ERROR, smtp_server.auth_requires_tls,
                             "Clients must use TLS to authenticate, but cannot. Set "
                             "smtp_server.tls_enabled, or smtp_server.submissions_port.");
        } else
                FIND(config, report, has_starttls ? CONFIG_INFO : CONFIG_WARNING,
                     smtp_server.auth_requires_tls,
                     "Clients can send their credentials without TLS, for others to read. Set %s.",
                     has_starttls ? "this to true" : "smtp_server.tls_enabled, and this to true");
}

static void check_secret_key(const Config *config, ConfigReport *report) {
        if (!config->rails.secret_key)
                FIND(config, report, CONFIG_WARNING, rails.secret_key,
                     "There is no secret key, so a start of the web server ends all its sessions, "
                     "and two web servers do not know each other's. Make one (\"openssl rand -hex "
                     "64\").");
}

typedef struct Listener {
        const int64_t *port; /* the field */
        const char *address;
        bool is_smtp; /* of the SMTP server's own ports, which are all opened by one process */
} Listener;

static bool is_wildcard(const char *address) {
        return streq(address, "::") || streq(address, "0.0.0.0") || streq(address, "[::]");
}

static bool clash(const Listener *a, const Listener *b) {
        return *a->port > 0 && *a->port == *b->port &&
               (streq(a->address, b->address) || is_wildcard(a->address) ||
                is_wildcard(b->address));
}

static void check_ports(const Config *config, ConfigReport *report) {
        const char *smtp_address = config->smtp_server.default_bind_address;
        const Listener listeners[] = {
                { &config->smtp_server.default_port, smtp_address, true },
                { &config->smtp_server.submission_port, smtp_address, true },
                { &config->smtp_server.submissions_port, smtp_address, true },
                { &config->smtp_server.default_health_server_port,
                  config->smtp_server.default_health_server_bind_address, false },
                { &config->worker.default_health_server_port,
                  config->worker.default_health_server_bind_address, false },
                { &config->web_server.default_port, config->web_server.default_bind_address,
                  false },
        };

        for (size_t i = 1; i < ELEMENTSOF(listeners); i++)
                for (size_t j = 0; j < i; j++) {
                        const Listener *a = &listeners[j], *b = &listeners[i];

                        if (!clash(a, b))
                                continue;
                        config_report_add(
                                report, a->is_smtp && b->is_smtp ? CONFIG_ERROR : CONFIG_WARNING,
                                config_place(config, b->port),
                                "This is port %lld, as %s is too. On one host only the first of "
                                "them can be opened; give them different ports.",
                                (long long) *b->port, config_key_of(config, a->port)->path);
                }
}

/* In .env, these are for all processes that read it. */
static void check_shared_variables(const Config *config, ConfigReport *report) {
        static const char *const names[] = { "PORT", "BIND_ADDRESS", "HEALTH_SERVER_PORT" };

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (hashmap_get(config->dotenv, slice_from_string(names[i])))
                        config_report_add(report, CONFIG_WARNING,
                                          (ConfigPlace){ .path = config->dotenv_path },
                                          "%s is set here for all processes, which cannot all have "
                                          "the same. Set it for each process, or use postal.yml.",
                                          names[i]);
}

static bool same_domain(const char *a, const char *b) {
        return slice_equal_ignore_case(slice_from_string(a), slice_from_string(b));
}

static void check_domains(const Config *config, ConfigReport *report) {
        if (same_domain(config->dns.return_path_domain, config->dns.route_domain))
                FIND(config, report, CONFIG_ERROR, dns.route_domain,
                     "This is the same domain as dns.return_path_domain, so mail to routes would "
                     "be taken for bounces. Use another.");
}

static void check_db_host(const Config *config, char *const *host, int64_t port,
                          ConfigReport *report) {
        DbHost *hosts;
        size_t count;
        int r = config_parse_db_hosts(*host, port, &hosts, &count);

        if (r == -ENOMEM)
                report->error = r;
        else if (r < 0)
                config_report_add(
                        report, CONFIG_ERROR, config_place(config, host),
                        "\"%s\" is not a host, nor a list HOST:PORT,HOST:PORT. Correct it.", *host);
        else
                db_hosts_free(hosts, count);
}

static void check_oidc(const Config *config, ConfigReport *report) {
        /* The last four only when they are not discovered. */
        char *const *const required[] = {
                &config->oidc.issuer,         &config->oidc.identifier,
                &config->oidc.secret,         &config->oidc.authorization_endpoint,
                &config->oidc.token_endpoint, &config->oidc.userinfo_endpoint,
                &config->oidc.jwks_uri,
        };

        if (!config->oidc.enabled) {
                if (!config->oidc.local_authentication_enabled)
                        FIND(config, report, CONFIG_WARNING, oidc.local_authentication_enabled,
                             "Passwords are off, but so is oidc.enabled: there is no other way to "
                             "log in. Set one of them.");
                return;
        }
        for (size_t i = 0; i < (config->oidc.discovery ? 3 : ELEMENTSOF(required)); i++)
                if (!*required[i])
                        config_report_add(report, CONFIG_ERROR, config_place(config, required[i]),
                                          "This must be set for OpenID Connect to work.");
}

static void check_spam(const Config *config, ConfigReport *report) {
        if (config->postal.default_spam_failure_threshold < config->postal.default_spam_threshold)
                FIND(config, report, CONFIG_WARNING, postal.default_spam_failure_threshold,
                     "This is below postal.default_spam_threshold, so nothing would ever be marked "
                     "as spam without being refused. Raise it.");
        if (config->rspamd.enabled && config->spamd.enabled)
                FIND(config, report, CONFIG_INFO, spamd.enabled,
                     "Rspamd is enabled too, and only that one is asked.");
        if (config->clamav.enabled && !config_is_set(config, &config->clamav.port))
                FIND(config, report, CONFIG_INFO, clamav.port,
                     "The default is 2000, but clamd itself listens on 3310 by default. Set the "
                     "port.");
}

static void check_limits(const Config *config, ConfigReport *report) {
        if (config->smtp_server.max_recipients < RECIPIENTS_LEAST)
                FIND(config, report, CONFIG_WARNING, smtp_server.max_recipients,
                     "Other servers count on %d recipients at least (RFC 5321). Raise it.",
                     RECIPIENTS_LEAST);
        if (config->smtp_client.final_dot_timeout < FINAL_DOT_TIMEOUT_LEAST)
                FIND(config, report, CONFIG_WARNING, smtp_client.final_dot_timeout,
                     "Below %d seconds (RFC 5321) slow servers get messages twice. Raise it.",
                     FINAL_DOT_TIMEOUT_LEAST);
        if (config->smtp.username && !config->smtp.password)
                FIND(config, report, CONFIG_WARNING, smtp.password,
                     "There is a user name, smtp.username, but no password. Set both or none.");
}

int config_check(const Config *config, const ConfigFs *fs, ConfigReport *report) {
        static void (*const checks[])(const Config *config, ConfigReport *report) = {
                check_ranges,  check_choices, check_names,          check_relays,
                check_matcher, check_proxies, check_authentication, check_ssl_version,
                check_domains, check_ports,   check_secret_key,     check_shared_variables,
                check_oidc,    check_spam,    check_limits,
        };

        assert(config);
        assert(fs);
        assert(report);

        for (size_t i = 0; i < ELEMENTSOF(checks); i++)
                checks[i](config, report);
        check_db_host(config, &config->main_db.host, config->main_db.port, report);
        check_db_host(config, &config->message_db.host, config->message_db.port, report);
        config_check_files(config, fs, report);
        if (report->error < 0)
                return report->error;
        return report->totals[CONFIG_ERROR] > 0 ? -EINVAL : 0;
}
