/* SPDX-License-Identifier: MIT */
#pragma once

/* Domains that mail is sent from and received for, owned by a mail server or, for all of its
 * servers, by an organization. */

#include "db/db.h"
#include "model/problems.h"

typedef enum DomainOwner {
        DOMAIN_OF_SERVER,
        DOMAIN_OF_ORGANIZATION,
        DOMAIN_OWNER_MAX,
        DOMAIN_OWNER_INVALID = -EINVAL,
} DomainOwner;

/* As the database has it: "Server", "Organization". */
const char *domain_owner_to_string(DomainOwner owner);

typedef struct Domain {
        uint64_t id;
        char *uuid;
        char *name;
        DomainOwner owner_type; /* DOMAIN_OWNER_INVALID: none that is known */
        uint64_t owner_id;
        char *owner_path;       /* "acme/main", "acme"; NULL when the owner is gone */
        uint64_t verified_usec; /* 0: never */
        bool is_verified;
        char *verification_method;    /* "DNS", "Email"; or NULL */
        char *verification_token;     /* or NULL */
        char *dkim_private_key;       /* PEM, or NULL */
        char *dkim_identifier_string; /* or NULL */
        bool dkim_status_ok;
        bool return_path_status_ok;
        char *spf_status; /* "OK", "Missing", "Invalid", or NULL before the first check; these four
                           */
        char *dkim_status;
        char *mx_status;
        char *return_path_status;
        uint64_t dns_checked_usec; /* 0: never */
        bool use_for_any;
        uint64_t created_usec;
} Domain;

Domain *domain_free(Domain *d);
DEFINE_CLEANUP(Domain *, domain_free)
Domain **domain_list_free(Domain **items);
DEFINE_CLEANUP(Domain **, domain_list_free)

/* -ENOENT: there is none. */
int domain_load(Db *db, uint64_t id, Domain **ret);
/* By UUID or id. */
int domain_find(Db *db, const char *what, Domain **ret);
/* The domain of that name that the owner has itself. */
int domain_find_by_name(Db *db, DomainOwner owner_type, uint64_t owner_id, const char *name,
                        Domain **ret);
/* The verified domain of that name that a server may use: its own, else its organization's. */
int domain_find_for_server(Db *db, uint64_t server_id, const char *name, Domain **ret);
/* Those of an owner, or (owner_id 0) all, by name. */
int domain_list(Db *db, DomainOwner owner_type, uint64_t owner_id, Domain ***ret);

typedef struct NewDomain {
        DomainOwner owner_type;
        uint64_t owner_id;
        const char *name;
        const char *verification_method; /* NULL: DNS */
        bool is_verified;                /* an operator says so */
        bool use_for_any; /* mail from addresses at other domains may be sent through it */
} NewDomain;

/* Makes the domain with a new DKIM key unless there are problems. Takes up to a second, for the
 * key. */
int domain_create(Db *db, const NewDomain *domain, Problems *problems, uint64_t *ret_id);
