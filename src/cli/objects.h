/* SPDX-License-Identifier: MIT */
#pragma once

/* The objects of the model as JSON, for all commands that print them, and finding them by what was
 * given on the command line. */

#include <jansson.h>

#include "cli/context.h"
#include "model/credential.h"
#include "model/domain.h"
#include "model/organization.h"
#include "model/queue-view.h"
#include "model/route.h"
#include "model/server.h"

/* NULL for want of memory. */
json_t *cli_organization_json(const Organization *o);
json_t *cli_server_json(const Server *s);
json_t *cli_domain_json(const Domain *d);
/* Without the key itself, unless it is asked for, or is a network. */
json_t *cli_credential_json(const Credential *c, bool with_key);
json_t *cli_route_json(const Route *r, const Config *config);
json_t *cli_queue_entry_json(const QueueEntry *e);

/* Each says on stderr when there is none, and returns -1, or the exit status. */
int cli_find_organization(const CliContext *c, const char *what, Organization **ret);
int cli_find_server(const CliContext *c, const char *what, Server **ret);

/* Why a row of the queue is where it is, and what will happen next: a sentence. */
void cli_explain_queue_entry(const QueueEntry *e, uint64_t now_usec, Buf *to);
