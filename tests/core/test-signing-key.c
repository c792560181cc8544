/* SPDX-License-Identifier: MIT */
#include <openssl/evp.h>

#include "basic/encoding.h"
#include "core/file.h"
#include "core/signing-key.h"
#include "test.h"

#define KEYS SOURCE_DIR "/tests/fixtures/keys/"

#define PUBLIC_1024                                                                                \
        "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDVtWkAYjVS/1YkEd1OIKHPGuyvNzjoFRgW1bLwd2XQM4dUgi7O" \
        "fiPnJ7LRrzZuNVqD2AuTdTRtvHhaqHLof7sLHxQNFqXmOvYvw3O7HWr66LojHkyZtYNDiQ/czJF/MogcFRWWEU3W" \
        "VP7TmpuUNwZ4QhlhG/TfOYuPS/1yrE6xqQIDAQAB"
#define KID_1024 "455c34b6edaedca4f5fb4a761c4f368dc72ef2253cba6bf2c487f17ed28c5626"
#define PUBLIC_2048                                                                                \
        "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAyNZpIS8kNGl2tGhfJ3XEt1Nx2PGqlZGcV2SthyY+HSAj" \
        "62Wb6WMjmsgveBJyPScwPt5AdhS0mBQvD5YSxoncaCRbU00CQxC6ERJ6V7Qe/jEnBuIjPvOzqp13rzB62mWidy3o" \
        "7QIdFHjlBuOtMdo300qs/MAi3QyLIk9P63fNkfj39a8xl/v9a/tW02C3YO2Q+17erA0PNG6zUD8sdATH4e3aALxl" \
        "N4CXSzlZv4v8Z+JwPvgftd+iBFE0NrN0GpkYdhnsIVPLv6VpL/3UEDKhFODW7I7wTMdJ/qguOHW187rsJ/6Ky+4a" \
        "YLsAaH/fkeYbbslFNulqDtUcyhmhYVVrWQIDAQAB"
#define KID_2048 "a3268633c5e4a89a680449faefdc934b85fe5937b262a8d3fb417c6cb20b9cc0"
/* Of an installation of Postal 3.3.6, with what that one published. */
#define PUBLIC_RECORDED                                                                            \
        "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC1An8g314OKPM5V/L76kKg72tqFk4CWefRhmHzR0eOmgCo+uf4" \
        "FMF6GmPOoAnsW2PwLBEgv9rh/YxhCCRHLuQ5H2C+kGDvh+SfTuenf+Jv/RUc7Ak1Pen0pkt9Fmz+sRCJndvo4INT" \
        "cuKVqLcCyJ74/v75TRsSIZbt4hVv8RJAewIDAQAB"
#define KID_RECORDED "a558a0d4b3d82deaeac446e9b8504d69ed881a09c35f42a1ec428488b21d9db1"

TEST(keys) {
        static const struct {
                const char *path;
                unsigned bits;
                const char *record;
                const char *kid;
        } rows[] = {
#define RECORD(public) "v=DKIM1; t=s; h=sha256; p=" public ";"
                { KEYS "rsa-1024-pkcs1.pem", 1024, RECORD(PUBLIC_1024), KID_1024 },
                { KEYS "rsa-1024-pkcs8.pem", 1024, RECORD(PUBLIC_1024), KID_1024 },
                { KEYS "rsa-2048-pkcs1.pem", 2048, RECORD(PUBLIC_2048), KID_2048 },
                { KEYS "rsa-2048-pkcs8.pem", 2048, RECORD(PUBLIC_2048), KID_2048 },
                { KEYS "recorded.pem", 1024, RECORD(PUBLIC_RECORDED), KID_RECORDED },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(signing_key_freep) SigningKey *key = NULL;
                _cleanup_free_ char *text = NULL;

                if (signing_key_load(rows[i].path, &key, &text) != 0)
                        test_fail(__FILE__, __LINE__, "%s", text);
                CHECK_INT(signing_key_bits(key), rows[i].bits);
                CHECK_STR(signing_key_dns_record(key), rows[i].record);
                CHECK_STR(signing_key_kid(key), rows[i].kid);
        }
}

TEST(a_small_key_signs_with_both_hashes) {
        static const unsigned char text[] = "body of a webhook";
        const EVP_MD *hashes[] = { EVP_sha1(), EVP_sha256() };
        _cleanup_(signing_key_freep) SigningKey *key = NULL;
        _cleanup_free_ char *problem = NULL;

        CHECK_INT(signing_key_load(KEYS "rsa-1024-pkcs1.pem", &key, &problem), 0);
        for (size_t i = 0; i < ELEMENTSOF(hashes); i++) {
                EVP_MD_CTX *context = EVP_MD_CTX_new();
                unsigned char signature[128];
                size_t size = sizeof(signature);
                EVP_PKEY *pkey = signing_key_pkey(key);

                CHECK_INT(EVP_DigestSignInit(context, NULL, hashes[i], NULL, pkey), 1);
                CHECK_INT(EVP_DigestSign(context, signature, &size, text, sizeof(text)), 1);
                CHECK_INT(size, 128);
                EVP_MD_CTX_reset(context);
                CHECK_INT(EVP_DigestVerifyInit(context, NULL, hashes[i], NULL, pkey), 1);
                CHECK_INT(EVP_DigestVerify(context, signature, size, text, sizeof(text)), 1);
                EVP_MD_CTX_free(context);
        }
}

TEST(public_numbers) {
        _cleanup_(signing_key_freep) SigningKey *key = NULL;
        _cleanup_free_ char *text = NULL;
        _cleanup_(buf_done) Buf modulus = BUF_EMPTY, exponent = BUF_EMPTY, hex = BUF_EMPTY;

        CHECK_INT(signing_key_load(KEYS "rsa-1024-pkcs1.pem", &key, &text), 0);
        CHECK_INT(signing_key_public_numbers(key, &modulus, &exponent), 0);
        CHECK_INT(modulus.size, 128);
        hex_encode(&hex, buf_slice(&modulus));
        CHECK_STR(buf_string(&hex),
                  "d5b56900623552ff562411dd4e20a1cf1aecaf3738e8151816d5b2f07765d0338754822ece7e23e7"
                  "27b2d1af366e355a83d80b9375346dbc785aa872e87fbb0b1f140d16a5e63af62fc373bb1d6afae8"
                  "ba231e4c99b58343890fdccc917f32881c151596114dd654fed39a9b943706784219611bf4df398b"
                  "8f4bfd72ac4eb1a9");
        CHECK(slice_equal(buf_slice(&exponent), SLICE("\1\0\1")));
}

TEST(what_is_no_key_and_why) {
        static const struct {
                const char *path;
                int error;
                const char *part;
        } rows[] = {
                { KEYS "rsa-1024-pkcs1-encrypted.pem", -EINVAL, "is encrypted" },
                { KEYS "rsa-1024-pkcs8-encrypted.pem", -EINVAL, "is encrypted" },
                { KEYS "ec-sec1.pem", -EINVAL, "is not an RSA key" },
                { KEYS "ec-pkcs8.pem", -EINVAL, "is not an RSA key" },
                { KEYS "ed25519.pem", -EINVAL, "is not an RSA key" },
                { KEYS "rsa-pss.pem", -EINVAL, "is not an RSA key" },
                { KEYS "rsa-1024-public.pem", -EINVAL, "holds no private key" },
                { KEYS "rsa-1024.der", -EINVAL, "is not in PEM format" },
                { KEYS "none.pem", -ENOENT, "does not exist" },
                { KEYS, -EISDIR, "cannot be read (Is a directory)" },
                { "/dev/zero", -EFBIG, "too large" },
                { "/dev/null", -EINVAL, "is not in PEM format" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(signing_key_freep) SigningKey *key = NULL;
                _cleanup_free_ char *text = NULL;

                CHECK_INT(signing_key_load(rows[i].path, &key, &text), rows[i].error);
                CHECK(!key);
                if (!strstr(text, rows[i].path) || !strstr(text, rows[i].part))
                        test_fail(__FILE__, __LINE__, "%s: %s", rows[i].path, text);
        }
}

TEST(a_key_cut_at_any_byte_is_none) {
        _cleanup_(buf_done) Buf pem = BUF_EMPTY;
        size_t end;

        CHECK_INT(file_read(KEYS "rsa-1024-pkcs1.pem", SIGNING_KEY_SIZE_MAX, &pem), 0);
        end = (size_t) slice_find_ignore_case(buf_slice(&pem), SLICE("-----END"));
        for (size_t size = 0; size < end; size += 7) {
                _cleanup_(signing_key_freep) SigningKey *key = NULL;
                _cleanup_free_ char *text = NULL;

                CHECK_INT(signing_key_parse(slice_first(buf_slice(&pem), size), "x", &key, &text),
                          -EINVAL);
                CHECK(!key && text);
        }
}

TEST(what_stands_around_the_key_does_not_matter) {
        _cleanup_(signing_key_freep) SigningKey *key = NULL;
        _cleanup_(buf_done) Buf pem = BUF_EMPTY;
        _cleanup_free_ char *text = NULL;

        buf_append_string(&pem, "A comment\n\n");
        CHECK_INT(file_read(KEYS "rsa-1024-public.pem", SIGNING_KEY_SIZE_MAX, &pem), 0);
        CHECK_INT(file_read(KEYS "rsa-2048-pkcs8.pem", SIGNING_KEY_SIZE_MAX, &pem), 0);
        buf_append_string(&pem, "\nMore text\n");
        CHECK_INT(signing_key_parse(buf_slice(&pem), "x", &key, &text), 0);
        CHECK_STR(signing_key_kid(key), KID_2048);
}

TEST(nothing_is_nothing_to_free) {
        CHECK(!signing_key_free(NULL));
}
