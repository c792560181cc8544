/* SPDX-License-Identifier: MIT */
#include <openssl/evp.h>

#include "basic/encoding.h"
#include "dkim-verify.h"
#include "mail/data-encoder.h"
#include "mail/dkim-canonical.h"
#include "prng.h"
#include "test.h"

#define HASH_OF_NOTHING "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

TEST(bodies) {
        static const char *const CASES[][2] = {
                { "", "" },
                { " C \r\nD \t E\r\n\r\n\r\n", " C\r\nD E\r\n" }, /* RFC 6376 section 3.4.5 */
                { "a", "a\r\n" },
                { "a\r\n", "a\r\n" },
                { "a\n", "a\r\n" },
                { "a\r", "a\r\n" },
                { "a\rb\nc\r\nd", "a\r\nb\r\nc\r\nd\r\n" },
                { "\r\n", "" },
                { "\r\n\r\n", "" },
                { " \t\r\n \r\n", "" },
                { "\r\n\r\na\r\n", "\r\n\r\na\r\n" },
                { "a\r\n\r\nb\r\n\r\n", "a\r\n\r\nb\r\n" },
                { "a \t b \r\n", "a b\r\n" },
                { "\ta\tb\t\r\n", " a b\r\n" },
                { "a\r\r\nb", "a\r\n\r\nb\r\n" },
                { "a\n\rb", "a\r\n\r\nb\r\n" },
                { "a\r\n \r\nb", "a\r\n\r\nb\r\n" },
                { "a  b\r\nc d\r\n", "a b\r\nc d\r\n" },
        };

        for (size_t i = 0; i < ELEMENTSOF(CASES); i++) {
                _cleanup_(buf_done) Buf b = BUF_EMPTY;

                dkim_canonical_body(slice_from_string(CASES[i][0]), &b);
                CHECK_STR(buf_string(&b), CASES[i][1]);
        }
}

TEST(fields) {
        static const char *const CASES[][2] = {
                { "A: X\r\n", "a:X" }, /* RFC 6376 section 3.4.5 */
                { "B : Y\t\r\n\tZ  \r\n", "b:Y Z" },
                { "Subject: one  two\r\n three\r\n", "subject:one two three" },
                { "Subject:\r\n one\r\n", "subject:one" },
                { "A:\r\n", "a:" },
                { "A: \t \r\n", "a:" },
                { "A: x: y", "a:x: y" },
                { "A: one\r two\n\tthree\r", "a:one two three" },
                { ":", ":" },
                { "A\v: x", "a\v:x" },
                { "no colon", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(CASES); i++) {
                _cleanup_(buf_done) Buf b = BUF_EMPTY;

                CHECK_INT(dkim_canonical_field(slice_from_string(CASES[i][0]), &b),
                          CASES[i][1] != NULL);
                CHECK_STR(buf_string(&b), strempty(CASES[i][1]));
        }
}

TEST(header_sections) {
        static const char *const WANT[] = { "A: 1\r\n 2\r\n", "B: 1\r", "C: 1\n\t2\r 3\r", "D\n",
                                            "E: 1" };
        Slice rest = SLICE("A: 1\r\n 2\r\nB: 1\rC: 1\n\t2\r 3\rD\nE: 1"), field;

        for (size_t i = 0; i < ELEMENTSOF(WANT); i++) {
                CHECK(dkim_field_next(&rest, &field));
                CHECK_SLICE(field, WANT[i]);
        }
        CHECK(!dkim_field_next(&rest, &field));

        rest = SLICE("A: 1\r\rB: 2\r\n");
        CHECK(dkim_field_next(&rest, &field));
        CHECK_SLICE(field, "A: 1\r");
        CHECK(!dkim_field_next(&rest, &field));
        CHECK_SLICE(rest, "\rB: 2\r\n");
}

static void check_hash(Slice headers, Slice body, const char *want) {
        _cleanup_(buf_done) Buf b = BUF_EMPTY;
        uint8_t hash[DKIM_HASH_SIZE];

        CHECK_INT(dkim_body_hash(headers, body, hash), 0);
        base64_encode(&b, slice_make(hash, sizeof(hash)));
        CHECK_STR(buf_string(&b), want);
}

TEST(hashes) {
        check_hash(SLICE("A: b"), SLICE_NULL, HASH_OF_NOTHING);
        check_hash(SLICE("A: b"), SLICE("\r\n \r\n"), HASH_OF_NOTHING);
        check_hash(SLICE("A: b\r\n"), SLICE_NULL, HASH_OF_NOTHING);
        /* RFC 6376 appendix A.2, RFC 8463 appendix A.3. */
        check_hash(SLICE("A: b"),
                   SLICE("Hi.\r\n\r\nWe lost the game. Are you hungry yet?\r\n\r\nJoe.\r\n"),
                   "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=");
}

/* What a receiver takes for the body of `headers` CRLF CRLF `body`. */
static void received_hash(Slice headers, Slice body, Buf *to) {
        _cleanup_(buf_done) Buf stored = BUF_EMPTY, sent = BUF_EMPTY, relaxed = BUF_EMPTY;
        uint8_t hash[DKIM_HASH_SIZE];
        const char *end;

        buf_append_string(&stored, "X: y\r\n"); /* there is always something on top */
        buf_append_slice(&stored, headers);
        buf_append_string(&stored, "\r\n\r\n");
        buf_append_slice(&stored, body);
        verify_normalise(buf_slice(&stored), &sent);
        end = memmem(sent.data, sent.size, "\r\n\r\n", 4);
        verify_relax_body(slice_from(buf_slice(&sent), (size_t) (end + 4 - sent.data)), &relaxed);
        EVP_Digest(relaxed.data, relaxed.size, hash, NULL, EVP_sha256(), NULL);
        base64_encode(to, slice_make(hash, sizeof(hash)));
}

TEST(random_messages_hash_as_receivers_do) {
        static const char *const PIECES[] = { "\r\n", "\n", "\r", " ", "\t", "a", "A: b", "word",
                                              "a b c", "\r\n\r\n", "  " };
        Prng prng = { 11 };

        for (unsigned round = 0; round < 5000; round++) {
                _cleanup_(buf_done) Buf headers = BUF_EMPTY, body = BUF_EMPTY, want = BUF_EMPTY;

                prng_pieces(&prng, PIECES, ELEMENTSOF(PIECES), prng_below(&prng, 8), &headers);
                prng_pieces(&prng, PIECES, ELEMENTSOF(PIECES), prng_below(&prng, 30), &body);
                received_hash(buf_slice(&headers), buf_slice(&body), &want);
                check_hash(buf_slice(&headers), buf_slice(&body), buf_string(&want));
        }
}

TEST(random_bodies_at_every_cut) {
        static const char *const PIECES[] = { "\r\n", "\r\n", "\n", "\r", " ", "\t", "a", "word ",
                                              "clean line\r\n", "unclean  line\r\n", "\r\n\r\n" };
        Prng prng = { 12 };

        for (unsigned round = 0; round < 300; round++) {
                _cleanup_(buf_done) Buf body = BUF_EMPTY, normal = BUF_EMPTY, want = BUF_EMPTY;
                _cleanup_(buf_done) Buf again = BUF_EMPTY;

                prng_pieces(&prng, PIECES, ELEMENTSOF(PIECES), prng_below(&prng, 30), &body);
                verify_normalise(buf_slice(&body), &normal);
                verify_relax_body(buf_slice(&normal), &want);
                for (size_t cut = 0; cut <= body.size; cut++) {
                        _cleanup_(dkim_body_done) DkimBody b = DKIM_BODY_EMPTY;
                        uint8_t have_hash[DKIM_HASH_SIZE], want_hash[DKIM_HASH_SIZE];

                        CHECK_INT(dkim_body_begin(&b), 0);
                        dkim_body_feed(&b, slice_first(buf_slice(&body), cut));
                        dkim_body_feed(&b, slice_from(buf_slice(&body), cut));
                        CHECK_INT(dkim_body_finish(&b, have_hash), 0);
                        EVP_Digest(want.data, want.size, want_hash, NULL, EVP_sha256(), NULL);
                        CHECK(memcmp(have_hash, want_hash, sizeof(have_hash)) == 0);
                }
                dkim_canonical_body(buf_slice(&want), &again);
                CHECK(slice_equal(buf_slice(&again), buf_slice(&want)));
        }
}

/* Bodies that would take for ever if each odd byte cost a look at the rest. */
TEST(long_odd_bodies) {
        static const char *const PIECES[] = { "\r",  "\n",   "a\r",    "a\n",
                                              " ",   "a  ", "a \r\n", "a\tb\r\n" };

        for (size_t i = 0; i < ELEMENTSOF(PIECES); i++) {
                _cleanup_(buf_done) Buf body = BUF_EMPTY;
                uint8_t hash[DKIM_HASH_SIZE];

                while (body.size < 1024 * 1024)
                        buf_append_string(&body, PIECES[i]);
                buf_append_string(&body, "\r\n");
                CHECK_INT(dkim_body_hash(SLICE("A: b"), buf_slice(&body), hash), 0);
        }
}
