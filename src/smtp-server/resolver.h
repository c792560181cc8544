/* SPDX-License-Identifier: MIT */
#pragma once

/* Answers what a session asks about credentials, recipients and senders (postal-smtp 1.6, 1.8, 1.11), one look-up in
 * the directory after the other. A Resolver is a member of a connection and has one request at a time. */

#include "smtp-server/directory.h"
#include "smtp-server/session.h"
#include "smtp-server/throttle.h"

typedef struct ResolverRules {
        const char *return_path_domain;
        const char *return_path_prefix; /* "psrp" */
        const char *route_domain;
} ResolverRules;

typedef struct Resolver Resolver;
typedef struct Progress Progress; /* inside of resolver.c */

/* `answer` is valid during the call. Not called from inside of resolver_ask(). */
typedef void (*resolver_done_t)(Resolver *r, const SmtpAnswer *answer);

struct Resolver {
        Directory *directory;
        Throttle *throttle;
        const ResolverRules *rules;
        const SmtpSession *session;
        SmtpRole role;
        resolver_done_t done;

        DirectoryQuery *query; /* under way, or NULL */
        void (*step)(Resolver *r, const Lookup *l, Progress *p);
        Arena arena;
        Slice address;
        Slice name; /* local part without tag */
        Slice tag;
        Slice domain;
        SmtpCredential by_address; /* found by the client's address */
        bool has_by_address;
        bool credential_is_gone;
        bool allows_sender;
        bool tries_sender; /* From did not do: now Sender */
        size_t position;   /* in the header */
        unsigned values;
        uint64_t domain_id;
};

void resolver_init(Resolver *r, Directory *directory, Throttle *throttle, const ResolverRules *rules,
                   const SmtpSession *session, SmtpRole role, resolver_done_t done);
/* Starts on the session's request, which is one of AUTH_KEY, AUTH_CRAM, RCPT, SENDER. True when it was answered at once:
 * *ret is valid until the next call. */
bool resolver_ask(Resolver *r, SmtpAnswer *ret);
/* Forgets a request under way. */
void resolver_cancel(Resolver *r);
