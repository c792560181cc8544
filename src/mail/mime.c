/* SPDX-License-Identifier: MIT */

/* A multipart is searched for its delimiter lines once, over all it contains; then each of its
 * parts is looked at the same way. So an outer delimiter ends inner parts whatever these say (RFC
 * 2046 section 5.1.2), and each byte is searched at most once for each level. */

#include "basic/encoding.h"
#include "mail/charset.h"
#include "mail/header.h"
#include "mail/mime.h"
#include "mail/quoted-printable.h"

typedef struct Parser {
        Arena *arena;
        MimeMessage *message;
} Parser;

typedef struct Delimiter {
        size_t before; /* where what is before it ends */
        size_t after;  /* where what is behind it begins */
        bool is_last;
} Delimiter;

static MimeEncoding encoding_parse(Slice value) {
        value = slice_trim(value);
        if (slice_equal_ignore_case(value, SLICE("base64")))
                return MIME_BASE64;
        if (slice_equal_ignore_case(value, SLICE("quoted-printable")))
                return MIME_QUOTED_PRINTABLE;
        return MIME_IDENTITY;
}

static Slice default_type(const MimePart *part) {
        if (part->parent && slice_equal(part->parent->type.value, SLICE("multipart/digest")))
                return SLICE("message/rfc822");
        return SLICE("text/plain");
}

/* Reads the fields that say what a part is. Of each, the last one counts. */
static int read_headers(Parser *p, MimePart *part) {
        Slice rest = part->headers, type = SLICE_NULL, disposition = SLICE_NULL;
        HeaderField f;
        int r;

        while (header_next(&rest, &f)) {
                if (slice_equal_ignore_case(f.name, SLICE("Content-Type")))
                        type = f.value;
                else if (slice_equal_ignore_case(f.name, SLICE("Content-Disposition")))
                        disposition = f.value;
                else if (slice_equal_ignore_case(f.name, SLICE("Content-Transfer-Encoding")))
                        part->encoding = encoding_parse(f.value);
        }
        r = mime_value_parse(p->arena, type, &part->type);
        if (r < 0)
                return r;
        if (part->type.value.size == 0)
                part->type.value = default_type(part);
        r = mime_value_parse(p->arena, disposition, &part->disposition);
        if (r < 0)
                return r;
        part->filename = mime_value_parameter(&part->disposition, SLICE("filename"));
        if (!part->filename.data)
                part->filename = mime_value_parameter(&part->type, SLICE("name"));
        part->is_attachment = part->filename.data ||
                              slice_equal(part->disposition.value, SLICE("attachment"));
        return 0;
}

/* The end of the line that continues at `at`, if only white space is left of it; otherwise -1. */
static ssize_t blank_line_end(Slice s, size_t at) {
        while (at < s.size && (s.data[at] == ' ' || s.data[at] == '\t' || s.data[at] == '\r'))
                at++;
        if (at == s.size)
                return (ssize_t) at;
        return s.data[at] == '\n' ? (ssize_t) at + 1 : -1;
}

/* dash-boundary := "--" boundary; delimiter := CRLF dash-boundary; close-delimiter := delimiter
 * "--" (RFC 2046 section 5.1.1). Finds the first at or behind `from`, which is the beginning of a
 * line. */
static bool find_delimiter(Slice body, size_t from, Slice dash_boundary, Delimiter *ret) {
        for (size_t at = from; at < body.size;) {
                const char *p = memmem(body.data + at, body.size - at, dash_boundary.data,
                                       dash_boundary.size);
                size_t start, behind;
                ssize_t end;
                bool is_last;

                if (!p)
                        return false;
                start = (size_t) (p - body.data);
                at = start + 1;
                if (start > from && body.data[start - 1] != '\n')
                        continue;
                behind = start + dash_boundary.size;
                is_last = body.size - behind >= 2 && memcmp(body.data + behind, "--", 2) == 0;
                end = blank_line_end(body, is_last ? behind + 2 : behind);
                if (end < 0)
                        continue;
                /* The line end before a delimiter belongs to it. */
                if (start > from)
                        start--;
                if (start > from && body.data[start] == '\n' && body.data[start - 1] == '\r')
                        start--;
                *ret = (Delimiter){ .before = start, .after = (size_t) end, .is_last = is_last };
                return true;
        }
        return false;
}

/* Divides a part into header and body; it may begin with the empty line. */
static void part_split(Slice raw, MimePart *part) {
        Slice body;

        if (raw.size > 0 && raw.data[0] == '\n') {
                part->headers = slice_first(raw, 0);
                part->body = slice_from(raw, 1);
        } else if (raw.size > 1 && raw.data[0] == '\r' && raw.data[1] == '\n') {
                part->headers = slice_first(raw, 0);
                part->body = slice_from(raw, 2);
        } else if (message_split(raw, &part->headers, &body)) {
                part->body = body;
        } else {
                part->body = slice_from(raw, raw.size);
        }
}

static MimePart *part_new(Parser *p, MimePart *parent) {
        MimePart *part = arena_alloc0(p->arena, sizeof(MimePart));

        if (!part)
                return NULL;
        part->parent = parent;
        part->depth = parent ? parent->depth + 1 : 0;
        p->message->count++;
        return part;
}

static int read_part(Parser *p, MimePart *part);

/* Makes parts of what is between the delimiters of a multipart. */
static int read_children(Parser *p, MimePart *part, Slice dash_boundary) {
        MimePart **end = &part->first;
        Delimiter open, close;
        int r;

        if (!find_delimiter(part->body, 0, dash_boundary, &open))
                return 0;
        while (!open.is_last) {
                MimePart *child;

                if (p->message->count == MIME_PARTS_MAX) {
                        p->message->is_truncated = true;
                        return 0;
                }
                if (!find_delimiter(part->body, open.after, dash_boundary, &close))
                        close = (Delimiter){ .before = part->body.size, .is_last = true };
                child = part_new(p, part);
                if (!child)
                        return -ENOMEM;
                part_split(slice_make(part->body.data + open.after, close.before - open.after),
                           child);
                *end = child;
                end = &child->next;
                r = read_part(p, child);
                if (r < 0)
                        return r;
                open = close;
        }
        return 0;
}

/* Reads the headers of a part, and its parts if it is a multipart. */
static int read_part(Parser *p, MimePart *part) {
        _cleanup_(buf_done) Buf dash_boundary = BUF_EMPTY;
        Slice boundary;
        int r;

        r = read_headers(p, part);
        if (r < 0 || !slice_starts_with_ignore_case(part->type.value, SLICE("multipart/")))
                return r;
        boundary = mime_value_parameter(&part->type, SLICE("boundary"));
        if (boundary.size == 0)
                return 0;
        if (boundary.size > MIME_BOUNDARY_MAX || part->depth == MIME_DEPTH_MAX) {
                p->message->is_truncated = true;
                return 0;
        }
        buf_append_string(&dash_boundary, "--");
        buf_append_slice(&dash_boundary, boundary);
        if (buf_error(&dash_boundary) < 0)
                return buf_error(&dash_boundary);
        return read_children(p, part, buf_slice(&dash_boundary));
}

int mime_parse(Arena *arena, Slice headers, Slice body, MimeMessage *ret) {
        MimeMessage message = { 0 };
        Parser p = { .arena = arena, .message = &message };
        int r;

        assert(arena);
        assert(ret);

        message.root = part_new(&p, NULL);
        if (!message.root)
                return -ENOMEM;
        message.root->headers = headers;
        message.root->body = body;
        r = read_part(&p, message.root);
        if (r < 0)
                return r;
        *ret = message;
        return 0;
}

const MimePart *mime_next(const MimePart *part) {
        if (part->first)
                return part->first;
        while (part && !part->next)
                part = part->parent;
        return part ? part->next : NULL;
}

const MimePart *mime_find_body(const MimeMessage *message, Slice type) {
        for (const MimePart *part = message->root; part; part = mime_next(part))
                if (!part->is_attachment && slice_equal(part->type.value, type))
                        return part;
        return NULL;
}

void mime_part_decode(const MimePart *part, Buf *to) {
        switch (part->encoding) {
        case MIME_IDENTITY:
                buf_append_slice(to, part->body);
                break;
        case MIME_QUOTED_PRINTABLE:
                quoted_printable_decode(part->body, to);
                break;
        case MIME_BASE64:
                base64_decode_lenient(to, part->body);
                break;
        }
}

void mime_part_text(const MimePart *part, Buf *to) {
        Slice charset = mime_value_parameter(&part->type, SLICE("charset"));
        _cleanup_(buf_done) Buf decoded = BUF_EMPTY;

        if (part->encoding == MIME_IDENTITY) {
                charset_to_utf8(part->body, charset, to);
                return;
        }
        mime_part_decode(part, &decoded);
        charset_to_utf8(buf_slice(&decoded), charset, to);
        if (buf_error(&decoded) < 0)
                to->error = buf_error(&decoded);
}
