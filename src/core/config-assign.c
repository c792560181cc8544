/* SPDX-License-Identifier: MIT */
#include "core/config-assign.h"
#include "core/config-relay.h"

typedef struct Assignment {
        Config *config;
        const ConfigKey *key;
        const ConfigOffer *offer;
        ConfigReport *report;
} Assignment;

/* One element of a list. */
typedef struct Item {
        char *text;
        ConfigPlace place;
} Item;

static ConfigPlace place_of(const Assignment *a) {
        return config_spot_place(&a->offer->spot, a->key);
}

static void *field_of(const Assignment *a) {
        return (char *) a->config + a->key->offset;
}

static int taken(const Assignment *a) {
        a->config->origins[a->key - config_keys].spot = a->offer->spot;
        return 1;
}

/* Remembers the value for config_check(), to which it is an error. */
static int reject(const Assignment *a, const char *text) {
        ConfigOrigin *origin = &a->config->origins[a->key - config_keys];

        origin->rejected_text = arena_dup(&a->config->arena, slice_from_string(text));
        if (!origin->rejected_text)
                return -ENOMEM;
        origin->rejected = a->offer->spot;
        config_report_add(a->report, CONFIG_WARNING, place_of(a), "%s", text);
        return 0;
}

/* What was written, for a message; secrets are not repeated. */
static Slice show(const Assignment *a, Slice text) {
        return a->key->flags & CONFIG_SECRET ? SLICE("********")
                                             : slice_first(text, MIN(text.size, 200u));
}

static int assign_null(const Assignment *a) {
        if (a->key->type == CONFIG_STRING && (a->key->flags & CONFIG_NULLABLE)) {
                *(char **) field_of(a) = NULL;
                return taken(a);
        }
        if (a->key->type == CONFIG_BOOLEAN) {
                *(bool *) field_of(a) = false;
                if (streq(a->key->initial, "true"))
                        config_report_add(a->report, CONFIG_WARNING, place_of(a),
                                          "The value is empty, which means false; the default "
                                          "would be true. Write true or false.");
                return taken(a);
        }
        config_report_add(a->report, CONFIG_WARNING, place_of(a),
                          "The value is empty and has no effect. Give it a value or remove it; the "
                          "default is \"%s\".",
                          a->key->initial);
        return 0;
}

/* Puts the directory of the configuration file where a path asks for it. */
static void append_path(const Assignment *a, Slice text, Buf *to) {
        const Slice variable = SLICE("$config-file-root");

        for (;;) {
                ssize_t at = slice_find_ignore_case(text, variable);

                if (at < 0)
                        break;
                buf_append_slice(to, slice_first(text, (size_t) at));
                buf_append_string(to, a->config->config_root);
                text = slice_from(text, (size_t) at + variable.size);
        }
        buf_append_slice(to, text);
}

static char *keep(const Assignment *a, const Buf *text) {
        return buf_error(text) < 0 ? NULL : arena_dup(&a->config->arena, buf_slice(text));
}

/* The text of a value that is not null, or NULL when memory is short. */
static char *string_of(const Assignment *a, const ConfigScalar *scalar, ConfigPlace place) {
        _cleanup_(buf_done) Buf cast = BUF_EMPTY, path = { .limit = CONFIG_FILE_SIZE_MAX };

        config_scalar_to_string(scalar, &cast);
        if (scalar->kind != SCALAR_STRING && buf_error(&cast) >= 0 &&
            !slice_equal(buf_slice(&cast), scalar->text))
                config_report_add(a->report, CONFIG_WARNING, place,
                                  "Without quotes, %.*s is read as %.*s. Put the value in quotes.",
                                  SLICE_FORMAT(show(a, scalar->text)),
                                  SLICE_FORMAT(show(a, buf_slice(&cast))));
        if (scalar->is_refused)
                config_report_add(a->report, CONFIG_WARNING, place,
                                  "Without quotes, Ruby Postal refuses a file with this value. Put "
                                  "the value in quotes.");
        if (!(a->key->flags & CONFIG_PATH) || buf_error(&cast) < 0)
                return keep(a, &cast);
        append_path(a, buf_slice(&cast), &path);
        return keep(a, &path);
}

static int assign_string(const Assignment *a, const ConfigScalar *scalar) {
        char *value = string_of(a, scalar, place_of(a));

        if (!value)
                return -ENOMEM;
        if ((a->key->flags & CONFIG_OURS) && !config_key_allows(a->key, value)) {
                _cleanup_(buf_done) Buf text = BUF_EMPTY;

                buf_printf(&text, "\"%.200s\" is none of %s, and has no effect. Correct it.", value,
                           a->key->choices);
                return buf_error(&text) < 0 ? buf_error(&text) : reject(a, buf_string(&text));
        }
        *(char **) field_of(a) = value;
        return taken(a);
}

/* Whether the number is what the text says, and not just how it begins. */
static bool is_exact(const ConfigScalar *scalar, int64_t value) {
        Slice digits = slice_trim(scalar->text);

        if (scalar->kind == SCALAR_FLOAT)
                return scalar->number >= (double) value && scalar->number <= (double) value;
        if (scalar->kind != SCALAR_STRING)
                return true;
        if (digits.size > 1 && (digits.data[0] == '+' || digits.data[0] == '-'))
                digits = slice_from(digits, 1);
        for (size_t i = 0; i < digits.size; i++)
                if (!ascii_is_digit(digits.data[i]) && digits.data[i] != '_')
                        return false;
        return digits.size > 0;
}

static int assign_integer(const Assignment *a, const ConfigScalar *scalar) {
        int64_t value = config_scalar_to_integer(scalar);

        if (value < a->key->min || value > a->key->max) {
                _cleanup_(buf_done) Buf text = BUF_EMPTY;

                buf_printf(&text,
                           "%.*s is not a number from %lld to %lld, and has no effect. Correct it; "
                           "the default is %s.",
                           SLICE_FORMAT(show(a, scalar->text)), (long long) a->key->min,
                           (long long) a->key->max, a->key->initial);
                return buf_error(&text) < 0 ? buf_error(&text) : reject(a, buf_string(&text));
        }
        if (!is_exact(scalar, value))
                config_report_add(a->report, CONFIG_WARNING, place_of(a),
                                  "\"%.*s\" is not a whole number and is read as %lld. Correct it.",
                                  SLICE_FORMAT(show(a, scalar->text)), (long long) value);
        *(int64_t *) field_of(a) = value;
        return taken(a);
}

static int assign_boolean(const Assignment *a, const ConfigScalar *scalar) {
        static const char *const no[] = { "false", "0", "0.0", "no", "off" };
        bool value = config_scalar_to_boolean(scalar), is_clear = value;

        for (size_t i = 0; i < ELEMENTSOF(no); i++)
                is_clear |= slice_equal_ignore_case(scalar->text, slice_from_string(no[i]));
        if (!is_clear)
                config_report_add(a->report, CONFIG_WARNING, place_of(a),
                                  "\"%.*s\" is read as false: here, only true and 1 mean true. "
                                  "Write true or false.",
                                  SLICE_FORMAT(show(a, scalar->text)));
        *(bool *) field_of(a) = value;
        return taken(a);
}

static int assign_scalar(const Assignment *a) {
        const ConfigNode *node = a->offer->node;
        ConfigScalar scalar;

        if (node && node->kind != NODE_SCALAR) {
                config_report_add(a->report, CONFIG_WARNING, place_of(a),
                                  "This must be a single value; a list or mapping has no effect.");
                return 0;
        }
        scalar = node ? config_node_scalar(node)
                      : config_scalar_string(slice_from_string(a->offer->text));
        if (config_scalar_is_null(&scalar))
                return assign_null(a);
        switch (a->key->type) {
        case CONFIG_STRING:
                return assign_string(a, &scalar);
        case CONFIG_INTEGER:
                return assign_integer(a, &scalar);
        case CONFIG_BOOLEAN:
                return assign_boolean(a, &scalar);
        case CONFIG_LIST:
                break;
        }
        return 0;
}

static int add_item(const Assignment *a, Item *items, size_t *count, const ConfigScalar *scalar,
                    ConfigPlace place) {
        char *text;

        if (config_scalar_is_null(scalar))
                return 0;
        text = string_of(a, scalar, place);
        if (!text)
                return -ENOMEM;
        items[(*count)++] = (Item){ text, place };
        return 0;
}

/* An element of the wrong kind. To leave a relay out would send mail past it, and to leave a
 * network out would change who is trusted: the first is fatal to Ruby Postal too. */
static void report_bad_item(const Assignment *a, ConfigPlace place) {
        ConfigSeverity severity =
                a->key->flags & (CONFIG_RELAYS | CONFIG_NETWORKS) ? CONFIG_ERROR : CONFIG_WARNING;

        config_report_add(a->report, severity, place,
                          a->key->flags & CONFIG_RELAYS
                                  ? "A relay must be a single text: "
                                    "smtp://HOST:PORT?ssl_mode=MODE. Correct it."
                                  : "This must be a single text. Correct it.");
}

static int items_of_node(const Assignment *a, const ConfigNode *node, Item *items, size_t *count) {
        ConfigScalar scalar;
        int r;

        if (node->kind == NODE_SCALAR) {
                scalar = config_node_scalar(node);
                return add_item(a, items, count, &scalar, place_of(a));
        }
        for (const ConfigNode *n = node->first; n; n = n->next) {
                ConfigPlace place = { a->offer->spot.source, n->line, n->column, a->key->path };

                if (n->kind != NODE_SCALAR) {
                        report_bad_item(a, place);
                        continue;
                }
                scalar = config_node_scalar(n);
                r = add_item(a, items, count, &scalar, place);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int items_of_text(const Assignment *a, Slice text, Item *items, size_t *count) {
        while (text.data) {
                ConfigScalar scalar = config_scalar_string(slice_trim(slice_split(&text, ',')));
                int r = add_item(a, items, count, &scalar, place_of(a));

                if (r < 0)
                        return r;
        }
        return 0;
}

static int assign_relays(const Assignment *a, const Item *items, size_t count) {
        Config *config = a->config;
        SmtpRelay *relays = arena_alloc0(&config->arena, count * sizeof(SmtpRelay));
        size_t relay_count = 0;

        if (!relays)
                return -ENOMEM;
        for (size_t i = 0; i < count; i++) {
                const char *problem;
                int r = config_relay_parse(&config->arena, items[i].text, &relays[relay_count],
                                           &problem);

                if (r == -ENOMEM)
                        return r;
                if (r < 0)
                        config_report_add(a->report, CONFIG_ERROR, items[i].place,
                                          "This relay cannot be read. %s Correct it.", problem);
                else if (r == 0 && problem)
                        config_report_add(
                                a->report, CONFIG_WARNING, items[i].place,
                                "This relay names no host and has no effect. %s Correct it.",
                                problem);
                else if (strchr(items[i].text, '@'))
                        config_report_add(a->report, CONFIG_WARNING, items[i].place,
                                          "Relays are used without authentication; the user name "
                                          "and password have no effect. Remove them.");
                relay_count += r == 1;
        }
        config->postal.relays = relays;
        config->postal.relay_count = relay_count;
        return 0;
}

static int assign_networks(const Assignment *a, const Item *items, size_t count) {
        Config *config = a->config;
        IpNetwork *networks = arena_alloc0(&config->arena, count * sizeof(IpNetwork));

        if (!networks)
                return -ENOMEM;
        for (size_t i = 0; i < count; i++)
                if (ip_network_parse(items[i].text, &networks[i]) < 0)
                        config_report_add(a->report, CONFIG_ERROR, items[i].place,
                                          "\"%.200s\" is not an IP address or network. Write it as "
                                          "192.0.2.1 or 192.0.2.0/24.",
                                          items[i].text);
        if (a->key->offset == offsetof(Config, postal.trusted_proxies)) {
                config->postal.trusted_proxy_networks = networks;
                config->postal.trusted_proxy_network_count = count;
        } else {
                assert(a->key->offset == offsetof(Config, smtp_server.proxy_trusted_networks));
                config->smtp_server.proxy_networks = networks;
                config->smtp_server.proxy_network_count = count;
        }
        return 0;
}

static size_t count_items(const ConfigOffer *offer) {
        size_t count = 1;

        if (offer->node)
                for (const ConfigNode *n = offer->node->first; n; n = n->next)
                        count++;
        else
                for (const char *p = offer->text; *p; p++)
                        count += *p == ',';
        return count;
}

/* Null for a list is no list, where the default is none; else it means nothing. */
static bool is_empty_list(const Assignment *a) {
        ConfigScalar scalar;

        if (!a->offer->node || a->offer->node->kind != NODE_SCALAR)
                return false;
        scalar = config_node_scalar(a->offer->node);
        return config_scalar_is_null(&scalar) && !(a->key->flags & CONFIG_NULLABLE);
}

static int assign_list(const Assignment *a) {
        _cleanup_free_ Item *items = NULL;
        const ConfigNode *node = a->offer->node;
        char **list;
        size_t count = 0;
        int r;

        if (node && node->kind == NODE_MAP) {
                report_bad_item(a, place_of(a));
                return 0;
        }
        if (is_empty_list(a))
                return assign_null(a);
        items = calloc(count_items(a->offer), sizeof(Item));
        if (!items)
                return -ENOMEM;
        r = node ? items_of_node(a, node, items, &count)
                 : items_of_text(a, slice_from_string(a->offer->text), items, &count);
        if (r >= 0 && (a->key->flags & CONFIG_RELAYS))
                r = assign_relays(a, items, count);
        if (r >= 0 && (a->key->flags & CONFIG_NETWORKS))
                r = assign_networks(a, items, count);
        if (r < 0)
                return r;

        list = arena_alloc(&a->config->arena, (count + 1) * sizeof(char *));
        if (!list)
                return -ENOMEM;
        for (size_t i = 0; i < count; i++)
                list[i] = items[i].text;
        list[count] = NULL;
        *(char ***) field_of(a) = list;
        return taken(a);
}

int config_assign(Config *config, const ConfigKey *key, const ConfigOffer *offer,
                  ConfigReport *report) {
        Assignment a = { config, key, offer, report };

        assert(config);
        assert(key);
        assert(offer);
        assert(report);

        return key->type == CONFIG_LIST ? assign_list(&a) : assign_scalar(&a);
}
