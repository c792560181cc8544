/* SPDX-License-Identifier: MIT */
#pragma once

/* Second DKIM keys of domains: Ed25519 (RFC 8463) beside the RSA key that the domain's row has. In a table of our own,
 * postal_domain_keys. A key signs once its record has been published: until then it is not active. */

#include "db/db.h"

typedef struct DomainKey {
        char *selector; /* the whole name before ._domainkey */
        char *private_key; /* PEM */
        bool is_active;
} DomainKey;

DomainKey *domain_key_free(DomainKey *k);
DEFINE_CLEANUP(DomainKey *, domain_key_free)

/* The active key of a domain. -ENOENT: it has none. */
int domain_key_load(Db *main_db, uint64_t domain_id, DomainKey **ret);
/* The key, active or not. */
int domain_key_find(Db *main_db, uint64_t domain_id, DomainKey **ret);
/* Stores a new key, not active; -EEXIST: the domain has one. */
int domain_key_create(Db *main_db, uint64_t domain_id, const char *selector, const char *private_key);
int domain_key_set_active(Db *main_db, uint64_t domain_id, bool is_active);
