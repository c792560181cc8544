/* SPDX-License-Identifier: MIT */
#include "core/config-dotenv.h"
#include "test.h"

static const char *lookup(_unused_ void *userdata, const char *name) {
        return streq(name, "HOME") ? "/home/postal" : NULL;
}

typedef struct Parsed {
        Arena arena;
        ConfigReport report;
        Hashmap *variables;
} Parsed;

static void parsed_done(Parsed *p) {
        arena_done(&p->arena);
        config_report_done(&p->report);
        hashmap_free(p->variables);
}

static void parse(Parsed *p, Slice text) {
        *p = (Parsed){ .variables = hashmap_new() };
        CHECK_INT(dotenv_parse(&p->arena, ".env", text, lookup, NULL, &p->report, p->variables), 0);
}

static const char *get(const Parsed *p, const char *name) {
        return hashmap_get(p->variables, slice_from_string(name));
}

TEST(one_variable) {
        /* The line, and the value of A. */
        static const char *const rows[][2] = {
                { "A=b", "b" },
                { "A=", "" },
                { "A = b", "b" },
                { "  A=b  ", "b" },
                { "A=b\r\n", "b" },
                { "export A=b", "b" },
                { "export  A=b", "b" },
                { "A: b", "b" },
                { "A=b c", "b c" },
                { "A=b # comment", "b" },
                { "A=b#c", "b#c" },
                { "A=# comment", "" },
                { "A='b c'", "b c" },
                { "A='b # c' # d", "b # c" },
                { "A=\"b c\"", "b c" },
                { "A=\"b # c\"", "b # c" },
                { "A=\"\"", "" },
                { "A=''", "" },
                { "A=\"b\\nc\"", "b\nc" },
                { "A=\"b\\\"c\"", "b\"c" },
                { "A='b\\nc'", "b\\nc" },
                { "A=b\\nc", "bnc" },
                { "A=\"b\nc\"", "b\nc" },
                { "A='b\nc'", "b\nc" },
                { "A=$HOME/x", "/home/postal/x" },
                { "A=${HOME}x", "/home/postalx" },
                { "A=\"${HOME}\"", "/home/postal" },
                { "A='$HOME'", "$HOME" },
                { "A=\\$HOME", "$HOME" },
                { "A=$NONE", "" },
                { "A=${NONE", "${NONE" },
                { "A=$", "$" },
                { "A=a$-b", "a$-b" },
                { "A=$(id)", "$(id)" },
                { "B=1\nA=$B$B", "11" },
                { "B=1\nA=2", "2" },
                { "A=1\nA=2", "2" },
                { "# A=1\n\n\t\nA=2\n", "2" },
                { "A=\"unclosed", "\"unclosed" },
                { "A=b=c", "b=c" },
                { "A=a,b", "a,b" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(parsed_done) Parsed p;

                parse(&p, slice_from_string(rows[i][0]));
                CHECK_STR(get(&p, "A"), rows[i][1]);
                CHECK_INT(p.report.count, 0);
        }
}

TEST(lines_that_are_none_are_skipped_with_their_number) {
        _cleanup_(parsed_done) Parsed p;

        parse(&p, SLICE("A=\"1\n2\"\nnonsense\n=x\nB=3\nA:3\n"));
        CHECK_STR(get(&p, "A"), "1\n2");
        CHECK_STR(get(&p, "B"), "3");
        CHECK_INT(p.report.count, 3);
        CHECK_INT(p.report.findings[0].line, 3);
        CHECK_INT(p.report.findings[1].line, 4);
        CHECK_INT(p.report.findings[2].line, 6);
        CHECK_STR(p.report.findings[0].path, ".env");
}

TEST(a_nul_byte_makes_no_value) {
        _cleanup_(parsed_done) Parsed p;

        parse(&p, slice_make("A=a\0b\nB=1\n", 10));
        CHECK(!get(&p, "A"));
        CHECK_STR(get(&p, "B"), "1");
        CHECK_INT(p.report.count, 1);
}

TEST(values_made_of_values_have_a_limit) {
        _cleanup_(parsed_done) Parsed p;
        _cleanup_(buf_done) Buf text = BUF_EMPTY;

        buf_append_string(&text, "A0=0123456789\n");
        for (unsigned i = 1; i < 100; i++)
                buf_printf(&text, "A%u=$A%u$A%u\n", i, i - 1, i - 1);
        parse(&p, buf_slice(&text));
        CHECK_INT(strlen(get(&p, "A12")), 40960);
        CHECK(!get(&p, "A13"));

        buf_reset(&text, 0);
        for (unsigned i = 0; i < 50; i++)
                buf_printf(&text, "B%u=%060000u\n", i, i);
        parsed_done(&p);
        parse(&p, buf_slice(&text));
        CHECK(get(&p, "B16") != NULL);
        CHECK(!get(&p, "B18"));
}
