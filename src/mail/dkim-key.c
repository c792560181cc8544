/* SPDX-License-Identifier: MIT */

/* libcrypto's EVP keys may be used by several threads as long as nobody changes them; each
 * signature has a context of its own. Errors are put off its per-thread queue before returning:
 * others in this process use the library, too, and would take them for theirs. */

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "basic/encoding.h"
#include "mail/dkim-key.h"

#define ED25519_KEY_SIZE 32

struct DkimKey {
        EVP_PKEY *pkey;
        DkimAlgorithm algorithm;
};

static void bio_freep(BIO **bio) {
        BIO_free(*bio);
}

static void pkey_freep(EVP_PKEY **pkey) {
        EVP_PKEY_free(*pkey);
}

static void pkey_ctx_freep(EVP_PKEY_CTX **ctx) {
        EVP_PKEY_CTX_free(*ctx);
}

static void md_ctx_freep(EVP_MD_CTX **ctx) {
        EVP_MD_CTX_free(*ctx);
}

/* For _cleanup_(): takes back what the library left in its error queue since the mark. There is
 * none to set on an empty queue. */
static void errors_restore(const int *has_mark) {
        if (*has_mark)
                (void) ERR_pop_to_mark();
        else
                ERR_clear_error();
}
#define KEEP_ERROR_QUEUE _cleanup_(errors_restore) _unused_ const int has_mark = ERR_set_mark()

const char *dkim_algorithm_to_string(DkimAlgorithm algorithm) {
        return algorithm == DKIM_RSA_SHA256 ? "rsa-sha256" : "ed25519-sha256";
}

/* Takes ownership of `pkey`, on failure too. */
static int key_new(EVP_PKEY *take_pkey, DkimKey **ret) {
        _cleanup_(pkey_freep) EVP_PKEY *pkey = take_pkey;
        DkimAlgorithm algorithm;
        DkimKey *k;

        if (EVP_PKEY_is_a(pkey, "RSA"))
                algorithm = DKIM_RSA_SHA256;
        else if (EVP_PKEY_is_a(pkey, "ED25519"))
                algorithm = DKIM_ED25519_SHA256;
        else
                return -EOPNOTSUPP;
        if (algorithm == DKIM_RSA_SHA256 && (EVP_PKEY_get_bits(pkey) < DKIM_RSA_BITS_MIN ||
                                             EVP_PKEY_get_bits(pkey) > DKIM_RSA_BITS_MAX))
                return -EINVAL;
        k = malloc(sizeof(DkimKey));
        if (!k)
                return -ENOMEM;
        *k = (DkimKey){ .pkey = TAKE_PTR(pkey), .algorithm = algorithm };
        *ret = k;
        return 0;
}

/* Without this, the library would ask for one on the terminal. */
static int no_passphrase(char *to, int size, int is_writing, void *userdata) {
        (void) to;
        (void) size;
        (void) is_writing;
        (void) userdata;
        return -1;
}

int dkim_key_new_from_pem(Slice pem, DkimKey **ret) {
        _cleanup_(bio_freep) BIO *bio = NULL;
        KEEP_ERROR_QUEUE;
        EVP_PKEY *pkey;

        assert(ret);

        if (pem.size == 0 || pem.size > DKIM_PEM_MAX)
                return -EINVAL;
        bio = BIO_new_mem_buf(pem.data, (int) pem.size);
        if (!bio)
                return -ENOMEM;
        pkey = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
        return pkey ? key_new(pkey, ret) : -EINVAL;
}

int dkim_key_generate_rsa(unsigned bits, DkimKey **ret) {
        KEEP_ERROR_QUEUE;
        EVP_PKEY *pkey;

        assert(ret);

        if (bits < DKIM_RSA_BITS_MIN || bits > DKIM_RSA_BITS_MAX)
                return -EINVAL;
        pkey = EVP_RSA_gen(bits);
        return pkey ? key_new(pkey, ret) : -EOPNOTSUPP;
}

int dkim_key_generate_ed25519(DkimKey **ret) {
        KEEP_ERROR_QUEUE;
        EVP_PKEY *pkey;

        assert(ret);

        pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
        return pkey ? key_new(pkey, ret) : -EOPNOTSUPP;
}

DkimKey *dkim_key_free(DkimKey *k) {
        if (k)
                EVP_PKEY_free(k->pkey);
        free(k);
        return NULL;
}

DkimAlgorithm dkim_key_algorithm(const DkimKey *k) {
        return k->algorithm;
}

unsigned dkim_key_bits(const DkimKey *k) {
        return (unsigned) EVP_PKEY_get_bits(k->pkey);
}

int dkim_key_to_pem(const DkimKey *k, Buf *to) {
        _cleanup_(bio_freep) BIO *bio = NULL;
        KEEP_ERROR_QUEUE;
        char *data;
        long size;
        int ok;

        bio = BIO_new(BIO_s_secmem());
        if (!bio)
                return -ENOMEM;
        if (k->algorithm == DKIM_RSA_SHA256)
                ok = PEM_write_bio_PrivateKey_traditional(bio, k->pkey, NULL, NULL, 0, NULL, NULL);
        else
                ok = PEM_write_bio_PrivateKey(bio, k->pkey, NULL, NULL, 0, NULL, NULL);
        if (!ok)
                return -EOPNOTSUPP;
        size = BIO_get_mem_data(bio, &data);
        buf_append(to, data, (size_t) size);
        return buf_error(to);
}

int dkim_key_dns_record(const DkimKey *k, Buf *to) {
        unsigned char raw[ED25519_KEY_SIZE], *der = NULL;
        size_t raw_size = sizeof(raw);
        KEEP_ERROR_QUEUE;
        int der_size;

        if (k->algorithm == DKIM_ED25519_SHA256) {
                if (!EVP_PKEY_get_raw_public_key(k->pkey, raw, &raw_size))
                        return -EOPNOTSUPP;
                buf_append_string(to, "v=DKIM1; t=s; h=sha256; k=ed25519; p=");
                base64_encode(to, slice_make(raw, raw_size));
        } else {
                der_size = i2d_PUBKEY(k->pkey, &der);
                if (der_size < 0)
                        return -EOPNOTSUPP;
                buf_append_string(to, "v=DKIM1; t=s; h=sha256; p=");
                base64_encode(to, slice_make(der, (size_t) der_size));
                OPENSSL_free(der);
        }
        buf_append_byte(to, ';');
        return buf_error(to);
}

static int sign_rsa(const DkimKey *k, const uint8_t *hash, Buf *to) {
        _cleanup_(pkey_ctx_freep) EVP_PKEY_CTX *ctx = NULL;
        size_t size = (size_t) EVP_PKEY_get_size(k->pkey);
        char *signature = buf_reserve(to, size);

        if (!signature)
                return buf_error(to);
        ctx = EVP_PKEY_CTX_new_from_pkey(NULL, k->pkey, NULL);
        if (!ctx)
                return -ENOMEM;
        if (EVP_PKEY_sign_init(ctx) <= 0 ||
            EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) <= 0 ||
            EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) <= 0 ||
            EVP_PKEY_sign(ctx, (unsigned char *) signature, &size, hash, DKIM_HASH_SIZE) <= 0)
                return -EOPNOTSUPP;
        buf_extend(to, size);
        return 0;
}

static int sign_ed25519(const DkimKey *k, const uint8_t *hash, Buf *to) {
        _cleanup_(md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
        size_t size = (size_t) EVP_PKEY_get_size(k->pkey);
        char *signature = buf_reserve(to, size);

        if (!signature)
                return buf_error(to);
        if (!ctx)
                return -ENOMEM;
        if (EVP_DigestSignInit(ctx, NULL, NULL, NULL, k->pkey) <= 0 ||
            EVP_DigestSign(ctx, (unsigned char *) signature, &size, hash, DKIM_HASH_SIZE) <= 0)
                return -EOPNOTSUPP;
        buf_extend(to, size);
        return 0;
}

int dkim_key_sign(const DkimKey *k, const uint8_t hash[static DKIM_HASH_SIZE], Buf *to) {
        KEEP_ERROR_QUEUE;

        return k->algorithm == DKIM_RSA_SHA256 ? sign_rsa(k, hash, to) : sign_ed25519(k, hash, to);
}
