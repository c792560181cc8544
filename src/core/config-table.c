/* SPDX-License-Identifier: MIT */
#include "core/config-table.h"
#include "core/config.h"

/* The offset of a field, which does not compile when the field has another type than the row. */
#define FIELD(g, n, c_type)                                                                        \
        (offsetof(Config, g.n) +                                                                   \
         0 * sizeof(struct {                                                                       \
                 _Static_assert(                                                                   \
                         __builtin_types_compatible_p(__typeof__(((Config *) 0)->g.n), c_type),    \
                         #g "." #n " has another type");                                           \
                 int unused;                                                                       \
         }))

/* The start of a row; the default and the description follow. */
#define ROW(g, n, kind, c_type)                                                                    \
        .path = #g "." #n, .group = #g, .name = #n, .type = kind, .offset = FIELD(g, n, c_type)
#define STRING(g, n) ROW(g, n, CONFIG_STRING, char *)
#define BOOLEAN(g, n) ROW(g, n, CONFIG_BOOLEAN, bool)
#define LIST(g, n) ROW(g, n, CONFIG_LIST, char **)
#define INTEGER(g, n, least, most) .min = least, .max = most, ROW(g, n, CONFIG_INTEGER, int64_t)
#define PORT(g, n) INTEGER(g, n, 1, 65535)

#define NULLABLE .flags = CONFIG_NULLABLE
#define SECRET .flags = CONFIG_NULLABLE | CONFIG_SECRET
#define HOSTNAME .flags = CONFIG_HOSTNAME
#define ROOTED .flags = CONFIG_PATH
#define OURS .flags = CONFIG_OURS

const ConfigGroup config_groups[] = {
        { "postal", "What concerns the whole installation." },
        { "web_server", "The web interface, the HTTP API and the tracking of clicks and opens." },
        { "worker", "The workers, which deliver messages and run background jobs." },
        { "main_db", "The main database, with organizations, servers, users and the queue." },
        { "message_db", "The databases of messages, one for each mail server." },
        { "logging", "What is logged." },
        { "gelf", "Sending the log to Graylog." },
        { "smtp_server", "The SMTP server, which receives mail." },
        { "dns", "Names that appear in DNS records, and how names are looked up." },
        { "smtp", "How the platform sends its own mail, such as password resets." },
        { "rails", "Settings that keep the name of the framework they had in Ruby Postal." },
        { "rspamd", "Checking messages with Rspamd." },
        { "spamd", "Checking messages with SpamAssassin." },
        { "clamav", "Checking messages with ClamAV." },
        { "smtp_client", "Delivery by SMTP to other servers." },
        { "migration_waiter", "Waiting at start for the database schema to be current." },
        { "oidc", "Logging in through an OpenID Connect provider." },
};
const size_t config_group_count = ELEMENTSOF(config_groups);

const ConfigKey config_keys[] = {
        { STRING(postal, web_hostname), "postal.example.com",
          "Host name under which browsers and API clients reach the web server.",
          .legacy = "web.host", HOSTNAME },
        { STRING(postal, web_protocol), "https", "Scheme of the links to the web interface.",
          .legacy = "web.protocol", .choices = "http|https" },
        { STRING(postal, smtp_hostname), "postal.example.com",
          "Name of the SMTP server in its greeting and in Received headers, and in EHLO to other "
          "servers where dns.helo_hostname is not set.",
          .legacy = "dns.smtp_server_hostname", HOSTNAME },
        { BOOLEAN(postal, use_ip_pools), "false",
          "Whether messages leave from the addresses of IP pools.",
          .legacy = "general.use_ip_pools" },
        { INTEGER(postal, default_maximum_delivery_attempts, 0, 1000), "18",
          "Attempts to deliver a message before it counts as failed for good.",
          .legacy = "general.maximum_delivery_attempts" },
        { INTEGER(postal, default_maximum_hold_expiry_days, 0, 36500), "7",
          "Days after which a held message can no longer be released.",
          .legacy = "general.maximum_hold_expiry_days" },
        { INTEGER(postal, default_suppression_list_automatic_removal_days, 0, 36500), "30",
          "Days that an address stays on a suppression list.",
          .legacy = "general.suppression_list_removal_delay" },
        { INTEGER(postal, default_spam_threshold, -100000, 100000), "5",
          "Spam score from which new mail servers mark a message as spam.",
          .legacy = "general.default_spam_threshold" },
        { INTEGER(postal, default_spam_failure_threshold, -100000, 100000), "20",
          "Spam score from which new mail servers refuse to process a message.",
          .legacy = "general.default_spam_failure_threshold" },
        { BOOLEAN(postal, use_local_ns_for_domain_verification), "false",
          "Whether domains are verified through the local resolver, and not at their own name "
          "servers.",
          .legacy = "general.use_local_ns_for_domains" },
        { BOOLEAN(postal, use_resent_sender_header), "true",
          "Whether outgoing messages get a Resent-Sender header with the envelope sender.",
          .legacy = "general.use_resent_sender_header" },
        { STRING(postal, signing_key_path), "$config-file-root/signing.key",
          "File with the RSA private key (PEM) that signs webhooks, HTTP requests to endpoints, "
          "and mail of domains that have no DKIM record yet.",
          ROOTED },
        { LIST(postal, smtp_relays), "",
          "Relays that get all outgoing mail in place of the recipients' own servers, in order of "
          "trial, each as smtp://HOST:PORT?ssl_mode=MODE. PORT is 25 by default. MODE is Auto "
          "(STARTTLS if offered, the default), STARTTLS (required), TLS (from the start) or None.",
          .legacy = "smtp_relays", .flags = CONFIG_NULLABLE | CONFIG_RELAYS },
        { LIST(postal, trusted_proxies), "",
          "Addresses or networks of further proxies in front of the web server whose "
          "X-Forwarded-For header is believed.",
          .flags = CONFIG_NULLABLE | CONFIG_NETWORKS },
        { INTEGER(postal, queued_message_lock_stale_days, 0, 36500), "1",
          "Days after which Ruby Postal deletes a locked message from the queue. Has no effect "
          "here: the messages of a dead worker go back to the queue." },
        { BOOLEAN(postal, batch_queued_messages), "true",
          "Whether a worker takes messages to the same destination from the queue together." },

        { PORT(web_server, default_port), "5000",
          "Port of the web server, unless the variable PORT or a systemd socket gives another.",
          .legacy = "web_server.port" },
        { STRING(web_server, default_bind_address), "127.0.0.1",
          "Address the web server listens on, unless the variable BIND_ADDRESS or a systemd socket "
          "gives another.",
          .legacy = "web_server.bind_address" },
        { INTEGER(web_server, max_threads, 1, 1024), "5",
          "Requests that the web server works on at the same time.",
          .legacy = "web_server.max_threads" },

        { PORT(worker, default_health_server_port), "9090",
          "Port for health checks and metrics of a worker, unless the variable HEALTH_SERVER_PORT "
          "gives another." },
        { STRING(worker, default_health_server_bind_address), "127.0.0.1",
          "Address for health checks and metrics of a worker, unless the variable "
          "HEALTH_SERVER_BIND_ADDRESS gives another." },
        { INTEGER(worker, threads, 1, 512), "2",
          "Messages and jobs that a worker processes at the same time." },
        { STRING(worker, instance), NULL,
          "Name of this worker, different from those of others on the same host. By default it is "
          "chosen at start.",
          .flags = CONFIG_NULLABLE | CONFIG_OURS },

        { STRING(main_db, host), "localhost",
          "MariaDB server: a name (localhost means its local socket), an address, or the path of a "
          "socket. Several, separated by commas and each with :PORT if it differs, are nodes of a "
          "cluster, tried in turn.",
          .legacy = "main_db.host" },
        { PORT(main_db, port), "3306", "Port of the server.", .legacy = "main_db.port" },
        { STRING(main_db, username), "postal", "User name for the server.",
          .legacy = "main_db.username" },
        { STRING(main_db, password), NULL, "Password for the server.", .legacy = "main_db.password",
          SECRET },
        { STRING(main_db, database), "postal", "Name of the database.",
          .legacy = "main_db.database" },
        { INTEGER(main_db, pool_size, 1, 1000), "5",
          "Connections that one process keeps at most. Workers raise it to their number of threads "
          "and three.",
          .legacy = "main_db.pool_size" },
        { STRING(main_db, encoding), "utf8mb4", "Character set of the connection.",
          .legacy = "main_db.encoding" },

        { STRING(message_db, host), "localhost",
          "MariaDB server with the message databases, in the same forms as main_db.host.",
          .legacy = "message_db.host" },
        { PORT(message_db, port), "3306", "Port of the server.", .legacy = "message_db.port" },
        { STRING(message_db, username), "postal",
          "User name for the server. This user must be allowed to create databases.",
          .legacy = "message_db.username" },
        { STRING(message_db, password), NULL, "Password for the server.",
          .legacy = "message_db.password", SECRET },
        { STRING(message_db, encoding), "utf8mb4", "Character set of the connection." },
        { STRING(message_db, database_name_prefix), "postal",
          "Start of the databases' names, which are PREFIX-server-NUMBER.",
          .legacy = "message_db.prefix" },

        { BOOLEAN(logging, rails_log_enabled), "false",
          "Whether Ruby Postal writes its framework log. Has no effect here.",
          .legacy = "logging.rails_log" },
        { STRING(logging, sentry_dsn), NULL,
          "Address of a Sentry project that gets reports of errors.",
          .legacy = "general.exception_url", SECRET },
        { BOOLEAN(logging, enabled), "true",
          "Whether anything is logged to the journal or to stderr." },
        { BOOLEAN(logging, highlighting_enabled), "false",
          "Whether log lines on a terminal have colours." },
        { STRING(logging, level), "info", "Least important kind of message that is logged.",
          .choices = "debug|info|notice|warning|error", OURS },

        { STRING(gelf, host), NULL,
          "Graylog server that gets the log as GELF over UDP. Nothing is sent when it is not set.",
          .legacy = "logging.graylog.host", NULLABLE },
        { PORT(gelf, port), "12201", "UDP port of the Graylog server.",
          .legacy = "logging.graylog.port" },
        { STRING(gelf, facility), "postal",
          "Facility that log entries carry at the Graylog server.",
          .legacy = "logging.graylog.facility" },

        { PORT(smtp_server, default_port), "25",
          "Port of the SMTP server, unless the variable PORT or a systemd socket gives another.",
          .legacy = "smtp_server.port" },
        { STRING(smtp_server, default_bind_address), "::",
          "Address the SMTP server listens on, unless the variable BIND_ADDRESS or a systemd "
          "socket gives another. The address :: stands for all, also those of IPv4.",
          .legacy = "smtp_server.bind_address" },
        { PORT(smtp_server, default_health_server_port), "9091",
          "Port for health checks and metrics of the SMTP server, unless the variable "
          "HEALTH_SERVER_PORT gives another." },
        { STRING(smtp_server, default_health_server_bind_address), "127.0.0.1",
          "Address for health checks and metrics of the SMTP server, unless the variable "
          "HEALTH_SERVER_BIND_ADDRESS gives another." },
        { BOOLEAN(smtp_server, tls_enabled), "false", "Whether the SMTP server offers STARTTLS.",
          .legacy = "smtp_server.tls_enabled" },
        { STRING(smtp_server, tls_certificate_path), "$config-file-root/smtp.cert",
          "File with the certificate (PEM) of the SMTP server, followed by those of its issuers.",
          .legacy = "smtp_server.tls_certificate_path", ROOTED },
        { STRING(smtp_server, tls_private_key_path), "$config-file-root/smtp.key",
          "File with the private key of that certificate.",
          .legacy = "smtp_server.tls_private_key_path", ROOTED },
        { STRING(smtp_server, tls_ciphers), NULL,
          "Cipher suites of TLS 1.2 and below, as an OpenSSL cipher list. By default those of the "
          "system.",
          .legacy = "smtp_server.tls_ciphers", NULLABLE },
        { STRING(smtp_server, ssl_version), "SSLv23",
          "Version of TLS: SSLv23 for any that is safe, or the only one to be used: TLSv1_2, "
          "TLSv1_1, TLSv1. SSLv3 and SSLv2 are known too, but not safe.",
          .legacy = "smtp_server.ssl_version", NULLABLE },
        { BOOLEAN(smtp_server, proxy_protocol), "false",
          "Whether each connection begins with the header of a proxy (PROXY protocol) that names "
          "the client.",
          .legacy = "smtp_server.proxy_protocol" },
        { BOOLEAN(smtp_server, log_connections), "false", "Whether each new connection is logged.",
          .legacy = "smtp_server.log_connect" },
        { INTEGER(smtp_server, max_message_size, 1, 1024), "14",
          "Size of the largest message that is accepted, in MiB.",
          .legacy = "smtp_server.max_message_size" },
        { STRING(smtp_server, log_ip_address_exclusion_matcher), NULL,
          "Regular expression; clients whose address it matches are not logged.", NULLABLE },
        { INTEGER(smtp_server, submission_port, 0, 65535), "0",
          "Second port, for mail programs (usually 587). 0 is none. Not used with systemd sockets.",
          OURS },
        { INTEGER(smtp_server, submissions_port, 0, 65535), "0",
          "Port for mail programs where TLS starts at once (usually 465). 0 is none. Not used with "
          "systemd sockets.",
          OURS },
        { INTEGER(smtp_server, max_connections, 1, 1000000), "10000",
          "Connections that are served at the same time.", OURS },
        { INTEGER(smtp_server, max_connections_per_address, 1, 1000000), "200",
          "Connections from one client address at the same time.", OURS },
        { INTEGER(smtp_server, max_recipients, 1, 100000), "1000", "Recipients of one message.",
          OURS },
        { INTEGER(smtp_server, max_errors, 1, 1000000), "50",
          "Errors of a client after which its connection is closed.", OURS },
        { INTEGER(smtp_server, command_timeout, 1, 86400), "300",
          "Seconds to wait for a client's next command.", OURS },
        { INTEGER(smtp_server, data_timeout, 1, 86400), "180",
          "Seconds to wait for the next part of a message.", OURS },
        { BOOLEAN(smtp_server, auth_requires_tls), "false",
          "Whether clients must use TLS before they authenticate.", OURS },
        { INTEGER(smtp_server, auth_failures_per_minute, 0, 1000000), "30",
          "Failed authentications per minute after which a client address has to wait. 0 is no "
          "limit.",
          OURS },
        { LIST(smtp_server, proxy_trusted_networks), "",
          "Addresses or networks of the proxies whose PROXY header is believed. An empty list "
          "believes every peer.",
          .flags = CONFIG_NULLABLE | CONFIG_OURS | CONFIG_NETWORKS },
        { STRING(smtp_server, spool_directory), NULL,
          "Directory for large messages while they arrive. By default it is chosen at start.",
          .flags = CONFIG_NULLABLE | CONFIG_OURS | CONFIG_PATH },

        { LIST(dns, mx_records), "mx1.postal.example.com, mx2.postal.example.com",
          "Names that users are told to put into the MX records of their domains.",
          .legacy = "dns.mx_records", HOSTNAME },
        { STRING(dns, spf_include), "spf.postal.example.com",
          "Name that users are told to include in their SPF records.", .legacy = "dns.spf_include",
          HOSTNAME },
        { STRING(dns, return_path_domain), "rp.postal.example.com",
          "Domain of envelope senders, which receives bounces, and of fallback DKIM signatures.",
          .legacy = "dns.return_path", HOSTNAME },
        { STRING(dns, route_domain), "routes.postal.example.com",
          "Domain of the addresses TOKEN@DOMAIN that every route has.",
          .legacy = "dns.route_domain", HOSTNAME },
        { STRING(dns, track_domain), "track.postal.example.com",
          "Name to which the CNAME records of tracking domains must point.",
          .legacy = "dns.track_domain", HOSTNAME },
        { STRING(dns, helo_hostname), NULL,
          "Name in EHLO to other servers. By default postal.smtp_hostname; the name of an address "
          "in an IP pool goes first.",
          .legacy = "dns.helo_hostname", NULLABLE },
        { STRING(dns, dkim_identifier), "postal",
          "Start of DKIM selectors, and the selector of the return path domain.",
          .legacy = "dns.dkim_identifier" },
        { STRING(dns, domain_verify_prefix), "postal-verification",
          "First word of the TXT record that proves the ownership of a domain.",
          .legacy = "dns.domain_verify_prefix" },
        { STRING(dns, custom_return_path_prefix), "psrp",
          "First label of the return path in the domains of users.",
          .legacy = "dns.custom_return_path_prefix" },
        { INTEGER(dns, timeout, 1, 300), "5", "Seconds to wait for an answer to a DNS query." },
        { STRING(dns, resolv_conf_path), "/etc/resolv.conf",
          "File with the addresses of the local resolvers." },
        { BOOLEAN(dns, dnssec), "false", "Whether answers are validated with DNSSEC.", OURS },
        { STRING(dns, trust_anchor_path), NULL,
          "File with the trust anchor of the DNS root. By default that of the system.",
          .flags = CONFIG_NULLABLE | CONFIG_OURS | CONFIG_PATH },

        { STRING(smtp, host), "127.0.0.1", "SMTP server.", .legacy = "smtp.host" },
        { PORT(smtp, port), "25", "Port of that server.", .legacy = "smtp.port" },
        { STRING(smtp, username), NULL,
          "User name for that server. There is no authentication when it is not set.",
          .legacy = "smtp.username", NULLABLE },
        { STRING(smtp, password), NULL, "Password for that server.", .legacy = "smtp.password",
          SECRET },
        { STRING(smtp, authentication_type), "login", "How to authenticate.",
          .choices = "plain|login|cram_md5" },
        { BOOLEAN(smtp, enable_starttls), "false",
          "Whether STARTTLS is required: nothing is sent when the server does not offer it." },
        { BOOLEAN(smtp, enable_starttls_auto), "true",
          "Whether STARTTLS is used when the server offers it." },
        { STRING(smtp, openssl_verify_mode), "peer",
          "Whether the certificate of the server is verified: not with none.",
          .choices = "peer|none|client_once|fail_if_no_peer_cert" },
        { STRING(smtp, from_name), "Postal", "Name of the sender.", .legacy = "smtp.from_name",
          NULLABLE },
        { STRING(smtp, from_address), "postal@example.com", "Address of the sender.",
          .legacy = "smtp.from_address", HOSTNAME },

        { STRING(rails, environment), "production", "Name of the environment in log entries.",
          .legacy = "rails.environment" },
        { STRING(rails, secret_key), NULL,
          "Secret that protects sessions of the web interface. Must be the same in all processes; "
          "without it, each start of the web server logs everybody out.",
          .legacy = "rails.secret_key", SECRET },

        { BOOLEAN(rspamd, enabled), "false",
          "Whether messages are checked with Rspamd. It goes before SpamAssassin when both are "
          "enabled.",
          .legacy = "rspamd.enabled" },
        { STRING(rspamd, host), "127.0.0.1", "Host of Rspamd.", .legacy = "rspamd.host" },
        { PORT(rspamd, port), "11334", "Port of Rspamd's HTTP interface.",
          .legacy = "rspamd.port" },
        { BOOLEAN(rspamd, ssl), "false", "Whether to connect by HTTPS.", .legacy = "rspamd.ssl" },
        { STRING(rspamd, password), NULL, "Password for Rspamd.", .legacy = "rspamd.password",
          SECRET },
        { STRING(rspamd, flags), NULL, "Value of the Flags header in requests.",
          .legacy = "rspamd.flags", NULLABLE },

        { BOOLEAN(spamd, enabled), "false", "Whether messages are checked with SpamAssassin.",
          .legacy = "spamd.enabled" },
        { STRING(spamd, host), "127.0.0.1", "Host of spamd.", .legacy = "spamd.host" },
        { PORT(spamd, port), "783", "Port of spamd.", .legacy = "spamd.port" },

        { BOOLEAN(clamav, enabled), "false", "Whether messages are scanned with ClamAV.",
          .legacy = "clamav.enabled" },
        { STRING(clamav, host), "127.0.0.1", "Host of clamd.", .legacy = "clamav.host" },
        { PORT(clamav, port), "2000", "Port of clamd, which itself listens on 3310 by default.",
          .legacy = "clamav.port" },

        { INTEGER(smtp_client, open_timeout, 1, 3600), "30",
          "Seconds to wait for a connection, and again for its TLS handshake.",
          .legacy = "smtp_client.open_timeout" },
        { INTEGER(smtp_client, read_timeout, 1, 3600), "30",
          "Seconds to wait for a reply before the final dot of a message. Counts only when it is "
          "set; else command_timeout does. The reply to the final dot has final_dot_timeout in "
          "either case.",
          .legacy = "smtp_client.read_timeout" },
        { INTEGER(smtp_client, max_connections_per_destination, 1, 10000), "20",
          "Connections of one worker to all servers of a domain at the same time.", OURS },
        { INTEGER(smtp_client, max_connections_per_host, 1, 10000), "40",
          "Connections of one worker to one server at the same time.", OURS },
        { INTEGER(smtp_client, max_messages_per_connection, 1, 100000), "100",
          "Messages sent over a connection before it is closed.", OURS },
        { INTEGER(smtp_client, command_timeout, 1, 3600), "300",
          "Seconds to wait for the reply to a command, and for the greeting, where read_timeout is "
          "not set.",
          OURS },
        { INTEGER(smtp_client, data_timeout, 1, 3600), "180",
          "Seconds to wait until the server takes the next block of a message.", OURS },
        { INTEGER(smtp_client, final_dot_timeout, 1, 3600), "600",
          "Seconds to wait for the reply to the final dot. A shorter time makes duplicates: the "
          "server may have taken the message.",
          OURS },
        { INTEGER(smtp_client, idle_timeout, 0, 300), "5",
          "Seconds that a connection is kept for a further message.", OURS },

        { BOOLEAN(migration_waiter, enabled), "false",
          "Whether processes wait at start until the schema is current." },
        { INTEGER(migration_waiter, attempts, 0, 1000000), "120",
          "Looks before a process gives up." },
        { INTEGER(migration_waiter, sleep_time, 1, 3600), "2", "Seconds between two looks." },

        { BOOLEAN(oidc, enabled), "false", "Whether users can log in through the provider." },
        { BOOLEAN(oidc, local_authentication_enabled), "true",
          "Whether users can still log in with a password." },
        { STRING(oidc, name), "OIDC Provider", "Name of the provider on the login page." },
        { STRING(oidc, issuer), NULL, "URL of the issuer.", NULLABLE },
        { STRING(oidc, identifier), NULL, "Client identifier at the provider.", NULLABLE },
        { STRING(oidc, secret), NULL, "Client secret at the provider.", SECRET },
        { LIST(oidc, scopes), "openid, email", "Scopes that are asked for." },
        { STRING(oidc, uid_field), "sub", "Claim with the unique identifier of the user." },
        { STRING(oidc, email_address_field), "email",
          "Claim with the e-mail address of the user." },
        { STRING(oidc, name_field), "name", "Claim with the name of the user." },
        { BOOLEAN(oidc, discovery), "true",
          "Whether the endpoints are read from the issuer's discovery document." },
        { STRING(oidc, authorization_endpoint), NULL,
          "URL of the authorization endpoint, when discovery is off.", NULLABLE },
        { STRING(oidc, token_endpoint), NULL, "URL of the token endpoint, when discovery is off.",
          NULLABLE },
        { STRING(oidc, userinfo_endpoint), NULL,
          "URL of the userinfo endpoint, when discovery is off.", NULLABLE },
        { STRING(oidc, jwks_uri), NULL, "URL of the key set, when discovery is off.", NULLABLE },
};
const size_t config_key_count = ELEMENTSOF(config_keys);

const char *config_key_env_name(const ConfigKey *key, char name[CONFIG_ENV_NAME_MAX]) {
        size_t size = strlen(key->path);

        assert(size < CONFIG_ENV_NAME_MAX);
        for (size_t i = 0; i <= size; i++)
                name[i] = key->path[i] == '.' ? '_'
                          : key->path[i] >= 'a' && key->path[i] <= 'z'
                                  ? (char) (key->path[i] - 0x20)
                                  : key->path[i];
        return name;
}

const char *config_type_to_string(ConfigType type) {
        static const char *const names[] = {
                [CONFIG_STRING] = "string",
                [CONFIG_INTEGER] = "integer",
                [CONFIG_BOOLEAN] = "boolean",
                [CONFIG_LIST] = "list of strings",
        };

        return names[type];
}

bool config_key_allows(const ConfigKey *key, const char *value) {
        Slice rest = slice_from_string(key->choices);

        while (rest.data)
                if (slice_equal(slice_split(&rest, '|'), slice_from_string(value)))
                        return true;
        return !key->choices;
}
