/* SPDX-License-Identifier: MIT */
/* postal worker: delivers what is queued. */
#include "core/clock.h"
#include "core/log.h"
#include "core/signing-key.h"
#include "core/state-directory.h"
#include "worker/claimer.h"
#include "worker/destination-private.h"
#include "worker/heartbeat.h"
#include "worker/main.h"
#include "worker/metrics.h"
#include "worker/prepare.h"

#define POOL_THREADS 1
#define POOL_QUEUE_MAX 64
#define PREPARE_THREADS_MAX 8
#define PREPARE_BATCH_MAX 8
#define SETTLE_THREADS 2
#define SETTLE_LINGER_USEC (3 * USEC_PER_MSEC)
#define SETTLE_RETRY_USEC USEC_PER_SEC
#define STATUS_INTERVAL_USEC (5 * USEC_PER_SEC)

/* ---- Pool threads ---- */

static void *thread_start(void *userdata) {
        const Worker *w = userdata;
        Mailroom *m;

        db_thread_init();
        m = mailroom_new(w->config, w->installation_key);
        if (!m)
                abort(); /* at start, without memory */
        return m;
}

static void thread_end(void *context) {
        mailroom_free(context);
        db_thread_end();
}

static int run_prepare(BatchItem *items[], size_t count, void *context) {
        Delivery *deliveries[BATCH_MAX];

        for (size_t i = 0; i < count; i++)
                deliveries[i] = container_of(items[i], Delivery, item);
        prepare_deliveries(context, deliveries, count, clock_realtime());
        return 0; /* each delivery has its own result */
}

static int run_settle(BatchItem *items[], size_t count, void *context) {
        Mailroom *m = context;
        Settlement *settlements[BATCH_MAX];
        const Worker *w = container_of(items[0], Delivery, item)->worker;
        int r;

        for (size_t i = 0; i < count; i++)
                settlements[i] = &container_of(items[i], Delivery, item)->settlement;
        r = settle(m->database, &w->settle_rules, clock_realtime(), settlements, count);
        if (r < 0)
                log_warning(FIELDS(FIELD_ERRNO(r)), "Cannot settle %zu messages: %s", count,
                            database_error(m->database));
        return r;
}

/* ---- Preparing ---- */

static void submit_prepare(Worker *w, Delivery *d) {
        if (batcher_add(w->preparer, &d->item) < 0)
                list_append(&w->unprepared, &d->node);
}

void worker_prepare(Worker *w, Delivery *d) {
        d->is_preparing = true;
        /* One message may always be loaded, however large. */
        if (w->loaded_bytes > 0 && w->loaded_bytes + d->size > WORKER_LOADED_BYTES_MAX) {
                list_append(&w->unprepared, &d->node);
                return;
        }
        w->loaded_bytes += d->size;
        submit_prepare(w, d);
}

void worker_unload(Worker *w, Delivery *d) {
        Delivery *next;

        if (!d->is_preparing && !d->is_prepared)
                return;
        delivery_unload(d);
        w->loaded_bytes -= MIN(w->loaded_bytes, (size_t) d->size);
        next = LIST_ITEM(w->unprepared.first, Delivery, node);
        if (next && (w->loaded_bytes == 0 || w->loaded_bytes + next->size <= WORKER_LOADED_BYTES_MAX)) {
                list_remove(&w->unprepared, &next->node);
                w->loaded_bytes += next->size;
                submit_prepare(w, next);
        }
}

static void prepare_done(BatchItem *item, void *userdata) {
        Delivery *d = container_of(item, Delivery, item);
        Worker *w = userdata;

        d->is_preparing = false;
        d->is_prepared = true;
        if (d->prepare_result < 0) /* nothing stays loaded */
                worker_unload(w, d);
        destination_prepared(d);
}

void worker_prepare_failed(Delivery *d) {
        int r = d->prepare_result;

        log_warning(FIELDS(FIELD_U64("POSTAL_SERVER", d->server_id), FIELD_U64("POSTAL_MESSAGE", d->message_id),
                           FIELD_ERRNO(r)),
                    "Cannot load or sign message %s: %s", d->token, strerror(-r));
        if (r == -ENOENT || r == -ENODATA) {
                delivery_begin_settlement(d, SETTLE_DONE, DELIVERY_HARD_FAIL);
                d->settlement.details = "Raw message has been removed. Cannot send message.";
        } else if (r == -ENOTCONN || r == -EAGAIN || r == -ECONNABORTED) {
                delivery_begin_settlement(d, SETTLE_RELEASE, DELIVERY_ERROR);
        } else {
                delivery_begin_settlement(d, SETTLE_DONE, DELIVERY_ERROR);
                d->settlement.details = "An internal error occurred while sending this message. This message will "
                                        "be retried automatically.";
                d->settlement.output = strerrordesc_np(-r);
                delivery_retry(d, 0);
        }
        destination_finish(d->destination, d, false);
}

/* ---- Settling ---- */

static void add_settlement(Worker *w, Delivery *d) {
        if (batcher_add(w->settler, &d->item) < 0)
                list_append(&w->unsettled, &d->node);
}

void worker_settle(Worker *w, Delivery *d) {
        d->worker = w;
        if (w->unsettled.first) /* the database is away: in their order */
                list_append(&w->unsettled, &d->node);
        else
                add_settlement(w, d);
}

static void on_settle_again(ReactorTimer *timer) {
        Worker *w = container_of(timer, Worker, settle_timer);
        List again = TAKE(w->unsettled, (List){ 0 });

        while (again.first)
                worker_settle(w, LIST_ITEM(list_pop(&again), Delivery, node));
}

/* Refused for what it says, it is tried once more with the bare facts. */
static void reduce(Delivery *d) {
        d->was_refused = true;
        d->settlement.output = "";
        d->settlement.tag = NULL;
        d->settlement.header_prefix = SLICE_NULL;
        if (d->settlement.status == DELIVERY_SENT)
                d->settlement.details = "Message accepted";
}

static void settle_done(BatchItem *item, void *userdata) {
        Delivery *d = container_of(item, Delivery, item);
        Worker *w = userdata;
        int r = item->result;

        if (r < 0) {
                if (r == -EOVERFLOW || r == -EILSEQ || r == -EIO || r == -EMSGSIZE) {
                        if (!d->was_refused)
                                reduce(d);
                }
                list_append(&w->unsettled, &d->node);
                if (w->settle_timer.item.place == 0)
                        (void) reactor_timer_set(w->reactor, &w->settle_timer,
                                                 clock_monotonic() + SETTLE_RETRY_USEC, on_settle_again);
                return;
        }
        (void) journal_settled(w->journal, d->queue_id);
        w->deliveries--;
        claimer_done(w->claimer, d);
        delivery_free(d);
        worker_check_drained(w);
}

/* ---- The daemon ---- */

bool worker_may_send(const Worker *w) {
        return !w->is_draining && w->heartbeat && heartbeat_is_safe(w->heartbeat);
}

void worker_check_drained(Worker *w) {
        if (w->is_draining && w->deliveries == 0 && w->destinations.transports == 0 &&
            !claimer_is_running(w->claimer))
                service_exit(w->service, EXIT_SUCCESS);
}

void worker_abandon(Worker *w, const char *why) {
        log_error(NO_FIELDS, "%s: this worker ends, what is under way is left to its journal", why);
        service_exit(w->service, EXIT_FAILURE);
}

static void on_status(ReactorTimer *timer) {
        Worker *w = container_of(timer, Worker, status_timer);

        metric_set(worker_metrics.connections, (double) w->destinations.transports, NULL);
        metric_set(worker_metrics.in_memory, (double) w->deliveries, NULL);
        if (worker_may_send(w))
                service_status(w->service, "%zu messages in hand, %zu connections, %llu sent since the start",
                               w->deliveries, w->destinations.transports, (unsigned long long) w->sent);
        (void) reactor_timer_set(w->reactor, &w->status_timer, clock_monotonic() + STATUS_INTERVAL_USEC, on_status);
}

static void on_stop(void *userdata) {
        Worker *w = userdata;

        w->is_draining = true;
        claimer_stop(w->claimer);
        destinations_drain(&w->destinations);
        worker_check_drained(w);
}

static void on_stop_now(void *userdata) {
        Worker *w = userdata;

        service_exit(w->service, EXIT_SUCCESS);
}

static void on_ready(Worker *w) {
        int r = claimer_start(w->claimer);

        if (r < 0)
                worker_abandon(w, "Cannot fetch messages");
        else
                log_info(FIELDS(FIELD("POSTAL_WORKER", w->lease)), "Worker %s is ready",
                         journal_instance(w->journal));
}

static int init_batchers(Worker *w) {
        sd_event *event = service_event(w->service);
        long cpus = sysconf(_SC_NPROCESSORS_ONLN);
        int r;

        r = batcher_new(event, w->reactor,
                        &(BatcherOptions){ .name = "prepare",
                                           .threads = (unsigned) MIN(MAX(cpus, 1L), (long) PREPARE_THREADS_MAX),
                                           .queue_max = WORKER_DELIVERIES_MAX,
                                           .batch_max = PREPARE_BATCH_MAX,
                                           .run = run_prepare,
                                           .done = prepare_done,
                                           .thread_start = thread_start,
                                           .thread_end = thread_end,
                                           .userdata = w },
                        &w->preparer);
        if (r < 0)
                return r;
        return batcher_new(event, w->reactor,
                           &(BatcherOptions){ .name = "settle",
                                              .threads = SETTLE_THREADS,
                                              .queue_max = WORKER_DELIVERIES_MAX,
                                              .linger_usec = SETTLE_LINGER_USEC,
                                              .run = run_settle,
                                              .done = settle_done,
                                              .thread_start = thread_start,
                                              .thread_end = thread_end,
                                              .userdata = w },
                           &w->settler);
}

static int init_journal(Worker *w, JournalLeftovers *leftovers) {
        const char *directory = state_directory(), *instance = w->config->worker.instance;
        int r;

        if (!directory)
                log_warning(NO_FIELDS, "There is no directory for the journal (STATE_DIRECTORY): after a crash, "
                                       "messages may be delivered twice without a note of it");
        r = journal_open(directory, instance, &w->journal, leftovers);
        if (r == -EBUSY)
                log_error(NO_FIELDS, "Worker %s is running already", strempty(instance));
        else if (r == -EINVAL)
                log_error(NO_FIELDS, "worker.instance is \"%s\": letters, digits, - and _ are allowed", instance);
        else if (r < 0)
                log_error(FIELDS(FIELD_ERRNO(r)), "Cannot open the journal in %s: %s", directory, strerror(-r));
        if (r < 0)
                return r;
        worker_make_name(journal_instance(w->journal), w->lease);
        w->settle_rules = (SettleRules){
                .lease = w->lease,
                .hold_expiry_days = (uint64_t) w->config->postal.default_maximum_hold_expiry_days,
                .suppression_days =
                        (uint64_t) w->config->postal.default_suppression_list_automatic_removal_days,
        };
        return 0;
}

/* Without the installation's key, mail of domains whose own key is not published goes out unsigned. */
static void init_key(Worker *w) {
        _cleanup_(buf_done) Buf error = BUF_EMPTY;
        int r = installation_key_load(w->config, &w->installation_key, &error);

        if (r < 0)
                log_warning(FIELDS(FIELD_ERRNO(r)), "%s. Mail of domains without a verified DKIM record is not "
                                                    "signed", buf_string(&error));
}

static int init_health(Worker *w) {
        const Config *config = w->config;
        const char *address = config_variable(config, "HEALTH_SERVER_BIND_ADDRESS");
        const char *text = config_variable(config, "HEALTH_SERVER_PORT");
        uint64_t port = (uint64_t) config->worker.default_health_server_port;

        if (text && *text && slice_to_u64(slice_from_string(text), UINT16_MAX, &port) < 0)
                log_warning(NO_FIELDS, "HEALTH_SERVER_PORT is \"%s\", which is not a port number", text);
        return health_new(service_event(w->service), "worker",
                          address && *address ? address : config->worker.default_health_server_bind_address,
                          (unsigned) port, &w->health);
}

static int init(Worker *w) {
        const Config *config = w->config;
        sd_event *event = service_event(w->service);
        uint64_t dns_timeout = (uint64_t) (config->dns.timeout + 2 * (config->dns.timeout / 2)) * USEC_PER_SEC;
        int r;

        init_key(w);
        r = reactor_new(event, &w->reactor);
        if (r >= 0)
                r = dns_new(event, w->reactor,
                            &(DnsOptions){ .resolv_conf_path = config->dns.resolv_conf_path,
                                           .timeout_usec = dns_timeout,
                                           .trust_anchor_path =
                                                   config->dns.dnssec ? config->dns.trust_anchor_path : NULL },
                            &w->dns);
        if (r >= 0)
                r = tls_client_new(&w->tls);
        if (r >= 0)
                r = pool_new(event,
                             &(PoolOptions){ .name = "claim", .threads = POOL_THREADS, .queue_max = POOL_QUEUE_MAX,
                                             .thread_start = thread_start, .thread_end = thread_end,
                                             .userdata = w },
                             &w->pool);
        if (r >= 0)
                r = init_batchers(w);
        if (r >= 0)
                r = destinations_init(&w->destinations, w);
        if (r >= 0)
                r = claimer_new(w, &w->claimer);
        return r;
}

/* What is under way is left where it is: its messages are leased, and the journal knows which were sent. */
static void done(Worker *w) {
        w->is_draining = true;
        destinations_close(&w->destinations);
        batcher_free(w->preparer);
        batcher_free(w->settler);
        pool_free(w->pool);
        claimer_free(w->claimer);
        heartbeat_free(w->heartbeat);
        destinations_done(&w->destinations);
        health_free(w->health);
        dns_free(w->dns);
        tls_client_free(w->tls);
        journal_free(w->journal);
        source_addresses_done(&w->sources);
        dkim_key_free(w->installation_key);
        if (w->reactor) {
                reactor_timer_clear(w->reactor, &w->status_timer);
                reactor_timer_clear(w->reactor, &w->settle_timer);
                reactor_free(w->reactor);
        }
        service_free(w->service);
}

int worker_run(const Config *config) {
        static const ServiceHooks hooks = { .stop = on_stop, .stop_now = on_stop_now };
        _cleanup_(journal_leftovers_done) JournalLeftovers leftovers = { 0 };
        _cleanup_(done) Worker w = { .config = config };
        int r;

        worker_metrics_init();
        r = service_new("worker", &hooks, &w, &w.service);
        if (r >= 0)
                r = init_health(&w);
        if (r >= 0 && init_journal(&w, &leftovers) < 0)
                return EXIT_FAILURE;
        if (r >= 0)
                r = init(&w);
        if (r >= 0)
                r = heartbeat_new(&w, &leftovers, on_ready, &w.heartbeat);
        if (r < 0) {
                log_error(FIELDS(FIELD_ERRNO(r)), "Cannot start the worker: %s", strerror(-r));
                return EXIT_FAILURE;
        }
        service_ready(w.service);
        on_status(&w.status_timer);
        return service_run(w.service);
}
