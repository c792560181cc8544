/* SPDX-License-Identifier: MIT */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "core/rsa-key.h"

static inline void bio_freep(BIO **b) {
        BIO_free_all(*b);
}
static inline void pkey_freep(EVP_PKEY **k) {
        EVP_PKEY_free(*k);
}

int rsa_key_generate(unsigned bits, Buf *pem) {
        _cleanup_(pkey_freep) EVP_PKEY *key = EVP_RSA_gen(bits);
        _cleanup_(bio_freep) BIO *bio = BIO_new(BIO_s_mem());
        char *data;
        long size;

        if (!key || !bio ||
            PEM_write_bio_PrivateKey_traditional(bio, key, NULL, NULL, 0, NULL, NULL) != 1)
                return -ENOMEM;
        size = BIO_get_mem_data(bio, &data);
        buf_append(pem, data, (size_t) size);
        explicit_bzero(data, (size_t) size);
        return buf_error(pem);
}
