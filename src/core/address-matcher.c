/* SPDX-License-Identifier: MIT */
/* Translates Ruby's notation to POSIX extended regular expressions, which libc has. What has no
 * counterpart there is refused, never passed on: a pattern that silently matched something else
 * would hide clients from the log. */
#include <regex.h>

#include "basic/buf.h"
#include "core/address-matcher.h"

#define GROUP_DEPTH_MAX 16
/* libc writes repetitions out: `(a{9}){9}` is 81 nodes to it. More than this is refused. */
#define PATTERN_NODES_MAX 20000

struct AddressMatcher {
        regex_t regex;
};

typedef struct Translator {
        Slice rest;
        Buf to;
        const char *problem;
        unsigned depth;                       /* of groups */
        unsigned long nodes[GROUP_DEPTH_MAX]; /* in each open group, repetitions written out */
        unsigned long last;                   /* in the last character, set or group */
} Translator;

static char peek(const Translator *t, size_t offset) {
        return offset < t->rest.size ? t->rest.data[offset] : '\0';
}

static void skip(Translator *t, size_t bytes) {
        t->rest = slice_from(t->rest, MIN(bytes, t->rest.size));
}

/* What stands for \d and its like within a set; NULL if the letter has no such meaning. */
static const char *class_of(char letter) {
        switch (letter) {
        case 'd':
                return "0-9";
        case 'h':
                return "0-9A-Fa-f";
        case 's':
                return "[:space:]";
        case 'w':
                return "[:alnum:]_";
        default:
                return NULL;
        }
}

static void translate_escape(Translator *t) {
        char letter = peek(t, 1);
        const char *class = class_of(ascii_to_lower(letter));

        if (class) {
                buf_printf(&t->to, "[%s%s]", letter >= 'a' ? "" : "^", class);
        } else if (letter == 'A') {
                buf_append_byte(&t->to, '^');
        } else if (letter == 'z' || letter == 'Z') {
                buf_append_byte(&t->to, '$');
        } else if (letter == 'b' || letter == 'B') {
                buf_printf(&t->to, "\\%c", letter);
        } else if (letter == '\0' || ascii_is_alnum(letter)) {
                t->problem = "An escape in it is not supported.";
        } else if (strchr("^$.[]|()*+?{}\\", letter)) {
                buf_printf(&t->to, "\\%c", letter);
        } else
                buf_append_byte(&t->to, letter);
        skip(t, 2);
}

/* The inside of a set. POSIX takes a backslash there literally, `]` only as the first character and
 * `-` only as the last, so these are collected and put where they go. */
static void translate_set(Translator *t) {
        _cleanup_(buf_done) Buf body = BUF_EMPTY;
        bool has_bracket = false, has_dash = false, is_negated;

        skip(t, 1);
        is_negated = peek(t, 0) == '^';
        skip(t, is_negated ? 1 : 0);
        while (t->rest.size > 0 && peek(t, 0) != ']') {
                char c = peek(t, 0), letter = peek(t, 1);

                if (c == '[' || (c == '&' && letter == '&')) {
                        t->problem = "A set within a set is not supported.";
                        return;
                }
                if (c != '\\') {
                        buf_append_byte(&body, c);
                        skip(t, 1);
                        continue;
                }
                if (class_of(letter))
                        buf_append_string(&body, class_of(letter));
                else if (letter == ']')
                        has_bracket = true;
                else if (letter == '-')
                        has_dash = true;
                else if (letter == '\0' || ascii_is_alnum(letter))
                        t->problem = "An escape in it is not supported.";
                else
                        buf_append_byte(&body, letter);
                skip(t, 2);
        }
        if (t->rest.size == 0 || (body.size == 0 && !has_bracket && !has_dash)) {
                t->problem = "A set of characters is empty or not closed.";
                return;
        }
        skip(t, 1);
        /* A caret is literal anywhere but in front. */
        if (!is_negated && !has_bracket && body.size > 0 && body.data[0] == '^')
                t->problem = "A set cannot begin with an escaped caret.";
        buf_printf(&t->to, "[%s%s%s%s]", is_negated ? "^" : "", has_bracket ? "]" : "",
                   buf_string(&body), has_dash ? "-" : "");
        if (buf_error(&body) < 0)
                t->to.error = buf_error(&body);
}

static void add_node(Translator *t) {
        t->last = 1;
        t->nodes[t->depth]++;
}

static void open_group(Translator *t) {
        if (t->depth + 1 >= GROUP_DEPTH_MAX) {
                t->problem = "Groups are nested too deeply.";
                return;
        }
        t->nodes[++t->depth] = 1;
}

static void close_group(Translator *t) {
        if (t->depth == 0) {
                t->problem = "A group is closed that was not opened.";
                return;
        }
        t->last = t->nodes[t->depth--];
        t->nodes[t->depth] += t->last;
}

/* Counts what `{2,5}` at the current place makes of the last node. */
static void repeat_node(Translator *t) {
        unsigned long number = 0, most = 1;

        for (size_t i = 1; ascii_is_digit(peek(t, i)) || peek(t, i) == ','; i++) {
                number = peek(t, i) == ',' ? 0 : number * 10 + (unsigned long) (peek(t, i) - '0');
                number = MIN(number, (unsigned long) PATTERN_NODES_MAX);
                most = MAX(most, number);
        }
        t->nodes[t->depth] += t->last * (most - 1);
        t->last *= most;
        if (t->last > PATTERN_NODES_MAX)
                t->problem = "It repeats too much.";
}

static void translate_one(Translator *t) {
        char c = peek(t, 0);

        if (c == '(')
                open_group(t);
        else if (c == ')')
                close_group(t);
        else if (c == '{')
                repeat_node(t);
        else
                add_node(t);
        if (t->nodes[t->depth] > PATTERN_NODES_MAX)
                t->problem = "It repeats too much.";
        if (t->problem)
                return;

        if (c == '\\') {
                translate_escape(t);
        } else if (c == '[') {
                translate_set(t);
        } else if (c == '(' && peek(t, 1) == '?' && peek(t, 2) != ':') {
                t->problem = "Looking around, names and options of groups are not supported.";
        } else if (c == '(' && peek(t, 1) == '?') {
                buf_append_byte(&t->to, '(');
                skip(t, 3);
        } else if (c && strchr("*+?}", c) && peek(t, 1) == '+') {
                t->problem = "Possessive repetition is not supported.";
        } else {
                buf_append_byte(&t->to, c);
                /* Whether repetition is lazy makes no difference to whether there is a match. */
                skip(t, c && strchr("*+?}", c) && peek(t, 1) == '?' ? 2 : 1);
        }
}

static int translate(const char *pattern, char **ret, const char **reterr_text) {
        Translator t = { .rest = slice_from_string(pattern) };

        if (t.rest.size > ADDRESS_PATTERN_SIZE_MAX)
                t.problem = "It is too long.";
        while (t.rest.size > 0 && !t.problem)
                translate_one(&t);
        if (t.problem) {
                buf_done(&t.to);
                *reterr_text = t.problem;
                return -EINVAL;
        }
        *ret = buf_take(&t.to);
        return *ret ? 0 : -ENOMEM;
}

static int explain(char **reterr_text, const char *text) {
        *reterr_text = strdup(text);
        return *reterr_text ? -EINVAL : -ENOMEM;
}

int address_matcher_new(const char *pattern, AddressMatcher **ret, char **reterr_text) {
        _cleanup_free_ AddressMatcher *matcher = NULL;
        _cleanup_free_ char *posix = NULL;
        const char *problem;
        int r;

        assert(pattern);
        assert(ret);
        assert(reterr_text);

        r = translate(pattern, &posix, &problem);
        if (r == -EINVAL)
                return explain(reterr_text, problem);
        if (r < 0)
                return r;
        matcher = calloc(1, sizeof(AddressMatcher));
        if (!matcher)
                return -ENOMEM;
        r = regcomp(&matcher->regex, posix, REG_EXTENDED | REG_NOSUB);
        if (r == REG_ESPACE)
                return -ENOMEM;
        if (r != 0) {
                char text[128];

                (void) regerror(r, &matcher->regex, text, sizeof(text));
                return explain(reterr_text, text);
        }
        *ret = TAKE_PTR(matcher);
        return 0;
}

AddressMatcher *address_matcher_free(AddressMatcher *matcher) {
        if (!matcher)
                return NULL;
        regfree(&matcher->regex);
        return mfree(matcher);
}

bool address_matcher_matches(const AddressMatcher *matcher, const char *address) {
        assert(matcher);
        assert(address);

        return regexec(&matcher->regex, address, 0, NULL, 0) == 0;
}
