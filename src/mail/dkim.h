/* SPDX-License-Identifier: MIT */
#pragma once

/* Signing messages with DKIM (RFC 6376; Ed25519: RFC 8463). Relaxed/relaxed, the header fields of
 * Postal's list, its layout of the field.
 *
 *     r = dkim_body_hash(headers, body, hash);          once for a message
 *     r = dkim_sign(&params, headers, hash, &field);    for each key or domain */

#include "mail/dkim-canonical.h"
#include "mail/dkim-key.h"

typedef struct DkimParams {
        const DkimKey *key;
        Slice domain;       /* d=, in ASCII */
        Slice selector;     /* s= */
        uint64_t timestamp; /* t=, seconds since 1970 */
} DkimParams;

/* No more fields than this are named in h=. Of names that occur more often, the lowest ones in the
 * message are signed. */
#define DKIM_SIGNED_FIELDS_MAX 256

/* Appends one whole DKIM-Signature field, with its CRLF, to be put on top of `headers`, which ends
 * at its first empty line or with its bytes. What is signed is the message as it will be
 * transmitted, see dkim-canonical.h. The fields that are signed are listed in the order of the
 * message; where a name occurs several times, its first place in the list stands for its last
 * field, and so on upwards, as RFC 6376 section 5.4.2 demands.
 *
 * The field's lines are folded at 76 columns or less, but for a domain or selector that is longer.
 *
 * Returns 0; -EINVAL for a domain or selector that cannot stand in the field; -ENODATA when there
 * is nothing to sign in the header; -ENOMEM; or -EOPNOTSUPP, see dkim-key.h. On failure nothing is
 * appended. */
int dkim_sign(const DkimParams *params, Slice headers,
              const uint8_t body_hash[static DKIM_HASH_SIZE], Buf *to);
