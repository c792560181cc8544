/* SPDX-License-Identifier: MIT */
#include "basic/time-format.h"
#include "cli/output.h"
#include "test.h"

TEST(what_a_terminal_would_obey_is_replaced) {
        static const struct {
                const char *text, *printable;
        } cases[] = {
                { "Hello", "Hello" },
                { "Gr\xc3\xbc\xc3\x9f"
                  "e \xf0\x9f\x93\xac",
                  "Gr\xc3\xbc\xc3\x9f"
                  "e \xf0\x9f\x93\xac" },
                { "\033[31mred\033[0m", "?[31mred?[0m" },
                { "two\nlines\tand\r\n", "two lines and  " },
                { "\xc2\x9b"
                  "31m",
                  "?31m" },
                { "\x7f\x01\xff\xc3", "????" },
                { "\xc0\xaf\xed\xa0\x80", "?????" },
                { "\xe2\x82", "??" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(buf_done) Buf b = BUF_EMPTY;

                cli_append_printable(&b, cases[i].text);
                CHECK_STR(buf_string(&b), cases[i].printable);
        }
}

static void check_json(json_t *value, const char *want) {
        char *text = json_dumps(value, JSON_ENCODE_ANY);

        CHECK_STR(text, want);
        free(text);
        json_decref(value);
}

TEST(values_as_json) {
        check_json(cli_json_text("a\"b"), "\"a\\\"b\"");
        check_json(cli_json_text(NULL), "null");
        check_json(cli_json_text("a\xff"
                                 "b"),
                   "\"a\xef\xbf\xbd"
                   "b\"");
        check_json(cli_json_text("\033"), "\"\\u001B\"");
        check_json(cli_json_time(UINT64_C(1795336146588649)), "\"2026-11-22T08:29:06.588649Z\"");
        check_json(cli_json_time(0), "null");
        check_json(cli_json_id(7), "7");
        check_json(cli_json_id(0), "null");
}

TEST(durations) {
        static const struct {
                uint64_t usec;
                const char *text;
        } cases[] = {
                { 0, "0 s" },
                { 119 * USEC_PER_SEC, "119 s" },
                { 120 * USEC_PER_SEC, "2 min" },
                { 119 * USEC_PER_MINUTE, "119 min" },
                { 3 * USEC_PER_HOUR, "3 h" },
                { 47 * USEC_PER_HOUR, "47 h" },
                { 48 * USEC_PER_HOUR, "2 days" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char text[CLI_DURATION_SIZE];

                cli_format_duration(cases[i].usec, text);
                CHECK_STR(text, cases[i].text);
        }
}
