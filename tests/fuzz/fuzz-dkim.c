/* SPDX-License-Identifier: MIT */

/* What is signed must verify, whatever it is. A byte in front chooses the size of the pieces that
 * the body is hashed in. */

#include "dkim-verify.h"
#include "fuzz.h"
#include "mail/dkim.h"
#include "mail/header.h"

/* The verifier is slow. */
#define MESSAGE_MAX 2000

/* RFC 8463 appendix A. */
#define PEM                                                                                        \
        "-----BEGIN PRIVATE KEY-----\n"                                                            \
        "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"                       \
        "-----END PRIVATE KEY-----\n"
#define RECORD "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="

static void check_canonical(Slice body, size_t piece) {
        _cleanup_(dkim_body_done) DkimBody whole = DKIM_BODY_EMPTY, parts = DKIM_BODY_EMPTY;
        _cleanup_(buf_done) Buf once = BUF_EMPTY, twice = BUF_EMPTY;
        uint8_t a[DKIM_HASH_SIZE], b[DKIM_HASH_SIZE];

        dkim_canonical_body(body, &once);
        dkim_canonical_body(buf_slice(&once), &twice);
        FUZZ_CHECK(slice_equal(buf_slice(&once), buf_slice(&twice)));

        FUZZ_CHECK(dkim_body_begin(&whole) == 0 && dkim_body_begin(&parts) == 0);
        dkim_body_feed(&whole, body);
        while (body.size > 0)
                dkim_body_feed(&parts, fuzz_piece(&body, piece));
        FUZZ_CHECK(dkim_body_finish(&whole, a) == 0 && dkim_body_finish(&parts, b) == 0);
        FUZZ_CHECK(memcmp(a, b, sizeof(a)) == 0);
}

static void check_fields(Slice headers) {
        Slice field;

        while (dkim_field_next(&headers, &field)) {
                _cleanup_(buf_done) Buf once = BUF_EMPTY, twice = BUF_EMPTY;

                if (!dkim_canonical_field(field, &once))
                        continue;
                FUZZ_CHECK(dkim_canonical_field(buf_slice(&once), &twice));
                FUZZ_CHECK(slice_equal(buf_slice(&once), buf_slice(&twice)));
        }
}

/* The signature on top of the message, as a receiver gets it. */
static void check_signature(Slice field, Slice headers, Slice body) {
        _cleanup_(buf_done) Buf stored = BUF_EMPTY, sent = BUF_EMPTY;
        DkimVerdict v;

        buf_append_slice(&stored, field);
        /* Some field is always between, so that the first line cannot continue the signature. */
        buf_append_string(&stored, "X-Postal-MsgID: x\r\n");
        buf_append_slice(&stored, headers);
        buf_append_string(&stored, "\r\n\r\n");
        buf_append_slice(&stored, body);
        verify_normalise(buf_slice(&stored), &sent);
        verify_dkim(buf_slice(&sent), 0, RECORD, &v);
        FUZZ_CHECK(v.found && v.body_ok && v.signature_ok);
        buf_done(&v.names);
        buf_done(&v.body_hash);
}

void fuzz_one(Slice input) {
        static DkimParams params = { NULL, SLICE("a.example"), SLICE("s"), 1 };
        static DkimKey *key;
        _cleanup_(buf_done) Buf field = BUF_EMPTY;
        size_t piece = 1 + fuzz_byte(&input);
        Slice headers, body;
        uint8_t hash[DKIM_HASH_SIZE];
        int r;

        if (!key)
                FUZZ_CHECK(dkim_key_new_from_pem(SLICE(PEM), &key) == 0);
        params.key = key;
        input = slice_first(input, MIN(input.size, (size_t) MESSAGE_MAX));
        (void) message_split(input, &headers, &body);
        check_canonical(body, piece);
        check_fields(headers);
        FUZZ_CHECK(dkim_body_hash(headers, body, hash) == 0);
        r = dkim_sign(&params, headers, hash, &field);
        FUZZ_CHECK(r == 0 || (r == -ENODATA && field.size == 0));
        if (r == 0)
                check_signature(buf_slice(&field), headers, body);
}
