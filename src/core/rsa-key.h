/* SPDX-License-Identifier: MIT */
#pragma once

/* New RSA keys, for the DKIM signatures of domains. They are read with core/signing-key. */

#include "basic/buf.h"

/* What new domains get. Postal makes 1024, which mailbox providers no longer trust (RFC 8301). */
#define RSA_KEY_BITS 2048

/* Appends a private key in the form that Postal stores (PKCS #1, "BEGIN RSA PRIVATE KEY"). */
int rsa_key_generate(unsigned bits, Buf *pem);
