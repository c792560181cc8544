/* SPDX-License-Identifier: MIT */
#pragma once

/* Credentials of mail servers: the key of an SMTP or API client, or the network that clients come
 * from without signing in. */

#include "db/db.h"
#include "model/problems.h"

typedef enum CredentialType {
        CREDENTIAL_SMTP,
        CREDENTIAL_API,
        CREDENTIAL_SMTP_IP,
        CREDENTIAL_TYPE_MAX,
        CREDENTIAL_TYPE_INVALID = -EINVAL,
} CredentialType;

/* As the database has it: "SMTP", "API", "SMTP-IP". */
const char *credential_type_to_string(CredentialType type);
/* Without regard to case. */
CredentialType credential_type_from_string(const char *text);

typedef struct Credential {
        uint64_t id;
        uint64_t server_id;
        CredentialType type; /* CREDENTIAL_TYPE_INVALID: none that is known */
        char *uuid;          /* or NULL */
        char *key; /* of CREDENTIAL_SMTP_IP an address or network; compares without regard to case
                    */
        char *name;
        bool hold;               /* what comes in with it waits until somebody releases it */
        uint64_t last_used_usec; /* 0: never */
        uint64_t created_usec;
} Credential;

Credential *credential_free(Credential *c);
DEFINE_CLEANUP(Credential *, credential_free)
Credential **credential_list_free(Credential **items);
DEFINE_CLEANUP(Credential **, credential_list_free)

/* -ENOENT: there is none. */
int credential_load(Db *db, uint64_t id, Credential **ret);
/* By UUID or id. */
int credential_find(Db *db, const char *what, Credential **ret);
/* Those of a server, by name. */
int credential_list(Db *db, uint64_t server_id, Credential ***ret);

typedef struct NewCredential {
        uint64_t server_id;
        CredentialType type;
        const char *name;
        const char *key; /* the network of CREDENTIAL_SMTP_IP; others get a key made */
        bool hold;
} NewCredential;

/* Makes the credential unless there are problems. */
int credential_create(Db *db, const NewCredential *credential, Problems *problems,
                      uint64_t *ret_id);
