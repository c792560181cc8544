/* SPDX-License-Identifier: MIT */
#pragma once

/* Base64 (RFC 4648 section 4) and hexadecimal. */

#include "basic/buf.h"

/* Appends the encoding of `data`, padded, without line breaks. */
void base64_encode(Buf *to, Slice data);
/* The same with `separator` between each `columns` characters. */
void base64_encode_lines(Buf *to, Slice data, size_t columns, const char *separator);

/* Appends the decoded bytes. Strict: whole groups, correct padding, no other characters.
 * Returns 0 or -EBADMSG; on error nothing is appended. Allocation errors stick in `to`. */
int base64_decode(Buf *to, Slice text);

/* Appends the decoded bytes as Ruby's unpack("m") does: characters outside the alphabet are skipped,
 * padding ends the text and may be missing, left-over bits are dropped. Never fails. */
void base64_decode_lenient(Buf *to, Slice text);

/* Appends two lower-case digits for each byte. */
void hex_encode(Buf *to, Slice data);
