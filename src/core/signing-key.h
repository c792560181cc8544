/* SPDX-License-Identifier: MIT */
#pragma once

/* The signing key of the installation: an RSA private key that signs webhooks and the mail of
 * domains without DKIM records of their own. Any size will do; old installations have 1024 bits. */

#include <openssl/types.h>

#include "basic/buf.h"

#define SIGNING_KEY_SIZE_MAX ((size_t) 64 * 1024)

typedef struct SigningKey SigningKey;

/* Loads the key from a PEM file (PKCS#1 or PKCS#8, not encrypted). Returns 0; -EINVAL when the file
 * holds no such key; -ENOMEM; or what opening and reading it gave. Except for -ENOMEM, *reterr_text
 * is then a sentence with the name of the file, what is wrong and what to do, which the caller
 * frees. */
int signing_key_load(const char *path, SigningKey **ret, char **reterr_text);
/* The same from the content of the file; `path` is for the text only. */
int signing_key_parse(Slice pem, const char *path, SigningKey **ret, char **reterr_text);
/* Wipes the key from memory. NULL is fine. Returns NULL. */
SigningKey *signing_key_free(SigningKey *key);
DEFINE_CLEANUP(SigningKey *, signing_key_free)

/* For signing; belongs to the key. Threads may sign with it at the same time. */
EVP_PKEY *signing_key_pkey(const SigningKey *key);
/* The size of its modulus. */
unsigned signing_key_bits(const SigningKey *key);

/* These return strings that belong to the key. */

/* The TXT record to be published for it: `v=DKIM1; t=s; h=sha256; p=<public key>;`. */
const char *signing_key_dns_record(const SigningKey *key);
/* Its identifier in JSON web key sets: the SHA-256 of the PKCS#1 public key, in hexadecimal digits.
 */
const char *signing_key_kid(const SigningKey *key);

/* Appends the modulus and the public exponent, big-endian, as a JSON web key has them (before it is
 * encoded). Allocation errors stick in the buffers; returns -ENOMEM then, or 0. */
int signing_key_public_numbers(const SigningKey *key, Buf *modulus, Buf *exponent);
