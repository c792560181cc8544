/* SPDX-License-Identifier: MIT */
#include "core/config-yaml.h"
#include "test.h"

typedef struct Parsed {
        Arena arena;
        ConfigReport report;
        ConfigNode *root;
        int result;
} Parsed;

static void parsed_done(Parsed *p) {
        arena_done(&p->arena);
        config_report_done(&p->report);
}

static void parse(Parsed *p, Slice text) {
        *p = (Parsed){ 0 };
        p->result = config_yaml_parse(&p->arena, "test.yml", text, &p->report, &p->root);
}

static void check_refused(Slice text, unsigned line, unsigned column, const char *part) {
        _cleanup_(parsed_done) Parsed p;

        parse(&p, text);
        CHECK_INT(p.result, -EINVAL);
        CHECK_INT(p.report.totals[CONFIG_ERROR], 1);
        CHECK_STR(p.report.findings[0].path, "test.yml");
        if (!strstr(p.report.findings[0].text, part))
                test_fail(__FILE__, __LINE__, "\"%s\" says not \"%s\"", p.report.findings[0].text,
                          part);
        CHECK_INT(p.report.findings[0].line, line);
        CHECK_INT(p.report.findings[0].column, column);
}

TEST(a_tree_with_lines_and_columns) {
        _cleanup_(parsed_done) Parsed p;
        ConfigNode *group, *node;

        parse(&p, SLICE("version: 2\n"
                        "dns:\n"
                        "  timeout: 5\n"
                        "  mx_records:\n"
                        "    - one\n"
                        "    - 'two'\n"
                        "smtp: { port: 25 }\n"));
        CHECK_INT(p.result, 0);
        CHECK_INT(p.report.count, 0);
        CHECK_INT(p.root->kind, NODE_MAP);
        node = config_node_get(p.root, SLICE("version"));
        CHECK_SLICE(node->text, "2");
        CHECK(node->is_plain);
        group = config_node_get(p.root, SLICE("dns"));
        CHECK_INT(group->key_line, 2);
        CHECK_INT(group->key_column, 1);
        node = config_node_get(group, SLICE("timeout"));
        CHECK_INT(node->line, 3);
        CHECK_INT(node->column, 12);
        CHECK_INT(node->key_column, 3);
        CHECK(node->parent == group);
        node = config_node_get(group, SLICE("mx_records"));
        CHECK_INT(node->kind, NODE_LIST);
        CHECK_SLICE(node->first->text, "one");
        CHECK_INT(node->first->line, 5);
        CHECK_INT(node->first->column, 7);
        CHECK_SLICE(node->last->text, "two");
        CHECK(!node->last->is_plain);
        CHECK(node->first->next == node->last);
        node = config_node_get(config_node_get(p.root, SLICE("smtp")), SLICE("port"));
        CHECK_INT(node->line, 7);
        CHECK_INT(node->column, 15);
        CHECK(!config_node_get(p.root, SLICE("none")));
        CHECK(!config_node_get(node, SLICE("none")));
        CHECK(!config_node_get(NULL, SLICE("none")));
}

TEST(quotes_and_blocks_are_not_plain) {
        _cleanup_(parsed_done) Parsed p;

        parse(&p, SLICE("a: \"1\"\nb: '1'\nc: |\n  1\nd: >-\n  1\ne: 1\nf:\n"));
        CHECK_INT(p.result, 0);
        for (const ConfigNode *n = p.root->first; n; n = n->next)
                CHECK_INT(n->is_plain,
                          slice_equal(n->key, SLICE("e")) || slice_equal(n->key, SLICE("f")));
        CHECK_SLICE(config_node_get(p.root, SLICE("c"))->text, "1\n");
        CHECK_SLICE(config_node_get(p.root, SLICE("d"))->text, "1");
}

TEST(scalars_and_null) {
        _cleanup_(parsed_done) Parsed p;

        parse(&p, SLICE("a: 017\nb: '017'\nc:\nd: ''\ne: []\n"));
        CHECK_INT(config_node_scalar(config_node_get(p.root, SLICE("a"))).integer, 15);
        CHECK_INT(config_node_scalar(config_node_get(p.root, SLICE("b"))).kind, SCALAR_STRING);
        CHECK(config_node_is_null(config_node_get(p.root, SLICE("c"))));
        CHECK(!config_node_is_null(config_node_get(p.root, SLICE("d"))));
        CHECK(!config_node_is_null(config_node_get(p.root, SLICE("e"))));
}

TEST(the_last_of_two_keys_counts) {
        static const char *const rows[] = {
                "a: 1\na: 2\nb: 3\n",           "b: 3\na: 1\na: 2\n",
                "a: 1\nb: 3\na: 2\n",           "a: {x: [y, z]}\nb: 3\na: 2\n",
                "a: 0\na: 1\nb: 3\n\"a\": 2\n",
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(parsed_done) Parsed p;
                size_t count = 0;

                parse(&p, slice_from_string(rows[i]));
                CHECK_INT(p.result, 0);
                CHECK(p.report.totals[CONFIG_WARNING] > 0);
                CHECK(strstr(p.report.findings[0].text, "given twice") != NULL);
                CHECK_SLICE(config_node_get(p.root, SLICE("a"))->text, "2");
                CHECK_SLICE(config_node_get(p.root, SLICE("b"))->text, "3");
                for (const ConfigNode *n = p.root->first; n; n = n->next)
                        count++;
                CHECK_INT(count, 2);
                CHECK(!p.root->last->next);
        }
}

TEST(a_repeated_key_is_shown_where_it_is) {
        _cleanup_(parsed_done) Parsed p;

        parse(&p, SLICE("g:\n  a: 1\n  b: 2\n  a: 3\n"));
        CHECK_INT(p.report.count, 1);
        CHECK_INT(p.report.findings[0].line, 4);
        CHECK_INT(p.report.findings[0].column, 3);
        CHECK(strstr(p.report.findings[0].text, "first in line 2") != NULL);
}

TEST(what_is_no_configuration) {
        check_refused(SLICE(""), 0, 0, "is empty");
        check_refused(SLICE("# nothing\n"), 0, 0, "is empty");
        check_refused(SLICE("---\n"), 0, 0, "is empty");
        check_refused(SLICE("\"\""), 0, 0, "is empty");
        check_refused(SLICE("just text\n"), 1, 1, "single value");
        check_refused(SLICE("\n- a\n- b\n"), 2, 1, "single value or a list");
        check_refused(SLICE("[1, 2]"), 1, 1, "single value or a list");
}

TEST(what_is_not_allowed) {
        check_refused(SLICE("a: &x 1\nb: *x\n"), 2, 4, "Aliases");
        check_refused(SLICE("a: &x [1]\nb: [*x, *x]\n"), 2, 5, "Aliases");
        check_refused(SLICE("a: !ruby/object:Foo {}\n"), 1, 4, "Tags");
        check_refused(SLICE("a: !!str 1\n"), 1, 4, "Tags");
        check_refused(SLICE("a: !!seq [1]\n"), 1, 4, "Tags");
        check_refused(SLICE("!x a: 1\n"), 1, 1, "Tags");
        check_refused(SLICE("a: \"b\\0c\"\n"), 1, 4, "NUL");
        check_refused(SLICE("\"b\\0c\": a\n"), 1, 1, "NUL");
        check_refused(SLICE("? [a, b]\n: c\n"), 1, 3, "cannot be the name");
        check_refused(SLICE("? {a: b}\n: c\n"), 1, 3, "cannot be the name");
}

TEST(an_anchor_that_nothing_refers_to_is_harmless) {
        _cleanup_(parsed_done) Parsed p;

        parse(&p, SLICE("a: &x 1\n"));
        CHECK_INT(p.result, 0);
        CHECK_SLICE(p.root->first->text, "1");
}

TEST(what_is_no_yaml) {
        check_refused(SLICE("a: [1\nb: 2\n"), 2, 2, "not valid YAML");
        check_refused(SLICE("a:\n\tb: 1\n"), 2, 1, "not valid YAML");
        check_refused(SLICE("a: 'x\n"), 2, 1, "not valid YAML");
        check_refused(SLICE("a: b: c\n"), 1, 5, "not valid YAML");
        check_refused(SLICE("a: 1\n  b: 2\n"), 2, 4, "not valid YAML");
        check_refused(SLICE("a: 1\nb: \xff\xfe\n"), 2, 4, "not valid YAML");
        check_refused(SLICE("a: b\001c\n"), 1, 5, "not valid YAML");
        check_refused(slice_make("a: b\0c\n", 7), 1, 5, "not valid YAML");
}

TEST(further_documents_are_not_read) {
        static const char *const rows[] = { "a: 1\n---\na: 2\n", "a: 1\n...\n---\n[\n",
                                            "a: 1\n...\n}\n" };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(parsed_done) Parsed p;

                parse(&p, slice_from_string(rows[i]));
                CHECK_INT(p.result, 0);
                CHECK_INT(p.report.totals[CONFIG_WARNING], 1);
                CHECK_SLICE(config_node_get(p.root, SLICE("a"))->text, "1");
        }
}

TEST(an_end_mark_is_no_further_document) {
        _cleanup_(parsed_done) Parsed p;

        parse(&p, SLICE("---\na: 1\n...\n# end\n"));
        CHECK_INT(p.result, 0);
        CHECK_INT(p.report.count, 0);
}

static void repeat(Buf *to, const char *part, size_t count) {
        for (size_t i = 0; i < count; i++)
                buf_append_string(to, part);
}

TEST(depth_has_a_limit) {
        _cleanup_(buf_done) Buf fits = BUF_EMPTY, deep = BUF_EMPTY, abyss = BUF_EMPTY;
        _cleanup_(parsed_done) Parsed p;

        buf_append_string(&fits, "a: ");
        repeat(&fits, "[", CONFIG_DEPTH_MAX - 1);
        repeat(&fits, "]", CONFIG_DEPTH_MAX - 1);
        parse(&p, buf_slice(&fits));
        CHECK_INT(p.result, 0);

        buf_append_string(&deep, "a: ");
        repeat(&deep, "[", CONFIG_DEPTH_MAX);
        repeat(&deep, "]", CONFIG_DEPTH_MAX);
        check_refused(buf_slice(&deep), 1, 4 + CONFIG_DEPTH_MAX - 1, "too deeply");

        repeat(&abyss, "[", 100000);
        check_refused(buf_slice(&abyss), 1, 1 + CONFIG_DEPTH_MAX, "too deeply");
        buf_reset(&abyss, 0);
        repeat(&abyss, "{a: ", 100000);
        check_refused(buf_slice(&abyss), 1, 1 + 4 * CONFIG_DEPTH_MAX, "too deeply");
}

TEST(sizes_have_limits) {
        _cleanup_(buf_done) Buf text = BUF_EMPTY;

        buf_append_string(&text, "a: \"");
        repeat(&text, "x", CONFIG_SCALAR_SIZE_MAX + 1);
        buf_append_string(&text, "\"\n");
        check_refused(buf_slice(&text), 1, 4, "too long");

        buf_reset(&text, 0);
        buf_append_string(&text, "a:\n");
        repeat(&text, "- x\n", CONFIG_NODES_MAX);
        check_refused(buf_slice(&text), CONFIG_NODES_MAX, 3, "too many values");
}

TEST(many_keys_take_no_time_to_speak_of) {
        _cleanup_(buf_done) Buf text = BUF_EMPTY;
        _cleanup_(parsed_done) Parsed p;

        for (unsigned i = 0; i < CONFIG_NODES_MAX - 10; i++)
                buf_printf(&text, "k%u: 1\n", i);
        parse(&p, buf_slice(&text));
        CHECK_INT(p.result, 0);
}
