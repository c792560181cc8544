/* SPDX-License-Identifier: MIT */
#pragma once

/* Passwords of users, as bcrypt in the form that Postal stores ($2a$12$…). Both functions take a
 * good part of a second of CPU: for the pool and the command line, never for the loop. */

#include "basic/macro.h"

#define PASSWORD_COST 12
#define PASSWORD_HASH_SIZE 64
/* bcrypt looks at no more than this. */
#define PASSWORD_BYTES_MAX 72

/* A hash with a new salt. -EINVAL: this system's libcrypt does not know bcrypt. */
int password_hash(const char *password, char ret[static PASSWORD_HASH_SIZE]);
/* Whether the password belongs to the hash; also for $2b$ and $2y$, and other costs. A hash that
 * cannot be read fits no password. */
int password_verify(const char *password, const char *hash, bool *ret);
