/* SPDX-License-Identifier: MIT */
#include "core/config.h"
#include "basic/hashmap.h"
#include "core/config-origin.h"

Config *config_free(Config *config) {
        if (!config)
                return NULL;
        hashmap_free(config->dotenv);
        arena_done(&config->arena);
        return mfree(config);
}

const char *config_variable(const Config *config, const char *name) {
        const char *value;

        assert(config);
        assert(name);

        value = config->lookup(config->userdata, name);
        return value ? value : hashmap_get(config->dotenv, slice_from_string(name));
}

const ConfigKey *config_key_of(const Config *config, const void *field) {
        for (size_t i = 0; i < config_key_count; i++)
                if (config_field(config, &config_keys[i]) == field)
                        return &config_keys[i];
        assert(!"not the field of a setting");
        return NULL;
}

bool config_is_set(const Config *config, const void *field) {
        assert(config);

        return config_origin(config, config_key_of(config, field))->spot.kind !=
               CONFIG_ORIGIN_DEFAULT;
}

int64_t config_smtp_reply_timeout(const Config *config) {
        return config_is_set(config, &config->smtp_client.read_timeout)
                       ? config->smtp_client.read_timeout
                       : config->smtp_client.command_timeout;
}
