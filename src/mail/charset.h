/* SPDX-License-Identifier: MIT */
#pragma once

/* UTF-8 (RFC 3629) that may be broken, and text of other charsets made into UTF-8.
 *
 * What a message says of its charset is a claim of its sender: nothing here fails on bytes that
 * contradict it. Each piece that cannot be decoded becomes U+FFFD, and what comes out is always
 * valid UTF-8. Memory errors stick in the buffer appended to. */

#include "basic/buf.h"

#define UTF8_REPLACEMENT_CHARACTER UINT32_C(0xfffd)
/* What utf8_next() says of bytes that are no character. */
#define UTF8_INVALID UINT32_MAX

/* Takes one character off the front of *s and stores its code point, or UTF8_INVALID for the
 * longest run of bytes that begins a character but is none (at least one byte; Unicode 15 section
 * 3.9, "substitution of maximal subparts"). Overlong forms, surrogates and values over U+10FFFF are
 * invalid (RFC 3629 section 3). Returns false when *s is empty. */
bool utf8_next(Slice *s, uint32_t *ret);

/* Appends a code point. Surrogates and values over U+10FFFF are appended as U+FFFD. */
void utf8_append(uint32_t code_point, Buf *to);

bool utf8_is_ascii(Slice s);
bool utf8_is_valid(Slice s);

/* Appends `s` with U+FFFD in place of everything invalid (see utf8_next()). */
void utf8_repair(Slice s, Buf *to);

/* The first `characters` characters of `s`. An invalid run counts as one character. */
Slice utf8_truncate(Slice s, size_t characters);

/* Appends `text` as UTF-8. `charset` is a name as in RFC 2978, case ignored, from a fixed list of
 * those found in mail, so that no message decides which converter modules the process loads.
 * ISO-8859-1 is read as windows-1252, its superset, and so is windows-1258. UTF-16 and UTF-32
 * without a byte order mark are big-endian (RFC 2781 section 4.3).
 *
 * Of an unknown or empty name, of one that this machine has no converter for, and of US-ASCII with
 * 8-bit bytes in it, nothing can be believed: charset_guess_to_utf8() decides. */
void charset_to_utf8(Slice text, Slice charset, Buf *to);

/* Appends `text`, whose charset nobody named: as it is if it is valid UTF-8, otherwise read as
 * windows-1252. Bytes that windows-1252 does not define become U+FFFD. */
void charset_guess_to_utf8(Slice text, Buf *to);
