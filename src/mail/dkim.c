/* SPDX-License-Identifier: MIT */

/* The fields are gathered once, each linked to the one of the same name above it. Going through
 * them in the order of the message, h= gets each name, and the hash gets the lowest field of that
 * name that it has not had yet. The new field itself is written first, without the value of b=, so
 * that its canonical form is made from the very bytes that are sent. */

#include <openssl/evp.h>

#include "basic/encoding.h"
#include "mail/dkim.h"

#define LINE_COLUMNS_MAX 76
#define SIGNATURE_COLUMNS 72

/* What Postal signs. */
static const char *const SIGNED_NAMES[] = {
        "from",
        "sender",
        "reply-to",
        "subject",
        "date",
        "message-id",
        "to",
        "cc",
        "mime-version",
        "content-type",
        "content-transfer-encoding",
        "resent-to",
        "resent-cc",
        "resent-from",
        "resent-sender",
        "resent-message-id",
        "in-reply-to",
        "references",
        "list-id",
        "list-help",
        "list-owner",
        "list-unsubscribe",
        "list-unsubscribe-post",
        "list-subscribe",
        "list-post",
};

#define NONE SIZE_MAX

typedef struct Field {
        Slice raw;
        size_t name;  /* index of SIGNED_NAMES */
        size_t above; /* index of the field of the same name before this one, or NONE */
} Field;

typedef struct Fields {
        Field *items; /* owned; in the order of the message */
        size_t count;
        size_t space;
        size_t lowest[ELEMENTSOF(SIGNED_NAMES)]; /* index of the last field of each name, or NONE */
} Fields;

static void fields_done(Fields *f) {
        free(f->items);
}

static size_t name_find(Slice field) {
        ssize_t colon = slice_find_byte(field, ':', 0);
        Slice name;

        if (colon <= 0 || ascii_is_space(field.data[0]))
                return NONE;
        name = slice_trim(slice_first(field, (size_t) colon));
        for (size_t i = 0; i < ELEMENTSOF(SIGNED_NAMES); i++)
                if (slice_equal_ignore_case(name, slice_from_string(SIGNED_NAMES[i])))
                        return i;
        return NONE;
}

static int fields_gather(Slice headers, Fields *f) {
        Slice field;

        for (size_t i = 0; i < ELEMENTSOF(f->lowest); i++)
                f->lowest[i] = NONE;
        while (dkim_field_next(&headers, &field)) {
                size_t name = name_find(field);

                if (name == NONE)
                        continue;
                if (f->count == f->space) {
                        size_t space = MAX(f->space * 2, (size_t) 16);
                        Field *items = reallocarray(f->items, space, sizeof(Field));

                        if (!items)
                                return -ENOMEM;
                        f->items = items;
                        f->space = space;
                }
                f->items[f->count] = (Field){ field, name, f->lowest[name] };
                f->lowest[name] = f->count++;
        }
        return 0;
}

/* Whether it can stand as the value of a tag without changing what is around it. */
static bool is_tag_value(Slice s) {
        for (size_t i = 0; i < s.size; i++)
                if (s.data[i] <= ' ' || s.data[i] > '~' || s.data[i] == ';')
                        return false;
        return s.size > 0;
}

/* h= with its names, folded behind a ":" where the line would get too long. */
static void append_names(const Fields *f, size_t count, Buf *to) {
        size_t line = to->size;

        buf_append_string(to, "\th=");
        for (size_t i = 0; i < count; i++) {
                const char *name = SIGNED_NAMES[f->items[i].name];

                /* The name is followed by ":" or ";". */
                if (i > 0 && to->size - line + strlen(name) + 1 > LINE_COLUMNS_MAX) {
                        buf_append_string(to, "\r\n\t");
                        line = to->size - 1;
                }
                buf_append_string(to, name);
                buf_append_byte(to, i + 1 < count ? ':' : ';');
        }
        buf_append_string(to, "\r\n");
}

/* The field up to where the value of b= begins. */
static void append_unsigned_field(const DkimParams *params, const Fields *f, size_t count,
                                  const uint8_t *body_hash, Buf *to) {
        buf_printf(to, "DKIM-Signature: v=1; a=%s; c=relaxed/relaxed;\r\n\td=",
                   dkim_algorithm_to_string(dkim_key_algorithm(params->key)));
        buf_append_slice(to, params->domain);
        buf_append_string(to, ";\r\n\ts=");
        buf_append_slice(to, params->selector);
        buf_printf(to, "; t=%llu;\r\n\tbh=", (unsigned long long) params->timestamp);
        base64_encode(to, slice_make(body_hash, DKIM_HASH_SIZE));
        buf_append_string(to, ";\r\n");
        append_names(f, count, to);
        buf_append_string(to, "\tb=");
}

/* The canonical form of all that is signed (RFC 6376 section 3.7). Uses up `lowest`. */
static void append_signed_text(Fields *f, size_t count, Slice unsigned_field, Buf *to) {
        for (size_t i = 0; i < count; i++) {
                size_t *lowest = &f->lowest[f->items[i].name];

                (void) dkim_canonical_field(f->items[*lowest].raw, to);
                buf_append_string(to, "\r\n");
                *lowest = f->items[*lowest].above;
        }
        (void) dkim_canonical_field(unsigned_field, to);
}

int dkim_sign(const DkimParams *params, Slice headers,
              const uint8_t body_hash[static DKIM_HASH_SIZE], Buf *to) {
        _cleanup_(fields_done) Fields f = { 0 };
        _cleanup_(buf_done) Buf field = BUF_EMPTY, text = BUF_EMPTY, signature = BUF_EMPTY;
        uint8_t hash[DKIM_HASH_SIZE];
        size_t count;
        int r;

        assert(params);
        assert(params->key);
        assert(to);

        if (!is_tag_value(params->domain) || !is_tag_value(params->selector))
                return -EINVAL;
        r = fields_gather(headers, &f);
        if (r < 0)
                return r;
        if (f.count == 0)
                return -ENODATA;
        count = MIN(f.count, (size_t) DKIM_SIGNED_FIELDS_MAX);
        append_unsigned_field(params, &f, count, body_hash, &field);
        append_signed_text(&f, count, buf_slice(&field), &text);
        if (buf_error(&field) < 0 || buf_error(&text) < 0 ||
            !EVP_Digest(text.data, text.size, hash, NULL, EVP_sha256(), NULL))
                return -ENOMEM;
        r = dkim_key_sign(params->key, hash, &signature);
        if (r < 0)
                return r;
        base64_encode_lines(&field, buf_slice(&signature), SIGNATURE_COLUMNS, "\r\n\t");
        buf_append_string(&field, "\r\n");
        if (buf_error(&field) < 0)
                return buf_error(&field);
        buf_append_slice(to, buf_slice(&field));
        return buf_error(to);
}
