/* SPDX-License-Identifier: MIT */

/* parameter := attribute "=" value                                   (RFC 2045 section 5.1)
 * attribute := name ["*" number] ["*"], an extended one ending in "*" (RFC 2231 section 7)
 * extended value of the first piece := charset "'" [language] "'" percent-encoded text
 *
 * All pieces are read first, then those of a name are put together. There are few, so they are
 * simply looked for again and again. */

#include "mail/charset.h"
#include "mail/encoded-word.h"
#include "mail/header.h"
#include "mail/mime-value.h"
#include "mail/quoted-printable.h"

#define NOT_NUMBERED UINT64_MAX

typedef struct Piece {
        Slice name;      /* without the marks, as written */
        Slice text;      /* unquoted, still encoded */
        uint64_t number; /* of a value in several pieces, or NOT_NUMBERED */
        bool is_extended;
        bool is_used;
} Piece;

typedef struct Pieces {
        Piece items[MIME_PARAMETERS_MAX];
        size_t count;
} Pieces;

static int keep(Arena *arena, Slice s, Slice *ret) {
        char *copy = arena_dup(arena, s);

        if (!copy)
                return -ENOMEM;
        *ret = slice_make(copy, s.size);
        return 0;
}

static Slice skip_comment(Slice s) {
        size_t depth = 0;

        while (s.size > 0) {
                char c = s.data[0];

                s = slice_from(s, c == '\\' && s.size > 1 ? 2 : 1);
                if (c == '(')
                        depth++;
                else if (c == ')' && --depth == 0)
                        break;
        }
        return s;
}

/* Appends the first part of *s, up to a ";", without white space and comments. */
static void read_value(Slice *s, Buf *to) {
        while (s->size > 0 && s->data[0] != ';') {
                if (s->data[0] == '(') {
                        *s = skip_comment(*s);
                        continue;
                }
                if (!ascii_is_space(s->data[0]))
                        buf_append_byte(to, ascii_to_lower(s->data[0]));
                *s = slice_from(*s, 1);
        }
}

/* Appends the quoted string that *s begins with, unquoted. */
static void read_quoted(Slice *s, Buf *to) {
        *s = slice_from(*s, 1);
        while (s->size > 0 && s->data[0] != '"') {
                if (s->data[0] == '\\' && s->size > 1)
                        *s = slice_from(*s, 1);
                buf_append_byte(to, s->data[0]);
                *s = slice_from(*s, 1);
        }
}

/* Reads a parameter's value off the front of *s, with everything up to the next ";". */
static int read_text(Arena *arena, Slice *s, Slice *ret) {
        _cleanup_(buf_done) Buf text = BUF_EMPTY;
        Slice plain;

        while (s->size > 0 && ascii_is_space(s->data[0]))
                *s = slice_from(*s, 1);
        if (s->size > 0 && s->data[0] == '"') {
                read_quoted(s, &text);
                (void) slice_split(s, ';');
                if (buf_error(&text) < 0)
                        return buf_error(&text);
                return keep(arena, buf_slice(&text), ret);
        }
        plain = slice_split(s, ';');
        for (size_t i = 1; i < plain.size; i++)
                if (plain.data[i] == '(' && ascii_is_space(plain.data[i - 1]))
                        plain.size = i; /* charset=us-ascii (Plain text) */
        return keep(arena, slice_trim(plain), ret);
}

/* Takes the marks of RFC 2231 off the name. */
static void name_parse(Slice name, Piece *to) {
        ssize_t star;

        to->name = name;
        to->number = NOT_NUMBERED;
        if (name.size > 1 && name.data[name.size - 1] == '*') {
                to->is_extended = true;
                to->name = slice_first(name, name.size - 1);
        }
        star = slice_find_byte(to->name, '*', 0);
        if (star > 0 && slice_to_u64(slice_from(to->name, (size_t) star + 1), MIME_PARAMETERS_MAX,
                                     &to->number) == 0)
                to->name = slice_first(to->name, (size_t) star);
}

static int read_pieces(Arena *arena, Slice s, Pieces *pieces) {
        while (s.size > 0 && pieces->count < ELEMENTSOF(pieces->items)) {
                Piece *piece = &pieces->items[pieces->count];
                size_t size = 0;
                Slice name;
                int r;

                while (size < s.size && s.data[size] != '=' && s.data[size] != ';')
                        size++;
                name = slice_trim(slice_first(s, size));
                s = slice_from(s, size);
                if (s.size == 0)
                        break;
                if (s.data[0] == ';' || name.size == 0 || name.size > MIME_PARAMETER_NAME_MAX) {
                        (void) slice_split(&s, ';');
                        continue;
                }
                s = slice_from(s, 1);
                *piece = (Piece){ 0 };
                name_parse(name, piece);
                r = read_text(arena, &s, &piece->text);
                if (r < 0)
                        return r;
                pieces->count++;
        }
        return 0;
}

static void percent_decode(Slice s, Buf *to) {
        for (size_t i = 0; i < s.size; i++) {
                int byte = s.data[i] == '%' ? hex_pair_value(slice_from(s, i + 1)) : -1;

                buf_append_byte(to, byte >= 0 ? (char) byte : s.data[i]);
                i += byte >= 0 ? 2 : 0;
        }
}

static Piece *find_piece(Pieces *pieces, Slice name, uint64_t number, bool extended_only) {
        for (size_t i = 0; i < pieces->count; i++) {
                Piece *p = &pieces->items[i];

                if (p->number == number && (p->is_extended || !extended_only) &&
                    slice_equal_ignore_case(p->name, name))
                        return p;
        }
        return NULL;
}

/* Appends the value that the pieces in the form of RFC 2231 make, the first of which is given. */
static void join_pieces(Pieces *pieces, const Piece *first, Buf *to) {
        _cleanup_(buf_done) Buf bytes = BUF_EMPTY;
        Slice charset = SLICE_NULL;

        for (const Piece *p = first; p;) {
                Slice text = p->text;

                if (p == first && p->is_extended && slice_find_byte(text, '\'', 0) >= 0) {
                        charset = slice_split(&text, '\'');
                        if (slice_find_byte(text, '\'', 0) >= 0)
                                (void) slice_split(&text, '\'');
                }
                if (p->is_extended)
                        percent_decode(text, &bytes);
                else
                        buf_append_slice(&bytes, text);
                p = p->number == NOT_NUMBERED
                            ? NULL
                            : find_piece(pieces, first->name, p->number + 1, false);
        }
        charset_to_utf8(buf_slice(&bytes), charset, to);
        if (buf_error(&bytes) < 0)
                to->error = buf_error(&bytes);
}

/* Appends the value of a parameter in its best form. False when its first piece is missing. */
static bool decode_parameter(Pieces *pieces, Slice name, Buf *to) {
        const Piece *p = find_piece(pieces, name, NOT_NUMBERED, true);

        p = p ? p : find_piece(pieces, name, 0, false);
        if (p) {
                join_pieces(pieces, p, to);
        } else {
                p = find_piece(pieces, name, NOT_NUMBERED, false);
                if (!p)
                        return false;
                encoded_words_decode(p->text, to);
        }
        for (size_t i = 0; i < to->size; i++)
                if ((uint8_t) to->data[i] < ' ' || to->data[i] == 0x7f)
                        to->data[i] = ' ';
        return true;
}

static int add_parameter(Arena *arena, Pieces *pieces, Slice name, MimeParameter ***end) {
        _cleanup_(buf_done) Buf value = BUF_EMPTY;
        MimeParameter *p;
        char *lower;
        int r;

        if (!decode_parameter(pieces, name, &value))
                return 0;
        p = arena_alloc0(arena, sizeof(MimeParameter));
        lower = arena_dup(arena, name);
        if (!p || !lower)
                return -ENOMEM;
        if (buf_error(&value) < 0)
                return buf_error(&value);
        r = keep(arena, buf_slice(&value), &p->value);
        if (r < 0)
                return r;
        p->name = slice_make(ascii_lower(lower), name.size);
        **end = p;
        *end = &p->next;
        return 0;
}

int mime_value_parse(Arena *arena, Slice value, MimeValue *ret) {
        _cleanup_(buf_done) Buf unfolded = BUF_EMPTY, first = BUF_EMPTY;
        MimeValue v = { 0 };
        MimeParameter **end = &v.parameters;
        Pieces pieces = { 0 };
        Slice rest;
        int r;

        assert(arena);
        assert(ret);

        header_unfold(value, &unfolded);
        rest = buf_slice(&unfolded);
        read_value(&rest, &first);
        if (buf_error(&unfolded) < 0 || buf_error(&first) < 0)
                return -ENOMEM;
        r = keep(arena, buf_slice(&first), &v.value);
        if (r >= 0 && rest.size > 0)
                r = read_pieces(arena, slice_from(rest, 1), &pieces);
        for (size_t i = 0; i < pieces.count && r >= 0; i++) {
                Slice name = pieces.items[i].name;

                if (pieces.items[i].is_used)
                        continue;
                for (size_t k = i; k < pieces.count; k++)
                        if (slice_equal_ignore_case(pieces.items[k].name, name))
                                pieces.items[k].is_used = true;
                r = add_parameter(arena, &pieces, name, &end);
        }
        if (r < 0)
                return r;
        *ret = v;
        return 0;
}

Slice mime_value_parameter(const MimeValue *v, Slice name) {
        for (const MimeParameter *p = v->parameters; p; p = p->next)
                if (slice_equal(p->name, name))
                        return p->value;
        return SLICE_NULL;
}
