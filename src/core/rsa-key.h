/* SPDX-License-Identifier: MIT */
#pragma once

/* RSA keys as PEM: the installation's signing key, and those of domains. */

#include "basic/buf.h"

/* What new domains get. Postal makes 1024, which mailbox providers no longer trust (RFC 8301). */
#define RSA_KEY_BITS 2048
/* Larger than any key in PEM. */
#define RSA_KEY_PEM_MAX ((size_t) 64 * 1024)

/* Appends a new private key in the form that Postal stores (PKCS #1, "BEGIN RSA PRIVATE KEY"). */
int rsa_key_generate(unsigned bits, Buf *pem);
/* Appends the public key of a private one (PKCS #1 or #8) as the Base64 of its
 * SubjectPublicKeyInfo, without line breaks. -EBADMSG: not an RSA key without a password. */
int rsa_key_public(Slice pem, Buf *to);
