/* SPDX-License-Identifier: MIT */
#pragma once

/* Header values with parameters: Content-Type (RFC 2045 section 5.1) and Content-Disposition (RFC
 * 2183), with parameters in several pieces and of other charsets (RFC 2231). */

#include "basic/arena.h"

/* Parameters, and pieces of them, beyond this many are ignored, and those of longer names too. */
#define MIME_PARAMETERS_MAX 64
#define MIME_PARAMETER_NAME_MAX 128

typedef struct MimeParameter {
        Slice name;  /* in lower case, without the marks of RFC 2231 */
        Slice value; /* UTF-8 without control characters */
        struct MimeParameter *next;
} MimeParameter;

typedef struct MimeValue {
        Slice value; /* "text/plain": in lower case, without white space and comments */
        MimeParameter *parameters;
} MimeValue;

/* Parses a value, folded or not. Never fails but with -ENOMEM: what cannot be understood is left
 * out. All slices of the result are in the arena.
 *
 * Of a parameter given several times, one in the form of RFC 2231 wins, then the first. Encoded
 * words, which RFC 2047 section 5 forbids there, are decoded, for that is how most senders write
 * names of files. Values that lack their quotes may have spaces. */
int mime_value_parse(Arena *arena, Slice value, MimeValue *ret);

/* The value of a parameter, given by its name in lower case; SLICE_NULL without one. */
Slice mime_value_parameter(const MimeValue *v, Slice name);
