/* SPDX-License-Identifier: MIT */
#pragma once

/* The configuration: every setting in one struct, each field named as its key in postal.yml. Types,
 * defaults, ranges and descriptions are in config-table.c; postal.yml(5) is made from there.
 *
 * A Config does not change after it is loaded, and all threads may read it. These hold:
 *   - strings are NULL only where the table says so (CONFIG_NULLABLE);
 *   - lists are NULL-terminated and never NULL themselves;
 *   - integers are within the range that the table gives;
 *   - logging.level is one of its five values. */

#include "basic/arena.h"
#include "core/config-report.h"
#include "core/ip-network.h"

#define CONFIG_PATH_VARIABLE "POSTAL_CONFIG_FILE_PATH"
#define CONFIG_SILENCE_VARIABLE "SILENCE_POSTAL_CONFIG_MESSAGES"
/* Where the file is looked for when the variable is not set: in the container, on a host. */
#define CONFIG_PATH_CONTAINER "/config/postal.yml"
#define CONFIG_PATH_HOST "/etc/postal/postal.yml"
#define CONFIG_DOTENV_PATH ".env"

typedef struct ConfigOrigin ConfigOrigin;
struct Hashmap;

/* One entry of postal.smtp_relays: `smtp://HOST[:PORT][?ssl_mode=MODE]`. */
typedef struct SmtpRelay {
        char *host; /* a name or an address, without brackets; never empty */
        uint16_t port;
        char *ssl_mode; /* as given, `Auto` when not; an empty one means no TLS, as `None` does */
} SmtpRelay;

typedef struct Config {
        char *config_path; /* the file read, or, when has_file is false, where one would have been
                            */
        char *config_root; /* its directory */
        bool has_file;
        bool is_legacy; /* the file is of the version before 3.0 */

        struct {
                char *web_hostname;
                char *web_protocol;
                char *smtp_hostname;
                bool use_ip_pools;
                int64_t default_maximum_delivery_attempts;
                int64_t default_maximum_hold_expiry_days;
                int64_t default_suppression_list_automatic_removal_days;
                int64_t default_spam_threshold;
                int64_t default_spam_failure_threshold;
                bool use_local_ns_for_domain_verification;
                bool use_resent_sender_header;
                char *signing_key_path;
                char **smtp_relays;
                SmtpRelay *relays; /* smtp_relays parsed, without those that have no host */
                size_t relay_count;
                char **trusted_proxies;
                IpNetwork *trusted_proxy_networks; /* trusted_proxies parsed */
                size_t trusted_proxy_network_count;
                int64_t queued_message_lock_stale_days;
                bool batch_queued_messages;
        } postal;

        struct {
                int64_t default_port;
                char *default_bind_address;
                int64_t max_threads;
        } web_server;

        struct {
                int64_t default_health_server_port;
                char *default_health_server_bind_address;
                int64_t threads;
                char *instance;
        } worker;

        struct {
                char *host; /* see config_parse_db_hosts() */
                int64_t port;
                char *username;
                char *password;
                char *database;
                int64_t pool_size;
                char *encoding;
        } main_db;

        struct {
                char *host;
                int64_t port;
                char *username;
                char *password;
                char *encoding;
                char *database_name_prefix;
        } message_db;

        struct {
                bool rails_log_enabled;
                char *sentry_dsn;
                bool enabled;
                bool highlighting_enabled;
                char *level;
        } logging;

        struct {
                char *host;
                int64_t port;
                char *facility;
        } gelf;

        struct {
                int64_t default_port;
                char *default_bind_address;
                int64_t default_health_server_port;
                char *default_health_server_bind_address;
                bool tls_enabled;
                char *tls_certificate_path;
                char *tls_private_key_path;
                char *tls_ciphers;
                char *ssl_version;
                bool proxy_protocol;
                bool log_connections;
                int64_t max_message_size;
                char *log_ip_address_exclusion_matcher;
                int64_t submission_port;
                int64_t submissions_port;
                int64_t max_connections;
                int64_t max_connections_per_address;
                int64_t max_recipients;
                int64_t max_errors;
                int64_t command_timeout;
                int64_t data_timeout;
                bool auth_requires_tls;
                int64_t auth_failures_per_minute;
                char **proxy_trusted_networks;
                IpNetwork *proxy_networks; /* proxy_trusted_networks parsed */
                size_t proxy_network_count;
                char *spool_directory;
        } smtp_server;

        struct {
                char **mx_records;
                char *spf_include;
                char *return_path_domain;
                char *route_domain;
                char *track_domain;
                char *helo_hostname;
                char *dkim_identifier;
                char *domain_verify_prefix;
                char *custom_return_path_prefix;
                int64_t timeout;
                char *resolv_conf_path;
                bool dnssec;
                char *trust_anchor_path;
        } dns;

        struct {
                char *host;
                int64_t port;
                char *username;
                char *password;
                char *authentication_type;
                bool enable_starttls;
                bool enable_starttls_auto;
                char *openssl_verify_mode;
                char *from_name;
                char *from_address;
        } smtp;

        struct {
                char *environment;
                char *secret_key;
        } rails;

        struct {
                bool enabled;
                char *host;
                int64_t port;
                bool ssl;
                char *password;
                char *flags;
        } rspamd;

        struct {
                bool enabled;
                char *host;
                int64_t port;
        } spamd;

        struct {
                bool enabled;
                char *host;
                int64_t port;
        } clamav;

        struct {
                int64_t open_timeout;
                int64_t read_timeout; /* use config_smtp_reply_timeout() */
                int64_t max_connections_per_destination;
                int64_t max_connections_per_host;
                int64_t max_messages_per_connection;
                int64_t command_timeout;
                int64_t data_timeout;
                int64_t final_dot_timeout;
                int64_t idle_timeout;
        } smtp_client;

        struct {
                bool enabled;
                int64_t attempts;
                int64_t sleep_time;
        } migration_waiter;

        struct {
                bool enabled;
                bool local_authentication_enabled;
                char *name;
                char *issuer;
                char *identifier;
                char *secret;
                char **scopes;
                char *uid_field;
                char *email_address_field;
                char *name_field;
                bool discovery;
                char *authorization_endpoint;
                char *token_endpoint;
                char *userinfo_endpoint;
                char *jwks_uri;
        } oidc;

        /* Behind the functions below. */
        Arena arena;
        ConfigOrigin *origins; /* one for each row of the table */
        char *dotenv_path;
        struct Hashmap *dotenv; /* from names to strings in the arena */
        const char *(*lookup)(void *userdata, const char *name);
        void *userdata;
} Config;

/* Where to load from. All zero means: as the programs do it. */
typedef struct ConfigSources {
        /* The file, which then must exist; NULL: the one POSTAL_CONFIG_FILE_PATH names, else the
         * first that exists of the two standard places. Of these, none needs to exist. */
        const char *path;
        /* The file of further variables; NULL: `.env` in the working directory; "": none. */
        const char *dotenv_path;
        /* The value of an environment variable, or NULL; by default getenv(). It is used as long as
         * the Config lives. */
        const char *(*lookup)(void *userdata, const char *name);
        void *userdata;
} ConfigSources;

/* Loads the configuration; each value comes from the environment, else the `.env` file, else the
 * configuration file, else the table. The report, which the caller hands in empty and frees, gets
 * what there is to say. Returns 0, perhaps with warnings; -EINVAL with at least one error in the
 * report; or -ENOMEM. */
int config_load(const ConfigSources *sources, Config **ret, ConfigReport *report);
/* The same with the content of the file given; sources->path is only its name, and must be set. */
int config_load_text(const ConfigSources *sources, Slice text, Config **ret, ConfigReport *report);

/* Frees all, also every string of it. NULL is fine. Returns NULL. */
Config *config_free(Config *config);
DEFINE_CLEANUP(Config *, config_free)

/* A variable of the environment or the `.env` file, or NULL. For those that are no setting: PORT,
 * BIND_ADDRESS, HEALTH_SERVER_PORT, HEALTH_SERVER_BIND_ADDRESS, … */
const char *config_variable(const Config *config, const char *name);

/* Whether the setting, given as the address of its field in this Config, was set by a file or the
 * environment, and is not just the default. */
bool config_is_set(const Config *config, const void *field);

/* Seconds to wait for any reply of a remote SMTP server before the final dot:
 * smtp_client.read_timeout where the operator set it, else smtp_client.command_timeout. Blocks of a
 * message have data_timeout, and the reply to the final dot final_dot_timeout, in either case. */
int64_t config_smtp_reply_timeout(const Config *config);

/* One server of main_db.host or message_db.host. Either socket_path or host is set. */
typedef struct DbHost {
        char *host; /* a name or an address, without brackets */
        uint16_t port;
        char *socket_path;
} DbHost;

/* Parses `HOST[:PORT],…`, in which HOST is a name, an address (IPv6 in brackets, or bare without a
 * port), or the path of a socket, beginning with a slash. `port` is for those that name none. Blank
 * entries are skipped. Returns 0; -EINVAL when an entry cannot be read or there is none; or
 * -ENOMEM. db_hosts_free() frees the array. */
int config_parse_db_hosts(const char *host, int64_t port, DbHost **ret, size_t *ret_count);
void db_hosts_free(DbHost *hosts, size_t count);
