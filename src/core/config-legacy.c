/* SPDX-License-Identifier: MIT */
#include "core/config-legacy.h"

/* Whole groups, and keys. */
static const char *const retired[] = {
        "fast_server",
        "logging.max_log_file_size",
        "logging.max_log_files",
        "logging.root",
        "logging.stdout",
        "message_db.encoding",
        "rabbitmq",
        "smtp_server.log_exclude_ips",
        "smtp_server.strip_received_headers",
        "workers",
};

bool config_legacy_is_retired(const char *path) {
        for (size_t i = 0; i < ELEMENTSOF(retired); i++) {
                size_t size = strlen(retired[i]);

                if (strncmp(path, retired[i], size) == 0 &&
                    (path[size] == '\0' || path[size] == '.'))
                        return true;
        }
        return false;
}

/* The text of one part of a relay; nothing for null, or for what is no scalar. */
static void append_part(const ConfigNode *relay, Slice name, Buf *to) {
        const ConfigNode *node = config_node_get(relay, name);
        ConfigScalar scalar;

        if (!node || node->kind != NODE_SCALAR)
                return;
        scalar = config_node_scalar(node);
        if (!config_scalar_is_null(&scalar))
                config_scalar_to_string(&scalar, to);
}

static int convert_relay(Arena *arena, const ConfigNode *relay, ConfigNode *list) {
        _cleanup_(buf_done) Buf text = BUF_EMPTY;
        ConfigNode *node = arena_alloc0(arena, sizeof(ConfigNode));

        if (!node)
                return -ENOMEM;
        buf_append_string(&text, "smtp://");
        append_part(relay, SLICE("hostname"), &text);
        buf_append_byte(&text, ':');
        append_part(relay, SLICE("port"), &text);
        buf_append_string(&text, "?ssl_mode=");
        append_part(relay, SLICE("ssl_mode"), &text);
        if (buf_error(&text) < 0)
                return buf_error(&text);

        node->kind = NODE_SCALAR;
        node->line = relay->line;
        node->column = relay->column;
        node->parent = list;
        node->text = slice_make(arena_dup(arena, buf_slice(&text)), text.size);
        if (!node->text.data)
                return -ENOMEM;
        if (list->last)
                list->last->next = node;
        else
                list->first = node;
        list->last = node;
        return 0;
}

/* Entries that are no mapping have no host name, so they come out as relays with a blank host. */
static int convert_relays(Arena *arena, const ConfigNode *relays, const ConfigNode **ret) {
        ConfigNode *list = arena_alloc0(arena, sizeof(ConfigNode));
        int r;

        if (!list)
                return -ENOMEM;
        list->kind = NODE_LIST;
        list->line = relays->line;
        list->column = relays->column;
        for (const ConfigNode *n = relays->first; n; n = n->next) {
                r = convert_relay(arena, n, list);
                if (r < 0)
                        return r;
        }
        *ret = list;
        return 0;
}

int config_legacy_find(Arena *arena, const ConfigNode *root, const ConfigKey *key,
                       const ConfigNode **ret) {
        Slice rest = slice_from_string(key->legacy);
        const ConfigNode *node = root;

        while (rest.data && node)
                node = config_node_get(node, slice_split(&rest, '.'));
        *ret = NULL;
        if (!key->legacy || !node || config_node_is_null(node))
                return 0;
        if ((key->flags & CONFIG_RELAYS) && node->kind == NODE_LIST)
                return convert_relays(arena, node, ret);
        *ret = node;
        return 0;
}
