/* SPDX-License-Identifier: MIT */
/* postal smtp-server: receives mail from clients and from other servers. */
#include <sys/stat.h>

#include "basic/buf.h"
#include "core/clock.h"
#include "core/log.h"
#include "db/database.h"
#include "smtp-server/metrics.h"
#include "smtp-server/server.h"
#include "smtp-server/smtp-server.h"

/* Threads for look-ups: they are short, and mostly answered from the cache. */
#define LOOKUP_THREADS 2
#define LOOKUP_QUEUE_MAX 10000
#define STATUS_INTERVAL_USEC (5 * USEC_PER_SEC)

static void *lookup_thread_start(void *userdata) {
        Database *d;

        db_thread_init();
        if (database_new(userdata, &d) < 0)
                abort(); /* at start, without memory */
        return d;
}

static void lookup_thread_end(void *context) {
        database_free(context);
        db_thread_end();
}

static TlsServerOptions tls_options(const Config *config) {
        return (TlsServerOptions){ .certificate_path = config->smtp_server.tls_certificate_path,
                                   .key_path = config->smtp_server.tls_private_key_path,
                                   .ciphers = config->smtp_server.tls_ciphers,
                                   .ssl_version = config->smtp_server.ssl_version };
}

void tls_load(SmtpServer *s) {
        _cleanup_(buf_done) Buf error = BUF_EMPTY;
        TlsServerOptions options = tls_options(s->config);
        TlsServer *tls;
        struct stat st;
        int r;

        if (!s->config->smtp_server.tls_enabled)
                return;
        if (stat(strempty(options.certificate_path), &st) >= 0)
                s->tls_changed = st.st_mtim;
        r = tls_server_load(&options, &tls, &error);
        if (r < 0) {
                log_error(FIELDS(FIELD_ERRNO(r)), "%s. %s", buf_string(&error),
                          s->tls ? "The certificate loaded before stays in use" : "TLS is not offered");
                return;
        }
        tls_server_unref(s->tls);
        s->tls = tls;
        s->policy.has_tls = true;
        log_info(NO_FIELDS, "Loaded the TLS certificate %s", options.certificate_path);
}

void tls_check(SmtpServer *s) {
        const char *path = s->config->smtp_server.tls_certificate_path;
        struct stat st;

        if (!s->config->smtp_server.tls_enabled || stat(strempty(path), &st) < 0)
                return;
        if (st.st_mtim.tv_sec != s->tls_changed.tv_sec || st.st_mtim.tv_nsec != s->tls_changed.tv_nsec)
                tls_load(s);
}

static void on_status(ReactorTimer *timer) {
        SmtpServer *s = container_of(timer, SmtpServer, status_timer);

        tls_check(s);
        service_status(s->service, "%zu connections, %zu messages being stored, %llu accepted since the start",
                       s->connections.count, committer_load(s->committer),
                       (unsigned long long) s->accepted_messages);
        (void) reactor_timer_set(s->reactor, &s->status_timer, clock_monotonic() + STATUS_INTERVAL_USEC, on_status);
}

static void on_stop(void *userdata) {
        SmtpServer *s = userdata;

        s->is_draining = true;
        listeners_close(s);
        connections_drain(s);
        if (!s->connections.first)
                service_exit(s->service, EXIT_SUCCESS);
}

static void on_stop_now(void *userdata) {
        SmtpServer *s = userdata;

        connections_close(s);
        /* What is with the database is finished by the committer when it ends. */
        service_exit(s->service, EXIT_SUCCESS);
}

static void on_reload(void *userdata) {
        SmtpServer *s = userdata;

        tls_load(s);
        directory_forget(s->directory);
}

static void on_signal(const char *name, void *userdata) {
        if (streq(name, SIGNAL_FILE_OBJECTS))
                directory_forget(userdata);
}

static void init_policy(SmtpServer *s) {
        const Config *config = s->config;

        s->policy = (SmtpPolicy){
                .hostname = config->postal.smtp_hostname,
                .message_size_mb = (uint64_t) config->smtp_server.max_message_size,
                .message_size_max = (uint64_t) config->smtp_server.max_message_size * 1024 * 1024,
                .recipients_max = (unsigned) config->smtp_server.max_recipients,
                .errors_max = (unsigned) config->smtp_server.max_errors,
                .auth_requires_tls = config->smtp_server.auth_requires_tls,
                .has_proxy_protocol = config->smtp_server.proxy_protocol,
                .spool_directory = config->smtp_server.spool_directory,
        };
        s->rules = (ResolverRules){ .return_path_domain = config->dns.return_path_domain,
                                    .return_path_prefix = config->dns.custom_return_path_prefix,
                                    .route_domain = config->dns.route_domain };
}

static int init_matcher(SmtpServer *s) {
        const char *pattern = s->config->smtp_server.log_ip_address_exclusion_matcher;
        _cleanup_free_ char *error = NULL;
        int r;

        if (!pattern)
                return 0;
        r = address_matcher_new(pattern, &s->muted_addresses, &error);
        if (r == -EINVAL)
                log_warning(NO_FIELDS, "smtp_server.log_ip_address_exclusion_matcher is ignored: %s", error);
        return r == -EINVAL ? 0 : r;
}

static int init(SmtpServer *s) {
        const Config *config = s->config;
        sd_event *event = service_event(s->service);
        /* One try and two shorter ones, as the reference's resolver does. */
        uint64_t dns_timeout = (uint64_t) (config->dns.timeout + 2 * (config->dns.timeout / 2)) * USEC_PER_SEC;
        int r;

        init_policy(s);
        r = init_matcher(s);
        if (r >= 0)
                r = reactor_new(event, &s->reactor);
        if (r >= 0)
                r = dns_new(event, s->reactor,
                            &(DnsOptions){ .resolv_conf_path = config->dns.resolv_conf_path,
                                           .timeout_usec = dns_timeout },
                            &s->dns);
        if (r >= 0)
                r = pool_new(event,
                             &(PoolOptions){ .name = "lookup", .threads = LOOKUP_THREADS,
                                             .queue_max = LOOKUP_QUEUE_MAX, .thread_start = lookup_thread_start,
                                             .thread_end = lookup_thread_end, .userdata = (void *) config },
                             &s->pool);
        if (r >= 0)
                r = directory_new(s->pool, &s->directory);
        if (r >= 0)
                r = committer_new(event, s->reactor, config, &s->committer);
        if (r >= 0)
                r = throttle_new((unsigned) config->smtp_server.max_connections_per_address,
                                 (unsigned) config->smtp_server.auth_failures_per_minute, &s->throttle);
        if (r >= 0)
                r = signal_watch_new(event, on_signal, s->directory, &s->watch);
        return r;
}

static int init_health(SmtpServer *s) {
        const Config *config = s->config;
        const char *address = config_variable(config, "HEALTH_SERVER_BIND_ADDRESS");
        const char *text = config_variable(config, "HEALTH_SERVER_PORT");
        uint64_t port = (uint64_t) config->smtp_server.default_health_server_port;

        if (text && *text && slice_to_u64(slice_from_string(text), UINT16_MAX, &port) < 0)
                log_warning(NO_FIELDS, "HEALTH_SERVER_PORT is \"%s\", which is not a port number", text);
        return health_new(service_event(s->service), "smtp-server",
                          address && *address ? address : config->smtp_server.default_health_server_bind_address,
                          (unsigned) port, &s->health);
}

static void done(SmtpServer *s) {
        if (s->reactor)
                listeners_close(s);
        connections_close(s);
        signal_watch_free(s->watch);
        committer_free(s->committer);
        connections_free(s);
        pool_free(s->pool);
        directory_free(s->directory);
        throttle_free(s->throttle);
        health_free(s->health);
        dns_free(s->dns);
        tls_server_unref(s->tls);
        address_matcher_free(s->muted_addresses);
        if (s->reactor) {
                reactor_timer_clear(s->reactor, &s->status_timer);
                reactor_free(s->reactor);
        }
        service_free(s->service);
}

int smtp_server_run(const Config *config) {
        static const ServiceHooks hooks = { .stop = on_stop, .stop_now = on_stop_now, .reload = on_reload };
        _cleanup_(done) SmtpServer s = { .config = config };
        int r;

        smtp_metrics_init();
        r = service_new("smtp-server", &hooks, &s, &s.service);
        if (r >= 0)
                r = init_health(&s);
        if (r >= 0)
                r = init(&s);
        if (r < 0) {
                log_error(FIELDS(FIELD_ERRNO(r)), "Cannot start the SMTP server: %s", strerror(-r));
                return EXIT_FAILURE;
        }
        tls_load(&s);
        r = listeners_open(&s);
        if (r < 0)
                return EXIT_FAILURE;
        service_ready(s.service);
        on_status(&s.status_timer);
        return service_run(s.service);
}
