/* SPDX-License-Identifier: MIT */
#pragma once

/* Where the value of a setting came from. */

#include "core/config-table.h"
#include "core/config.h"

typedef enum ConfigOriginKind {
        CONFIG_ORIGIN_DEFAULT,
        CONFIG_ORIGIN_FILE,
        CONFIG_ORIGIN_LEGACY, /* a file with the old names */
        CONFIG_ORIGIN_ENVIRONMENT,
        CONFIG_ORIGIN_DOTENV, /* the .env file */
        CONFIG_ORIGIN_MAX,
} ConfigOriginKind;

typedef struct ConfigSpot {
        ConfigOriginKind kind;
        const char *source; /* for findings: the path of the file, "environment variable NAME" */
        unsigned line;      /* in the configuration file */
        unsigned column;
} ConfigSpot;

struct ConfigOrigin {
        ConfigSpot spot; /* of the value in effect */
        /* A value out of range, in place of which that one is in effect: where it is, and what is
         * to say about it. NULL when there is none. */
        ConfigSpot rejected;
        char *rejected_text;
};

static inline const ConfigOrigin *config_origin(const Config *config, const ConfigKey *key) {
        return &config->origins[key - config_keys];
}

/* The row of a setting, by the address of its field in this Config. */
const ConfigKey *config_key_of(const Config *config, const void *field);

static inline ConfigPlace config_spot_place(const ConfigSpot *spot, const ConfigKey *key) {
        return (ConfigPlace){ spot->source, spot->line, spot->column, key->path };
}

/* Where the value in effect was set. */
static inline ConfigPlace config_place(const Config *config, const void *field) {
        const ConfigKey *key = config_key_of(config, field);

        return config_spot_place(&config_origin(config, key)->spot, key);
}

/* The field of a setting; its type is that of the row. */
static inline const void *config_field(const Config *config, const ConfigKey *key) {
        return (const char *) config + key->offset;
}

static inline const char *config_string(const Config *config, const ConfigKey *key) {
        assert(key->type == CONFIG_STRING);
        return *(char *const *) config_field(config, key);
}

static inline int64_t config_integer(const Config *config, const ConfigKey *key) {
        assert(key->type == CONFIG_INTEGER);
        return *(const int64_t *) config_field(config, key);
}

static inline bool config_boolean(const Config *config, const ConfigKey *key) {
        assert(key->type == CONFIG_BOOLEAN);
        return *(const bool *) config_field(config, key);
}

static inline char *const *config_list(const Config *config, const ConfigKey *key) {
        assert(key->type == CONFIG_LIST);
        return *(char **const *) config_field(config, key);
}
