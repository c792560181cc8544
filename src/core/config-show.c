/* SPDX-License-Identifier: MIT */
#include "core/config-show.h"
#include "core/config-origin.h"

#define STARS "********"
/* Longer values do not push the column of sources further to the right. */
#define VALUE_WIDTH_MAX 48

/* Hides what is between the scheme and the at sign of a relay. */
static void append_relay(const char *relay, Buf *to) {
        const char *at = strrchr(relay, '@'), *slashes = strstr(relay, "//");

        if (!at) {
                buf_append_string(to, relay);
                return;
        }
        if (slashes && slashes < at)
                buf_append(to, relay, (size_t) (slashes - relay) + 2);
        buf_append_string(to, STARS);
        buf_append_string(to, at);
}

/* No value may move the cursor about, or pass for another line. */
static void append_printable(const char *text, Buf *to) {
        for (const char *p = text; *p; p++) {
                unsigned char c = (unsigned char) *p;

                if (c < 0x20 || c == 0x7f)
                        buf_printf(to, "\\x%02x", c);
                else if (c == 0xc2 && (unsigned char) p[1] >= 0x80 && (unsigned char) p[1] < 0xa0)
                        buf_printf(to, "\\xc2\\x%02x", (unsigned char) *++p);
                else
                        buf_append_byte(to, *p);
        }
}

static void append_item(const ConfigKey *key, const char *item, bool is_last, Buf *to) {
        _cleanup_(buf_done) Buf relay = BUF_EMPTY;

        if (key->flags & CONFIG_RELAYS)
                append_relay(item, &relay);
        append_printable(key->flags & CONFIG_RELAYS ? buf_string(&relay) : item, to);
        if (!is_last)
                buf_append_string(to, ", ");
        if (buf_error(&relay) < 0)
                to->error = buf_error(&relay);
}

static void append_value(const Config *config, const ConfigKey *key, Buf *to) {
        switch (key->type) {
        case CONFIG_STRING:
                if (!config_string(config, key))
                        buf_append_string(to, "null");
                else if (key->flags & CONFIG_SECRET)
                        buf_append_string(to, STARS);
                else
                        append_printable(config_string(config, key), to);
                break;
        case CONFIG_INTEGER:
                buf_printf(to, "%lld", (long long) config_integer(config, key));
                break;
        case CONFIG_BOOLEAN:
                buf_append_string(to, config_boolean(config, key) ? "true" : "false");
                break;
        case CONFIG_LIST:
                buf_append_byte(to, '[');
                for (char *const *p = config_list(config, key); *p; p++)
                        append_item(key, *p, !p[1], to);
                buf_append_byte(to, ']');
                break;
        }
}

static void append_source(const Config *config, const ConfigKey *key, Buf *to) {
        const ConfigOrigin *origin = config_origin(config, key);
        char env_name[CONFIG_ENV_NAME_MAX];

        switch (origin->spot.kind) {
        case CONFIG_ORIGIN_FILE:
                buf_printf(to, "%s:%u", config->config_path, origin->spot.line);
                break;
        case CONFIG_ORIGIN_LEGACY:
                buf_printf(to, "%s:%u (%s)", config->config_path, origin->spot.line, key->legacy);
                break;
        case CONFIG_ORIGIN_ENVIRONMENT:
                buf_printf(to, "environment %s", config_key_env_name(key, env_name));
                break;
        case CONFIG_ORIGIN_DOTENV:
                buf_printf(to, "%s %s", config->dotenv_path, config_key_env_name(key, env_name));
                break;
        case CONFIG_ORIGIN_DEFAULT:
        case CONFIG_ORIGIN_MAX:
                buf_append_string(to, "default");
                break;
        }
        if (origin->rejected_text)
                buf_append_string(to, ", as the one given is not valid");
}

/* Characters, and so columns, of UTF-8 text; near enough for aligning. */
static size_t width_of(Slice text) {
        size_t width = 0;

        for (size_t i = 0; i < text.size; i++)
                width += ((unsigned char) text.data[i] & 0xc0) != 0x80;
        return width;
}

static void append_padded(Slice text, size_t width, Buf *to) {
        buf_append_slice(to, text);
        for (size_t i = width_of(text); i < width; i++)
                buf_append_byte(to, ' ');
        buf_append_string(to, "  ");
}

void config_show_text(const Config *config, Buf *to) {
        size_t key_width = 0, value_width = 0;

        assert(config);
        assert(to);

        for (size_t i = 0; i < config_key_count; i++) {
                _cleanup_(buf_done) Buf value = BUF_EMPTY;
                size_t width;

                append_value(config, &config_keys[i], &value);
                width = width_of(buf_slice(&value));
                key_width = MAX(key_width, strlen(config_keys[i].path));
                if (width <= VALUE_WIDTH_MAX)
                        value_width = MAX(value_width, width);
                if (buf_error(&value) < 0)
                        to->error = buf_error(&value);
        }
        for (size_t i = 0; i < config_key_count; i++) {
                _cleanup_(buf_done) Buf value = BUF_EMPTY;

                append_value(config, &config_keys[i], &value);
                append_padded(slice_from_string(config_keys[i].path), key_width, to);
                append_padded(buf_slice(&value), value_width, to);
                append_source(config, &config_keys[i], to);
                buf_append_byte(to, '\n');
                if (buf_error(&value) < 0)
                        to->error = buf_error(&value);
        }
}

/* The length of the UTF-8 character at the start, or 0 when there is none (RFC 3629). */
static size_t utf8_length(Slice text) {
        unsigned char first = (unsigned char) text.data[0];
        size_t length = first < 0x80   ? 1
                        : first < 0xc2 ? 0
                        : first < 0xe0 ? 2
                        : first < 0xf0 ? 3
                                       : 4;
        unsigned char second;

        if (length <= 1)
                return length;
        if (first > 0xf4 || text.size < length)
                return 0;
        for (size_t i = 1; i < length; i++)
                if (((unsigned char) text.data[i] & 0xc0) != 0x80)
                        return 0;
        second = (unsigned char) text.data[1];
        if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
            (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f))
                return 0;
        return length;
}

static void append_json_string(const char *s, Buf *to) {
        Slice text = slice_from_string(s);

        buf_append_byte(to, '"');
        while (text.size > 0) {
                size_t length = utf8_length(text);
                unsigned char c = (unsigned char) text.data[0];

                if (length == 0)
                        buf_append_string(to, "\\ufffd");
                else if (c == '"' || c == '\\')
                        buf_printf(to, "\\%c", c);
                else if (c < 0x20 || c == 0x7f)
                        buf_printf(to, "\\u%04x", c);
                else
                        buf_append(to, text.data, length);
                text = slice_from(text, MAX(length, (size_t) 1));
        }
        buf_append_byte(to, '"');
}

static void append_json_member(const char *name, const char *value, Buf *to) {
        buf_printf(to, ", \"%s\": ", name);
        append_json_string(value, to);
}

static void append_json_list(const ConfigKey *key, char *const *list, Buf *to) {
        buf_append_byte(to, '[');
        for (char *const *p = list; *p; p++) {
                _cleanup_(buf_done) Buf relay = BUF_EMPTY;

                if (key->flags & CONFIG_RELAYS)
                        append_relay(*p, &relay);
                append_json_string(key->flags & CONFIG_RELAYS ? buf_string(&relay) : *p, to);
                if (p[1])
                        buf_append_string(to, ", ");
                if (buf_error(&relay) < 0)
                        to->error = buf_error(&relay);
        }
        buf_append_byte(to, ']');
}

static void append_json_value(const Config *config, const ConfigKey *key, Buf *to) {
        if (key->type == CONFIG_LIST)
                append_json_list(key, config_list(config, key), to);
        else if (key->type == CONFIG_STRING && config_string(config, key))
                append_json_string(key->flags & CONFIG_SECRET ? STARS : config_string(config, key),
                                   to);
        else
                append_value(config, key, to);
}

static void append_json_source(const Config *config, const ConfigKey *key, Buf *to) {
        static const char *const names[CONFIG_ORIGIN_MAX] = {
                [CONFIG_ORIGIN_DEFAULT] = "default",         [CONFIG_ORIGIN_FILE] = "file",
                [CONFIG_ORIGIN_LEGACY] = "legacy",           [CONFIG_ORIGIN_DOTENV] = "dotenv",
                [CONFIG_ORIGIN_ENVIRONMENT] = "environment",
        };
        const ConfigSpot *spot = &config_origin(config, key)->spot;
        char env_name[CONFIG_ENV_NAME_MAX];

        append_json_member("source", names[spot->kind], to);
        if (spot->line > 0)
                buf_printf(to, ", \"line\": %u, \"column\": %u", spot->line, spot->column);
        if (spot->kind == CONFIG_ORIGIN_LEGACY)
                append_json_member("legacy_key", key->legacy, to);
        if (spot->kind == CONFIG_ORIGIN_ENVIRONMENT || spot->kind == CONFIG_ORIGIN_DOTENV)
                append_json_member("variable", config_key_env_name(key, env_name), to);
}

void config_show_json(const Config *config, Buf *to) {
        const char *group = NULL;

        assert(config);
        assert(to);

        buf_append_string(to, "{\n  \"path\": ");
        if (config->has_file)
                append_json_string(config->config_path, to);
        else
                buf_append_string(to, "null");
        buf_append_string(to, ",\n  \"root\": ");
        append_json_string(config->config_root, to);
        buf_append_string(to, ",\n  \"settings\": {");
        for (size_t i = 0; i < config_key_count; i++) {
                const ConfigKey *key = &config_keys[i];

                if (!group || !streq(group, key->group))
                        buf_printf(to, "%s\n    \"%s\": {", group ? "\n    }," : "", key->group);
                else
                        buf_append_byte(to, ',');
                group = key->group;
                buf_printf(to, "\n      \"%s\": { \"value\": ", key->name);
                append_json_value(config, key, to);
                append_json_source(config, key, to);
                buf_append_string(to, " }");
        }
        buf_append_string(to, "\n    }\n  }\n}\n");
}
