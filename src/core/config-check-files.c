/* SPDX-License-Identifier: MIT */
#include <fcntl.h>

#include "core/config-check-files.h"
#include "core/config-origin.h"
#include "core/file.h"
#include "core/signing-key.h"

#define CHECKED_FILE_SIZE_MAX ((size_t) 1024 * 1024)

typedef struct Checker {
        const Config *config;
        const ConfigFs *fs;
        ConfigReport *report;
} Checker;

static int system_stat(_unused_ void *userdata, const char *path, struct stat *ret) {
        return stat(path, ret) < 0 ? -errno : 0;
}

static int system_open(_unused_ void *userdata, const char *path) {
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

        return fd < 0 ? -errno : fd;
}

const ConfigFs config_fs_system = { .stat = system_stat, .open = system_open };

/* Secrets are for their owner and group, and nothing of ours is for everybody to change. */
static void check_mode(const Checker *c, ConfigPlace place, const char *path, mode_t mode,
                       bool is_secret) {
        if (mode & S_IWOTH)
                config_report_add(c->report, CONFIG_WARNING, place,
                                  "Every user of this host can change %s (mode %04o). Run \"chmod "
                                  "o-rwx\" on it.",
                                  path, (unsigned) mode & 07777);
        else if (is_secret && (mode & S_IROTH))
                config_report_add(c->report, CONFIG_WARNING, place,
                                  "Every user of this host can read %s, which holds secrets (mode "
                                  "%04o). Run \"chmod o-rwx\" on it.",
                                  path, (unsigned) mode & 07777);
}

static void report_errno(const Checker *c, ConfigPlace place, const char *path, int error) {
        errno = -error;
        config_report_add(c->report, CONFIG_ERROR, place,
                          "The file %s cannot be read (%m). Correct the path, or the permissions "
                          "of the file and its directories.",
                          path);
}

/* Reads the file a setting names. Returns whether there is anything to look at. */
static bool read_named(const Checker *c, char *const *field, bool is_secret, Buf *to) {
        ConfigPlace place = config_place(c->config, field);
        _cleanup_close_ int fd = -EBADF;
        const char *path = *field;
        struct stat st;
        int r;

        r = c->fs->stat(c->fs->userdata, path, &st);
        if (r >= 0 && S_ISDIR(st.st_mode))
                r = -EISDIR;
        if (r >= 0) {
                check_mode(c, place, path, st.st_mode, is_secret);
                fd = c->fs->open(c->fs->userdata, path);
                r = fd;
        }
        if (r >= 0)
                r = file_read_fd(fd, CHECKED_FILE_SIZE_MAX, to);
        if (r == -ENOMEM)
                c->report->error = r;
        else if (r < 0)
                report_errno(c, place, path, r);
        return r >= 0;
}

static void check_certificate(const Checker *c) {
        char *const *field = &c->config->smtp_server.tls_certificate_path;
        _cleanup_(buf_done) Buf text = BUF_EMPTY;

        if (!read_named(c, field, false, &text))
                return;
        if (slice_find_ignore_case(buf_slice(&text), SLICE("-----BEGIN CERTIFICATE-----")) < 0)
                config_report_add(c->report, CONFIG_ERROR, config_place(c->config, field),
                                  "The file %s holds no certificate. It must be in PEM format and "
                                  "begin with \"-----BEGIN CERTIFICATE-----\".",
                                  *field);
}

static void check_private_key(const Checker *c) {
        char *const *field = &c->config->smtp_server.tls_private_key_path;
        _cleanup_(buf_done) Buf text = BUF_EMPTY;
        const char *problem = NULL;

        if (!read_named(c, field, true, &text))
                return;
        if (slice_find_ignore_case(buf_slice(&text), SLICE("BEGIN ENCRYPTED PRIVATE KEY")) >= 0 ||
            slice_find_ignore_case(buf_slice(&text), SLICE("4,ENCRYPTED")) >= 0)
                problem = "is encrypted with a password. Write it without one (\"openssl pkey -in "
                          "OLD -out NEW\")";
        else if (text.size == 0 ||
                 (slice_find_ignore_case(buf_slice(&text), SLICE("-----BEGIN")) >= 0 &&
                  slice_find_ignore_case(buf_slice(&text), SLICE("PRIVATE KEY-----")) < 0))
                problem = "holds no private key. Put the key of the certificate there";
        if (problem)
                config_report_add(c->report, CONFIG_ERROR, config_place(c->config, field),
                                  "The file %s %s.", *field, problem);
        explicit_bzero(text.data, text.space);
}

static void check_signing_key(const Checker *c) {
        char *const *field = &c->config->postal.signing_key_path;
        _cleanup_(signing_key_freep) SigningKey *key = NULL;
        _cleanup_(buf_done) Buf pem = BUF_EMPTY;
        _cleanup_free_ char *text = NULL;
        int r;

        if (!read_named(c, field, true, &pem))
                return;
        r = signing_key_parse(buf_slice(&pem), *field, &key, &text);
        explicit_bzero(pem.data, pem.space);
        if (r == -ENOMEM)
                c->report->error = r;
        else if (r < 0)
                config_report_add(c->report, CONFIG_ERROR, config_place(c->config, field), "%s",
                                  text);
        else if (signing_key_bits(key) < 1024)
                config_report_add(c->report, CONFIG_WARNING, config_place(c->config, field),
                                  "The signing key has %u bits only, and receivers ignore DKIM "
                                  "signatures below 1024. Make a new one and publish its record "
                                  "(\"postal default-dkim-record\").",
                                  signing_key_bits(key));
}

static void check_resolv_conf(const Checker *c) {
        char *const *field = &c->config->dns.resolv_conf_path;
        _cleanup_(buf_done) Buf text = BUF_EMPTY;

        if (read_named(c, field, false, &text) &&
            slice_find_ignore_case(buf_slice(&text), SLICE("nameserver")) < 0)
                config_report_add(
                        c->report, CONFIG_ERROR, config_place(c->config, field),
                        "The file %s names no name server. Add a line \"nameserver ADDRESS\".",
                        *field);
}

static void check_spool(const Checker *c) {
        char *const *field = &c->config->smtp_server.spool_directory;
        ConfigPlace place = config_place(c->config, field);
        struct stat st;
        int r;

        if (!*field)
                return;
        r = c->fs->stat(c->fs->userdata, *field, &st);
        if (r >= 0 && !S_ISDIR(st.st_mode))
                r = -ENOTDIR;
        if (r >= 0) {
                check_mode(c, place, *field, st.st_mode, true);
                return;
        }
        errno = -r;
        config_report_add(c->report, CONFIG_ERROR, place,
                          "The directory %s cannot be used (%m). Make it, owned by the user that "
                          "Postal runs as, or remove the setting.",
                          *field);
}

static bool holds_secret(const Checker *c, ConfigOriginKind kind) {
        for (size_t i = 0; i < config_key_count; i++)
                if ((config_keys[i].flags & CONFIG_SECRET) &&
                    config_string(c->config, &config_keys[i]) &&
                    config_origin(c->config, &config_keys[i])->spot.kind == kind)
                        return true;
        return false;
}

/* The file the settings came from, and the .env file. */
static void check_source(const Checker *c, const char *path, bool is_secret) {
        struct stat st;

        if (c->fs->stat(c->fs->userdata, path, &st) >= 0)
                check_mode(c, (ConfigPlace){ .path = path }, path, st.st_mode, is_secret);
}

void config_check_files(const Config *config, const ConfigFs *fs, ConfigReport *report) {
        const Checker c = { config, fs, report };

        if (config->has_file)
                check_source(&c, config->config_path,
                             holds_secret(&c, CONFIG_ORIGIN_FILE) ||
                                     holds_secret(&c, CONFIG_ORIGIN_LEGACY));
        if (holds_secret(&c, CONFIG_ORIGIN_DOTENV))
                check_source(&c, config->dotenv_path, true);
        check_signing_key(&c);
        if (config->smtp_server.tls_enabled || config->smtp_server.submissions_port > 0) {
                check_certificate(&c);
                check_private_key(&c);
        }
        check_resolv_conf(&c);
        if (config->dns.dnssec && config->dns.trust_anchor_path) {
                _cleanup_(buf_done) Buf text = BUF_EMPTY;

                (void) read_named(&c, &config->dns.trust_anchor_path, false, &text);
        }
        check_spool(&c);
}
