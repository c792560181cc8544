/* SPDX-License-Identifier: MIT */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <pthread.h>

#include "fixture.h"
#include "mail/dkim-key.h"

/* From the DNS records of RFC 8463 appendix A.2. */
#define RFC8463_RSA_P                                                                              \
        "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQi" \
        "Y/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZy" \
        "VYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB"
#define RFC8463_ED25519_P "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="

static DkimKey *read_key(const char *name) {
        _cleanup_(buf_done) Buf pem = BUF_EMPTY;
        DkimKey *k = NULL;

        fixture_read(name, &pem);
        CHECK_INT(dkim_key_new_from_pem(buf_slice(&pem), &k), 0);
        return k;
}

TEST(records) {
        _cleanup_(dkim_key_freep) DkimKey *rsa = read_key("rfc8463-rsa.pem");
        _cleanup_(dkim_key_freep) DkimKey *ed25519 = read_key("rfc8463-ed25519.pem");
        _cleanup_(buf_done) Buf a = BUF_EMPTY, b = BUF_EMPTY;

        CHECK_INT(dkim_key_algorithm(rsa), DKIM_RSA_SHA256);
        CHECK_INT(dkim_key_bits(rsa), 1024);
        CHECK_INT(dkim_key_dns_record(rsa, &a), 0);
        CHECK_STR(buf_string(&a), "v=DKIM1; t=s; h=sha256; p=" RFC8463_RSA_P ";");
        CHECK_INT(dkim_key_algorithm(ed25519), DKIM_ED25519_SHA256);
        CHECK_INT(dkim_key_dns_record(ed25519, &b), 0);
        CHECK_STR(buf_string(&b), "v=DKIM1; t=s; h=sha256; k=ed25519; p=" RFC8463_ED25519_P ";");
}

/* The same key in both forms, and back in the form that Postal stores. */
TEST(pem) {
        _cleanup_(dkim_key_freep) DkimKey *rsa = read_key("rfc8463-rsa.pem"), *again = NULL;
        _cleanup_(dkim_key_freep) DkimKey *ed25519 = read_key("rfc8463-ed25519.pem");
        _cleanup_(buf_done) Buf file = BUF_EMPTY, pem = BUF_EMPTY, padded = BUF_EMPTY;

        fixture_read("rfc8463-rsa.pem", &file);
        CHECK_INT(dkim_key_to_pem(rsa, &pem), 0);
        CHECK_STR(buf_string(&pem), buf_string(&file));

        buf_append_string(&padded, "Some text\r\n");
        for (size_t i = 0; i < file.size; i++) { /* with the line ends of a web form */
                if (file.data[i] == '\n')
                        buf_append_byte(&padded, '\r');
                buf_append_byte(&padded, file.data[i]);
        }
        CHECK_INT(dkim_key_new_from_pem(buf_slice(&padded), &again), 0);

        buf_truncate(&pem, 0);
        buf_truncate(&file, 0);
        fixture_read("rfc8463-ed25519.pem", &file);
        CHECK_INT(dkim_key_to_pem(ed25519, &pem), 0);
        CHECK_STR(buf_string(&pem), buf_string(&file));
}

static void check_pem(EVP_PKEY *pkey, const EVP_CIPHER *cipher, int want) {
        unsigned char passphrase[] = "secret";
        BIO *bio = BIO_new(BIO_s_mem());
        DkimKey *k = NULL;
        char *data;
        long size;
        int r;

        CHECK(pkey);
        CHECK(PEM_write_bio_PKCS8PrivateKey(bio, pkey, cipher, cipher ? (char *) passphrase : NULL,
                                            cipher ? 6 : 0, NULL, NULL));
        size = BIO_get_mem_data(bio, &data);
        r = dkim_key_new_from_pem(slice_make(data, (size_t) size), &k);
        BIO_free(bio);
        EVP_PKEY_free(pkey);
        dkim_key_free(k);
        CHECK_INT(r, want);
}

TEST(what_is_no_key) {
        _cleanup_(buf_done) Buf pem = BUF_EMPTY;
        DkimKey *k = NULL;

        CHECK_INT(dkim_key_new_from_pem(SLICE(""), &k), -EINVAL);
        CHECK_INT(dkim_key_new_from_pem(SLICE("nonsense"), &k), -EINVAL);
        fixture_read("rfc8463-rsa.pem", &pem);
        CHECK_INT(dkim_key_new_from_pem(slice_first(buf_slice(&pem), pem.size / 2), &k), -EINVAL);
        pem.data[200] = '!';
        CHECK_INT(dkim_key_new_from_pem(buf_slice(&pem), &k), -EINVAL);
        while (pem.size <= DKIM_PEM_MAX)
                buf_append_string(&pem, "\n");
        CHECK_INT(dkim_key_new_from_pem(buf_slice(&pem), &k), -EINVAL);
        CHECK(!k);
        CHECK(!dkim_key_free(NULL));

        check_pem(EVP_RSA_gen(2048), NULL, 0);
        check_pem(EVP_RSA_gen(2048), EVP_aes_128_cbc(), -EINVAL);
        check_pem(EVP_RSA_gen(768), NULL, -EINVAL);
        check_pem(EVP_EC_gen("P-256"), NULL, -EOPNOTSUPP);
        /* Nothing is left behind for other users of the library. */
        CHECK(ERR_peek_error() == 0);
}

TEST(generating) {
        _cleanup_(dkim_key_freep) DkimKey *rsa = NULL, *ed25519 = NULL;

        CHECK_INT(dkim_key_generate_rsa(DKIM_RSA_BITS_MIN - 1, &rsa), -EINVAL);
        CHECK_INT(dkim_key_generate_rsa(DKIM_RSA_BITS_MAX + 1, &rsa), -EINVAL);
        CHECK_INT(dkim_key_generate_rsa(2048, &rsa), 0);
        CHECK_INT(dkim_key_bits(rsa), 2048);
        CHECK_INT(dkim_key_generate_ed25519(&ed25519), 0);
        CHECK_STR(dkim_algorithm_to_string(dkim_key_algorithm(rsa)), "rsa-sha256");
        CHECK_STR(dkim_algorithm_to_string(dkim_key_algorithm(ed25519)), "ed25519-sha256");
}

typedef struct Signer {
        pthread_t thread;
        const DkimKey *key;
        const uint8_t *hash;
        Buf want;
        bool ok;
} Signer;

static void *sign_often(void *userdata) {
        Signer *s = userdata;

        s->ok = true;
        for (unsigned i = 0; i < 50; i++) {
                _cleanup_(buf_done) Buf have = BUF_EMPTY;

                s->ok = s->ok && dkim_key_sign(s->key, s->hash, &have) == 0 &&
                        slice_equal(buf_slice(&have), buf_slice(&s->want));
        }
        return NULL;
}

/* Both algorithms are deterministic, so threads must agree on the signature. */
TEST(many_threads_sign_with_one_key) {
        static const char *const NAMES[] = { "rfc8463-rsa.pem", "rfc8463-ed25519.pem" };
        uint8_t hash[DKIM_HASH_SIZE];

        memset(hash, 7, sizeof(hash));
        for (size_t k = 0; k < ELEMENTSOF(NAMES); k++) {
                _cleanup_(dkim_key_freep) DkimKey *key = read_key(NAMES[k]);
                _cleanup_(buf_done) Buf want = BUF_EMPTY;
                Signer signers[4];

                CHECK_INT(dkim_key_sign(key, hash, &want), 0);
                CHECK_INT(want.size, k == 0 ? 128 : 64);
                for (size_t i = 0; i < ELEMENTSOF(signers); i++) {
                        signers[i] = (Signer){ .key = key, .hash = hash, .want = want };
                        CHECK_INT(pthread_create(&signers[i].thread, NULL, sign_often, &signers[i]),
                                  0);
                }
                for (size_t i = 0; i < ELEMENTSOF(signers); i++) {
                        (void) pthread_join(signers[i].thread, NULL);
                        CHECK(signers[i].ok);
                }
        }
}
