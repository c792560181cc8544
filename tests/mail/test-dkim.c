/* SPDX-License-Identifier: MIT */
#include "dkim-verify.h"
#include "fixture.h"
#include "mail/data-decoder.h"
#include "mail/dkim.h"
#include "mail/header.h"
#include "prng.h"

#define RECORD_RSA                                                                                 \
        "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5" \
        "qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG" \
        "4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB"
#define RECORD_ED25519 "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
/* Of example.com in the recordings of Postal. */
#define RECORD_POSTAL                                                                              \
        "v=DKIM1; t=s; h=sha256; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDTDFjZJsUsiCKgA4g6C3kLSo" \
        "O9OPfJlfg5KI0j453ylLKTzocDNl9b1jXrYFsWwS2coN3CyvjxCjFn8Eu6DEEwRF1pvSBbG4njjk/Ns8j8MCrpM1" \
        "ooQjvvIQ0mxFiVytSyr2fkFlxBGss1/MIMLkQglIZEWmn2nKJaPHX6lZclwwIDAQAB;"

typedef struct Keys {
        DkimKey *key[2];
        const char *record[2];
} Keys;

static void keys_read(Keys *k) {
        static const char *const NAMES[] = { "rfc8463-rsa.pem", "rfc8463-ed25519.pem" };

        *k = (Keys){ .record = { RECORD_RSA, RECORD_ED25519 } };
        for (size_t i = 0; i < ELEMENTSOF(NAMES); i++) {
                _cleanup_(buf_done) Buf pem = BUF_EMPTY;

                fixture_read(NAMES[i], &pem);
                CHECK_INT(dkim_key_new_from_pem(buf_slice(&pem), &k->key[i]), 0);
        }
}

static void keys_done(Keys *k) {
        for (size_t i = 0; i < ELEMENTSOF(k->key); i++)
                dkim_key_free(k->key[i]);
}

static void verdict_done(DkimVerdict *v) {
        buf_done(&v->names);
        buf_done(&v->body_hash);
}

static int sign(const DkimKey *key, Slice headers, Slice body, Buf *to) {
        DkimParams params = { key, SLICE("football.example.com"), SLICE("test"), 1528637909 };
        uint8_t hash[DKIM_HASH_SIZE];

        CHECK_INT(dkim_body_hash(headers, body, hash), 0);
        return dkim_sign(&params, headers, hash, to);
}

/* The message as transmitted, with a field on top. */
static void transmit(Slice field, Slice headers, Slice body, Buf *to) {
        _cleanup_(buf_done) Buf stored = BUF_EMPTY;

        buf_append_slice(&stored, field);
        buf_append_slice(&stored, headers);
        buf_append_string(&stored, "\r\n\r\n");
        buf_append_slice(&stored, body);
        verify_normalise(buf_slice(&stored), to);
}

/* The verifier itself, on the messages that the RFC gives. */
TEST(the_examples_of_rfc_8463_verify) {
        _cleanup_(verdict_done) DkimVerdict a = { 0 }, b = { 0 }, c = { 0 };
        _cleanup_(buf_done) Buf message = BUF_EMPTY;

        fixture_read("rfc8463.eml", &message);
        verify_dkim(buf_slice(&message), 0, RECORD_ED25519, &a);
        CHECK(a.found && a.body_ok && a.signature_ok);
        verify_dkim(buf_slice(&message), 1, RECORD_RSA, &b);
        CHECK(b.found && b.body_ok && b.signature_ok);
        verify_dkim(buf_slice(&message), 0, RECORD_RSA, &c);
        CHECK(c.found && !c.signature_ok);
}

TEST(layout) {
        _cleanup_(keys_done) Keys keys = { 0 };
        _cleanup_(buf_done) Buf field = BUF_EMPTY, rsa = BUF_EMPTY;
        const char *text, *b;
        Slice headers = SLICE("Received: x\r\nFrom: Joe SixPack <joe@football.example.com>\r\n"
                              "To: Suzie Q <suzie@shopping.example.net>\r\nX-Other: y\r\n"
                              "Subject: Is dinner ready?\r\nBcc: z\r\nDATE : x");

        keys_read(&keys);
        CHECK_INT(sign(keys.key[1], headers, SLICE("x"), &field), 0);
        text = buf_string(&field);
        b = strstr(text, "\tb=");
        CHECK(b);
        buf_truncate(&field, (size_t) (b + 3 - text));
        CHECK_STR(text, "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
                        "\td=football.example.com;\r\n"
                        "\ts=test; t=1528637909;\r\n"
                        "\tbh=s14J+iztnrytnRYzb7lhFG/jS/vrxWJnnahfijFMnco=;\r\n"
                        "\th=from:to:subject:date;\r\n"
                        "\tb=");

        CHECK_INT(sign(keys.key[0], headers, SLICE("x"), &rsa), 0);
        b = strstr(buf_string(&rsa), "\r\n\tb=");
        CHECK(b);
        b += strlen("\r\n\tb=");
        CHECK_INT(strcspn(b, "\r"), 72);
        CHECK_INT(strcspn(b + 72 + 3, "\r"), 72);
        CHECK_INT(strcspn(b + 2 * (72 + 3), "\r"), 172 - 2 * 72);
        CHECK(strncmp(b + 72, "\r\n\t", 3) == 0);
        CHECK_STR(rsa.data + rsa.size - 2, "\r\n");
}

static const struct {
        const char *headers, *body, *names;
} MESSAGES[] = {
        { "From: a@b\r\nSubject: x", "Hello\r\n", "from:subject" },
        { "From: a@b", NULL, "from" },
        { "From: a@b", "", "from" },
        { "From: a@b", "\r\n\r\n", "from" },
        { "From: a@b\r\nSubject: headers only\r\n", NULL, "from:subject" },
        { "From: a@b\r\nFrom: c@d\r\nTo: x\r\nFROM : e@f", "x", "from:from:to:from" },
        { "FROM :\t a  b \r\n c\r\nSubject:\r\n x", " a  b \r\n\r\n", "from:subject" },
        { "From: a\nTo: b\n c\nX: y\nSubject: z", "bare\nline\nends\n", "from:to:subject" },
        { "From: a\rTo: b\r c\rSubject: z", "a\rb\r\r\nc\n\r", "from:to:subject" },
        { "From: a\r\rTo: b", "body", "from" }, /* the body begins at "To" */
        { "From: a\r", "body", "from" },        /* and here with an empty line */
        { "From: a\r\nThis is not a header\r\n folded\r\nSubject: x", "x", "from:subject" },
        { "From: a\r\n.\r\nSubject: x", ".\r\n..\r\n", "from:subject" },
        { "From: \xc3\xbc\xff\r\nSubject: \x01", "\xff\x01 \x02", "from:subject" },
        { "X: folded\r\n From: no\r\nFrom: yes", "x", "from" },
        { "\vFrom: no\r\nFrom\f: no\r\nFrom\t : yes", "x", "from" },
        { "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nResent-From: a\r\nFrom: b", "x",
          "list-unsubscribe-post:resent-from:from" },
};

TEST(what_is_signed_verifies) {
        _cleanup_(keys_done) Keys keys = { 0 };

        keys_read(&keys);
        for (size_t i = 0; i < 2 * ELEMENTSOF(MESSAGES); i++) {
                _cleanup_(buf_done) Buf field = BUF_EMPTY, sent = BUF_EMPTY;
                _cleanup_(verdict_done) DkimVerdict v = { 0 };
                Slice headers = slice_from_string(MESSAGES[i / 2].headers);
                Slice body = slice_from_string(MESSAGES[i / 2].body);

                CHECK_INT(sign(keys.key[i % 2], headers, body, &field), 0);
                transmit(buf_slice(&field), headers, body, &sent);
                verify_dkim(buf_slice(&sent), 0, keys.record[i % 2], &v);
                CHECK(v.found && v.body_ok && v.signature_ok);
                CHECK_STR(buf_string(&v.names), MESSAGES[i / 2].names);
        }
}

TEST(random_messages_verify) {
        static const char *const PIECES[] = { "From: a", "To: b", "Subject:", "X-Y: z", "\r\n",
                                              "\r\n",  "\r\n ", "\n",       "\r",     "  ",
                                              "\t",    "word",  ":" };
        _cleanup_(keys_done) Keys keys = { 0 };
        Prng prng = { 13 };

        keys_read(&keys);
        for (unsigned round = 0; round < 500; round++) {
                _cleanup_(buf_done) Buf headers = BUF_EMPTY, body = BUF_EMPTY, field = BUF_EMPTY;
                _cleanup_(buf_done) Buf sent = BUF_EMPTY;
                _cleanup_(verdict_done) DkimVerdict v = { 0 };

                buf_append_string(&headers, "From: x\r\n");
                prng_pieces(&prng, PIECES, ELEMENTSOF(PIECES), prng_below(&prng, 30), &headers);
                prng_pieces(&prng, PIECES, ELEMENTSOF(PIECES), prng_below(&prng, 30), &body);
                CHECK_INT(sign(keys.key[1], buf_slice(&headers), buf_slice(&body), &field), 0);
                transmit(buf_slice(&field), buf_slice(&headers), buf_slice(&body), &sent);
                verify_dkim(buf_slice(&sent), 0, RECORD_ED25519, &v);
                CHECK(v.found && v.body_ok && v.signature_ok);
        }
}

TEST(long_lists_are_folded) {
        _cleanup_(keys_done) Keys keys = { 0 };
        _cleanup_(buf_done) Buf headers = BUF_EMPTY, field = BUF_EMPTY, sent = BUF_EMPTY;
        _cleanup_(verdict_done) DkimVerdict v = { 0 };
        size_t colons = 0;
        Slice rest;

        keys_read(&keys);
        for (unsigned i = 0; i < 2 * DKIM_SIGNED_FIELDS_MAX; i++)
                buf_printf(&headers, "%s: %u\r\n", i % 3 ? "Cc" : "Content-Transfer-Encoding", i);
        buf_append_string(&headers, "From: a"); /* does not get in */
        CHECK_INT(sign(keys.key[0], buf_slice(&headers), SLICE("x"), &field), 0);
        for (rest = buf_slice(&field); rest.size > 0;)
                CHECK(slice_split(&rest, '\n').size <= 76 + 1);
        transmit(buf_slice(&field), buf_slice(&headers), SLICE("x"), &sent);
        verify_dkim(buf_slice(&sent), 0, RECORD_RSA, &v);
        CHECK(v.found && v.body_ok && v.signature_ok);
        for (size_t i = 0; i < v.names.size; i++)
                colons += v.names.data[i] == ':';
        CHECK_INT(colons + 1, DKIM_SIGNED_FIELDS_MAX);
}

TEST(what_cannot_be_signed) {
        static const char *const BAD[] = { "", "a b", "a;b", "a\r\nX: y", "\xc3\xbc.example" };
        _cleanup_(keys_done) Keys keys = { 0 };
        _cleanup_(buf_done) Buf field = BUF_EMPTY;
        uint8_t hash[DKIM_HASH_SIZE] = { 0 };

        keys_read(&keys);
        CHECK_INT(sign(keys.key[0], SLICE("X: y\r\n"), SLICE("x"), &field), -ENODATA);
        CHECK_INT(sign(keys.key[0], SLICE(""), SLICE("x"), &field), -ENODATA);
        CHECK_INT(sign(keys.key[0], SLICE("\r\nFrom: x"), SLICE("x"), &field), -ENODATA);
        for (size_t i = 0; i < ELEMENTSOF(BAD); i++) {
                DkimParams params = {
                        .key = keys.key[0],
                        .domain = SLICE("a.example"),
                        .selector = slice_from_string(BAD[i]),
                };

                CHECK_INT(dkim_sign(&params, SLICE("From: x"), hash, &field), -EINVAL);
                params.domain = params.selector;
                params.selector = SLICE("s");
                CHECK_INT(dkim_sign(&params, SLICE("From: x"), hash, &field), -EINVAL);
        }
        CHECK_INT(field.size, 0);
}

/* A message as Postal sent it, without the dots that the transmission added. */
static void read_recording(const char *name, Buf *to) {
        _cleanup_(buf_done) Buf wire = BUF_EMPTY;
        DataDecoder d;

        fixture_read(name, &wire);
        buf_append_string(&wire, ".\r\n");
        data_decoder_init(&d, true);
        (void) data_decoder_feed(&d, buf_slice(&wire), to);
        CHECK(d.is_done);
}

/* Takes the two fields off that Postal put on top: Resent-Sender and DKIM-Signature. */
static Slice without_top(Slice message) {
        HeaderField f;

        CHECK(header_next(&message, &f));
        CHECK_SLICE(f.name, "Resent-Sender");
        CHECK(header_next(&message, &f));
        CHECK_SLICE(f.name, "DKIM-Signature");
        return message;
}

TEST(recordings) {
        static const struct {
                const char *name;
                bool body_ok, signature_ok; /* what is known of Postal's own signature */
        } CASES[] = {
                { "signed-folded.eml", true, true },
                { "signed-8bit.eml", true, true },
                { "signed-dots.eml", true, true },
                { "signed-nul.eml", true, true },
                { "signed-two-from.eml", true, false },
                { "signed-empty-body.eml", false, true },
        };
        _cleanup_(keys_done) Keys keys = { 0 };

        keys_read(&keys);
        for (size_t i = 0; i < ELEMENTSOF(CASES); i++) {
                _cleanup_(verdict_done) DkimVerdict postals = { 0 }, ours = { 0 };
                _cleanup_(buf_done) Buf message = BUF_EMPTY, field = BUF_EMPTY, sent = BUF_EMPTY;
                Slice headers, body;

                read_recording(CASES[i].name, &message);
                verify_dkim(buf_slice(&message), 0, RECORD_POSTAL, &postals);
                CHECK(postals.found);
                CHECK_INT(postals.body_ok, CASES[i].body_ok);
                CHECK_INT(postals.signature_ok, CASES[i].signature_ok);

                CHECK(message_split(without_top(buf_slice(&message)), &headers, &body));
                CHECK_INT(sign(keys.key[0], headers, body, &field), 0);
                transmit(buf_slice(&field), headers, body, &sent);
                verify_dkim(buf_slice(&sent), 0, RECORD_RSA, &ours);
                CHECK(ours.found && ours.body_ok && ours.signature_ok);
                CHECK_STR(buf_string(&ours.names), buf_string(&postals.names));
                if (CASES[i].body_ok)
                        CHECK_STR(buf_string(&ours.body_hash), buf_string(&postals.body_hash));
        }
}
