/* SPDX-License-Identifier: MIT */
#pragma once

/* From a route to the addresses to try, in order (postal-core 6.1; RFC 5321 section 5.1, RFC 7505): the MX hosts by preference, equal
 * ones shuffled; the domain itself where it has no MX; each host's IPv6 addresses before its IPv4 addresses. */

#include "core/config.h"
#include "core/dns.h"
#include "worker/mail-route.h"
#include "worker/smtp-client.h"

#define MX_HOSTS_MAX 20
#define MX_ENDPOINTS_MAX 64
/* A list is used for so long before it is asked for again. */
#define MX_VALID_USEC (60 * USEC_PER_SEC)

typedef struct MxEndpoint {
        const char *host;                /* name, for TLS and texts */
        SockAddr address;
        char text[ADDRESS_TEXT_SIZE];    /* the address */
        unsigned port;
        SmtpClientTls tls;
} MxEndpoint;

typedef enum MxStatus {
        MX_OK,
        MX_NULL,      /* the domain says that it takes no mail */
        MX_TEMPORARY, /* the DNS does not answer, or nonsense */
        MX_NONE,      /* no address at all */
} MxStatus;

/* Counted, because connections go on with the one they started with. */
typedef struct MxList {
        unsigned references;
        Arena arena;
        MxStatus status;
        const char *error; /* a word for MX_TEMPORARY */
        const char *hosts[MX_HOSTS_MAX]; /* names looked up, each once */
        size_t host_count;
        MxEndpoint endpoints[MX_ENDPOINTS_MAX];
        size_t count;
        uint64_t expires_usec; /* monotonic */
} MxList;

MxList *mx_list_ref(MxList *l);
MxList *mx_list_unref(MxList *l);
DEFINE_CLEANUP(MxList *, mx_list_unref)

typedef struct MxLookup MxLookup;
/* Takes the list over. */
typedef void (*mx_done_t)(MxList *list, void *userdata);

/* done() is called once, never from inside of this function, unless the look-up is freed before. */
int mx_lookup_new(Dns *dns, Reactor *reactor, const Config *config, const MailRoute *route, mx_done_t done, void *userdata,
                  MxLookup **ret);
MxLookup *mx_lookup_free(MxLookup *l);
DEFINE_CLEANUP(MxLookup *, mx_lookup_free)
