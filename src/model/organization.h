/* SPDX-License-Identifier: MIT */
#pragma once

/* Organizations: who owns mail servers, and domains for all of them. */

#include "db/db.h"
#include "model/problems.h"

typedef struct Organization {
        uint64_t id;
        char *uuid;
        char *name;
        char *permalink;
        char *time_zone; /* or NULL */
        uint64_t owner_id;
        uint64_t created_usec;
        uint64_t suspended_usec; /* 0: it is not */
        uint64_t deleted_usec;   /* 0: it is not */
        char *suspension_reason; /* or NULL */
        uint64_t server_count;   /* without those that are deleted */
} Organization;

Organization *organization_free(Organization *o);
DEFINE_CLEANUP(Organization *, organization_free)
Organization **organization_list_free(Organization **items);
DEFINE_CLEANUP(Organization **, organization_list_free)

int organization_load(Db *db, uint64_t id, Organization **ret);
/* By permalink, UUID or id, in this order; not those that are deleted. -ENOENT: there is none. */
int organization_find(Db *db, const char *what, Organization **ret);
/* Those that are not deleted, by name; NULL-terminated. */
int organization_list(Db *db, Organization ***ret);

typedef struct NewOrganization {
        const char *name;
        const char *permalink; /* NULL: made of the name, with a number behind it if it is taken */
        const char *time_zone; /* NULL: UTC */
        uint64_t owner_id;
} NewOrganization;

/* Makes the organization unless there are problems, and gives it the default IP pool. */
int organization_create(Db *db, const NewOrganization *organization, Problems *problems,
                        uint64_t *ret_id);
