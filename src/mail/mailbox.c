/* SPDX-License-Identifier: MIT */

/* address-list = [address] *("," [address]) address      = mailbox / phrase ":" [mailbox-list] ";"
 * mailbox      = [phrase] "<" [route ":"] addr-spec ">" / addr-spec addr-spec    = local-part "@"
 * domain        (RFC 5322 section 3.4, obsolete forms of 4.4)
 *
 * Words are read until a special character says what they were: a local part before "@", a name
 * before "<", the name of a group before ":". So both readings of them are kept side by side, and
 * one is thrown away. A group needs no state: its name is dropped, and ";" separates like ",". */

#include "mail/encoded-word.h"
#include "mail/mailbox.h"

typedef struct Parser {
        Slice rest;
        Arena *arena;
        MailboxList *list;
        Mailbox **end; /* where the next one is linked to */
        Buf phrase;  /* the words as a display name: unquoted, one space between them */
        Buf text;    /* the words as a local part: quoted as they came, without spaces */
        Buf comment; /* the last comment */
        Buf domain;
} Parser;

static bool is_special(char c) {
        return c != '\0' && strchr("()<>[]:;@\\,.\"", c);
}

static char peek(const Parser *p) {
        return p->rest.size > 0 ? p->rest.data[0] : '\0';
}

static void skip(Parser *p) {
        p->rest = slice_from(p->rest, 1);
}

/* Reads the comment that `rest` begins with (RFC 5322 section 3.2.2). */
static void read_comment(Parser *p) {
        size_t depth = 0;

        buf_truncate(&p->comment, 0);
        while (p->rest.size > 0) {
                char c = peek(p);

                skip(p);
                if (c == '(' && depth++ == 0)
                        continue;
                if (c == ')' && --depth == 0)
                        return;
                if (c == '\\' && p->rest.size > 0) {
                        c = peek(p);
                        skip(p);
                }
                buf_append_byte(&p->comment, c);
        }
}

/* Skips white space, line ends and comments. */
static void skip_cfws(Parser *p) {
        for (;;) {
                if (p->rest.size > 0 && ascii_is_space(peek(p)))
                        skip(p);
                else if (p->rest.size > 0 && peek(p) == '(')
                        read_comment(p);
                else
                        return;
        }
}

/* Reads the quoted string that `rest` begins with (RFC 5322 section 3.2.4). Line ends in it are
 * folding and no part of it. */
static void read_quoted(Parser *p, Buf *unquoted, Buf *quoted) {
        skip(p);
        buf_append_byte(quoted, '"');
        while (p->rest.size > 0 && peek(p) != '"') {
                char c = peek(p);

                skip(p);
                if (c == '\r' || c == '\n')
                        continue;
                if (c == '\\' && p->rest.size > 0) {
                        buf_append_byte(quoted, c);
                        c = peek(p);
                        skip(p);
                }
                buf_append_byte(quoted, c);
                buf_append_byte(unquoted, c);
        }
        if (p->rest.size > 0)
                skip(p);
        buf_append_byte(quoted, '"');
}

static void read_atom(Parser *p, Buf *to) {
        while (p->rest.size > 0 && !ascii_is_space(peek(p)) && !is_special(peek(p))) {
                buf_append_byte(to, peek(p));
                skip(p);
        }
}

/* Reads words and dots up to the special character that says what they were. */
static void read_words(Parser *p) {
        for (;;) {
                size_t before = p->rest.size;
                char c;

                skip_cfws(p);
                if (p->rest.size == 0)
                        return;
                c = peek(p);
                if (c == '.') {
                        skip(p);
                        buf_append_byte(&p->text, c);
                        buf_append_byte(&p->phrase, c);
                } else if (c == '"') {
                        if (p->phrase.size > 0 && before != p->rest.size)
                                buf_append_byte(&p->phrase, ' ');
                        read_quoted(p, &p->phrase, &p->text);
                } else if (!is_special(c)) {
                        size_t start = p->text.size;

                        if (p->phrase.size > 0 && before != p->rest.size)
                                buf_append_byte(&p->phrase, ' ');
                        read_atom(p, &p->text);
                        buf_append(&p->phrase, p->text.data + start, p->text.size - start);
                } else {
                        return;
                }
        }
}

/* Reads a domain, which ends where something else begins; an address literal keeps its brackets. */
static void read_domain(Parser *p) {
        buf_truncate(&p->domain, 0);
        for (;;) {
                skip_cfws(p);
                if (p->rest.size > 0 && peek(p) == '[') {
                        while (p->rest.size > 0 && peek(p) != ']') {
                                if (!ascii_is_space(peek(p)))
                                        buf_append_byte(&p->domain, peek(p));
                                skip(p);
                        }
                        if (p->rest.size > 0)
                                skip(p);
                        buf_append_byte(&p->domain, ']');
                } else if (p->rest.size > 0 && peek(p) == '.') {
                        skip(p);
                        buf_append_byte(&p->domain, '.');
                } else {
                        size_t before = p->domain.size;

                        read_atom(p, &p->domain);
                        if (p->domain.size == before)
                                return;
                }
        }
}

static bool starts_element(const Parser *p) {
        return p->rest.size > 0 && peek(p) != ',' && peek(p) != ';';
}

/* Skips what is left of an element that went wrong. Quoted strings and comments hide separators. */
static void skip_element(Parser *p) {
        p->list->invalid++;
        while (starts_element(p)) {
                if (peek(p) == '"')
                        read_quoted(p, &p->phrase, &p->text);
                else if (peek(p) == '(')
                        read_comment(p);
                else
                        skip(p);
        }
}

static int dup_slice(Arena *arena, Slice s, Slice *ret) {
        char *copy = arena_dup(arena, s);

        if (!copy)
                return -ENOMEM;
        *ret = slice_make(copy, s.size);
        return 0;
}

/* Makes a mailbox of the local part in `text`, of `domain`, and of `name`. */
static int add_mailbox(Parser *p, Slice name) {
        _cleanup_(buf_done) Buf address = BUF_EMPTY, decoded = BUF_EMPTY;
        Mailbox *m = arena_alloc0(p->arena, sizeof(Mailbox));
        size_t local = p->text.size;
        int r;

        buf_append_slice(&address, buf_slice(&p->text));
        buf_append_byte(&address, '@');
        buf_append_slice(&address, buf_slice(&p->domain));
        encoded_words_decode(name, &decoded);
        if (!m || buf_error(&address) < 0 || buf_error(&decoded) < 0)
                return -ENOMEM;
        r = dup_slice(p->arena, buf_slice(&address), &m->address);
        if (r < 0)
                return r;
        r = dup_slice(p->arena, slice_trim(buf_slice(&decoded)), &m->name);
        if (r < 0)
                return r;
        m->local = slice_first(m->address, local);
        m->domain = slice_from(m->address, local + 1);
        *p->end = m;
        p->end = &m->next;
        p->list->count++;
        return 0;
}

/* route = "@" domain *("," "@" domain) ":" (RFC 5322 section 4.4); skipped. */
static void skip_route(Parser *p) {
        skip_cfws(p);
        if (p->rest.size == 0 || peek(p) != '@')
                return;
        while (p->rest.size > 0 && peek(p) != ':' && peek(p) != '>')
                skip(p);
        if (p->rest.size > 0 && peek(p) == ':')
                skip(p);
}

/* "<" addr-spec ">" behind the name in `phrase`. */
static int read_angle(Parser *p) {
        _cleanup_(buf_done) Buf name = BUF_EMPTY;

        skip(p);
        buf_append_slice(&name, buf_slice(&p->phrase));
        buf_truncate(&p->text, 0);
        skip_route(p);
        read_words(p);
        if (p->text.size == 0 || p->rest.size == 0 || peek(p) != '@') {
                skip_element(p);
                return 0;
        }
        skip(p);
        read_domain(p);
        if (p->domain.size == 0 || (p->rest.size > 0 && peek(p) != '>')) {
                skip_element(p);
                return 0;
        }
        if (p->rest.size > 0)
                skip(p);
        skip_cfws(p);
        if (buf_error(&name) < 0)
                return buf_error(&name);
        return add_mailbox(p, buf_slice(&name));
}

/* One element of the list, whose first word is next. */
static int read_element(Parser *p) {
        int r;

        buf_truncate(&p->phrase, 0);
        buf_truncate(&p->text, 0);
        buf_truncate(&p->comment, 0);
        read_words(p);
        switch (peek(p)) {
        case '<':
                r = read_angle(p);
                break;
        case '@':
                skip(p);
                read_domain(p);
                if (p->text.size == 0 || p->domain.size == 0 || starts_element(p)) {
                        skip_element(p);
                        return 0;
                }
                r = add_mailbox(p, buf_slice(&p->comment));
                break;
        case ':':
                skip(p); /* the name of a group */
                return 0;
        default:
                if (p->text.size > 0 || starts_element(p))
                        skip_element(p);
                return 0;
        }
        if (r >= 0 && starts_element(p))
                skip_element(p); /* there is more than a comma between two mailboxes */
        return r;
}

int mailbox_list_parse(Arena *arena, Slice value, MailboxList *ret) {
        MailboxList list = { 0 };
        Parser p = { .rest = value, .arena = arena, .list = &list, .end = &list.first };
        int r = 0;

        assert(arena);
        assert(ret);

        if (value.size > MAILBOX_FIELD_MAX) {
                p.rest = slice_first(value, MAILBOX_FIELD_MAX);
                list.is_truncated = true;
        }
        while (r >= 0 && p.rest.size > 0) {
                if (list.count == MAILBOX_LIST_MAX) {
                        list.is_truncated = true;
                        break;
                }
                r = read_element(&p);
                if (r >= 0 && p.rest.size > 0 && !starts_element(&p))
                        skip(&p);
        }
        if (r >= 0 && (buf_error(&p.text) < 0 || buf_error(&p.phrase) < 0 ||
                       buf_error(&p.comment) < 0 || buf_error(&p.domain) < 0))
                r = -ENOMEM;
        buf_done(&p.phrase);
        buf_done(&p.text);
        buf_done(&p.comment);
        buf_done(&p.domain);
        if (r >= 0)
                *ret = list;
        return MIN(r, 0);
}
