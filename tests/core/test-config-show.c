/* SPDX-License-Identifier: MIT */
#include <jansson.h>

#include "config-fixture.h"
#include "core/config-show.h"

/* The line of a setting with its runs of blanks made one; NULL if there is none. */
static const char *line_of(const Buf *text, const char *path) {
        static char line[400];
        size_t size = strlen(path), used = 0;
        const char *p = buf_string(text);

        while (p && *p && !(strncmp(p, path, size) == 0 && p[size] == ' ')) {
                p = strchr(p, '\n');
                p = p ? p + 1 : NULL;
        }
        if (!p || !*p)
                return NULL;
        for (p += size + 1; *p && *p != '\n' && used + 1 < sizeof(line); p++)
                if (*p != ' ' || (used > 0 && line[used - 1] != ' '))
                        line[used++] = *p;
        line[used] = '\0';
        return line;
}

static const char sample[] = "version: 2\n"
                             "postal:\n"
                             "  web_hostname: postal.acme.test\n"
                             "  smtp_relays: [smtp://a, 'smtp://user:hunter2@b:25?ssl_mode=TLS']\n"
                             "  use_ip_pools: true\n"
                             "main_db: {password: hunter2, port: 99999}\n"
                             "smtp_server: {tls_ciphers: }\n"
                             "smtp: {from_name: \"A\\e[31m \\\"\\\\\\u00e9\\x9b\\n\"}\n";

TEST(text) {
        _cleanup_(fixture_done) Fixture f;
        _cleanup_(buf_done) Buf text = BUF_EMPTY;

        fixture_load(&f, sample, ENV("MAIN_DB_HOST=db", "RAILS_SECRET_KEY=hunter2"));
        CHECK_INT(f.result, 0);
        config_show_text(f.config, &text);
        CHECK_INT(buf_error(&text), 0);
        CHECK_STR(line_of(&text, "postal.web_hostname"), "postal.acme.test /config/postal.yml:3");
        CHECK_STR(line_of(&text, "postal.smtp_hostname"), "postal.example.com default");
        CHECK_STR(line_of(&text, "postal.smtp_relays"),
                  "[smtp://a, smtp://********@b:25?ssl_mode=TLS] /config/postal.yml:4");
        CHECK_STR(line_of(&text, "postal.use_ip_pools"), "true /config/postal.yml:5");
        CHECK_STR(line_of(&text, "postal.trusted_proxies"), "[] default");
        CHECK_STR(line_of(&text, "main_db.password"), "******** /config/postal.yml:6");
        CHECK_STR(line_of(&text, "message_db.password"), "null default");
        CHECK_STR(line_of(&text, "main_db.port"), "3306 default, as the one given is not valid");
        CHECK_STR(line_of(&text, "main_db.host"), "db environment MAIN_DB_HOST");
        CHECK_STR(line_of(&text, "rails.secret_key"), "******** environment RAILS_SECRET_KEY");
        CHECK_STR(line_of(&text, "smtp_server.tls_ciphers"), "null /config/postal.yml:7");
        CHECK_STR(line_of(&text, "smtp.from_name"),
                  "A\\x1b[31m \"\\\xc3\xa9\\xc2\\x9b\\x0a /config/postal.yml:8");
        CHECK(!strstr(buf_string(&text), "hunter2"));
        CHECK(!strstr(buf_string(&text), "user:"));
}

TEST(columns_are_aligned) {
        _cleanup_(fixture_done) Fixture f;
        _cleanup_(buf_done) Buf text = BUF_EMPTY;
        size_t lines = 0;
        Slice rest;

        fixture_load(&f, "version: 2\n", NULL);
        config_show_text(f.config, &text);
        rest = buf_slice(&text);
        while (rest.size > 0) {
                Slice line = slice_split(&rest, '\n');
                size_t end = strlen("postal.default_suppression_list_automatic_removal_days");

                CHECK(line.size > end + 2);
                CHECK(line.data[end] == ' ' && line.data[end + 1] == ' ' &&
                      line.data[end + 2] != ' ');
                lines++;
        }
        CHECK_INT(lines, config_key_count);
}

TEST(a_legacy_file_shows_the_old_names) {
        _cleanup_(fixture_done) Fixture f;
        _cleanup_(buf_done) Buf text = BUF_EMPTY;

        fixture_load(&f, "web:\n  host: postal.acme.test\n", NULL);
        config_show_text(f.config, &text);
        CHECK_STR(line_of(&text, "postal.web_hostname"),
                  "postal.acme.test /config/postal.yml:2 (web.host)");
}

static json_t *parse_json(const Config *config) {
        _cleanup_(buf_done) Buf text = BUF_EMPTY;
        json_error_t error;
        json_t *root;

        config_show_json(config, &text);
        CHECK_INT(buf_error(&text), 0);
        root = json_loadb(text.data, text.size, JSON_REJECT_DUPLICATES, &error);
        if (!root)
                test_fail(__FILE__, __LINE__, "line %d: %s", error.line, error.text);
        return root;
}

static json_t *setting(json_t *root, const char *group, const char *key) {
        return json_object_get(json_object_get(json_object_get(root, "settings"), group), key);
}

static void check_json(json_t *root, const char *group, const char *key, const char *want) {
        char *have = json_dumps(setting(root, group, key), JSON_COMPACT | JSON_ENCODE_ANY);

        test_check_string(__FILE__, __LINE__, key, have, want);
        free(have);
}

TEST(json) {
        _cleanup_(fixture_done) Fixture f, legacy;
        json_t *root;
        size_t count = 0;
        const char *name;
        json_t *group;

        fixture_load(&f, sample,
                     ENV("MAIN_DB_HOST=d\xff\xc3\xa9\xed\xa0\x80\xf5", "MAIN_DB_PASSWORD=hunter2"));
        root = parse_json(f.config);
        CHECK_STR(json_string_value(json_object_get(root, "path")), "/config/postal.yml");
        CHECK_STR(json_string_value(json_object_get(root, "root")), "/config");
        check_json(root, "postal", "web_hostname",
                   "{\"value\":\"postal.acme.test\",\"source\":\"file\",\"line\":3,\"column\":17}");
        check_json(root, "postal", "smtp_relays",
                   "{\"value\":[\"smtp://a\",\"smtp://"
                   "********@b:25?ssl_mode=TLS\"],\"source\":\"file\",\"line\":4,\"column\":16}");
        check_json(root, "postal", "use_ip_pools",
                   "{\"value\":true,\"source\":\"file\",\"line\":5,\"column\":17}");
        check_json(root, "main_db", "port", "{\"value\":3306,\"source\":\"default\"}");
        check_json(root, "main_db", "host",
                   "{\"value\":"
                   "\"d\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\","
                   "\"source\":\"environment\",\"variable\":\"MAIN_DB_HOST\"}");
        check_json(root, "main_db", "password",
                   "{\"value\":\"********\",\"source\":\"environment\",\"variable\":\"MAIN_DB_"
                   "PASSWORD\"}");
        check_json(root, "message_db", "password", "{\"value\":null,\"source\":\"default\"}");
        check_json(root, "smtp", "from_name",
                   "{\"value\":\"A\\u001B[31m \\\"\\\\\xc3\xa9\xc2\x9b\\n\","
                   "\"source\":\"file\",\"line\":8,\"column\":19}");
        json_object_foreach(json_object_get(root, "settings"), name, group) {
                count += json_object_size(group);
        }
        CHECK_INT(count, config_key_count);
        json_decref(root);

        fixture_load(&legacy, "web: {host: x}\n", NULL);
        root = parse_json(legacy.config);
        check_json(root, "postal", "web_hostname",
                   "{\"value\":\"x\",\"source\":\"legacy\",\"line\":1,\"column\":13,\"legacy_key\":"
                   "\"web.host\"}");
        json_decref(root);
}

TEST(json_without_a_file) {
        _cleanup_(fixture_done) Fixture f = { 0 };
        const ConfigSources sources = {
                .dotenv_path = "",
                .lookup = fixture_lookup,
                .userdata = (void *) ENV("POSTAL_CONFIG_FILE_PATH=/nonexistent/postal.yml"),
        };
        json_t *root;

        CHECK_INT(config_load(&sources, &f.config, &f.report), 0);
        root = parse_json(f.config);
        CHECK(json_is_null(json_object_get(root, "path")));
        CHECK_STR(json_string_value(json_object_get(root, "root")), "/nonexistent");
        json_decref(root);
}
