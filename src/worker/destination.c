/* SPDX-License-Identifier: MIT */
#include "core/clock.h"
#include "core/log.h"
#include "worker/claimer.h"
#include "worker/classify.h"
#include "worker/destination-private.h"

#define BAD_ADDRESSES_MAX 20000
#define SWEEP_INTERVAL_USEC (30 * USEC_PER_SEC)
/* When no connection may be opened for now, it is tried again after so long. */
#define RETRY_CONNECT_USEC (200 * USEC_PER_MSEC)

typedef struct HostCount {
        unsigned count;
} HostCount;

static void on_sweep(ReactorTimer *timer);

unsigned destination_connections_first(const Config *config) {
        return (unsigned) MIN(config->smtp_client.max_connections_per_destination, (int64_t) DESTINATION_CONNECTIONS_FIRST);
}

int destinations_init(Destinations *d, Worker *w) {
        d->worker = w;
        d->by_key = hashmap_new();
        d->host_connections = hashmap_new();
        d->bad_addresses = cache_new(BAD_ADDRESSES_MAX, DESTINATION_BAD_ADDRESS_USEC, NULL);
        if (!d->by_key || !d->host_connections || !d->bad_addresses)
                return -ENOMEM;
        return reactor_timer_set(w->reactor, &d->sweep, clock_monotonic() + SWEEP_INTERVAL_USEC, on_sweep);
}

static Destination *destination_free(Destination *d) {
        assert(!d->transports.first);
        while (d->queue.first)
                delivery_free(LIST_ITEM(list_pop(&d->queue), Delivery, node));
        reactor_unpost(&d->kick);
        reactor_timer_clear(d->worker->reactor, &d->retry);
        mx_list_unref(d->mx);
        mx_lookup_free(d->lookup);
        arena_done(&d->arena);
        buf_done(&d->key);
        return mfree(d);
}

void destinations_done(Destinations *d) {
        Destination *one;
        void *count;

        while (d->by_key && (one = hashmap_remove_any(d->by_key)))
                destination_free(one);
        hashmap_free(d->by_key);
        while (d->host_connections && (count = hashmap_remove_any(d->host_connections)))
                free(count);
        hashmap_free(d->host_connections);
        cache_free(d->bad_addresses);
        if (d->worker)
                reactor_timer_clear(d->worker->reactor, &d->sweep);
}

/* Forgets one destination that has had nothing to do for long; true if there may be more. */
static bool forget_one(Destinations *all, uint64_t now) {
        Destination *d;
        size_t position = 0;

        while ((d = hashmap_next(all->by_key, &position, NULL))) {
                if (d->deliveries > 0 || d->transports.first || d->lookup ||
                    d->idle_since_usec + DESTINATION_IDLE_USEC > now)
                        continue;
                (void) hashmap_remove(all->by_key, buf_slice(&d->key));
                claimer_set_limit(d->worker->claimer, d, destination_connections_first(all->worker->config), false);
                destination_free(d);
                return true;
        }
        return false;
}

static void on_sweep(ReactorTimer *timer) {
        Destinations *all = container_of(timer, Destinations, sweep);
        uint64_t now = clock_monotonic();

        while (forget_one(all, now))
                ;
        (void) reactor_timer_set(all->worker->reactor, &all->sweep, now + SWEEP_INTERVAL_USEC, on_sweep);
}

/* ---- Connections to each address ---- */

static Slice host_key(const MxEndpoint *e, Buf *to) {
        buf_printf(to, "%s %u", e->text, e->port);
        return buf_slice(to);
}

bool host_connect(Destinations *all, const MxEndpoint *e) {
        _cleanup_(buf_done) Buf key = BUF_EMPTY;
        HostCount *c = hashmap_get(all->host_connections, host_key(e, &key));

        if (!c) {
                c = calloc(1, sizeof(HostCount));
                if (!c || hashmap_put(all->host_connections, buf_slice(&key), c) < 0) {
                        free(c);
                        return false;
                }
        }
        if (c->count >= (unsigned) all->worker->config->smtp_client.max_connections_per_host)
                return false;
        c->count++;
        return true;
}

void host_disconnect(Destinations *all, const MxEndpoint *e) {
        _cleanup_(buf_done) Buf key = BUF_EMPTY;
        HostCount *c = hashmap_get(all->host_connections, host_key(e, &key));

        assert(c && c->count > 0);
        if (--c->count == 0)
                free(hashmap_remove(all->host_connections, buf_slice(&key)));
}

/* ---- Finishing deliveries ---- */

static void set_limit(Destination *d, unsigned limit, bool has_succeeded) {
        if (d->limit == limit && d->has_succeeded == has_succeeded)
                return;
        d->limit = limit;
        d->has_succeeded = has_succeeded;
        claimer_set_limit(d->worker->claimer, d, limit, has_succeeded);
}

void destination_finish(Destination *d, Delivery *delivery, bool was_taken) {
        unsigned max = (unsigned) d->worker->config->smtp_client.max_connections_per_destination;

        assert(d->deliveries > 0);
        d->deliveries--;
        if (d->deliveries == 0)
                d->idle_since_usec = clock_monotonic();
        delivery->destination = NULL;
        delivery->transport = NULL;
        worker_settle(d->worker, delivery);
        if (was_taken) {
                set_limit(d, MIN(d->limit + 1, max), true);
                destination_kick(d);
        }
}

static void finish_with(Delivery *delivery, const SendOutcome *o) {
        delivery_begin_settlement(delivery, SETTLE_DONE, o->status);
        delivery->settlement.details = o->details;
        delivery->settlement.output = o->output;
        if (o->retries)
                delivery_retry(delivery, o->retry_sec);
}

/* Everything in the queue fails in the same way, each message on its own account. */
static void fail_queue(Destination *d, const char *errors) {
        const MxList *mx = d->mx;

        while (d->queue.first) {
                Delivery *delivery = LIST_ITEM(list_pop(&d->queue), Delivery, node);
                const char *domain = *d->route.name ? d->route.name : strempty(delivery->domain_key);
                SendOutcome o;
                int r = classify_unreachable(domain, mx ? mx->hosts : NULL, mx ? mx->host_count : 0, errors,
                                             &delivery->arena, &o);

                if (r >= 0 && mx && mx->status == MX_NULL) {
                        /* RFC 7505 section 3: it will not get better. */
                        o.status = DELIVERY_HARD_FAIL;
                        o.retries = false;
                        o.output = "556 5.1.10 The domain does not accept mail (null MX)";
                }
                if (r < 0)
                        o = (SendOutcome){ .status = DELIVERY_SOFT_FAIL, .details = "", .output = "",
                                           .retries = true };
                finish_with(delivery, &o);
                destination_finish(d, delivery, false);
        }
}

/* ---- Work for connections ---- */

Delivery *destination_take(Destination *d) {
        return LIST_ITEM(list_pop(&d->queue), Delivery, node);
}

void destination_put_back(Destination *d, Delivery *delivery) {
        delivery->transport = NULL;
        worker_unload(d->worker, delivery);
        list_prepend(&d->queue, &delivery->node);
        destination_kick(d);
}

void destination_prepared(Delivery *delivery) {
        if (delivery->transport)
                transport_prepared(delivery->transport, delivery);
        else
                destination_put_back(delivery->destination, delivery); /* its connection is gone */
}

void destination_connected(Destination *d) {
        d->connecting--;
}

void destination_unreachable(Destination *d, const char *errors) {
        d->connecting--;
        if (d->transports.count > 0) {
                destination_kick(d);
                return;
        }
        set_limit(d, destination_connections_first(d->worker->config), false);
        /* Perhaps the addresses have changed. */
        if (d->mx)
                d->mx->expires_usec = 0;
        fail_queue(d, errors);
}

void destination_closed(Destination *d) {
        if (d->deliveries == 0)
                d->idle_since_usec = clock_monotonic();
        destination_kick(d);
}

static void on_mx(MxList *list, void *userdata) {
        Destination *d = userdata;

        d->lookup = NULL;
        /* An old list is better than an answer that says nothing. */
        if (d->mx && list->status == MX_TEMPORARY && d->mx->count > 0) {
                d->mx->expires_usec = clock_monotonic() + MX_VALID_USEC / 4;
                mx_list_unref(list);
        } else {
                mx_list_unref(d->mx);
                d->mx = list;
        }
        if (d->mx->count == 0) {
                fail_queue(d, d->mx->error);
                d->mx = mx_list_unref(d->mx);
                return;
        }
        destination_kick(d);
}

static void look_up(Destination *d) {
        int r;

        if (d->lookup)
                return;
        r = mx_lookup_new(d->worker->dns, d->worker->reactor, d->worker->config, &d->route, on_mx, d, &d->lookup);
        if (r < 0) {
                log_error(FIELDS(FIELD_ERRNO(r)), "Cannot look up %s: %s", d->route.name, strerror(-r));
                fail_queue(d, strerror(-r));
        }
}

static void on_retry(ReactorTimer *timer) {
        destination_kick(container_of(timer, Destination, retry));
}

static bool may_connect(const Destination *d) {
        return d->queue.count > d->connecting && d->transports.count < d->limit;
}

static void on_kick(ReactorTask *task) {
        Destination *d = container_of(task, Destination, kick);

        if (!d->queue.first || d->worker->is_draining)
                return;
        if (!worker_may_send(d->worker)) {
                (void) reactor_timer_set(d->worker->reactor, &d->retry, clock_monotonic() + USEC_PER_SEC, on_retry);
                return;
        }
        if (!d->mx || d->mx->expires_usec <= clock_monotonic())
                look_up(d);
        if (!d->mx)
                return;
        for (ListNode *n = d->transports.first; n && d->queue.first; n = n->next)
                (void) transport_wake(transport_of(n));
        while (may_connect(d)) {
                if (d->all->transports >= WORKER_CONNECTIONS_MAX || transport_new(d) < 0) {
                        if (!d->transports.first)
                                (void) reactor_timer_set(d->worker->reactor, &d->retry,
                                                         clock_monotonic() + RETRY_CONNECT_USEC, on_retry);
                        break;
                }
        }
}

void destination_kick(Destination *d) {
        reactor_post(d->worker->reactor, &d->kick, on_kick);
}

static Destination *destination_new(Destinations *all, const Delivery *delivery, Buf *key) {
        Destination *d = calloc(1, sizeof(Destination));
        const MailRoute *from = &delivery->route;

        if (!d)
                return NULL;
        d->all = all;
        d->worker = all->worker;
        d->limit = destination_connections_first(d->worker->config);
        d->counts_as_incoming = delivery->counts_as_incoming;
        d->route = *from;
        d->route.name = arena_dup(&d->arena, slice_from_string(from->name));
        d->route.ssl_mode = from->ssl_mode ? arena_dup(&d->arena, slice_from_string(from->ssl_mode)) : NULL;
        d->domain_key = arena_dup(&d->arena, slice_from_string(delivery->domain_key));
        d->source = source_addresses_find(&all->worker->sources, from->ip_address_id);
        if (!d->route.name || !d->domain_key || hashmap_put(all->by_key, buf_slice(key), d) < 0) {
                arena_done(&d->arena);
                return mfree(d);
        }
        d->key = TAKE(*key, BUF_EMPTY);
        return d;
}

void destinations_add(Destinations *all, Delivery *delivery) {
        _cleanup_(buf_done) Buf key = BUF_EMPTY;
        Destination *d;

        mail_route_key(&delivery->route, &key);
        d = hashmap_get(all->by_key, buf_slice(&key));
        if (!d)
                d = destination_new(all, delivery, &key);
        if (!d) {
                delivery_begin_settlement(delivery, SETTLE_RELEASE, DELIVERY_ERROR);
                worker_settle(all->worker, delivery);
                return;
        }
        delivery->destination = d;
        d->deliveries++;
        list_append(&d->queue, &delivery->node);
        destination_kick(d);
}

static void release_queue(Destination *d) {
        while (d->queue.first) {
                Delivery *delivery = LIST_ITEM(list_pop(&d->queue), Delivery, node);

                delivery_begin_settlement(delivery, SETTLE_RELEASE, DELIVERY_ERROR);
                destination_finish(d, delivery, false);
        }
}

void destinations_drain(Destinations *all) {
        Destination *d;
        size_t position = 0;

        while ((d = hashmap_next(all->by_key, &position, NULL))) {
                for (ListNode *n = d->transports.first, *next; n; n = next) {
                        next = n->next;
                        transport_drain(transport_of(n));
                }
                release_queue(d);
        }
}

void destinations_close(Destinations *all) {
        Destination *d;
        size_t position = 0;

        while ((d = hashmap_next(all->by_key, &position, NULL)))
                while (d->transports.first)
                        transport_close(transport_of(d->transports.first));
}
