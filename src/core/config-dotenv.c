/* SPDX-License-Identifier: MIT */
#include "core/config-dotenv.h"

typedef struct Parser {
        Arena *arena;
        const char *path;
        Slice rest;
        unsigned line;
        DotenvLookup lookup;
        void *userdata;
        ConfigReport *report;
        Hashmap *variables;
        size_t total; /* of the values so far */
} Parser;

static void warn(Parser *p, const char *text) {
        config_report_add(p->report, CONFIG_WARNING, (ConfigPlace){ p->path, p->line, 1, NULL },
                          "%s", text);
}

static bool is_name_byte(char c) {
        return ascii_is_alnum(c) || c == '_';
}

static bool is_blank(char c) {
        return c == ' ' || c == '\t';
}

static size_t skip_blanks(Slice text, size_t at) {
        while (at < text.size && is_blank(text.data[at]))
                at++;
        return at;
}

/* Finds the variable that stands behind a dollar sign. Returns the bytes taken, 0 for none. */
static size_t find_name(Slice text, Slice *ret) {
        size_t start = text.size > 0 && text.data[0] == '{' ? 1 : 0, end = start;

        while (end < text.size && is_name_byte(text.data[end]))
                end++;
        if (end == start || (start == 1 && (end >= text.size || text.data[end] != '}')))
                return 0;
        *ret = slice_first(slice_from(text, start), end - start);
        return end + start;
}

static int append_variable(Parser *p, Slice name, Buf *to) {
        _cleanup_free_ char *copy = slice_dup(name);
        const char *value;

        if (!copy)
                return -ENOMEM;
        value = p->lookup ? p->lookup(p->userdata, copy) : NULL;
        if (!value)
                value = hashmap_get(p->variables, name);
        buf_append_string(to, strempty(value));
        return 0;
}

/* Replaces escapes and variables in what was not in single quotes. */
static int expand(Parser *p, Slice text, bool has_quotes, Buf *to) {
        for (size_t i = 0; i < text.size; i++) {
                char c = text.data[i];
                Slice name;
                size_t used;

                if (c == '\\' && i + 1 < text.size) {
                        c = text.data[++i];
                        if (has_quotes && c == 'n')
                                c = '\n';
                        else if (has_quotes && c == 'r')
                                c = '\r';
                        buf_append_byte(to, c);
                        continue;
                }
                used = c == '$' ? find_name(slice_from(text, i + 1), &name) : 0;
                if (used == 0) {
                        buf_append_byte(to, c);
                        continue;
                }
                if (append_variable(p, name, to) < 0)
                        return -ENOMEM;
                i += used;
        }
        return 0;
}

/* The end of a quoted value, which may run over several lines, or -1. */
static ssize_t find_quote(Slice text, char quote) {
        for (size_t i = 1; i < text.size; i++) {
                if (text.data[i] == '\\')
                        i++;
                else if (text.data[i] == quote)
                        return (ssize_t) i;
        }
        return -1;
}

/* Cuts a comment off, and the white space around the value. */
static Slice plain_value(Slice line) {
        for (size_t i = 0; i < line.size; i++)
                if (line.data[i] == '#' && (i == 0 || is_blank(line.data[i - 1])))
                        return slice_trim(slice_first(line, i));
        return slice_trim(line);
}

static void skip_line(Parser *p) {
        (void) slice_split(&p->rest, '\n');
        p->line++;
}

/* Reads the value at the start of `rest`, and moves on to the next line. */
static int read_value(Parser *p, Buf *to) {
        char quote = p->rest.size > 0 ? p->rest.data[0] : '\0';
        ssize_t end = quote == '"' || quote == '\'' ? find_quote(p->rest, quote) : -1;
        Slice value;
        int r = 0;

        if (end < 0) {
                value = slice_split(&p->rest, '\n');
                r = expand(p, plain_value(value), false, to);
                p->line++;
                return r;
        }
        value = slice_first(slice_from(p->rest, 1), (size_t) end - 1);
        if (quote == '\'')
                buf_append_slice(to, value);
        else
                r = expand(p, value, true, to);
        for (size_t i = 0; i < value.size; i++)
                p->line += value.data[i] == '\n';
        p->rest = slice_from(p->rest, (size_t) end + 1);
        skip_line(p);
        return r;
}

/* The name and its separator at the start of `rest`; returns false if there is none. */
static bool read_name(Parser *p, Slice *ret) {
        const Slice word = SLICE("export");
        size_t at = 0, end;

        if (slice_starts_with_ignore_case(p->rest, word) && p->rest.size > word.size &&
            is_blank(p->rest.data[word.size]))
                at = skip_blanks(p->rest, word.size);
        end = at;
        while (end < p->rest.size && (is_name_byte(p->rest.data[end]) || p->rest.data[end] == '.'))
                end++;
        *ret = slice_first(slice_from(p->rest, at), end - at);
        at = skip_blanks(p->rest, end);
        if (ret->size == 0 || at >= p->rest.size)
                return false;
        if (p->rest.data[at] != '=' &&
            (p->rest.data[at] != ':' || at + 1 >= p->rest.size || !is_blank(p->rest.data[at + 1])))
                return false;
        p->rest = slice_from(p->rest, skip_blanks(p->rest, at + 1));
        return true;
}

static int read_line(Parser *p) {
        _cleanup_(buf_done) Buf value = { .limit = DOTENV_VALUE_SIZE_MAX };
        unsigned line = p->line;
        Slice name;
        char *copy;
        int r;

        p->rest = slice_from(p->rest, skip_blanks(p->rest, 0));
        if (p->rest.size == 0 || p->rest.data[0] == '#' || p->rest.data[0] == '\n' ||
            p->rest.data[0] == '\r') {
                skip_line(p);
                return 0;
        }
        if (!read_name(p, &name)) {
                warn(p, "This line is not of the form NAME=value and is skipped. Correct or remove "
                        "it.");
                skip_line(p);
                return 0;
        }
        r = read_value(p, &value);
        if (r < 0)
                return r;
        p->total += value.size;
        if (buf_error(&value) == -ENOBUFS || p->total > DOTENV_TOTAL_MAX ||
            slice_find_byte(buf_slice(&value), '\0', 0) >= 0) {
                p->line = line;
                warn(p,
                     "This value is too long or has a NUL character, and is skipped. Correct it.");
                return 0;
        }
        copy = buf_error(&value) < 0 ? NULL : arena_dup(p->arena, buf_slice(&value));
        return copy ? hashmap_put(p->variables, name, copy) : -ENOMEM;
}

int dotenv_parse(Arena *arena, const char *path, Slice text, DotenvLookup lookup, void *userdata,
                 ConfigReport *report, Hashmap *variables) {
        Parser p = {
                .arena = arena,
                .path = path,
                .rest = text,
                .line = 1,
                .lookup = lookup,
                .userdata = userdata,
                .report = report,
                .variables = variables,
        };

        assert(arena);
        assert(report);
        assert(variables);

        while (p.rest.size > 0) {
                int r = read_line(&p);
                if (r < 0)
                        return r;
        }
        return report->error;
}
