/* SPDX-License-Identifier: MIT */
#pragma once

/* A verifier of DKIM signatures to test the signer with: written from RFC 6376 without anything of
 * the signer's, slow and plain. Relaxed/relaxed only. */

#include "basic/buf.h"

typedef struct DkimVerdict {
        bool found;        /* there is such a signature, and it could be read */
        bool body_ok;      /* bh= is the hash of the body */
        bool signature_ok; /* b= is the key's signature of the header */
        Buf names;         /* h= without white space; to be freed */
        Buf body_hash;     /* bh= */
} DkimVerdict;

/* Appends `s` with CRLF in place of each CRLF, CR and LF. */
void verify_normalise(Slice s, Buf *to);

/* Appends the relaxed form of a body with CRLF line ends. */
void verify_relax_body(Slice body, Buf *to);

/* Checks the DKIM-Signature field of that number, counted from the top, of a message with CRLF line
 * ends, with the key in the p= tag of a DNS record. */
void verify_dkim(Slice message, unsigned number, const char *record, DkimVerdict *ret);
