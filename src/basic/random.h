/* SPDX-License-Identifier: MIT */
#pragma once

/* Random bytes and the identifiers made of them, all from the kernel's generator. */

#include "basic/macro.h"

/* Fills the buffer. Never fails: a kernel without random bytes ends the process. */
void random_bytes(void *buffer, size_t size);

uint64_t random_u64(void);
/* Evenly distributed in 0 … bound-1; bound > 0. */
uint64_t random_below(uint64_t bound);

/* Writes `length` characters of A-Z a-z 0-9 and a NUL byte; 16 of them carry 95 bits. */
void random_alnum(char *ret, size_t length);
/* The same of A-Z and 0-9 only. */
void random_alnum_upper(char *ret, size_t length);
/* The same of a-z only. */
void random_letters_lower(char *ret, size_t length);

#define UUID_LENGTH 36
/* Writes a version 4 UUID (RFC 9562) in lower case, and a NUL byte. */
void random_uuid(char ret[static UUID_LENGTH + 1]);
