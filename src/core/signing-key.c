/* SPDX-License-Identifier: MIT */
/* All that is derived from the key is made when it is loaded, so that later nothing can fail. */
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "basic/encoding.h"
#include "core/file.h"
#include "core/signing-key.h"

struct SigningKey {
        EVP_PKEY *pkey;
        char *dns_record;
        char *kid;
};

SigningKey *signing_key_free(SigningKey *key) {
        if (!key)
                return NULL;
        EVP_PKEY_free(key->pkey);
        free(key->dns_record);
        free(key->kid);
        return mfree(key);
}

EVP_PKEY *signing_key_pkey(const SigningKey *key) {
        assert(key);
        return key->pkey;
}

unsigned signing_key_bits(const SigningKey *key) {
        assert(key);
        return (unsigned) EVP_PKEY_get_bits(key->pkey);
}

const char *signing_key_dns_record(const SigningKey *key) {
        assert(key);
        return key->dns_record;
}

const char *signing_key_kid(const SigningKey *key) {
        assert(key);
        return key->kid;
}

static int append_number(const SigningKey *key, const char *name, Buf *to) {
        BIGNUM *number = NULL;
        char *space;
        int size;

        if (!EVP_PKEY_get_bn_param(key->pkey, name, &number))
                return -ENOMEM;
        size = BN_num_bytes(number);
        space = buf_reserve(to, (size_t) size);
        if (space) {
                (void) BN_bn2bin(number, (unsigned char *) space);
                buf_extend(to, (size_t) size);
        }
        BN_free(number);
        return space ? 0 : -ENOMEM;
}

int signing_key_public_numbers(const SigningKey *key, Buf *modulus, Buf *exponent) {
        int r;

        assert(key);

        r = append_number(key, OSSL_PKEY_PARAM_RSA_N, modulus);
        return r < 0 ? r : append_number(key, OSSL_PKEY_PARAM_RSA_E, exponent);
}

/* In p= stands the SubjectPublicKeyInfo, as in everybody's records, although section 3.6.1 of
 * RFC 6376 speaks of an RSAPublicKey. */
static int make_dns_record(SigningKey *key) {
        _cleanup_(buf_done) Buf record = BUF_EMPTY;
        unsigned char *der = NULL;
        int size = i2d_PUBKEY(key->pkey, &der);

        if (size < 0)
                return -ENOMEM;
        buf_append_string(&record, "v=DKIM1; t=s; h=sha256; p=");
        base64_encode(&record, slice_make(der, (size_t) size));
        buf_append_byte(&record, ';');
        OPENSSL_free(der);
        key->dns_record = buf_take(&record);
        return key->dns_record ? 0 : -ENOMEM;
}

/* For RSA keys i2d_PublicKey() makes the RSAPublicKey of RFC 8017, appendix A.1.1. */
static int make_kid(SigningKey *key) {
        _cleanup_(buf_done) Buf kid = BUF_EMPTY;
        unsigned char hash[SHA256_DIGEST_LENGTH], *der = NULL;
        int size = i2d_PublicKey(key->pkey, &der);
        bool is_hashed;

        if (size < 0)
                return -ENOMEM;
        is_hashed = EVP_Digest(der, (size_t) size, hash, NULL, EVP_sha256(), NULL);
        OPENSSL_free(der);
        if (!is_hashed)
                return -ENOMEM;
        hex_encode(&kid, slice_make(hash, sizeof(hash)));
        key->kid = buf_take(&kid);
        return key->kid ? 0 : -ENOMEM;
}

_printf_(3, 4) static int explain(char **reterr_text, int error, const char *format, ...) {
        _cleanup_(buf_done) Buf text = BUF_EMPTY;
        va_list ap;

        va_start(ap, format);
        buf_vprintf(&text, format, ap);
        va_end(ap);
        *reterr_text = buf_take(&text);
        return *reterr_text ? error : -ENOMEM;
}

/* Never asks at a terminal; that it was called at all tells that the key is encrypted. */
static int refuse_password(_unused_ char *password, _unused_ int size, _unused_ int is_writing,
                           void *userdata) {
        *(bool *) userdata = true;
        return -1;
}

static const char *problem_of(Slice pem, const EVP_PKEY *pkey, bool is_encrypted) {
        if (is_encrypted)
                return "is encrypted with a password. Write it without one (\"openssl pkey -in OLD "
                       "-out NEW\")";
        if (pkey)
                return "is not an RSA key. Make one (\"openssl genrsa 2048\"); other kinds cannot "
                       "sign webhooks";
        if (slice_find_ignore_case(pem, SLICE("PRIVATE KEY-----")) >= 0)
                return "is damaged. Put the original file back";
        if (slice_find_ignore_case(pem, SLICE("-----BEGIN")) >= 0)
                return "holds no private key. Put the private key there, which begins with "
                       "\"-----BEGIN PRIVATE KEY-----\" or \"-----BEGIN RSA PRIVATE KEY-----\"";
        return "is not in PEM format. Convert it (\"openssl pkey -inform DER -in OLD -out NEW\")";
}

int signing_key_parse(Slice pem, const char *path, SigningKey **ret, char **reterr_text) {
        _cleanup_(signing_key_freep) SigningKey *key = NULL;
        bool is_encrypted = false;
        BIO *bio;
        int r = 0;

        assert(path);
        assert(ret);
        assert(reterr_text);

        key = calloc(1, sizeof(SigningKey));
        bio = BIO_new_mem_buf(strempty(pem.data), (int) MIN(pem.size, SIGNING_KEY_SIZE_MAX));
        if (!key || !bio) {
                BIO_free(bio);
                return -ENOMEM;
        }
        key->pkey = PEM_read_bio_PrivateKey(bio, NULL, refuse_password, &is_encrypted);
        BIO_free(bio);
        if (!key->pkey && ERR_GET_REASON(ERR_peek_error()) == ERR_R_MALLOC_FAILURE)
                r = -ENOMEM;
        /* Else another part of the program would take the reason for its own. */
        ERR_clear_error();
        if (r < 0)
                return r;
        if (!key->pkey || EVP_PKEY_get_base_id(key->pkey) != EVP_PKEY_RSA)
                return explain(reterr_text, -EINVAL, "The signing key %s %s.", path,
                               problem_of(pem, key->pkey, is_encrypted));
        r = make_dns_record(key);
        if (r >= 0)
                r = make_kid(key);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(key);
        return 0;
}

int signing_key_load(const char *path, SigningKey **ret, char **reterr_text) {
        Buf pem = BUF_EMPTY;
        int r;

        assert(path);
        assert(reterr_text);

        /* In one piece from the start, as growing would leave copies of the key behind. */
        if (!buf_reserve(&pem, SIGNING_KEY_SIZE_MAX + 1))
                return -ENOMEM;
        r = file_read(path, SIGNING_KEY_SIZE_MAX, &pem);
        if (r >= 0)
                r = signing_key_parse(buf_slice(&pem), path, ret, reterr_text);
        else if (r == -ENOENT)
                r = explain(reterr_text, r,
                            "The signing key %s does not exist. Make one (\"openssl genrsa -out %s "
                            "2048\"), or correct postal.signing_key_path.",
                            path, path);
        else if (r == -EFBIG)
                r = explain(reterr_text, r,
                            "The signing key %s is too large to be a key. Correct "
                            "postal.signing_key_path.",
                            path);
        else if (r != -ENOMEM) {
                errno = -r;
                r = explain(reterr_text, r,
                            "The signing key %s cannot be read (%m). Let the user that Postal runs "
                            "as read it.",
                            path);
        }
        explicit_bzero(pem.data, pem.space);
        buf_done(&pem);
        return r;
}
