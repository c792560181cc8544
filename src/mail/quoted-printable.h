/* SPDX-License-Identifier: MIT */
#pragma once

/* The quoted-printable transfer encoding (RFC 2045 section 6.7), and what its relatives in header
 * fields share with it. */

#include "basic/buf.h"

/* The byte that the two hexadecimal digits stand for which `s` begins with, in either case; -1 when
 * it doesn't. */
int hex_pair_value(Slice s);

/* Appends the decoded form of `text`. White space that ends a line is dropped; a "=" that begins
 * neither a byte nor a soft line break stays. Line ends stay as they are. */
void quoted_printable_decode(Slice text, Buf *to);
