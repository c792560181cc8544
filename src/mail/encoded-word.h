/* SPDX-License-Identifier: MIT */
#pragma once

/* Encoded words, how header fields carry text that is not ASCII (RFC 2047). */

#include "basic/buf.h"

/* An encoded word is no longer than this, and so is a line that has one (RFC 2047 section 2). */
#define ENCODED_WORD_MAX 75
#define ENCODED_WORD_LINE_MAX 76

/* Appends unfolded header text as UTF-8, its encoded words decoded (RFC 2047 sections 4 and 6).
 *
 * White space between two encoded words is dropped, and neighbours of the same charset are joined
 * before their charset is converted: senders split words within a character. Forgiving where real
 * mail needs it (words longer than allowed, with spaces inside, without white space around them);
 * what is no encoded word all the same stays as it is. 8-bit text outside of encoded words is
 * treated by charset_guess_to_utf8(). Decoded control characters are kept: callers that build a
 * header field of the result must encode it again. */
void encoded_words_decode(Slice text, Buf *to);

/* Appends UTF-8 text in a form fit for an unstructured field, a comment or a word of a phrase
 * (RFC 2047 section 5). Printable ASCII without "=?" is appended as it is, on one line. Everything
 * else becomes encoded words in UTF-8, B or Q, whichever is shorter, each of whole characters,
 * with CRLF and a space between them. `column` is how many characters the line has already.
 * Invalid UTF-8 is repaired on the way. */
void encoded_words_encode(Slice text, size_t column, Buf *to);
