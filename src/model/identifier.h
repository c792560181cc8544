/* SPDX-License-Identifier: MIT */
#pragma once

/* The identifiers that Postal gives its objects, beside plain UUIDs and keys (basic/random.h). */

#include "basic/buf.h"
#include "basic/random.h"

#define SERVER_TOKEN_LENGTH 6
#define ROUTE_TOKEN_LENGTH 8
#define DKIM_STRING_LENGTH 6
#define CREDENTIAL_KEY_LENGTH 24
#define VERIFICATION_TOKEN_LENGTH 32
#define VERIFICATION_CODE_LENGTH 6

/* The first and the last character are letters; those between are letters and digits, or only
 * capitals. Writes `length` characters (at least 2) and a NUL byte. */
void identifier_random(char *ret, size_t length, bool capitals_only);

/* The code that is sent by mail to verify a domain: a number, filled up with zeros at its end. */
void identifier_verification_code(char ret[static VERIFICATION_CODE_LENGTH + 1]);

/* Appends the permalink made of a name: in ASCII, lower case, with a dash for all that is no
 * letter, digit, dash or underscore; none at either end. Letters of European languages become their
 * ASCII neighbours; what is left of other scripts is a dash. */
void identifier_permalink(const char *name, Buf *to);

/* Whether it has none but lower-case letters, digits and dashes. */
bool permalink_is_valid(const char *permalink);
