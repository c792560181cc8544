/* SPDX-License-Identifier: MIT */
#pragma once

/* The worker as a whole. Everything here belongs to the loop's thread; pool threads get Deliveries, whole. */

#include "core/batcher.h"
#include "core/config.h"
#include "core/dns.h"
#include "core/health.h"
#include "core/service.h"
#include "core/tls.h"
#include "mail/dkim-key.h"
#include "model/worker-lease.h"
#include "worker/admission.h"
#include "worker/delivery.h"
#include "worker/destination.h"
#include "worker/journal.h"
#include "worker/source-address.h"

/* Deliveries in memory; what is not loaded yet takes about a kilobyte. */
#define WORKER_DELIVERIES_MAX ((size_t) 40000)
/* Connections at once, of all destinations. */
#define WORKER_CONNECTIONS_MAX ((size_t) 12000)
/* Headers and bodies in memory; a single message may be larger. */
#define WORKER_LOADED_BYTES_MAX ((size_t) 192 * 1024 * 1024)

typedef struct Claimer Claimer;
typedef struct Heartbeat Heartbeat;

struct Worker {
        const Config *config;
        Service *service;
        Reactor *reactor;
        Pool *pool;          /* claims, heartbeats, source addresses */
        Batcher *preparer;
        Batcher *settler;
        Dns *dns;
        TlsClient *tls;
        Health *health;
        Journal *journal;
        DkimKey *installation_key; /* NULL: there is none. Threads only read it */
        SourceAddresses sources;
        Destinations destinations;
        Claimer *claimer;
        Heartbeat *heartbeat;
        char lease[WORKER_NAME_SIZE];
        SettleRules settle_rules;

        size_t deliveries;   /* in memory, from the claim until they are settled */
        size_t loaded_bytes; /* of prepared ones */
        List unprepared;     /* deliveries that wait until there is room for what they load */
        List unsettled;      /* deliveries whose settlement must be tried again */
        ReactorTimer settle_timer;
        uint64_t sent;       /* since the start */
        bool is_draining;
        ReactorTimer status_timer;
};

/* Its settlement is complete: it is written down with others, and freed then. */
void worker_settle(Worker *w, Delivery *d);
/* Loads and signs it; destination_prepared() follows. */
void worker_prepare(Worker *w, Delivery *d);
/* It could not be loaded: it is settled, or tried again. */
void worker_prepare_failed(Delivery *d);
/* Drops what was loaded for it. */
void worker_unload(Worker *w, Delivery *d);
/* Whether a transaction may begin: the leases are surely ours, and the worker is not stopping. */
bool worker_may_send(const Worker *w);
/* Ends the process once nothing is under way any more. */
void worker_check_drained(Worker *w);
/* The leases are lost, or can no longer be renewed by this process: everything ends here, and starts anew. */
void worker_abandon(Worker *w, const char *why);
