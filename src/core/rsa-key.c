/* SPDX-License-Identifier: MIT */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "basic/encoding.h"
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

/* An encrypted key must not make the library ask the terminal. */
static int no_password(char *buffer, int size, int rwflag, void *userdata) {
        (void) buffer;
        (void) size;
        (void) rwflag;
        (void) userdata;
        return -1;
}

int rsa_key_public(Slice pem, Buf *to) {
        _cleanup_(bio_freep) BIO *bio = NULL;
        _cleanup_(pkey_freep) EVP_PKEY *key = NULL;
        unsigned char *der = NULL;
        int size;

        if (pem.size > RSA_KEY_PEM_MAX)
                return -EBADMSG;
        bio = BIO_new_mem_buf(pem.data ? pem.data : "", (int) pem.size);
        if (!bio)
                return -ENOMEM;
        key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
        if (!key || EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA)
                return -EBADMSG;
        size = i2d_PUBKEY(key, &der);
        if (size <= 0)
                return -ENOMEM;
        base64_encode(to, slice_make(der, (size_t) size));
        OPENSSL_free(der);
        return buf_error(to);
}
