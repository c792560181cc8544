/* SPDX-License-Identifier: MIT */
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "basic/encoding.h"
#include "dkim-verify.h"

#define FIELDS_MAX 2048

void verify_normalise(Slice s, Buf *to) {
        for (size_t i = 0; i < s.size; i++) {
                if (s.data[i] != '\r' && s.data[i] != '\n') {
                        buf_append_byte(to, s.data[i]);
                        continue;
                }
                buf_append_string(to, "\r\n");
                if (s.data[i] == '\r' && i + 1 < s.size && s.data[i + 1] == '\n')
                        i++;
        }
}

static bool is_wsp(char c) {
        return c == ' ' || c == '\t';
}

/* Runs of spaces and tabs become one space; none is left at the end. */
static void relax_line(Slice line, Buf *to) {
        for (size_t i = 0; i < line.size; i++) {
                bool space = is_wsp(line.data[i]);
                bool more = i + 1 < line.size && is_wsp(line.data[i + 1]);

                if (!space)
                        buf_append_byte(to, line.data[i]);
                else if (!more && i + 1 < line.size)
                        buf_append_byte(to, ' ');
        }
}

void verify_relax_body(Slice body, Buf *to) {
        size_t text_end = 0;

        while (body.size > 0) {
                Slice line = slice_split(&body, '\n');
                size_t start = to->size;

                if (line.size > 0 && line.data[line.size - 1] == '\r')
                        line.size--;
                relax_line(line, to);
                if (to->size > start)
                        text_end = to->size + 2;
                buf_append_string(to, "\r\n");
        }
        buf_truncate(to, text_end);
}

static void relax_field(Slice field, Buf *to) {
        _cleanup_(buf_done) Buf unfolded = BUF_EMPTY;
        Slice value = field, name = slice_split(&value, ':');

        for (size_t i = 0; i < value.size; i++)
                if (value.data[i] != '\r' && value.data[i] != '\n')
                        buf_append_byte(&unfolded, value.data[i]);
        for (size_t i = 0; i < name.size; i++)
                if (!is_wsp(name.data[i]))
                        buf_append_byte(to, ascii_to_lower(name.data[i]));
        buf_append_byte(to, ':');
        value = buf_slice(&unfolded);
        while (value.size > 0 && is_wsp(value.data[0]))
                value = slice_from(value, 1);
        relax_line(value, to);
}

/* Cuts a header section into fields; returns how many there are. */
static size_t cut_fields(Slice headers, Slice *fields) {
        size_t count = 0;

        while (headers.size > 0) {
                Slice all = headers, line = slice_split(&headers, '\n');

                line = slice_first(all, MIN(line.size + 1, all.size));
                if (count > 0 && is_wsp(line.data[0])) {
                        fields[count - 1].size += line.size;
                        continue;
                }
                assert(count < FIELDS_MAX);
                fields[count++] = line;
        }
        return count;
}

static bool name_is(Slice field, Slice name) {
        Slice rest = field, have = slice_split(&rest, ':');

        while (have.size > 0 && is_wsp(have.data[have.size - 1]))
                have.size--;
        return rest.data && slice_equal_ignore_case(have, name);
}

/* Appends the value of a tag without any white space. */
static bool tag(Slice field, const char *name, Buf *to) {
        Slice rest = field;

        (void) slice_split(&rest, ':');
        while (rest.size > 0) {
                Slice value = slice_split(&rest, ';'), key = slice_split(&value, '=');

                if (!slice_equal(slice_trim(key), slice_from_string(name)))
                        continue;
                for (size_t i = 0; i < value.size; i++)
                        if (!ascii_is_space(value.data[i]))
                                buf_append_byte(to, value.data[i]);
                return true;
        }
        return false;
}

/* Appends the field in relaxed form and with nothing in b=. */
static void relax_signature(Slice field, Buf *to) {
        _cleanup_(buf_done) Buf emptied = BUF_EMPTY;
        Slice rest = field;

        buf_append_slice(&emptied, slice_split(&rest, ':'));
        buf_append_byte(&emptied, ':');
        while (rest.size > 0) {
                Slice value = slice_split(&rest, ';'), whole = value, key;

                key = slice_split(&value, '=');
                if (slice_equal(slice_trim(key), SLICE("b"))) {
                        buf_append_slice(&emptied, key);
                        buf_append_byte(&emptied, '=');
                } else {
                        buf_append_slice(&emptied, whole);
                }
                if (rest.data)
                        buf_append_byte(&emptied, ';');
        }
        relax_field(buf_slice(&emptied), to);
}

/* Appends the fields that h= names, each time the lowest that was not used yet, and the
 * signature. */
static void signed_text(Slice *fields, size_t count, Slice signature, Slice names, Buf *to) {
        bool used[FIELDS_MAX] = { false };

        while (names.size > 0) {
                Slice name = slice_split(&names, ':');

                for (size_t i = count; i-- > 0;)
                        if (!used[i] && name_is(fields[i], name)) {
                                used[i] = true;
                                relax_field(fields[i], to);
                                buf_append_string(to, "\r\n");
                                break;
                        }
        }
        relax_signature(signature, to);
}

static bool check_signature(Slice text, Slice signature, const char *record,
                            const char *algorithm) {
        bool is_ed25519 = streq(algorithm, "ed25519-sha256");
        _cleanup_(buf_done) Buf p = BUF_EMPTY, key = BUF_EMPTY, all = BUF_EMPTY;
        EVP_MD_CTX *ctx = EVP_MD_CTX_new();
        EVP_PKEY *pkey = NULL;
        uint8_t hash[32];
        bool ok = false;

        buf_printf(&all, "record:%s", record);
        if (tag(buf_slice(&all), "p", &p))
                base64_decode_lenient(&key, buf_slice(&p));
        if (is_ed25519) {
                pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL,
                                                   (const unsigned char *) key.data, key.size);
                EVP_Digest(text.data, text.size, hash, NULL, EVP_sha256(), NULL);
                text = slice_make(hash, sizeof(hash));
        } else {
                const unsigned char *der = (const unsigned char *) key.data;

                pkey = d2i_PUBKEY(NULL, &der, (long) key.size);
        }
        if (pkey &&
            EVP_DigestVerifyInit(ctx, NULL, is_ed25519 ? NULL : EVP_sha256(), NULL, pkey) > 0)
                ok = EVP_DigestVerify(ctx, (const unsigned char *) signature.data, signature.size,
                                      (const unsigned char *) text.data, text.size) == 1;
        EVP_PKEY_free(pkey);
        EVP_MD_CTX_free(ctx);
        return ok;
}

static bool check_body(Slice body, Slice want) {
        _cleanup_(buf_done) Buf relaxed = BUF_EMPTY, have = BUF_EMPTY;
        uint8_t hash[32];

        verify_relax_body(body, &relaxed);
        EVP_Digest(relaxed.data, relaxed.size, hash, NULL, EVP_sha256(), NULL);
        base64_encode(&have, slice_make(hash, sizeof(hash)));
        return slice_equal(buf_slice(&have), want);
}

void verify_dkim(Slice message, unsigned number, const char *record, DkimVerdict *ret) {
        _cleanup_(buf_done) Buf algorithm = BUF_EMPTY, form = BUF_EMPTY, b = BUF_EMPTY;
        _cleanup_(buf_done) Buf signature = BUF_EMPTY, text = BUF_EMPTY;
        Slice fields[FIELDS_MAX], headers = message, body = SLICE_NULL;
        const char *end = memmem(message.data, message.size, "\r\n\r\n", 4);
        size_t count;

        *ret = (DkimVerdict){ 0 };
        if (end) {
                headers = slice_first(message, (size_t) (end - message.data) + 2);
                body = slice_from(message, headers.size + 2);
        }
        count = cut_fields(headers, fields);
        for (size_t i = 0; i < count; i++) {
                if (!name_is(fields[i], SLICE("dkim-signature")) || number-- > 0)
                        continue;
                if (!tag(fields[i], "a", &algorithm) || !tag(fields[i], "c", &form) ||
                    !tag(fields[i], "b", &b) || !tag(fields[i], "bh", &ret->body_hash) ||
                    !tag(fields[i], "h", &ret->names) ||
                    !streq(buf_string(&form), "relaxed/relaxed"))
                        return;
                ret->found = true;
                ret->body_ok = check_body(body, buf_slice(&ret->body_hash));
                base64_decode_lenient(&signature, buf_slice(&b));
                signed_text(fields, count, fields[i], buf_slice(&ret->names), &text);
                ret->signature_ok = check_signature(buf_slice(&text), buf_slice(&signature), record,
                                                    buf_string(&algorithm));
                return;
        }
}
