/* SPDX-License-Identifier: MIT */
#pragma once

/* A regular expression over client addresses, in Ruby's notation, as far as it makes sense for
 * addresses: anchors (^ $ \A \z \Z), sets, \d \w \s \h, groups, alternatives, repetition, \b.
 * Backward references and looking around are refused, so that matching takes no time to speak of.
 */

#include "basic/macro.h"

#define ADDRESS_PATTERN_SIZE_MAX 4096

typedef struct AddressMatcher AddressMatcher;

/* Compiles the pattern. Returns 0; -EINVAL, and in *reterr_text a sentence why, which the caller
 * frees; or -ENOMEM. */
int address_matcher_new(const char *pattern, AddressMatcher **ret, char **reterr_text);
AddressMatcher *address_matcher_free(AddressMatcher *matcher);
DEFINE_CLEANUP(AddressMatcher *, address_matcher_free)

/* Whether the pattern matches anywhere in the address. Safe to call from several threads. */
bool address_matcher_matches(const AddressMatcher *matcher, const char *address);
