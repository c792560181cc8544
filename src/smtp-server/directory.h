/* SPDX-License-Identifier: MIT */
#pragma once

/* The look-ups of model/lookup.h for sessions in the loop: a bounded cache whose entries hold for
 * DIRECTORY_TTL_USEC, in front of the pool. So a revoked credential or a suspended server takes effect within
 * that time everywhere, and at once on the host where it was changed (directory_forget()). */

#include "basic/cache.h"
#include "basic/time-format.h"
#include "core/pool.h"
#include "model/lookup.h"

#define DIRECTORY_TTL_USEC (3 * USEC_PER_SEC)
#define DIRECTORY_ENTRIES_MAX 20000

typedef enum LookupKind {
        LOOKUP_CREDENTIAL,          /* first: key */
        LOOKUP_CREDENTIAL_ID,       /* id */
        LOOKUP_SERVER,              /* first, second: permalinks */
        LOOKUP_ADDRESS_CREDENTIALS, /* nothing */
        LOOKUP_RETURN_PATH,         /* first: server token */
        LOOKUP_ROUTE_TOKEN,         /* first: token */
        LOOKUP_ADDRESS,             /* first, second: local part, domain */
        LOOKUP_SENDER,              /* id: server; first: domain */
} LookupKind;

typedef struct LookupKey {
        LookupKind kind;
        uint64_t id;
        Slice first;
        Slice second;
} LookupKey;

typedef struct Directory Directory;
typedef struct DirectoryQuery DirectoryQuery;

/* `l` is the directory's, valid during the call; NULL with an error r < 0. */
typedef void (*directory_done_t)(const Lookup *l, int r, void *userdata);

/* The pool's context is a Database. */
int directory_new(Pool *pool, Directory **ret);
/* The pool must have ended. */
Directory *directory_free(Directory *d);
DEFINE_CLEANUP(Directory *, directory_free)

/* 1: known, *ret is valid until the next call. 0: asked, done() will be called unless *ret_query is cancelled. -EAGAIN: the
 * pool is full. */
int directory_find(Directory *d, const LookupKey *key, const Lookup **ret, DirectoryQuery **ret_query,
                   directory_done_t done, void *userdata);
void directory_cancel(DirectoryQuery *q);
/* Drops all that is cached. */
void directory_forget(Directory *d);
/* Notes the use of a credential, unless that was done lately. */
void directory_touch_credential(Directory *d, uint64_t id);
