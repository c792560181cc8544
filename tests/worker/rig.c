/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>

#include "core/log.h"
#include "rig.h"
#include "worker/claimer.h"
#include "worker/metrics.h"

#define BEGIN_USEC (1000 * USEC_PER_SEC)
#define REAL_TIME_MAX_SEC 20

Rig rig;

static List prepared;        /* Delivery.item.node: ready, not handed over */
static ReactorTask prepare_task;
static List answers;         /* LookUp.node */
static time_t begun;

/* ---- Stand-ins for worker.c and claimer.c ---- */

bool worker_may_send(const Worker *w) {
        return !w->is_draining && !rig.may_not_send;
}

void worker_check_drained(Worker *w) {
        if (w->is_draining && w->deliveries == 0 && w->destinations.transports == 0)
                rig.drained++;
}

static void load(Delivery *d) {
        static const char headers[] = "Subject: hello";
        SharedBody *body = calloc(1, sizeof(SharedBody));
        size_t size = rig.body_size;

        body->references = 1;
        body->data = rig.body ? slice_make(slice_dup(slice_from_string(rig.body)), strlen(rig.body))
                     : size > 0 ? slice_make(malloc(size), size)
                                : slice_make(strdup("hello\r\n"), 7);
        if (size > 0 && !rig.body)
                memset((char *) body->data.data, 'x', size);
        d->body = body;
        d->headers = slice_make(strdup(headers), sizeof(headers) - 1);
        d->prefix = SLICE("X-Postal-MsgID: abc\r\n");
        d->is_prepared = true;
}

static void on_prepared(_unused_ ReactorTask *task) {
        while (prepared.first) {
                Delivery *d = container_of(LIST_ITEM(list_pop(&prepared), BatchItem, node), Delivery, item);

                d->prepare_result = rig.prepare_result;
                if (d->prepare_result == 0)
                        load(d);
                d->is_preparing = false;
                destination_prepared(d);
        }
}

void worker_prepare(Worker *w, Delivery *d) {
        CHECK(!d->is_preparing && !d->is_prepared);
        d->is_preparing = true;
        list_append(&prepared, &d->item.node);
        if (!rig.holds_prepared)
                reactor_post(w->reactor, &prepare_task, on_prepared);
}

void rig_prepare(void) {
        rig.holds_prepared = false;
        on_prepared(&prepare_task);
}

void worker_unload(_unused_ Worker *w, Delivery *d) {
        delivery_unload(d);
}

void worker_prepare_failed(Delivery *d) {
        delivery_begin_settlement(d, SETTLE_DONE, DELIVERY_ERROR);
        d->settlement.details = "cannot be prepared";
        destination_finish(d->destination, d, false);
}

/* The text with the ports of peers as letters. */
static char *without_ports(const char *text) {
        _cleanup_(buf_done) Buf out = BUF_EMPTY;

        for (const char *p = strempty(text); *p; p++) {
                bool is_port = false;

                for (size_t i = 0; *p == ':' && i < rig.peer_count; i++) {
                        char port[16];
                        int size = snprintf(port, sizeof(port), ":%u", rig.peers[i]->port);

                        if (strncmp(p, port, (size_t) size) != 0 || ascii_is_digit(p[size]))
                                continue;
                        buf_printf(&out, ":%c", (char) ('A' + i));
                        p += size - 1;
                        is_port = true;
                        break;
                }
                if (!is_port)
                        buf_append_byte(&out, *p);
        }
        buf_append_byte(&out, '\0');
        return buf_take(&out);
}

void worker_settle(Worker *w, Delivery *d) {
        const Settlement *s = &d->settlement;

        CHECK(rig.outcome_count < RIG_OUTCOMES_MAX);
        CHECK(!rig_outcome(d->queue_id)); /* once each */
        CHECK(!d->is_preparing && !d->headers.data && !d->body);
        rig.outcomes[rig.outcome_count++] = (RigOutcome){ .queue_id = d->queue_id,
                                                          .queue = s->queue,
                                                          .status = s->status,
                                                          .details = without_ports(s->details),
                                                          .output = without_ports(s->output),
                                                          .retry_sec = s->retry_sec,
                                                          .sent_with_tls = s->sent_with_tls,
                                                          .has_log_id = s->log_id != NULL };
        CHECK_INT(journal_settled(w->journal, d->queue_id), 0);
        w->deliveries--;
        delivery_free(d);
        worker_check_drained(w);
}

void claimer_set_limit(_unused_ Claimer *c, _unused_ const Destination *d, unsigned connections, bool has_succeeded) {
        rig.limit = connections;
        rig.has_succeeded = has_succeeded;
}

/* ---- A stand-in for mx.c ---- */

struct MxLookup {
        ListNode node;
        ReactorTask task;
        mx_done_t done;
        void *userdata;
};

MxList *mx_list_ref(MxList *l) {
        l->references++;
        return l;
}

MxList *mx_list_unref(MxList *l) {
        if (!l || --l->references > 0)
                return NULL;
        arena_done(&l->arena);
        return mfree(l);
}

static MxList *make_list(void) {
        MxList *list = calloc(1, sizeof(MxList));

        list->references = 1;
        list->status = rig.mx_status;
        list->error = rig.mx_error;
        list->expires_usec = clock_monotonic() + MX_VALID_USEC;
        for (size_t i = 0; i < rig.host_count; i++) {
                const RigHost *h = &rig.hosts[i];
                MxEndpoint *e = &list->endpoints[list->count++];

                e->host = h->name;
                e->port = h->peer ? h->peer->port : h->port;
                e->tls = h->tls;
                (void) snprintf(e->text, sizeof(e->text), "%s", h->peer ? h->peer->address : h->address);
                CHECK_INT(sockaddr_parse(e->text, e->port, &e->address), 0);
                if (list->host_count == 0 || !streq(list->hosts[list->host_count - 1], h->name))
                        list->hosts[list->host_count++] = h->name;
        }
        return list;
}

static void on_answer(ReactorTask *task) {
        MxLookup *l = container_of(task, MxLookup, task);
        mx_done_t done = l->done;
        void *userdata = l->userdata;

        mx_lookup_free(l);
        done(make_list(), userdata);
}

int mx_lookup_new(_unused_ Dns *dns, Reactor *reactor, _unused_ const Config *config, _unused_ const MailRoute *route,
                  mx_done_t done, void *userdata, MxLookup **ret) {
        MxLookup *l = calloc(1, sizeof(MxLookup));

        l->done = done;
        l->userdata = userdata;
        list_append(&answers, &l->node);
        if (!rig.holds_lookups)
                reactor_post(reactor, &l->task, on_answer);
        rig.lookups++;
        *ret = l;
        return 0;
}

MxLookup *mx_lookup_free(MxLookup *l) {
        if (!l)
                return NULL;
        reactor_unpost(&l->task);
        list_remove(&answers, &l->node);
        return mfree(l);
}

void rig_answer(void) {
        rig.holds_lookups = false;
        while (answers.first)
                on_answer(&LIST_ITEM(answers.first, MxLookup, node)->task);
}

/* ---- The rig ---- */

void rig_set_up(const char *yaml) {
        _cleanup_(buf_done) Buf text = BUF_EMPTY;

        memset(&rig, 0, sizeof(rig));
        begun = time(NULL);
        log_open("test", LOG_ERR, LOG_TARGET_NONE);
        clock_set_fake(UINT64_C(1795338000123456), BEGIN_USEC);
        buf_printf(&text, "version: 2\ndns:\n  helo_hostname: me.example\n%s\n", yaml);
        fixture_load(&rig.fixture, buf_string(&text), NULL);
        CHECK_INT(rig.fixture.result, 0);
        CHECK(sd_event_new(&rig.event) >= 0);
        rig.worker.config = rig.fixture.config;
        CHECK_INT(reactor_new(rig.event, &rig.worker.reactor), 0);
        CHECK_INT(tls_client_new(&rig.worker.tls), 0);
        CHECK_INT(destinations_init(&rig.worker.destinations, &rig.worker), 0);
        rig.next_id = 1;
}

Peer *rig_peer(const char *address, bool has_tls) {
        const char *folder = getenv("POSTAL_TEST_FIXTURES");
        _cleanup_free_ char *certificate = NULL, *key = NULL;
        _cleanup_(buf_done) Buf error = BUF_EMPTY;
        TlsServer *tls = NULL;
        Peer *p = calloc(1, sizeof(Peer));

        if (has_tls) {
                CHECK(folder && asprintf(&certificate, "%s/tls/server.cert", folder) > 0);
                CHECK(asprintf(&key, "%s/tls/server.key", folder) > 0);
                CHECK_INT(tls_server_load(&(TlsServerOptions){ .certificate_path = certificate, .key_path = key },
                                          &tls, &error),
                          0);
        }
        peer_start(p, rig.worker.reactor, address, tls);
        rig.peers[rig.peer_count++] = p;
        return p;
}

size_t rig_open_connections(void) {
        size_t count = 0;

        for (size_t i = 0; i < rig.peer_count; i++)
                count += rig.peers[i]->open_count;
        return count;
}

void rig_tear_down(void) {
        rig.worker.is_draining = true;
        destinations_close(&rig.worker.destinations);
        rig_prepare();
        for (size_t i = 0; i < rig.peer_count; i++) {
                CHECK_STR(buf_string(&rig.peers[i]->complaint), "");
                peer_stop(rig.peers[i]);
                tls_server_unref(rig.peers[i]->tls);
                free(rig.peers[i]);
        }
        CHECK_INT(rig.worker.destinations.transports, 0);
        destinations_done(&rig.worker.destinations);
        rig_turns(3);
        journal_free(rig.worker.journal);
        tls_client_free(rig.worker.tls);
        reactor_free(rig.worker.reactor);
        sd_event_unref(rig.event);
        for (size_t i = 0; i < rig.outcome_count; i++) {
                free(rig.outcomes[i].details);
                free(rig.outcomes[i].output);
        }
        fixture_done(&rig.fixture);
        clock_set_real();
}

uint64_t rig_send(const char *domain) {
        Delivery *d = delivery_new();
        _cleanup_(buf_done) Buf rcpt_to = BUF_EMPTY;

        buf_printf(&rcpt_to, "jo@%s", domain);
        d->worker = &rig.worker;
        d->queue_id = rig.next_id++;
        d->server_id = 1;
        d->message_id = d->queue_id + 100;
        d->domain_key = arena_dup(&d->arena, slice_from_string(domain));
        d->rcpt_to = d->stored_rcpt_to = arena_dup(&d->arena, buf_slice(&rcpt_to));
        d->mail_from = "me@rp.example";
        d->token = "token";
        d->raw_table = "raw-2026-11-22";
        d->route = (MailRoute){ .kind = MAIL_ROUTE_DOMAIN, .name = d->domain_key, .port = 25 };
        rig.worker.deliveries++;
        destinations_add(&rig.worker.destinations, d);
        return rig.next_id - 1;
}

void rig_turns(unsigned turns) {
        while (turns-- > 0)
                CHECK(sd_event_run(rig.event, 0) >= 0);
}

void rig_check_time(const char *file, int line, const char *condition, unsigned *turns) {
        rig_turns(1);
        if (++*turns % 1000 == 0 && time(NULL) > begun + REAL_TIME_MAX_SEC)
                test_fail(file, line, "it does not come to this: %s", condition);
}

void rig_pass(uint64_t usec) {
        uint64_t end = clock_monotonic() + usec;

        /* In steps, so that what happens in between happens in its order. */
        while (clock_monotonic() < end) {
                uint64_t step = MIN(end - clock_monotonic(), MAX(usec / 20, UINT64_C(1)));

                clock_set_fake(clock_realtime() + step, clock_monotonic() + step);
                rig_turns(20);
        }
}

const RigOutcome *rig_outcome(uint64_t id) {
        for (size_t i = 0; i < rig.outcome_count; i++)
                if (rig.outcomes[i].queue_id == id)
                        return &rig.outcomes[i];
        return NULL;
}

const char *rig_describe(uint64_t id) {
        static Buf text;
        const RigOutcome *o = rig_outcome(id);

        buf_reset(&text, 4096);
        if (!o)
                return "";
        if (o->queue == SETTLE_RELEASE)
                return "released";
        buf_append_string(&text, delivery_status_to_string(o->status));
        if (o->queue == SETTLE_RETRY)
                buf_printf(&text, " %u", o->retry_sec);
        buf_printf(&text, "|%s|%s", o->details, o->output);
        return buf_string(&text);
}
