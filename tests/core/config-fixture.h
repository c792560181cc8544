/* SPDX-License-Identifier: MIT */
#pragma once

/* Loading a configuration from strings, for the tests of what is made of it. */

#include "core/config-origin.h"
#include "test.h"

#define FIXTURE_PATH "/config/postal.yml"

typedef struct Fixture {
        Config *config; /* NULL when it did not load */
        ConfigReport report;
        int result;
} Fixture;

static inline void fixture_done(Fixture *f) {
        config_free(f->config);
        config_report_done(&f->report);
}

/* The environment: "NAME=value", …, NULL. */
#define ENV(...) ((const char *const[]){ __VA_ARGS__, NULL })

static inline const char *fixture_lookup(void *userdata, const char *name) {
        size_t size = strlen(name);

        for (const char *const *p = userdata; p && *p; p++)
                if (strncmp(*p, name, size) == 0 && (*p)[size] == '=')
                        return *p + size + 1;
        return NULL;
}

static inline void fixture_load(Fixture *f, const char *yaml, const char *const *environment) {
        const ConfigSources sources = {
                .path = FIXTURE_PATH,
                .dotenv_path = "",
                .lookup = fixture_lookup,
                .userdata = (void *) environment,
        };

        *f = (Fixture){ 0 };
        f->result = config_load_text(&sources, slice_from_string(yaml), &f->config, &f->report);
}

/* The value of any setting as text, lists with commas. The caller frees it. */
static inline char *fixture_value(const Fixture *f, const ConfigKey *key) {
        Buf text = BUF_EMPTY;

        switch (key->type) {
        case CONFIG_STRING:
                buf_append_string(&text, config_string(f->config, key)
                                                 ? config_string(f->config, key)
                                                 : "null");
                break;
        case CONFIG_INTEGER:
                buf_printf(&text, "%lld", (long long) config_integer(f->config, key));
                break;
        case CONFIG_BOOLEAN:
                buf_append_string(&text, config_boolean(f->config, key) ? "true" : "false");
                break;
        case CONFIG_LIST:
                for (char *const *p = config_list(f->config, key); *p; p++)
                        buf_printf(&text, "%s%s", text.size > 0 ? ", " : "", *p);
                break;
        }
        return buf_take(&text);
}

static inline const ConfigKey *fixture_key(const char *path) {
        for (size_t i = 0; i < config_key_count; i++)
                if (streq(config_keys[i].path, path))
                        return &config_keys[i];
        test_fail(__FILE__, __LINE__, "%s is no setting", path);
}

static inline void fixture_check_value(const char *file, int line, const Fixture *f,
                                       const char *path, const char *want) {
        _cleanup_free_ char *have = NULL;

        if (!f->config)
                test_fail(file, line, "%s cannot be read: nothing is loaded", path);
        have = fixture_value(f, fixture_key(path));
        test_check_string(file, line, path, have, want);
}

/* Whether a finding of this severity has this part in its text; NULL: any of the severity. */
static inline const ConfigFinding *fixture_find(const ConfigReport *report, ConfigSeverity severity,
                                                const char *part) {
        for (size_t i = 0; i < report->count; i++)
                if (report->findings[i].severity == severity &&
                    !report->findings[i].is_announcement &&
                    (!part || strstr(report->findings[i].text, part)))
                        return &report->findings[i];
        return NULL;
}

#define CHECK_VALUE(f, path, want) fixture_check_value(__FILE__, __LINE__, f, path, want)
#define CHECK_FINDING(report, severity, part)                                                      \
        do {                                                                                       \
                if (!fixture_find(report, severity, part))                                         \
                        test_fail(__FILE__, __LINE__, "there is no %s with \"%s\"",                \
                                  config_severity_to_string(severity), strempty(part));            \
        } while (0)
#define CHECK_NO_FINDING(report, severity)                                                         \
        do {                                                                                       \
                const ConfigFinding *found_ = fixture_find(report, severity, NULL);                \
                if (found_)                                                                        \
                        test_fail(__FILE__, __LINE__, "there is a finding: %s", found_->text);     \
        } while (0)
