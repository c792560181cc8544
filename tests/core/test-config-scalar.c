/* SPDX-License-Identifier: MIT */
#include "core/config-scalar.h"
#include "test.h"

/* What a plain scalar is, and what it casts to as string, integer and boolean. */
typedef struct Row {
        const char *text;
        ScalarKind kind;
        const char *string;
        int64_t integer;
        bool boolean;
} Row;

static void check_row(const Row *row, const ConfigScalar *scalar) {
        _cleanup_(buf_done) Buf string = BUF_EMPTY;

        if (scalar->kind != row->kind)
                test_fail(__FILE__, __LINE__, "%s is of kind %d", row->text, (int) scalar->kind);
        config_scalar_to_string(scalar, &string);
        CHECK_STR(buf_string(&string), row->string);
        if (config_scalar_to_integer(scalar) != row->integer)
                test_fail(__FILE__, __LINE__, "%s is %lld", row->text,
                          (long long) config_scalar_to_integer(scalar));
        if (config_scalar_to_boolean(scalar) != row->boolean)
                test_fail(__FILE__, __LINE__, "%s has the wrong truth", row->text);
}

TEST(plain_scalars) {
        static const Row rows[] = {
                { "true", SCALAR_BOOLEAN, "true", 1, true },
                { "True", SCALAR_BOOLEAN, "true", 1, true },
                { "TRUE", SCALAR_BOOLEAN, "true", 1, true },
                { "yes", SCALAR_BOOLEAN, "true", 1, true },
                { "on", SCALAR_BOOLEAN, "true", 1, true },
                { "On", SCALAR_BOOLEAN, "true", 1, true },
                { "false", SCALAR_BOOLEAN, "false", 0, false },
                { "no", SCALAR_BOOLEAN, "false", 0, false },
                { "NO", SCALAR_BOOLEAN, "false", 0, false },
                { "off", SCALAR_BOOLEAN, "false", 0, false },
                { "y", SCALAR_STRING, "y", 0, false },
                { "n", SCALAR_STRING, "n", 0, false },
                { "t", SCALAR_STRING, "t", 0, false },
                { "nope", SCALAR_STRING, "nope", 0, false },
                { "0", SCALAR_INTEGER, "0", 0, false },
                { "1", SCALAR_INTEGER, "1", 1, true },
                { "25", SCALAR_INTEGER, "25", 25, false },
                { "-7", SCALAR_INTEGER, "-7", -7, false },
                { "+7", SCALAR_INTEGER, "7", 7, false },
                { "1_000", SCALAR_INTEGER, "1000", 1000, false },
                { "1,000", SCALAR_INTEGER, "1000", 1000, false },
                { "1__0", SCALAR_STRING, "1__0", 1, false },
                { "1_", SCALAR_STRING, "1_", 1, false },
                { "_1", SCALAR_STRING, "_1", 0, false },
                { "017", SCALAR_INTEGER, "15", 15, false },
                { "-017", SCALAR_INTEGER, "-15", -15, false },
                { "0o17", SCALAR_INTEGER, "15", 15, false },
                { "01", SCALAR_INTEGER, "1", 1, true },
                { "08", SCALAR_STRING, "08", 8, false },
                { "0b101", SCALAR_INTEGER, "5", 5, false },
                { "0x1F", SCALAR_INTEGER, "31", 31, false },
                { "0x", SCALAR_STRING, "0x", 0, false },
                { "0xG", SCALAR_STRING, "0xG", 0, false },
                { "9223372036854775807", SCALAR_INTEGER, "9223372036854775807", INT64_MAX, false },
                { "-9223372036854775808", SCALAR_INTEGER, "-9223372036854775808", INT64_MIN,
                  false },
                { "9223372036854775808", SCALAR_INTEGER, "9223372036854775808", INT64_MAX, false },
                { "+99_999999999999999999", SCALAR_INTEGER, "99999999999999999999", INT64_MAX,
                  false },
                { "-99999999999999999999", SCALAR_INTEGER, "-99999999999999999999", INT64_MIN,
                  false },
                { "190:20:30", SCALAR_INTEGER, "685230", 685230, false },
                { "1:30", SCALAR_INTEGER, "5400", 5400, false },
                { "1:60", SCALAR_STRING, "1:60", 1, false },
                { "1:2:3:4", SCALAR_STRING, "1:2:3:4", 1, false },
                { "1:", SCALAR_STRING, "1:", 1, false },
                { "1:00:00.5", SCALAR_FLOAT, "3600.5", 3600, false },
                { "1.0", SCALAR_FLOAT, "1.0", 1, true },
                { "1.00", SCALAR_FLOAT, "1.0", 1, true },
                { "5.7", SCALAR_FLOAT, "5.7", 5, false },
                { "-5.7", SCALAR_FLOAT, "-5.7", -5, false },
                { "1.10", SCALAR_FLOAT, "1.1", 1, false },
                { "0.1", SCALAR_FLOAT, "0.1", 0, false },
                { ".5", SCALAR_FLOAT, "0.5", 0, false },
                { "5.", SCALAR_FLOAT, "5.0", 5, false },
                { "100.0", SCALAR_FLOAT, "100.0", 100, false },
                { "0.0001", SCALAR_FLOAT, "0.0001", 0, false },
                { "0.00001", SCALAR_FLOAT, "1.0e-05", 0, false },
                { "123456789.125", SCALAR_FLOAT, "123456789.125", 123456789, false },
                { "1.5e+3", SCALAR_FLOAT, "1500.0", 1500, false },
                { "1.5e+20", SCALAR_FLOAT, "1.5e+20", INT64_MAX, false },
                { "-1.5e+20", SCALAR_FLOAT, "-1.5e+20", INT64_MIN, false },
                { "1.0e+16", SCALAR_FLOAT, "1.0e+16", 10000000000000000, false },
                { "1.5e3", SCALAR_STRING, "1.5e3", 1, false },
                { "1e5", SCALAR_STRING, "1e5", 1, false },
                { "1.5e+", SCALAR_STRING, "1.5e+", 1, false },
                { "1_0.5", SCALAR_FLOAT, "10.5", 10, false },
                { ".inf", SCALAR_FLOAT, "Infinity", INT64_MAX, false },
                { "-.INF", SCALAR_FLOAT, "-Infinity", INT64_MIN, false },
                { ".NaN", SCALAR_FLOAT, "NaN", 0, false },
                { ".", SCALAR_STRING, ".", 0, false },
                { "-", SCALAR_STRING, "-", 0, false },
                { "+", SCALAR_STRING, "+", 0, false },
                { "127.0.0.1", SCALAR_STRING, "127.0.0.1", 127, false },
                { "1.2.3", SCALAR_STRING, "1.2.3", 1, false },
                { "25abc", SCALAR_STRING, "25abc", 25, false },
                { "abc", SCALAR_STRING, "abc", 0, false },
                { "0123456789abcdef", SCALAR_STRING, "0123456789abcdef", 123456789, false },
                { "fe80::1", SCALAR_STRING, "fe80::1", 0, false },
                { "a:b", SCALAR_STRING, "a:b", 0, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                ConfigScalar scalar = config_scalar_plain(slice_from_string(rows[i].text));

                check_row(&rows[i], &scalar);
                CHECK(!scalar.is_refused);
        }
}

TEST(plain_nulls) {
        static const char *const rows[] = { "", "~", "null", "Null", "NULL" };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                ConfigScalar scalar = config_scalar_plain(slice_from_string(rows[i]));

                CHECK_INT(scalar.kind, SCALAR_NULL);
                CHECK(config_scalar_is_null(&scalar));
        }
}

TEST(dates_and_symbols_are_texts_that_ruby_refuses) {
        static const char *const rows[] = {
                "2024-01-31", "2024-1-2", "2024-01-31T10:00:00Z", "2024-01-31 10:00:00",
                ":symbol",    "::",       "2024-01-31 00:00:00Z", "::1"
        };
        static const char *const other[] = { "2024-01", "2024-01-", "2024-001-31", ":",
                                             "2024-01-31x" };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                ConfigScalar scalar = config_scalar_plain(slice_from_string(rows[i]));

                CHECK_INT(scalar.kind, SCALAR_STRING);
                CHECK(scalar.is_refused);
        }
        for (size_t i = 0; i < ELEMENTSOF(other); i++)
                CHECK(!config_scalar_plain(slice_from_string(other[i])).is_refused);
}

TEST(strings_stay_strings) {
        static const Row rows[] = {
                { "true", SCALAR_STRING, "true", 0, true },
                { "1", SCALAR_STRING, "1", 1, true },
                { "1.0", SCALAR_STRING, "1.0", 1, true },
                { "1.00", SCALAR_STRING, "1.00", 1, false },
                { "True", SCALAR_STRING, "True", 0, false },
                { "TRUE", SCALAR_STRING, "TRUE", 0, false },
                { "yes", SCALAR_STRING, "yes", 0, false },
                { "on", SCALAR_STRING, "on", 0, false },
                { "false", SCALAR_STRING, "false", 0, false },
                { "017", SCALAR_STRING, "017", 17, false },
                { "1_000", SCALAR_STRING, "1_000", 1000, false },
                { "25abc", SCALAR_STRING, "25abc", 25, false },
                { " 25 ", SCALAR_STRING, " 25 ", 25, false },
                { "-3x", SCALAR_STRING, "-3x", -3, false },
                { "tcp://10.0.0.1:25", SCALAR_STRING, "tcp://10.0.0.1:25", 0, false },
                { "99999999999999999999", SCALAR_STRING, "99999999999999999999", INT64_MAX, false },
                { "-99999999999999999999", SCALAR_STRING, "-99999999999999999999", INT64_MIN,
                  false },
                { "9223372036854775808", SCALAR_STRING, "9223372036854775808", INT64_MAX, false },
                { "null", SCALAR_STRING, "null", 0, false },
                { "~", SCALAR_STRING, "~", 0, false },
        };
        ConfigScalar empty = config_scalar_string(SLICE(""));

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                ConfigScalar scalar = config_scalar_string(slice_from_string(rows[i].text));

                check_row(&rows[i], &scalar);
                CHECK(!config_scalar_is_null(&scalar));
        }
        CHECK(config_scalar_is_null(&empty));
}
