/* SPDX-License-Identifier: MIT */
#include <sys/mman.h>

#include "config-fixture.h"
#include "core/config-check.h"
#include "core/file.h"

/* A file system of a few files. */
typedef struct FakeFile {
        const char *path;
        mode_t mode;
        const char *content;
        int open_error; /* negative errno, or 0 */
} FakeFile;

static int fake_find(const FakeFile *files, const char *path, const FakeFile **ret) {
        for (const FakeFile *f = files; f && f->path; f++)
                if (streq(f->path, path)) {
                        *ret = f;
                        return 0;
                }
        return -ENOENT;
}

static int fake_stat(void *userdata, const char *path, struct stat *ret) {
        const FakeFile *f;
        int r = fake_find(userdata, path, &f);

        if (r < 0)
                return r;
        *ret = (struct stat){ .st_mode = f->mode };
        return 0;
}

static int fake_open(void *userdata, const char *path) {
        const FakeFile *f;
        int r = fake_find(userdata, path, &f), fd;

        if (r < 0 || f->open_error < 0)
                return r < 0 ? r : f->open_error;
        fd = memfd_create("fake", MFD_CLOEXEC);
        if (fd < 0)
                return -errno;
        CHECK_INT(write(fd, f->content, strlen(f->content)), strlen(f->content));
        CHECK_INT(lseek(fd, 0, SEEK_SET), 0);
        return fd;
}

#define CERTIFICATE "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
#define PRIVATE_KEY "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n"

static const char *signing_key(const char *name) {
        static Buf pem;
        char path[200];

        (void) snprintf(path, sizeof(path), "%s/tests/fixtures/keys/%s", SOURCE_DIR, name);
        buf_reset(&pem, SIZE_MAX);
        CHECK_INT(file_read(path, 65536, &pem), 0);
        return buf_string(&pem);
}

enum { KEY, RESOLV, CONFIG, CERT, TLS_KEY, SPARE, FILES };

/* All files in order. */
static void make_files(FakeFile files[FILES + 1]) {
        files[KEY] = (FakeFile){ "/config/signing.key", S_IFREG | 0640,
                                 signing_key("rsa-2048-pkcs8.pem"), 0 };
        files[RESOLV] = (FakeFile){ "/etc/resolv.conf", S_IFREG | 0644, "nameserver ::1\n", 0 };
        files[CONFIG] = (FakeFile){ "/config/postal.yml", S_IFREG | 0640, "", 0 };
        files[CERT] = (FakeFile){ "/config/smtp.cert", S_IFREG | 0644, CERTIFICATE, 0 };
        files[TLS_KEY] = (FakeFile){ "/config/smtp.key", S_IFREG | 0640, PRIVATE_KEY, 0 };
        files[SPARE] = files[FILES] = (FakeFile){ 0 };
}

/* A configuration with nothing wrong. */
#define GOOD                                                                                       \
        "version: 2\n"                                                                             \
        "postal: {web_hostname: postal.acme.test, smtp_hostname: postal.acme.test}\n"              \
        "dns: {mx_records: [mx.acme.test], spf_include: spf.acme.test,\n"                          \
        "  return_path_domain: rp.acme.test, route_domain: routes.acme.test,\n"                    \
        "  track_domain: track.acme.test}\n"                                                       \
        "smtp: {from_address: postal@acme.test}\n"                                                 \
        "rails: {secret_key: '0123456789abcdef'}\n"                                                \
        "smtp_server: {tls_enabled: true, auth_requires_tls: true}\n"

static int check_with(Fixture *f, const char *yaml, const char *const *environment,
                      const FakeFile *files) {
        const ConfigFs fs = { fake_stat, fake_open, (void *) files };

        fixture_load(f, yaml, environment);
        CHECK_INT(f->result, 0);
        return config_check(f->config, &fs, &f->report);
}

TEST(nothing_wrong) {
        _cleanup_(fixture_done) Fixture f;
        FakeFile files[FILES + 1];

        make_files(files);
        CHECK_INT(check_with(&f, GOOD, NULL, files), 0);
        CHECK_NO_FINDING(&f.report, CONFIG_ERROR);
        CHECK_NO_FINDING(&f.report, CONFIG_WARNING);
        CHECK_NO_FINDING(&f.report, CONFIG_INFO);
}

TEST(what_the_environment_makes_wrong) {
        static const struct {
                const char *variable;
                ConfigSeverity severity;
                const char *part;
        } rows[] = {
                { "SMTP_SERVER_DEFAULT_PORT=99999", CONFIG_ERROR, "from 1 to 65535" },
                { "WORKER_THREADS=0", CONFIG_ERROR, "from 1 to 512" },
                { "LOGGING_LEVEL=loud", CONFIG_ERROR, "\"loud\" is none of" },
                { "POSTAL_WEB_PROTOCOL=ftp", CONFIG_ERROR, "\"ftp\" is none of http|https" },
                { "SMTP_AUTHENTICATION_TYPE=ntlm", CONFIG_ERROR, "\"ntlm\" is none of" },
                { "SMTP_OPENSSL_VERIFY_MODE=no", CONFIG_ERROR, "\"no\" is none of" },
                { "POSTAL_WEB_HOSTNAME=postal.example.com", CONFIG_WARNING, "still the example" },
                { "POSTAL_WEB_HOSTNAME=Example.COM", CONFIG_WARNING, "still the example" },
                { "DNS_MX_RECORDS=mx.acme.test,mx.example.com", CONFIG_WARNING,
                  "still the example" },
                { "SMTP_FROM_ADDRESS=postal@example.com", CONFIG_WARNING, "still the example" },
                { "SMTP_FROM_ADDRESS=postal", CONFIG_ERROR, "not an e-mail address" },
                { "POSTAL_WEB_HOSTNAME=https://postal.acme.test", CONFIG_ERROR, "not a host name" },
                { "POSTAL_WEB_HOSTNAME=postal.acme.test:5000", CONFIG_ERROR, "not a host name" },
                { "POSTAL_SMTP_RELAYS=smtp://:25?ssl_mode=Auto", CONFIG_WARNING,
                  "None of the relays" },
                { "POSTAL_SMTP_RELAYS=smtp://a?ssl_mode=SSL", CONFIG_ERROR,
                  "unknown ssl_mode \"SSL\"" },
                { "POSTAL_SMTP_RELAYS=smtp://a?ssl_mode=auto", CONFIG_ERROR,
                  "unknown ssl_mode \"auto\"" },
                { "POSTAL_SMTP_RELAYS=smtp://a?ssl_mode=", CONFIG_WARNING, "has no ssl_mode" },
                { "SMTP_SERVER_SSL_VERSION=TLSv1_3", CONFIG_ERROR, "\"TLSv1_3\" is not a version" },
                { "SMTP_SERVER_SSL_VERSION=TLSv1_2x", CONFIG_ERROR, "is not a version" },
                { "SMTP_SERVER_SSL_VERSION=tlsv1_2", CONFIG_ERROR, "is not a version" },
                { "SMTP_SERVER_SSL_VERSION=SSLv3_server", CONFIG_WARNING, "SSLv3 is not safe" },
                { "SMTP_SERVER_SSL_VERSION=TLSv1", CONFIG_WARNING, "TLSv1 is not safe" },
                { "SMTP_SERVER_LOG_IP_ADDRESS_EXCLUSION_MATCHER=(", CONFIG_ERROR,
                  "expression cannot be used" },
                { "SMTP_SERVER_PROXY_PROTOCOL=true", CONFIG_WARNING, "Every peer is believed" },
                { "SMTP_SERVER_PROXY_TRUSTED_NETWORKS=::1", CONFIG_WARNING, "no effect while" },
                { "SMTP_SERVER_TLS_ENABLED=false", CONFIG_ERROR, "must use TLS to authenticate" },
                { "SMTP_SERVER_AUTH_REQUIRES_TLS=false", CONFIG_INFO, "Set this to true" },
                { "RAILS_SECRET_KEY=", CONFIG_WARNING, "There is no secret key" },
                { "WORKER_DEFAULT_HEALTH_SERVER_PORT=9091", CONFIG_WARNING,
                  "as smtp_server.default_health_server_port is" },
                { "SMTP_SERVER_DEFAULT_PORT=5000", CONFIG_WARNING,
                  "as smtp_server.default_port is" },
                { "SMTP_SERVER_SUBMISSION_PORT=25", CONFIG_ERROR,
                  "as smtp_server.default_port is" },
                { "DNS_ROUTE_DOMAIN=RP.acme.test", CONFIG_ERROR, "the same domain as" },
                { "MAIN_DB_HOST=a b", CONFIG_ERROR, "\"a b\" is not a host" },
                { "MESSAGE_DB_HOST=a:b", CONFIG_ERROR, "\"a:b\" is not a host" },
                { "OIDC_ENABLED=true", CONFIG_ERROR, "for OpenID Connect" },
                { "OIDC_LOCAL_AUTHENTICATION_ENABLED=false", CONFIG_WARNING,
                  "no other way to log in" },
                { "POSTAL_DEFAULT_SPAM_FAILURE_THRESHOLD=4", CONFIG_WARNING,
                  "below postal.default" },
                { "CLAMAV_ENABLED=true", CONFIG_INFO, "clamd itself listens on 3310" },
                { "SMTP_SERVER_MAX_RECIPIENTS=99", CONFIG_WARNING, "100 recipients at least" },
                { "SMTP_CLIENT_FINAL_DOT_TIMEOUT=60", CONFIG_WARNING, "messages twice" },
                { "SMTP_USERNAME=x", CONFIG_WARNING, "no password" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(fixture_done) Fixture f;
                FakeFile files[FILES + 1];

                make_files(files);
                CHECK_INT(check_with(&f, GOOD, ENV(rows[i].variable), files),
                          rows[i].severity == CONFIG_ERROR ? -EINVAL : 0);
                CHECK_FINDING(&f.report, rows[i].severity, rows[i].part);
                if (rows[i].severity < CONFIG_WARNING)
                        CHECK_NO_FINDING(&f.report, CONFIG_WARNING);
        }
}

TEST(what_is_fine) {
        static const char *const rows[] = {
                "SMTP_SERVER_SSL_VERSION=TLSv1_2",
                "SMTP_SERVER_SSL_VERSION=TLSv1_2_server",
                "SMTP_SERVER_SSL_VERSION=SSLv23_client",
                "SMTP_SERVER_SSL_VERSION=",
                "SMTP_SERVER_LOG_IP_ADDRESS_EXCLUSION_MATCHER=\\A(127\\.|10\\.)",
                "POSTAL_SMTP_RELAYS=smtp://a?ssl_mode=STARTTLS,smtp://b?ssl_mode=STARTLS",
                "POSTAL_WEB_HOSTNAME=my-example.com",
                "POSTAL_WEB_HOSTNAME=example.com.acme.test",
                "MAIN_DB_HOST=a:3307,[::1]:3308,/run/mysqld/mysqld.sock",
                "SMTP_SERVER_SUBMISSION_PORT=587",
                "WEB_SERVER_DEFAULT_BIND_ADDRESS=192.0.2.1",
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(fixture_done) Fixture f;
                FakeFile files[FILES + 1];

                make_files(files);
                CHECK_INT(check_with(&f, GOOD, ENV(rows[i]), files), 0);
                CHECK_NO_FINDING(&f.report, CONFIG_WARNING);
        }
}

TEST(the_same_port_on_different_addresses_is_fine) {
        _cleanup_(fixture_done) Fixture apart, wild;
        FakeFile files[FILES + 1];

        make_files(files);
        CHECK_INT(check_with(&apart, GOOD,
                             ENV("WORKER_DEFAULT_HEALTH_SERVER_PORT=9091",
                                 "WORKER_DEFAULT_HEALTH_SERVER_BIND_ADDRESS=127.0.0.2"),
                             files),
                  0);
        CHECK_NO_FINDING(&apart.report, CONFIG_WARNING);
        CHECK_INT(check_with(&wild, GOOD,
                             ENV("WORKER_DEFAULT_HEALTH_SERVER_PORT=9091",
                                 "WORKER_DEFAULT_HEALTH_SERVER_BIND_ADDRESS=0.0.0.0"),
                             files),
                  0);
        CHECK_FINDING(&wild.report, CONFIG_WARNING, "This is port 9091");
}

TEST(a_warning_of_loading_becomes_the_error) {
        _cleanup_(fixture_done) Fixture f;
        FakeFile files[FILES + 1];

        make_files(files);
        CHECK_INT(check_with(&f, GOOD "web_server:\n  default_port: 99999\n", NULL, files),
                  -EINVAL);
        CHECK_NO_FINDING(&f.report, CONFIG_WARNING);
        CHECK_INT(f.report.totals[CONFIG_ERROR], 1);
        CHECK_INT(fixture_find(&f.report, CONFIG_ERROR, NULL)->line, 10);
        CHECK_INT(fixture_find(&f.report, CONFIG_ERROR, NULL)->column, 17);
}

TEST(oidc_without_discovery_needs_its_endpoints) {
        _cleanup_(fixture_done) Fixture f;
        FakeFile files[FILES + 1];

        make_files(files);
        CHECK_INT(check_with(&f,
                             GOOD "oidc: {enabled: true, discovery: false, issuer: i, identifier: "
                                  "i, secret: s, token_endpoint: t}\n",
                             NULL, files),
                  -EINVAL);
        CHECK_INT(f.report.totals[CONFIG_ERROR], 3);
}

typedef struct FileRow {
        int which;
        FakeFile file; /* in place of the good one; without path: none */
        ConfigSeverity severity;
        const char *part;
} FileRow;

TEST(files) {
        const FileRow rows[] = {
                { KEY, { 0 }, CONFIG_ERROR, "signing.key cannot be read (No such file" },
                { KEY, { NULL, S_IFREG | 0600, "", -EACCES }, CONFIG_ERROR, "(Permission denied)" },
                { KEY, { NULL, S_IFDIR | 0700, "", 0 }, CONFIG_ERROR, "(Is a directory)" },
                { KEY, { NULL, S_IFREG | 0640, "rubbish", 0 }, CONFIG_ERROR, "not in PEM format" },
                { KEY,
                  { NULL, S_IFREG | 0644, signing_key("rsa-2048-pkcs8.pem"), 0 },
                  CONFIG_WARNING,
                  "signing.key, which holds secrets (mode 0644)" },
                { KEY,
                  { NULL, S_IFREG | 0642, signing_key("rsa-2048-pkcs8.pem"), 0 },
                  CONFIG_WARNING,
                  "can change /config/signing.key (mode 0642)" },
                { RESOLV, { 0 }, CONFIG_ERROR, "/etc/resolv.conf cannot be read" },
                { RESOLV,
                  { NULL, S_IFREG | 0644, "search x\n", 0 },
                  CONFIG_ERROR,
                  "no name server" },
                { CONFIG,
                  { NULL, S_IFREG | 0644, "", 0 },
                  CONFIG_WARNING,
                  "can read /config/postal" },
                { CONFIG,
                  { NULL, S_IFREG | 0666, "", 0 },
                  CONFIG_WARNING,
                  "can change /config/postal" },
                { CERT, { 0 }, CONFIG_ERROR, "smtp.cert cannot be read" },
                { CERT, { NULL, S_IFREG | 0644, PRIVATE_KEY, 0 }, CONFIG_ERROR, "no certificate" },
                { CERT, { NULL, S_IFREG | 0644, "", 0 }, CONFIG_ERROR, "no certificate" },
                { TLS_KEY, { 0 }, CONFIG_ERROR, "smtp.key cannot be read" },
                { TLS_KEY,
                  { NULL, S_IFREG | 0640, CERTIFICATE, 0 },
                  CONFIG_ERROR,
                  "no private key" },
                { TLS_KEY, { NULL, S_IFREG | 0640, "", 0 }, CONFIG_ERROR, "no private key" },
                { TLS_KEY,
                  { NULL, S_IFREG | 0640, "-----BEGIN ENCRYPTED PRIVATE KEY-----\n", 0 },
                  CONFIG_ERROR,
                  "is encrypted" },
                { TLS_KEY,
                  { NULL, S_IFREG | 0640,
                    "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n", 0 },
                  CONFIG_ERROR,
                  "is encrypted" },
                { TLS_KEY, { NULL, S_IFREG | 0644, PRIVATE_KEY, 0 }, CONFIG_WARNING, "can read" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(fixture_done) Fixture f;
                FakeFile files[FILES + 1];
                const char *path;

                make_files(files);
                path = files[rows[i].which].path;
                files[rows[i].which] = rows[i].file;
                files[rows[i].which].path = rows[i].file.content ? path : "/elsewhere";
                CHECK_INT(check_with(&f, GOOD, NULL, files),
                          rows[i].severity == CONFIG_ERROR ? -EINVAL : 0);
                CHECK_FINDING(&f.report, rows[i].severity, rows[i].part);
                CHECK_INT(f.report.totals[CONFIG_ERROR] + f.report.totals[CONFIG_WARNING], 1);
        }
}

TEST(files_that_do_not_matter_are_not_looked_at) {
        _cleanup_(fixture_done) Fixture f, plain;
        FakeFile files[FILES + 1];

        make_files(files);
        files[CERT].path = files[TLS_KEY].path = "/elsewhere";
        CHECK_INT(check_with(&f, GOOD,
                             ENV("SMTP_SERVER_TLS_ENABLED=false",
                                 "SMTP_SERVER_AUTH_REQUIRES_TLS=false",
                                 "DNS_TRUST_ANCHOR_PATH=/none"),
                             files),
                  0);
        CHECK_NO_FINDING(&f.report, CONFIG_ERROR);

        /* Without secrets in it, everybody may read the file. */
        make_files(files);
        files[CONFIG].mode = S_IFREG | 0644;
        CHECK_INT(check_with(&plain, GOOD, ENV("RAILS_SECRET_KEY=x"), files), 0);
        CHECK_NO_FINDING(&plain.report, CONFIG_WARNING);
}

TEST(files_of_optional_settings) {
        static const struct {
                const char *variables[2];
                FakeFile spare;
                int result;
        } rows[] = {
                { { "DNS_TRUST_ANCHOR_PATH=/none", "DNS_DNSSEC=true" }, { 0 }, -EINVAL },
                { { "DNS_TRUST_ANCHOR_PATH=/x", "DNS_DNSSEC=true" },
                  { "/x", S_IFREG | 0644, "", 0 },
                  0 },
                { { "SMTP_SERVER_SPOOL_DIRECTORY=/none", "X=" }, { 0 }, -EINVAL },
                { { "SMTP_SERVER_SPOOL_DIRECTORY=/x", "X=" },
                  { "/x", S_IFREG | 0600, "", 0 },
                  -EINVAL },
                { { "SMTP_SERVER_SPOOL_DIRECTORY=/x", "X=" }, { "/x", S_IFDIR | 0700, "", 0 }, 0 },
                { { "SMTP_SERVER_SUBMISSIONS_PORT=465", "SMTP_SERVER_TLS_ENABLED=false" },
                  { 0 },
                  0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(fixture_done) Fixture f;
                FakeFile files[FILES + 1];

                make_files(files);
                files[SPARE] = rows[i].spare;
                CHECK_INT(check_with(&f, GOOD, ENV(rows[i].variables[0], rows[i].variables[1]),
                                     files),
                          rows[i].result);
                CHECK_NO_FINDING(&f.report, CONFIG_WARNING);
        }
}

TEST(the_shape_of_a_fresh_installation) {
        _cleanup_(fixture_done) Fixture f;

        CHECK_INT(check_with(&f, "version: 2\n", NULL, NULL), -EINVAL);
        CHECK_FINDING(&f.report, CONFIG_WARNING, "still the example \"postal.example.com\"");
        CHECK_FINDING(&f.report, CONFIG_WARNING, "There is no secret key");
        CHECK_FINDING(&f.report, CONFIG_WARNING, "without TLS");
        CHECK_FINDING(&f.report, CONFIG_ERROR, "signing.key");
}

TEST(the_real_file_system) {
        _cleanup_close_ int fd = -EBADF;
        struct stat st;

        CHECK_INT(config_fs_system.stat(NULL, "/", &st), 0);
        CHECK(S_ISDIR(st.st_mode));
        CHECK_INT(config_fs_system.stat(NULL, "/nonexistent", &st), -ENOENT);
        CHECK_INT(config_fs_system.open(NULL, "/nonexistent"), -ENOENT);
        fd = config_fs_system.open(NULL, "/dev/null");
        CHECK(fd >= 0);
}
