/* SPDX-License-Identifier: MIT */

/* The header is gone through twice: once for the names that h= lists, once for the fields that
 * stand for them, of each name the lowest ones. Nothing grows with the header but the time. The
 * new field is written before it is signed, without the value of b=, so that its canonical form
 * is made from the very bytes that are sent. */

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

/* The last fields of a name that were met. */
typedef struct Ring {
        size_t first; /* index of `fields` where it begins */
        size_t size;  /* how often h= has the name */
        size_t met;   /* how many fields of the name there are in the header */
} Ring;

typedef struct Selection {
        size_t names[DKIM_SIGNED_FIELDS_MAX]; /* indices of SIGNED_NAMES, in the order of h= */
        size_t count;
        Slice fields[DKIM_SIGNED_FIELDS_MAX]; /* divided into the rings */
        Ring rings[ELEMENTSOF(SIGNED_NAMES)];
} Selection;

static size_t name_find(Slice field) {
        Slice name = dkim_field_name(field);

        for (size_t i = 0; i < ELEMENTSOF(SIGNED_NAMES); i++)
                if (slice_equal_ignore_case(name, slice_from_string(SIGNED_NAMES[i])))
                        return i;
        return NONE;
}

static void select_names(Slice headers, Selection *s) {
        size_t used = 0;
        Slice field;

        while (s->count < DKIM_SIGNED_FIELDS_MAX && dkim_field_next(&headers, &field)) {
                size_t name = name_find(field);

                if (name == NONE)
                        continue;
                s->names[s->count++] = name;
                s->rings[name].size++;
        }
        for (size_t i = 0; i < ELEMENTSOF(s->rings); i++) {
                s->rings[i].first = used;
                used += s->rings[i].size;
        }
}

/* Leaves the last ones of each name in its ring. */
static void select_fields(Slice headers, Selection *s) {
        Slice field;

        while (dkim_field_next(&headers, &field)) {
                size_t name = name_find(field);
                Ring *ring = name == NONE ? NULL : &s->rings[name];

                if (!ring || ring->size == 0)
                        continue;
                s->fields[ring->first + ring->met % ring->size] = field;
                ring->met++;
        }
}

/* Whether it can stand as the value of a tag without changing what is around it. */
static bool is_tag_value(Slice s) {
        for (size_t i = 0; i < s.size; i++)
                if (s.data[i] <= ' ' || s.data[i] > '~' || s.data[i] == ';')
                        return false;
        return s.size > 0;
}

/* h= with its names, folded behind a ":" where the line would get too long. */
static void append_names(const Selection *s, Buf *to) {
        size_t line = to->size;

        buf_append_string(to, "\th=");
        for (size_t i = 0; i < s->count; i++) {
                const char *name = SIGNED_NAMES[s->names[i]];

                /* The name is followed by ":" or ";". */
                if (i > 0 && to->size - line + strlen(name) + 1 > LINE_COLUMNS_MAX) {
                        buf_append_string(to, "\r\n\t");
                        line = to->size - 1;
                }
                buf_append_string(to, name);
                buf_append_byte(to, i + 1 < s->count ? ':' : ';');
        }
        buf_append_string(to, "\r\n");
}

/* The field up to where the value of b= begins. */
static void append_unsigned_field(const DkimParams *params, const Selection *s,
                                  const uint8_t *body_hash, Buf *to) {
        buf_printf(to, "DKIM-Signature: v=1; a=%s; c=relaxed/relaxed;\r\n\td=",
                   dkim_algorithm_to_string(dkim_key_algorithm(params->key)));
        buf_append_slice(to, params->domain);
        buf_append_string(to, ";\r\n\ts=");
        buf_append_slice(to, params->selector);
        buf_printf(to, "; t=%llu;\r\n\tbh=", (unsigned long long) params->timestamp);
        base64_encode(to, slice_make(body_hash, DKIM_HASH_SIZE));
        buf_append_string(to, ";\r\n");
        append_names(s, to);
        buf_append_string(to, "\tb=");
}

/* The canonical form of all that is signed (RFC 6376 section 3.7): each name in h= stands for the
 * lowest field of that name that was not used yet. Uses up the rings. */
static void append_signed_text(Selection *s, Slice unsigned_field, Buf *to) {
        for (size_t i = 0; i < s->count; i++) {
                Ring *ring = &s->rings[s->names[i]];

                ring->met--;
                (void) dkim_canonical_field(s->fields[ring->first + ring->met % ring->size], to);
                buf_append_string(to, "\r\n");
        }
        (void) dkim_canonical_field(unsigned_field, to);
}

int dkim_sign(const DkimParams *params, Slice headers,
              const uint8_t body_hash[static DKIM_HASH_SIZE], Buf *to) {
        _cleanup_(buf_done) Buf field = BUF_EMPTY, text = BUF_EMPTY, signature = BUF_EMPTY;
        uint8_t hash[DKIM_HASH_SIZE];
        Selection selection = { 0 };
        int r;

        assert(params);
        assert(params->key);
        assert(to);

        if (!is_tag_value(params->domain) || !is_tag_value(params->selector))
                return -EINVAL;
        select_names(headers, &selection);
        if (selection.count == 0)
                return -ENODATA;
        select_fields(headers, &selection);
        append_unsigned_field(params, &selection, body_hash, &field);
        append_signed_text(&selection, buf_slice(&field), &text);
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
