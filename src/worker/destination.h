/* SPDX-License-Identifier: MIT */
#pragma once

/* Destinations and their connections. A destination is where equal routes lead: a queue of deliveries, the addresses
 * to try, and connections that take one delivery after the other (RFC 5321 section 3.3 allows many on one).
 *
 * How many connections one may have starts low and grows with each message that it takes, up to
 * smtp_client.max_connections_per_destination; one that is slow or dead never gets many. */

#include "basic/cache.h"
#include "basic/hashmap.h"
#include "core/config.h"
#include "core/stream.h"
#include "worker/mx.h"

/* Connections of a destination that has not taken a message yet, unless it may never have as many. */
#define DESTINATION_CONNECTIONS_FIRST 2
/* An address that could not be connected to is tried after the others for so long. */
#define DESTINATION_BAD_ADDRESS_USEC (60 * USEC_PER_SEC)
/* Destinations without anything to do are forgotten after so long. */
#define DESTINATION_IDLE_USEC (120 * USEC_PER_SEC)

typedef struct Worker Worker;
typedef struct Delivery Delivery;
typedef struct Transport Transport;
typedef struct Destination Destination;

typedef struct Destinations {
        Worker *worker;
        Hashmap *by_key;
        Hashmap *host_connections; /* "address:port" -> HostCount */
        Cache *bad_addresses;
        size_t transports; /* all connections */
        ReactorTimer sweep;
} Destinations;

/* DESTINATION_CONNECTIONS_FIRST, or smtp_client.max_connections_per_destination if that is less. */
unsigned destination_connections_first(const Config *config);

int destinations_init(Destinations *d, Worker *w);
void destinations_done(Destinations *d);

/* Takes the delivery, whose route must be set. */
void destinations_add(Destinations *d, Delivery *delivery);
/* A delivery that worker_prepare() was asked for is loaded and signed, or could not be. */
void destination_prepared(Delivery *delivery);
/* Gives back all deliveries whose transaction has not begun, and lets the others finish. */
void destinations_drain(Destinations *d);
/* Closes all connections. Those after the final dot are left to the journal. */
void destinations_close(Destinations *d);
