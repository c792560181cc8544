/* SPDX-License-Identifier: MIT */
#pragma once

/* Domain names of addresses, in the form that the DNS and other mail servers understand. */

#include "basic/buf.h"

/* RFC 1035 section 2.3.4, as text without the final dot. */
#define DOMAIN_NAME_MAX 253
#define DOMAIN_LABEL_MAX 63
/* Longer input is not looked at: no name of DOMAIN_NAME_MAX characters needs as many bytes. */
#define DOMAIN_INPUT_MAX 1024

/* Appends the ASCII form of a domain name in UTF-8, in lower case and without a final dot.
 *
 * Labels that are not ASCII are mapped and checked as IDNA 2008 (RFC 5891) and UTS #46, non-
 * transitional, say, and become A-labels. IDNA 2008 excludes symbols, yet names with emoji are
 * registered and receive mail: such labels become Punycode (RFC 3492) too, when the rest of them is
 * in order. The dots of RFC 3490 section 3.1 (U+3002, U+FF0E, U+FF61) separate labels.
 *
 * ASCII labels, "xn--" ones included, are not judged beyond their length and characters (letters,
 * digits, "-", "_"), for the DNS has the last word on them.
 *
 * Returns 0; -EINVAL for what is no such name, also address literals, with nothing appended; or the
 * error of `to`. */
int domain_to_ascii(Slice domain, Buf *to);
