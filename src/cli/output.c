/* SPDX-License-Identifier: MIT */
#include "basic/time-format.h"
#include "cli/output.h"

static const char *const COLOURS[CLI_COLOUR_MAX] = {
        [CLI_RED] = "\033[31m",     [CLI_GREEN] = "\033[32m",         [CLI_BLUE] = "\033[34m",
        [CLI_MAGENTA] = "\033[35m", [CLI_ON_MAGENTA] = "\033[37;45m",
};

static bool has_colours(FILE *to) {
        const char *no = getenv("NO_COLOR");

        return !(no && *no) && isatty(fileno(to));
}

const char *cli_colour(FILE *to, CliColour colour) {
        return has_colours(to) ? COLOURS[colour] : "";
}

const char *cli_colour_end(FILE *to) {
        return has_colours(to) ? "\033[0m" : "";
}

int cli_fail(const char *format, ...) {
        va_list ap;

        (void) fflush(stdout);
        (void) fputs("postal: ", stderr);
        va_start(ap, format);
        (void) vfprintf(stderr, format, ap);
        va_end(ap);
        (void) fputc('\n', stderr);
        return EXIT_FAILURE;
}

int cli_out_of_memory(void) {
        return cli_fail("There is not enough memory.");
}

/* The length of the valid UTF-8 character at `p`, or 0. Overlong forms, surrogates and C1 controls
 * are not valid here. */
static size_t character_size(const unsigned char *p) {
        size_t size = p[0] < 0x80   ? 1
                      : p[0] < 0xC2 ? 0
                      : p[0] < 0xE0 ? 2
                      : p[0] < 0xF0 ? 3
                      : p[0] < 0xF5 ? 4
                                    : 0;

        for (size_t i = 1; i < size; i++)
                if ((p[i] & 0xC0) != 0x80)
                        return 0;
        if ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F) ||
            (p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] > 0x8F))
                return 0;
        return size;
}

void cli_append_printable(Buf *to, const char *text) {
        const unsigned char *p = (const unsigned char *) text;

        while (*p) {
                size_t size = character_size(p);
                bool is_control = *p < ' ' || *p == 127 || (p[0] == 0xC2 && p[1] < 0xA0);

                if (size == 0 || is_control)
                        buf_append_byte(to, *p == '\n' || *p == '\t' || *p == '\r' ? ' ' : '?');
                else
                        buf_append(to, p, size);
                p += MAX(size, (size_t) 1);
        }
}

json_t *cli_json_text(const char *text) {
        _cleanup_(buf_done) Buf valid = BUF_EMPTY;
        const unsigned char *p = (const unsigned char *) text;

        if (!text)
                return json_null();
        while (*p) {
                size_t size = character_size(p);

                if (size > 0)
                        buf_append(&valid, p, size);
                else
                        buf_append_string(&valid, "\xef\xbf\xbd");
                p += MAX(size, (size_t) 1);
        }
        return buf_error(&valid) < 0 ? NULL : json_stringn(buf_string(&valid), valid.size);
}

json_t *cli_json_time(uint64_t usec) {
        char text[TIME_RFC3339_SIZE];

        if (usec == 0)
                return json_null();
        time_format_rfc3339(usec, text);
        return json_string(text);
}

void cli_json_append(json_t **array, json_t *value) {
        if (!*array || json_array_append_new(*array, value) < 0) {
                json_decref(*array);
                *array = NULL;
        }
}

json_t *cli_json_id(uint64_t id) {
        return id > 0 ? json_integer((json_int_t) id) : json_null();
}

void cli_format_duration(uint64_t usec, char ret[static CLI_DURATION_SIZE]) {
        static const struct {
                uint64_t usec;
                const char *unit;
        } units[] = {
                { USEC_PER_DAY, "days" },
                { USEC_PER_HOUR, "h" },
                { USEC_PER_MINUTE, "min" },
                { USEC_PER_SEC, "s" },
        };
        size_t i = 0;

        while (i + 1 < ELEMENTSOF(units) && usec < 2 * units[i].usec)
                i++;
        (void) snprintf(ret, CLI_DURATION_SIZE, "%llu %s",
                        (unsigned long long) (usec / units[i].usec), units[i].unit);
}

/* A value for people: times without what nobody reads, yes and no, a dash for nothing. */
static void append_value(Buf *to, const json_t *value) {
        const char *text = json_string_value(value);

        if (!value || json_is_null(value))
                buf_append_byte(to, '-');
        else if (json_is_boolean(value))
                buf_append_string(to, json_is_true(value) ? "yes" : "no");
        else if (json_is_integer(value))
                buf_printf(to, "%lld", (long long) json_integer_value(value));
        else if (json_is_real(value))
                buf_printf(to, "%g", json_real_value(value));
        else if (text && strlen(text) == TIME_RFC3339_SIZE - 1 && text[10] == 'T' &&
                 text[26] == 'Z')
                buf_printf(to, "%.10s %.8s", text, text + 11);
        else if (text && *text)
                cli_append_printable(to, text);
        else
                buf_append_byte(to, '-');
}

static size_t width(const char *text) {
        size_t characters = 0;

        for (; *text; text++)
                characters += ((unsigned char) *text & 0xC0) != 0x80;
        return characters;
}

static int put_json(json_t *value) {
        int r = json_dumpf(value, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(8));

        putchar('\n');
        json_decref(value);
        return r < 0 || fflush(stdout) != 0 ? cli_fail("Cannot write the output.") : EXIT_SUCCESS;
}

/* Appends the text and as many spaces as the column is wider. */
static void put_cell(const char *text, size_t column, bool is_last) {
        (void) fputs(text, stdout);
        if (!is_last)
                printf("%*s", (int) (column - width(text) + 2), "");
}

#define FIELDS_MAX 16

static void put_table(const json_t *list, const CliField *fields) {
        size_t columns[FIELDS_MAX], count = 0, i;
        json_t *object;

        for (; fields[count].title; count++) {
                assert(count < FIELDS_MAX);
                columns[count] = width(fields[count].title);
        }
        for (int pass = 0; pass < 2; pass++) {
                for (size_t k = 0; pass == 1 && k < count; k++)
                        put_cell(fields[k].title, columns[k], k + 1 == count);
                if (pass == 1)
                        putchar('\n');
                json_array_foreach(list, i, object) {
                        for (size_t k = 0; k < count; k++) {
                                _cleanup_(buf_done) Buf cell = BUF_EMPTY;

                                append_value(&cell, json_object_get(object, fields[k].key));
                                columns[k] = MAX(columns[k], width(buf_string(&cell)));
                                if (pass == 1)
                                        put_cell(buf_string(&cell), columns[k], k + 1 == count);
                        }
                        if (pass == 1)
                                putchar('\n');
                }
        }
}

int cli_put_list(json_t *list, const CliField *fields, bool as_json) {
        if (!list)
                return cli_out_of_memory();
        if (as_json)
                return put_json(list);
        put_table(list, fields);
        json_decref(list);
        return fflush(stdout) != 0 ? cli_fail("Cannot write the output.") : EXIT_SUCCESS;
}

int cli_put_object(json_t *object, const CliField *fields, bool as_json) {
        size_t column = 0;

        if (!object)
                return cli_out_of_memory();
        if (as_json)
                return put_json(object);
        for (const CliField *f = fields; f->title; f++)
                column = MAX(column, width(f->title));
        for (const CliField *f = fields; f->title; f++) {
                _cleanup_(buf_done) Buf value = BUF_EMPTY;

                append_value(&value, json_object_get(object, f->key));
                put_cell(f->title, column, false);
                (void) puts(buf_string(&value));
        }
        json_decref(object);
        return fflush(stdout) != 0 ? cli_fail("Cannot write the output.") : EXIT_SUCCESS;
}
