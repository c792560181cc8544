/* SPDX-License-Identifier: MIT */
#include "core/rsa-key.h"
#include "core/signing-key.h"
#include "test.h"

TEST(new_keys_are_pkcs1_and_of_their_size) {
        static const unsigned sizes[] = { 1024, RSA_KEY_BITS };

        for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
                _cleanup_(signing_key_freep) SigningKey *key = NULL;
                _cleanup_(buf_done) Buf pem = BUF_EMPTY;
                _cleanup_free_ char *words = NULL;

                CHECK_INT(rsa_key_generate(sizes[i], &pem), 0);
                CHECK_INT(strncmp(pem.data, "-----BEGIN RSA PRIVATE KEY-----\n", 32), 0);
                CHECK_STR(strstr(pem.data, "-----END"), "-----END RSA PRIVATE KEY-----\n");
                CHECK_INT(signing_key_parse(buf_slice(&pem), "new", &key, &words), 0);
                CHECK_INT(signing_key_bits(key), sizes[i]);
        }
}

TEST(no_two_keys_are_the_same) {
        _cleanup_(buf_done) Buf first = BUF_EMPTY, second = BUF_EMPTY;

        CHECK_INT(rsa_key_generate(1024, &first), 0);
        CHECK_INT(rsa_key_generate(1024, &second), 0);
        CHECK(!slice_equal(buf_slice(&first), buf_slice(&second)));
}
