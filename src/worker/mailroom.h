/* SPDX-License-Identifier: MIT */
#pragma once

/* What a pool thread of the worker knows: its database connections, and for a few seconds the mail servers, domains, credentials
 * and routes that messages refer to, and the bodies that were loaded last. Belongs to one thread. */

#include "basic/cache.h"
#include "basic/time-format.h"
#include "core/config.h"
#include "db/database.h"
#include "mail/dkim.h"
#include "model/domain.h"
#include "model/route.h"
#include "model/server.h"

/* Changes take effect within this time. */
#define MAILROOM_TTL_USEC (3 * USEC_PER_SEC)

/* A domain with its keys ready to sign. */
typedef struct SenderDomain {
        Domain *domain;
        DkimKey *key;         /* NULL unless its DNS record is right */
        char *selector;       /* of `key` */
        DkimKey *ed25519_key; /* for a second signature; or NULL */
        char *ed25519_selector;
} SenderDomain;

typedef struct Mailroom {
        const Config *config;
        Database *database;
        const DkimKey *installation_key; /* of all threads; NULL without a signing key */
        Cache *servers;     /* Server */
        Cache *domains;     /* SenderDomain */
        Cache *credentials; /* Credential */
        Cache *routes;      /* Route */
        Cache *bodies;      /* SharedBody */
} Mailroom;

/* `installation_key` must outlive it. */
Mailroom *mailroom_new(const Config *config, const DkimKey *installation_key);
Mailroom *mailroom_free(Mailroom *m);
DEFINE_CLEANUP(Mailroom *, mailroom_free)

/* All valid until the next call of the same function. -ENOENT: there is none. */
int mailroom_server(Mailroom *m, uint64_t id, const Server **ret);
int mailroom_domain(Mailroom *m, uint64_t id, const SenderDomain **ret);
int mailroom_route(Mailroom *m, uint64_t id, const Route **ret);
/* Whether mail of that credential is to be held. */
int mailroom_credential_holds(Mailroom *m, uint64_t id, bool *ret);

/* The installation's signing key as a DKIM key. The sentence for a failure is appended to `reterr`. */
int installation_key_load(const Config *config, DkimKey **ret, Buf *reterr);
