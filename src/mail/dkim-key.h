/* SPDX-License-Identifier: MIT */
#pragma once

/* Keys for DKIM signatures: RSA (RFC 6376, RFC 8301) and Ed25519 (RFC 8463).
 *
 * A key never changes once it is made. Any number of threads may sign with the same one at the
 * same time.
 *
 * Besides the errors named at each function, all return -ENOMEM when memory is short, and
 * -EOPNOTSUPP when libcrypto refuses, as it does by some policies for the whole system. */

#include "basic/buf.h"

/* RFC 8301 section 3.2 forbids shorter ones; longer ones cost too much at the verifiers. */
#define DKIM_RSA_BITS_MIN 1024
#define DKIM_RSA_BITS_MAX 8192
#define DKIM_PEM_MAX ((size_t) 64 * 1024)

/* SHA-256, in both algorithms. */
#define DKIM_HASH_SIZE 32

typedef enum DkimAlgorithm {
        DKIM_RSA_SHA256,
        DKIM_ED25519_SHA256,
} DkimAlgorithm;

/* "rsa-sha256", as in the a= tag. */
const char *dkim_algorithm_to_string(DkimAlgorithm algorithm);

typedef struct DkimKey DkimKey;

/* Reads an unencrypted private key in PEM: PKCS#1 or PKCS#8 (RFC 8017 appendix A.1.2, RFC 5958).
 * Text around it does not matter. The caller frees it. Returns 0; -EINVAL for what is no such key
 * or one outside of the limits; or -EOPNOTSUPP for a key of another kind. */
int dkim_key_new_from_pem(Slice pem, DkimKey **ret);

/* Makes a new key, which the caller frees. Takes its time with RSA: 100 ms for 2048 bits. Returns
 * 0, or -EINVAL for a number of bits outside of the limits. */
int dkim_key_generate_rsa(unsigned bits, DkimKey **ret);
int dkim_key_generate_ed25519(DkimKey **ret);

/* Always returns NULL. */
DkimKey *dkim_key_free(DkimKey *k);
DEFINE_CLEANUP(DkimKey *, dkim_key_free)

DkimAlgorithm dkim_key_algorithm(const DkimKey *k);
unsigned dkim_key_bits(const DkimKey *k);

/* Appends the private key in PEM: PKCS#1 for RSA, which is how Postal stores its keys, otherwise
 * PKCS#8. */
int dkim_key_to_pem(const DkimKey *k, Buf *to);

/* Appends the text of the TXT record for the public key (RFC 6376 section 3.6.1, RFC 8463 section
 * 4). For RSA it is Postal's, character for character: "v=DKIM1; t=s; h=sha256; p=…;". */
int dkim_key_dns_record(const DkimKey *k, Buf *to);

/* Appends the signature, in binary, of a SHA-256 hash: PKCS#1 v1.5 over it as SHA-256 hash (RFC
 * 6376 section 3.3.1), or pure Ed25519 over its bytes (RFC 8463 section 3). */
int dkim_key_sign(const DkimKey *k, const uint8_t hash[static DKIM_HASH_SIZE], Buf *to);
