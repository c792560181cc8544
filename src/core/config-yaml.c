/* SPDX-License-Identifier: MIT */
/* Turns libyaml's events into a tree, without recursion: `Builder.at` is the list or map being
 * filled. libyaml checks that events nest; what we add are the limits and what is not allowed. */
#include <yaml.h>

#include "core/config-yaml.h"

typedef struct Builder {
        Arena *arena;
        const char *path;
        ConfigReport *report;
        ConfigNode *root;
        ConfigNode *at; /* NULL before the root */
        unsigned depth;
        unsigned nodes;
        Slice key; /* of the next value; without pointer when a key comes next */
        unsigned key_line;
        unsigned key_column;
} Builder;

static ConfigPlace mark_place(const Builder *b, yaml_mark_t mark) {
        return (ConfigPlace){
                .path = b->path,
                .line = (unsigned) mark.line + 1,
                .column = (unsigned) mark.column + 1,
        };
}

static int refuse(Builder *b, yaml_mark_t mark, const char *text) {
        config_report_add(b->report, CONFIG_ERROR, mark_place(b, mark), "%s", text);
        return -EINVAL;
}

ConfigNode *config_node_get(const ConfigNode *map, Slice key) {
        if (!map || map->kind != NODE_MAP)
                return NULL;
        for (ConfigNode *n = map->first; n; n = n->next)
                if (slice_equal(n->key, key))
                        return n;
        return NULL;
}

ConfigScalar config_node_scalar(const ConfigNode *node) {
        assert(node->kind == NODE_SCALAR);

        return node->is_plain ? config_scalar_plain(node->text) : config_scalar_string(node->text);
}

bool config_node_is_null(const ConfigNode *node) {
        return node->kind == NODE_SCALAR && config_node_scalar(node).kind == SCALAR_NULL;
}

/* Takes the value out that had this key before: the last one counts. */
static void drop_duplicate(Builder *b) {
        ConfigNode *previous = NULL;

        for (ConfigNode *n = b->at->first; n; previous = n, n = n->next) {
                if (!slice_equal(n->key, b->key))
                        continue;
                config_report_add(b->report, CONFIG_WARNING,
                                  (ConfigPlace){ b->path, b->key_line, b->key_column, NULL },
                                  "\"%.*s\" is given twice, first in line %u; only this last one "
                                  "counts. Remove one of them.",
                                  SLICE_FORMAT(b->key), n->key_line);
                if (previous)
                        previous->next = n->next;
                else
                        b->at->first = n->next;
                if (b->at->last == n)
                        b->at->last = previous;
                return;
        }
}

/* Puts a new node where the next value goes. */
static int add_node(Builder *b, NodeKind kind, yaml_mark_t mark, ConfigNode **ret) {
        ConfigNode *node;

        if (++b->nodes > CONFIG_NODES_MAX)
                return refuse(b, mark,
                              "This file has too many values to be a configuration file. Look "
                              "whether it is the right file.");
        if (b->at && b->at->kind == NODE_MAP && !b->key.data)
                return refuse(b, mark,
                              "A list or mapping cannot be the name of a setting. Correct the "
                              "line; text with brackets or braces needs quotes.");
        node = arena_alloc0(b->arena, sizeof(ConfigNode));
        if (!node)
                return -ENOMEM;
        node->kind = kind;
        node->line = (unsigned) mark.line + 1;
        node->column = (unsigned) mark.column + 1;
        node->parent = b->at;
        if (b->at && b->at->kind == NODE_MAP) {
                drop_duplicate(b);
                node->key = TAKE(b->key, SLICE_NULL);
                node->key_line = b->key_line;
                node->key_column = b->key_column;
        }
        if (!b->at)
                b->root = node;
        else if (b->at->last)
                b->at->last->next = node;
        else
                b->at->first = node;
        if (b->at)
                b->at->last = node;
        if (ret)
                *ret = node;
        return 0;
}

static int enter(Builder *b, NodeKind kind, const yaml_event_t *event) {
        bool has_tag = kind == NODE_LIST ? event->data.sequence_start.tag != NULL
                                         : event->data.mapping_start.tag != NULL;
        ConfigNode *node;
        int r;

        if (has_tag)
                return refuse(b, event->start_mark, "Tags (\"!…\") are not allowed. Remove it.");
        if (b->depth >= CONFIG_DEPTH_MAX)
                return refuse(b, event->start_mark,
                              "Values are nested too deeply. No setting needs this.");
        r = add_node(b, kind, event->start_mark, &node);
        if (r < 0)
                return r;
        b->at = node;
        b->depth++;
        return 0;
}

static int add_scalar(Builder *b, const yaml_event_t *event) {
        Slice text = slice_make(event->data.scalar.value, event->data.scalar.length);
        bool is_key = b->at && b->at->kind == NODE_MAP && !b->key.data;
        ConfigNode *node;
        char *copy;
        int r;

        if (event->data.scalar.tag)
                return refuse(
                        b, event->start_mark,
                        "Tags (\"!…\") are not allowed. Remove it, or put the value in quotes.");
        if (text.size > CONFIG_SCALAR_SIZE_MAX)
                return refuse(b, event->start_mark,
                              "This value is too long. A quote may be missing.");
        if (slice_find_byte(text, '\0', 0) >= 0)
                return refuse(b, event->start_mark,
                              "A value cannot contain a NUL character. Remove it.");
        copy = arena_dup(b->arena, text);
        if (!copy)
                return -ENOMEM;
        text.data = copy;
        if (is_key) {
                b->key = text;
                b->key_line = (unsigned) event->start_mark.line + 1;
                b->key_column = (unsigned) event->start_mark.column + 1;
                return 0;
        }
        r = add_node(b, NODE_SCALAR, event->start_mark, &node);
        if (r < 0)
                return r;
        node->text = text;
        node->is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        return 0;
}

/* Returns 1 at the end of the document. */
static int handle(Builder *b, const yaml_event_t *event) {
        switch (event->type) {
        case YAML_SCALAR_EVENT:
                return add_scalar(b, event);
        case YAML_SEQUENCE_START_EVENT:
                return enter(b, NODE_LIST, event);
        case YAML_MAPPING_START_EVENT:
                return enter(b, NODE_MAP, event);
        case YAML_SEQUENCE_END_EVENT:
        case YAML_MAPPING_END_EVENT:
                b->at = b->at->parent;
                b->depth--;
                return 0;
        case YAML_ALIAS_EVENT:
                return refuse(b, event->start_mark,
                              "Aliases (\"*name\") are not allowed. Write the value out, or put it "
                              "in quotes if it is meant to begin with a star.");
        case YAML_DOCUMENT_END_EVENT:
        case YAML_STREAM_END_EVENT:
                return 1;
        case YAML_NO_EVENT:
        case YAML_STREAM_START_EVENT:
        case YAML_DOCUMENT_START_EVENT:
                break;
        }
        return 0;
}

/* Errors of the reader (bytes that are no text) have an offset only. */
static yaml_mark_t problem_mark(const yaml_parser_t *parser, Slice text) {
        yaml_mark_t mark = { 0 };

        if (parser->error != YAML_READER_ERROR)
                return parser->problem_mark;
        for (size_t i = 0; i < text.size && i < parser->problem_offset; i++) {
                mark.column++;
                if (text.data[i] == '\n') {
                        mark.line++;
                        mark.column = 0;
                }
        }
        return mark;
}

static int refuse_syntax(Builder *b, const yaml_parser_t *parser, Slice text) {
        if (parser->error == YAML_MEMORY_ERROR)
                return -ENOMEM;
        config_report_add(
                b->report, CONFIG_ERROR, mark_place(b, problem_mark(parser, text)),
                "This is not valid YAML: %s%s%s. Correct the line, or the one before it; "
                "indentation is by spaces, and values with special characters need quotes.",
                parser->problem ? parser->problem : "unknown error", parser->context ? " " : "",
                strempty(parser->context));
        return -EINVAL;
}

static int build(Builder *b, yaml_parser_t *parser, Slice text) {
        for (;;) {
                yaml_event_t event;
                int r;

                if (!yaml_parser_parse(parser, &event))
                        return refuse_syntax(b, parser, text);
                r = handle(b, &event);
                yaml_event_delete(&event);
                if (r != 0)
                        return MIN(r, 0);
        }
}

/* Looks whether anything follows the first document, which is all that Ruby's parser reads. */
static int look_behind(Builder *b, yaml_parser_t *parser) {
        yaml_event_t event;

        if (!yaml_parser_parse(parser, &event)) {
                if (parser->error == YAML_MEMORY_ERROR)
                        return -ENOMEM;
                config_report_add(b->report, CONFIG_WARNING, mark_place(b, parser->problem_mark),
                                  "What follows the first document is not read. Remove it.");
                return 0;
        }
        if (event.type == YAML_DOCUMENT_START_EVENT)
                config_report_add(b->report, CONFIG_WARNING, mark_place(b, event.start_mark),
                                  "A second document begins here (\"---\"), which is not read. Put "
                                  "all settings into one document.");
        yaml_event_delete(&event);
        return 0;
}

int config_yaml_parse(Arena *arena, const char *path, Slice text, ConfigReport *report,
                      ConfigNode **ret) {
        Builder b = { .arena = arena, .path = path, .report = report };
        _cleanup_(yaml_parser_delete) yaml_parser_t parser;
        int r;

        assert(arena);
        assert(report);
        assert(ret);

        if (!yaml_parser_initialize(&parser))
                return -ENOMEM;
        yaml_parser_set_input_string(&parser, (const unsigned char *) strempty(text.data),
                                     text.size);
        r = build(&b, &parser, text);
        if (r < 0)
                return r;
        if (!b.root || (b.root->kind == NODE_SCALAR && b.root->text.size == 0)) {
                config_report_add(report, CONFIG_ERROR, (ConfigPlace){ .path = path },
                                  "The file is empty. Begin it with \"version: 2\", or remove it "
                                  "to configure by environment variables only.");
                return -EINVAL;
        }
        if (b.root->kind != NODE_MAP) {
                config_report_add(report, CONFIG_ERROR,
                                  (ConfigPlace){ path, b.root->line, b.root->column, NULL },
                                  "The file holds a single value or a list instead of settings. It "
                                  "must begin with \"version: 2\" and groups like \"postal:\".");
                return -EINVAL;
        }
        r = look_behind(&b, &parser);
        if (r >= 0)
                r = report->error;
        if (r >= 0)
                *ret = b.root;
        return r;
}
