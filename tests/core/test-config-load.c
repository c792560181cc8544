/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <sys/stat.h>

#include "config-fixture.h"

TEST(versions) {
        static const char *const refused[] = { "3",  "0",   "'2'", "\"1\"", "two",  "true",  "[2]",
                                               "{}", "2.1", "-1",  "22",    ".nan", "1.999", "v2" };
        static const char *const second[] = { "2", "0x2", "2.0", "+2", "0b10" };
        static const char *const first[] = { "1", "", "~", "null", "no", "1.0" };
        char yaml[100];

        for (size_t i = 0; i < ELEMENTSOF(refused); i++) {
                _cleanup_(fixture_done) Fixture f;

                (void) snprintf(yaml, sizeof(yaml), "version: %s\n", refused[i]);
                fixture_load(&f, yaml, NULL);
                CHECK_INT(f.result, -EINVAL);
                CHECK_FINDING(&f.report, CONFIG_ERROR,
                              "Invalid version specified in Postal config file. Must be 1 or 2.");
        }
        for (size_t i = 0; i < ELEMENTSOF(second) + ELEMENTSOF(first); i++) {
                _cleanup_(fixture_done) Fixture f;
                bool is_first = i >= ELEMENTSOF(second);

                (void) snprintf(yaml, sizeof(yaml), "version: %s\n",
                                is_first ? first[i - ELEMENTSOF(second)] : second[i]);
                fixture_load(&f, yaml, NULL);
                CHECK_INT(f.result, 0);
                CHECK_INT(f.config->is_legacy, is_first);
        }
}

static char *announcements(const ConfigReport *report) {
        Buf text = BUF_EMPTY;

        config_report_format_announcements(report, &text);
        return buf_take(&text);
}

TEST(announcements_are_those_of_ruby_postal) {
        _cleanup_(fixture_done) Fixture f, legacy;
        _cleanup_free_ char *text = NULL, *legacy_text = NULL;

        fixture_load(&f, "version: 2\n", NULL);
        text = announcements(&f.report);
        CHECK_STR(text, "Loading config from /config/postal.yml\n");
        CHECK(!f.report.is_silenced);

        fixture_load(&legacy, "web: {}\n", ENV("SILENCE_POSTAL_CONFIG_MESSAGES=true"));
        legacy_text = announcements(&legacy.report);
        CHECK_STR(legacy_text,
                  "Loading config from /config/postal.yml\n"
                  "WARNING: Using legacy config file format. Upgrade your postal.yml to use\n"
                  "version 2 of the Postal configuration or configure using environment\n"
                  "variables. See https://docs.postalserver.io/config-v2 for details.\n");
        CHECK(legacy.report.is_silenced);
}

TEST(only_the_exact_word_silences) {
        static const char *const words[] = { "SILENCE_POSTAL_CONFIG_MESSAGES=1",
                                             "SILENCE_POSTAL_CONFIG_MESSAGES=TRUE",
                                             "SILENCE_POSTAL_CONFIG_MESSAGES=" };

        for (size_t i = 0; i < ELEMENTSOF(words); i++) {
                _cleanup_(fixture_done) Fixture f;

                fixture_load(&f, "version: 2\n", ENV(words[i]));
                CHECK(!f.report.is_silenced);
        }
}

TEST(paths_have_the_directory_of_the_file) {
        static const struct {
                const char *path;
                const char *root;
        } rows[] = {
                { "/config/postal.yml", "/config" },
                { "/postal.yml", "/" },
                { "postal.yml", "." },
                { "config/postal/postal.yml", "config/postal" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const ConfigSources sources = { .path = rows[i].path,
                                                .dotenv_path = "",
                                                .lookup = fixture_lookup };
                _cleanup_(fixture_done) Fixture f = { 0 };
                char key_path[100];

                CHECK_INT(config_load_text(&sources, SLICE("version: 2\n"), &f.config, &f.report),
                          0);
                CHECK_STR(f.config->config_path, rows[i].path);
                CHECK_STR(f.config->config_root, rows[i].root);
                (void) snprintf(key_path, sizeof(key_path), "%s/smtp.key", rows[i].root);
                CHECK_VALUE(&f, "smtp_server.tls_private_key_path", key_path);
        }
}

TEST(the_root_is_put_anywhere_in_paths_only) {
        _cleanup_(fixture_done) Fixture f;

        fixture_load(&f,
                     "version: 2\n"
                     "postal:\n"
                     "  signing_key_path: x/$CONFIG-file-ROOT/y:$config-file-root\n"
                     "  web_hostname: $config-file-root\n"
                     "smtp_server:\n"
                     "  tls_certificate_path: $config-file\n"
                     "  spool_directory: $config-file-root/spool\n",
                     ENV("SMTP_SERVER_TLS_PRIVATE_KEY_PATH=$config-file-root/k"));
        CHECK_VALUE(&f, "postal.signing_key_path", "x//config/y:/config");
        CHECK_VALUE(&f, "postal.web_hostname", "$config-file-root");
        CHECK_VALUE(&f, "smtp_server.tls_certificate_path", "$config-file");
        CHECK_VALUE(&f, "smtp_server.tls_private_key_path", "/config/k");
        CHECK_VALUE(&f, "smtp_server.spool_directory", "/config/spool");
}

TEST(other_variables_can_be_asked_for) {
        _cleanup_(fixture_done) Fixture f;

        fixture_load(&f, "version: 2\n", ENV("PORT=8080"));
        CHECK_STR(config_variable(f.config, "PORT"), "8080");
        CHECK(!config_variable(f.config, "BIND_ADDRESS"));
}

TEST(the_file_of_a_running_installation_loads) {
        const ConfigSources sources = { .path = SOURCE_DIR "/tests/fixtures/postal.yml",
                                        .dotenv_path = "",
                                        .lookup = fixture_lookup };
        _cleanup_(fixture_done) Fixture f = { 0 };

        f.result = config_load(&sources, &f.config, &f.report);
        CHECK_INT(f.result, 0);
        CHECK_NO_FINDING(&f.report, CONFIG_WARNING);
        CHECK_VALUE(&f, "postal.web_protocol", "http");
        CHECK_VALUE(&f, "main_db.port", "33306");
        CHECK_VALUE(&f, "message_db.database_name_prefix", "postal");
        CHECK_VALUE(&f, "postal.signing_key_path", "config/postal/signing.key");
        CHECK_VALUE(&f, "smtp_server.tls_enabled", "true");
        CHECK_VALUE(&f, "dns.mx_records", "mx.postal.example.com");
        CHECK_INT(f.config->postal.relay_count, 1);
        CHECK_INT(f.config->postal.relays[0].port, 2526);
        CHECK_STR(f.config->postal.relays[0].ssl_mode, "None");
}

/* A directory with files in it, removed at the end. */
typedef struct Folder {
        char path[64];
        char file[128];
        char dotenv[128];
} Folder;

static void folder_done(Folder *folder) {
        (void) unlink(folder->file);
        (void) unlink(folder->dotenv);
        (void) rmdir(folder->path);
}

static void write_file(const char *path, Slice text) {
        _cleanup_fclose_ FILE *f = fopen(path, "we");

        CHECK(f != NULL);
        CHECK_INT(fwrite(text.data, 1, text.size, f), text.size);
}

static void folder_make(Folder *folder) {
        (void) snprintf(folder->path, sizeof(folder->path), "%s", "/tmp/test-config-XXXXXX");
        CHECK(mkdtemp(folder->path) != NULL);
        (void) snprintf(folder->file, sizeof(folder->file), "%s/postal.yml", folder->path);
        (void) snprintf(folder->dotenv, sizeof(folder->dotenv), "%s/.env", folder->path);
}

TEST(the_file_may_be_missing_unless_it_was_asked_for) {
        _cleanup_(fixture_done) Fixture f = { 0 }, asked = { 0 };
        ConfigSources sources = { .dotenv_path = "", .lookup = fixture_lookup };
        _cleanup_free_ char *text = NULL;

        sources.userdata = (void *) ENV("POSTAL_CONFIG_FILE_PATH=/nonexistent/x/postal.yml",
                                        "MAIN_DB_HOST=db");
        CHECK_INT(config_load(&sources, &f.config, &f.report), 0);
        text = announcements(&f.report);
        CHECK_STR(text, "No configuration file found at /nonexistent/x/postal.yml\n"
                        "Only using environment variables for configuration\n");
        CHECK(!f.config->has_file);
        CHECK_VALUE(&f, "main_db.host", "db");
        CHECK_VALUE(&f, "postal.signing_key_path", "/nonexistent/x/signing.key");

        sources.path = "/nonexistent/y/postal.yml";
        CHECK_INT(config_load(&sources, &asked.config, &asked.report), -EINVAL);
        CHECK_FINDING(&asked.report, CONFIG_ERROR, "cannot be read (No such file or directory)");
}

TEST(a_file_that_cannot_be_reached_is_not_missing) {
        _cleanup_(fixture_done) Fixture f = { 0 };
        char variable[400] = "POSTAL_CONFIG_FILE_PATH=/";
        const ConfigSources sources = { .dotenv_path = "",
                                        .lookup = fixture_lookup,
                                        .userdata = (void *) ENV(variable) };

        /* One name too long for any file system, as permissions do not stop root. */
        memset(variable + strlen(variable), 'x', 300);
        CHECK_INT(config_load(&sources, &f.config, &f.report), -EINVAL);
        CHECK_FINDING(&f.report, CONFIG_ERROR, "cannot be read (File name too long)");
}

TEST(a_directory_in_place_of_the_file_is_no_file) {
        _cleanup_(fixture_done) Fixture f = { 0 };
        const ConfigSources sources = { .dotenv_path = "",
                                        .lookup = fixture_lookup,
                                        .userdata = (void *) ENV("POSTAL_CONFIG_FILE_PATH=/") };

        CHECK_INT(config_load(&sources, &f.config, &f.report), 0);
        CHECK(!f.config->has_file);
}

TEST(a_file_that_is_too_large) {
        _cleanup_(folder_done) Folder folder;
        _cleanup_(fixture_done) Fixture f = { 0 };
        ConfigSources sources = { .dotenv_path = "", .lookup = fixture_lookup };
        int fd;

        folder_make(&folder);
        fd = open(folder.file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        CHECK(fd >= 0);
        CHECK_INT(ftruncate(fd, 2 * 1024 * 1024), 0);
        CHECK_INT(close(fd), 0);
        sources.path = folder.file;
        CHECK_INT(config_load(&sources, &f.config, &f.report), -EINVAL);
        CHECK_FINDING(&f.report, CONFIG_ERROR, "larger than 1048576 bytes");
}

TEST(the_env_file_counts_where_the_environment_does_not) {
        _cleanup_(folder_done) Folder folder;
        _cleanup_(fixture_done) Fixture f = { 0 };
        const ConfigKey *host = fixture_key("main_db.host");
        ConfigSources sources = {
                .lookup = fixture_lookup,
                .userdata = (void *) ENV("MAIN_DB_USERNAME=environment"),
        };
        _cleanup_(buf_done) Buf text = BUF_EMPTY;

        folder_make(&folder);
        write_file(folder.file, SLICE("version: 2\nmain_db: {host: file, database: file}\n"));
        buf_printf(&text, "POSTAL_CONFIG_FILE_PATH=%s\n", folder.file);
        buf_append_string(&text, "MAIN_DB_HOST=dotenv\n"
                                 "MAIN_DB_USERNAME=dotenv\n"
                                 "PORT=81\n"
                                 "SILENCE_POSTAL_CONFIG_MESSAGES=true\n"
                                 "rubbish\n");
        write_file(folder.dotenv, buf_slice(&text));
        sources.dotenv_path = folder.dotenv;
        CHECK_INT(config_load(&sources, &f.config, &f.report), 0);
        CHECK_STR(f.config->config_path, folder.file);
        CHECK_VALUE(&f, "main_db.host", "dotenv");
        CHECK_VALUE(&f, "main_db.username", "environment");
        CHECK_VALUE(&f, "main_db.database", "file");
        CHECK_STR(config_variable(f.config, "PORT"), "81");
        CHECK(f.report.is_silenced);
        CHECK_INT(config_origin(f.config, host)->spot.kind, CONFIG_ORIGIN_DOTENV);
        CHECK_FINDING(&f.report, CONFIG_WARNING, "not of the form NAME=value");
        CHECK_INT(fixture_find(&f.report, CONFIG_WARNING, "NAME=value")->line, 6);
}

TEST(by_default_the_process_environment_counts) {
        _cleanup_(folder_done) Folder folder;
        _cleanup_(fixture_done) Fixture f = { 0 };
        const ConfigSources sources = { .dotenv_path = "" };

        folder_make(&folder);
        write_file(folder.file, SLICE("version: 2\n"));
        CHECK_INT(setenv("POSTAL_CONFIG_FILE_PATH", folder.file, true), 0);
        CHECK_INT(setenv("SMTP_SERVER_MAX_ERRORS", "7", true), 0);
        CHECK_INT(config_load(&sources, &f.config, &f.report), 0);
        CHECK_STR(f.config->config_path, folder.file);
        CHECK_INT(f.config->smtp_server.max_errors, 7);
        CHECK_INT(unsetenv("POSTAL_CONFIG_FILE_PATH"), 0);
        CHECK_INT(unsetenv("SMTP_SERVER_MAX_ERRORS"), 0);
}

TEST(rubbish_makes_a_bounded_report) {
        _cleanup_(fixture_done) Fixture f;
        _cleanup_(buf_done) Buf yaml = BUF_EMPTY;

        buf_append_string(&yaml, "version: 2\npostal:\n");
        for (unsigned i = 0; i < 3000; i++)
                buf_printf(&yaml, "  web_hostname_%u: 1\n", i);
        fixture_load(&f, buf_string(&yaml), NULL);
        CHECK_INT(f.result, 0);
        CHECK_INT(f.report.count, CONFIG_FINDINGS_MAX);
        CHECK_INT(f.report.totals[CONFIG_WARNING], 3000);
}

TEST(nothing_is_nothing_to_free) {
        CHECK(!config_free(NULL));
}
