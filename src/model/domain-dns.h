/* SPDX-License-Identifier: MIT */
#pragma once

/* The DNS records that the owner of a domain is to publish. */

#include "basic/buf.h"
#include "core/config.h"
#include "model/domain.h"

typedef struct DomainRecord {
        const char *purpose; /* "verification", "spf", "dkim", "mx", "return_path" */
        const char *type;    /* "TXT", "MX", "CNAME" */
        char *name;          /* without the final dot */
        char *value;
} DomainRecord;

typedef struct DomainRecords {
        DomainRecord *items;
        size_t count;
} DomainRecords;

void domain_records_done(DomainRecords *r);

/* What the configuration asks of this domain. The record that verifies it is only in the list while
 * that is still to be done by DNS. -EBADMSG: the DKIM key of the domain cannot be read. */
int domain_records(const Domain *domain, const Config *config, DomainRecords *ret);
