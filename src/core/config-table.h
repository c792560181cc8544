/* SPDX-License-Identifier: MIT */
#pragma once

/* The table of all settings. Reading the file, the legacy file and the environment, the defaults,
 * the checks, `postal config show` and the manual page all follow from it. */

#include "basic/macro.h"

typedef enum ConfigType {
        CONFIG_STRING,  /* char * */
        CONFIG_INTEGER, /* int64_t */
        CONFIG_BOOLEAN, /* bool */
        CONFIG_LIST,    /* char ** */
} ConfigType;

typedef enum ConfigFlags {
        CONFIG_NULLABLE = 1 << 0, /* null (an empty list) is a value; else it stands for no value */
        CONFIG_SECRET = 1 << 1,   /* never shown */
        CONFIG_OURS = 1 << 2,     /* unknown to Ruby Postal, which ignores it */
        CONFIG_PATH = 1 << 3,     /* `$config-file-root` in it is replaced */
        CONFIG_HOSTNAME = 1 << 4, /* a name in the operator's domain, which is not example.com */
        CONFIG_RELAYS = 1 << 5,   /* a list of relays */
        CONFIG_NETWORKS = 1 << 6, /* a list of IP networks */
} ConfigFlags;

typedef struct ConfigKey {
        const char *path; /* "group.name" */
        const char *group;
        const char *name;
        ConfigType type;
        int64_t min; /* of integers */
        int64_t max;
        size_t offset;           /* in Config */
        const char *initial;     /* the default, as the environment would give it; NULL is null */
        const char *description; /* for the manual page: sentences, with the unit */
        const char *legacy;      /* its path in a legacy file, or NULL */
        const char *choices;     /* what is valid, separated by "|", or NULL */
        ConfigFlags flags;
} ConfigKey;

typedef struct ConfigGroup {
        const char *name;
        const char *description;
} ConfigGroup;

/* In the order of the file. */
extern const ConfigKey config_keys[];
extern const size_t config_key_count;
extern const ConfigGroup config_groups[];
extern const size_t config_group_count;

#define CONFIG_ENV_NAME_MAX 80

/* The environment variable of a setting: POSTAL_WEB_HOSTNAME for postal.web_hostname. */
const char *config_key_env_name(const ConfigKey *key, char name[CONFIG_ENV_NAME_MAX]);

/* "string", "integer", "boolean", "list of strings". */
const char *config_type_to_string(ConfigType type);

/* Whether the value is one of the choices; without choices, anything is. */
bool config_key_allows(const ConfigKey *key, const char *value);
