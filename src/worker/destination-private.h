/* SPDX-License-Identifier: MIT */
#pragma once

/* Between destination.c (which connection gets which delivery) and transport.c (one connection). */

#include "worker/worker.h"

struct Destination {
        Destinations *all;
        Worker *worker;
        Buf key;
        MailRoute route;
        Arena arena;           /* strings of the route */
        const char *domain_key; /* of the first delivery, for admission */
        bool counts_as_incoming;
        const SourceAddress *source; /* or NULL */
        List queue;            /* deliveries without a connection */
        size_t deliveries;     /* in the queue and with connections */
        List transports;
        size_t connecting;     /* transports that are not ready yet */
        unsigned limit;        /* connections it may have */
        bool has_succeeded;
        MxList *mx;            /* NULL: not looked up, or too old */
        MxLookup *lookup;      /* under way */
        ReactorTask kick;
        uint64_t idle_since_usec;
        ReactorTimer retry;    /* when connections were refused to it */
};

/* Looks what can be done for the destination in the next turn. */
void destination_kick(Destination *d);

/* A transport is ready: the next delivery for it, or NULL. */
Delivery *destination_take(Destination *d);
/* Back to the front of the queue: nothing was sent of it. */
void destination_put_back(Destination *d, Delivery *delivery);
/* The delivery's settlement is complete. `was_taken`: the server took the message. */
void destination_finish(Destination *d, Delivery *delivery, bool was_taken);
/* A transport became ready for the first time. */
void destination_connected(Destination *d);
/* A transport never became ready; `errors` says what went wrong with each address. It is being freed. */
void destination_unreachable(Destination *d, const char *errors);
/* A transport is gone. */
void destination_closed(Destination *d);

/* Connections to each address, of all destinations. True if one more is allowed, and then it is counted. */
bool host_connect(Destinations *all, const MxEndpoint *e);
void host_disconnect(Destinations *all, const MxEndpoint *e);

/* Opens a connection to the addresses of d->mx, one after the other. -EAGAIN: all of them have their fill. */
int transport_new(Destination *d);
/* Gives the transport work, if it is idle. True when it took some. */
bool transport_wake(Transport *t);
bool transport_is_idle(const Transport *t);
void transport_prepared(Transport *t, Delivery *delivery);
void transport_drain(Transport *t);
void transport_close(Transport *t);
Transport *transport_of(ListNode *node);
