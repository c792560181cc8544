/* SPDX-License-Identifier: MIT */
#pragma once

/* The configuration file as a tree. Of YAML it takes mappings, lists and scalars; aliases and tags
 * are errors, as they are to Ruby Postal. Each value knows its line and column. */

#include "basic/arena.h"
#include "core/config-report.h"
#include "core/config-scalar.h"

#define CONFIG_FILE_SIZE_MAX ((size_t) 1024 * 1024)
#define CONFIG_SCALAR_SIZE_MAX ((size_t) 64 * 1024)
#define CONFIG_DEPTH_MAX 16
#define CONFIG_NODES_MAX 4000

typedef enum NodeKind {
        NODE_SCALAR,
        NODE_LIST,
        NODE_MAP,
} NodeKind;

typedef struct ConfigNode ConfigNode;
struct ConfigNode {
        NodeKind kind;
        unsigned line; /* from 1 */
        unsigned column;
        Slice text;         /* of scalars; terminated, without NUL bytes */
        bool is_plain;      /* a scalar without quotes, whose look says its type */
        ConfigNode *parent; /* NULL for the root */
        ConfigNode *first;  /* of lists and maps: what is in them */
        ConfigNode *last;
        ConfigNode *next; /* in the same list or map */
        Slice key;        /* of what is in a map; unique there */
        unsigned key_line;
        unsigned key_column;
};

/* Parses the first document of the text. `path` is only for the findings. All of the tree is in the
 * arena, also the texts. Returns 0; -EINVAL with at least one error in the report; or -ENOMEM. What
 * can be read but should be known (a repeated key, a second document) is a warning there. */
int config_yaml_parse(Arena *arena, const char *path, Slice text, ConfigReport *report,
                      ConfigNode **ret);

/* The value of a key, or NULL if there is none, or `map` is NULL or no mapping. */
ConfigNode *config_node_get(const ConfigNode *map, Slice key);

/* What a scalar node means; a plain one may be a number, boolean or null. */
ConfigScalar config_node_scalar(const ConfigNode *node);
/* Whether it is a scalar that means null, as `key:` with nothing behind it does. */
bool config_node_is_null(const ConfigNode *node);
