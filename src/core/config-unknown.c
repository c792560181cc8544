/* SPDX-License-Identifier: MIT */
#include "core/config-unknown.h"
#include "core/config-legacy.h"
#include "core/config-table.h"

#define NAME_SIZE_MAX 64
#define LEGACY_PATH_SIZE_MAX 200
/* Letters that may differ for a name to be taken for a slip of the pen. */
#define SLIP_MAX 2

/* How many letters must be changed, added or left out to get from one name to the other. */
static size_t distance(Slice a, Slice b) {
        size_t row[NAME_SIZE_MAX + 1], diagonal, above;

        if (a.size > NAME_SIZE_MAX || b.size > NAME_SIZE_MAX)
                return SIZE_MAX;
        for (size_t j = 0; j <= b.size; j++)
                row[j] = j;
        for (size_t i = 1; i <= a.size; i++) {
                diagonal = row[0];
                row[0] = i;
                for (size_t j = 1; j <= b.size; j++) {
                        above = row[j];
                        diagonal += a.data[i - 1] != b.data[j - 1];
                        row[j] = MIN(above, row[j - 1]) + 1;
                        row[j] = MIN(row[j], diagonal);
                        diagonal = above;
                }
        }
        return row[b.size];
}

static bool is_slip(Slice written, const char *name) {
        Slice meant = slice_from_string(name);

        return distance(written, meant) <= MIN((size_t) SLIP_MAX, meant.size / 2);
}

/* The setting that a name in this group of a version 2 file was probably meant to be, or NULL. */
static const ConfigKey *guess(Slice group, Slice name) {
        const ConfigKey *slip = NULL, *elsewhere = NULL;

        for (size_t i = 0; i < config_key_count; i++) {
                const ConfigKey *key = &config_keys[i];
                Slice rest = slice_from_string(key->legacy);

                if (key->legacy && slice_equal(slice_split(&rest, '.'), group) &&
                    slice_equal(rest, name))
                        return key;
                if (slice_equal(group, slice_from_string(key->group)) && is_slip(name, key->name))
                        slip = key;
                else if (slice_equal(name, slice_from_string(key->name)))
                        elsewhere = key;
        }
        return slip ? slip : elsewhere;
}

static bool has_key(Slice group, Slice name) {
        for (size_t i = 0; i < config_key_count; i++)
                if (slice_equal(group, slice_from_string(config_keys[i].group)) &&
                    slice_equal(name, slice_from_string(config_keys[i].name)))
                        return true;
        return false;
}

static bool has_group(Slice name) {
        for (size_t i = 0; i < config_group_count; i++)
                if (slice_equal(name, slice_from_string(config_groups[i].name)))
                        return true;
        return false;
}

static ConfigPlace key_place(const char *path, const ConfigNode *node) {
        return (ConfigPlace){ path, node->key_line, node->key_column, NULL };
}

static void report_key(const ConfigNode *group, const ConfigNode *node, const char *path,
                       ConfigReport *report) {
        /* Guessing takes time, and a full report does not show the guess. */
        bool is_shown = report->count < CONFIG_FINDINGS_MAX;
        const ConfigKey *meant = is_shown ? guess(group->key, node->key) : NULL;

        if (meant)
                config_report_add(
                        report, CONFIG_WARNING, key_place(path, node),
                        "\"%.*s.%.*s\" is not a setting and has no effect. Did you mean \"%s\"?",
                        SLICE_FORMAT(group->key), SLICE_FORMAT(node->key), meant->path);
        else
                config_report_add(report, CONFIG_WARNING, key_place(path, node),
                                  "\"%.*s.%.*s\" is not a setting and has no effect. Remove it, or "
                                  "look its name up in postal.yml(5).",
                                  SLICE_FORMAT(group->key), SLICE_FORMAT(node->key));
}

static void report_group(const ConfigNode *node, const char *path, ConfigReport *report) {
        for (size_t i = 0; i < config_group_count; i++) {
                if (!is_slip(node->key, config_groups[i].name))
                        continue;
                config_report_add(report, CONFIG_WARNING, key_place(path, node),
                                  "\"%.*s\" is not a group of settings and has no effect. Did you "
                                  "mean \"%s\"?",
                                  SLICE_FORMAT(node->key), config_groups[i].name);
                return;
        }
        for (const ConfigNode *n = node->kind == NODE_MAP ? node->first : NULL; n; n = n->next)
                if (guess(node->key, n->key)) {
                        report_key(node, n, path, report);
                        return;
                }
        config_report_add(report, CONFIG_WARNING, key_place(path, node),
                          "\"%.*s\" is not a group of settings and has no effect. Remove it, or "
                          "look its name up in postal.yml(5).",
                          SLICE_FORMAT(node->key));
}

static void report_no_map(const ConfigNode *node, const char *path, ConfigReport *report) {
        if (!config_node_is_null(node))
                config_report_add(
                        report, CONFIG_WARNING, key_place(path, node),
                        "\"%.*s\" must hold settings, each on a line of its own and indented, but "
                        "holds a single value or a list, which has no effect.",
                        SLICE_FORMAT(node->key));
}

void config_report_unknown(const ConfigNode *root, const char *path, ConfigReport *report) {
        for (const ConfigNode *group = root->first; group; group = group->next) {
                if (slice_equal(group->key, SLICE("version")))
                        continue;
                if (!has_group(group->key)) {
                        report_group(group, path, report);
                        continue;
                }
                if (group->kind != NODE_MAP) {
                        report_no_map(group, path, report);
                        continue;
                }
                for (const ConfigNode *n = group->first; n; n = n->next)
                        if (!has_key(group->key, n->key))
                                report_key(group, n, path, report);
        }
}

typedef enum LegacyMatch {
        LEGACY_UNKNOWN,
        LEGACY_PREFIX,
        LEGACY_SETTING,
} LegacyMatch;

static LegacyMatch match_legacy(const char *legacy_path) {
        size_t size = strlen(legacy_path);

        for (size_t i = 0; i < config_key_count; i++) {
                const char *legacy = config_keys[i].legacy;

                if (!legacy || strncmp(legacy, legacy_path, size) != 0)
                        continue;
                if (legacy[size] == '\0')
                        return LEGACY_SETTING;
                if (legacy[size] == '.')
                        return LEGACY_PREFIX;
        }
        return LEGACY_UNKNOWN;
}

static bool is_current(const char *setting) {
        for (size_t i = 0; i < config_key_count; i++)
                if (streq(config_keys[i].path, setting))
                        return true;
        return false;
}

static void report_legacy(const ConfigNode *node, const char *legacy_path, const char *path,
                          ConfigReport *report) {
        if (config_legacy_is_retired(legacy_path))
                config_report_add(report, CONFIG_INFO, key_place(path, node),
                                  "\"%s\" has no effect any more. It can be removed.", legacy_path);
        else if (is_current(legacy_path))
                config_report_add(
                        report, CONFIG_WARNING, key_place(path, node),
                        "\"%s\" has no effect in a file of this old format. Put \"version: 2\" at "
                        "the top and use the new names, or set it by the environment.",
                        legacy_path);
        else
                config_report_add(report, CONFIG_WARNING, key_place(path, node),
                                  "\"%s\" is not a setting and has no effect. Remove it.",
                                  legacy_path);
}

/* Legacy paths have up to three parts, so this goes no deeper. */
static void walk_legacy(const ConfigNode *map, const char *prefix, const char *path,
                        ConfigReport *report) {
        for (const ConfigNode *n = map->first; n; n = n->next) {
                char legacy_path[LEGACY_PATH_SIZE_MAX];

                (void) snprintf(legacy_path, sizeof(legacy_path), "%s%s%.*s", prefix,
                                *prefix ? "." : "", SLICE_FORMAT(n->key));
                if (streq(legacy_path, "version"))
                        continue;
                switch (match_legacy(legacy_path)) {
                case LEGACY_UNKNOWN:
                        report_legacy(n, legacy_path, path, report);
                        break;
                case LEGACY_PREFIX:
                        if (n->kind == NODE_MAP)
                                walk_legacy(n, legacy_path, path, report);
                        else
                                report_no_map(n, path, report);
                        break;
                case LEGACY_SETTING:
                        break;
                }
        }
}

void config_report_unknown_legacy(const ConfigNode *root, const char *path, ConfigReport *report) {
        walk_legacy(root, "", path, report);
}
