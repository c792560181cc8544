/* SPDX-License-Identifier: MIT */
/* One connection: tries the addresses of its destination in turn until one has said EHLO, then takes one delivery
 * after the other. What happens when it breaks depends on how far the current delivery had come: nothing sent, it goes to
 * another connection; sent in part, once more; sent whole but not answered, nobody knows, and the journal says so. */
#include "basic/random.h"
#include "core/clock.h"
#include "core/log.h"
#include "mail/data-encoder.h"
#include "worker/classify.h"
#include "worker/destination-private.h"
#include "worker/metrics.h"

/* Content handed to the stream at a time. */
#define CONTENT_CHUNK ((size_t) 64 * 1024)
#define CONTENT_UNSENT_MAX ((size_t) 256 * 1024)
#define CONTENT_PARTS 5
#define TEXT_ROUTE_SIZE 512

struct Transport {
        ListNode node; /* in Destination.transports */
        Destination *destination;
        Worker *worker;
        Stream stream;
        SmtpClient *client;
        MxList *mx;
        size_t next_endpoint;
        const MxEndpoint *endpoint; /* NULL while not connected */
        const MxEndpoint *retry_plain; /* TLS failed with this address: once more without */
        bool is_ready;    /* it has been, once */
        bool is_second_round; /* now the addresses that were bad lately, too */
        bool is_quitting;
        bool is_closed;
        Buf errors;
        ReactorTimer timer;
        ReactorTask task; /* gives up, or frees it */
        Delivery *current;
        Delivery *next; /* being prepared while the current one is sent */
        bool has_begun; /* the current one's transaction */
        bool has_sent;  /* and its final dot */
        unsigned messages;

        /* Content. */
        bool is_sending;
        DataEncoder encoder;
        Slice parts[CONTENT_PARTS];
        size_t part;
};

static void advance(Transport *t);
static void connect_soon(Transport *t);

Transport *transport_of(ListNode *node) {
        return LIST_ITEM(node, Transport, node);
}

/* ---- The end ---- */

static void on_free(ReactorTask *task) {
        Transport *t = container_of(task, Transport, task);

        smtp_client_free(t->client);
        mx_list_unref(t->mx);
        buf_done(&t->errors);
        free(t);
}

static void disconnect(Transport *t) {
        reactor_timer_clear(t->worker->reactor, &t->timer);
        stream_close(&t->stream);
        if (t->endpoint)
                host_disconnect(t->destination->all, t->endpoint);
        t->endpoint = NULL;
}

static void give_back(Transport *t, Delivery **delivery) {
        Delivery *d = TAKE_PTR(*delivery);

        if (!d)
                return;
        d->transport = NULL;
        if (!d->is_preparing) /* else destination_prepared() does it */
                destination_put_back(t->destination, d);
}

static void retire(Transport *t) {
        Destination *d = t->destination;

        assert(!t->is_closed);

        t->is_closed = true;
        disconnect(t);
        list_remove(&d->transports, &t->node);
        d->all->transports--;
        give_back(t, &t->next);
        give_back(t, &t->current);
        reactor_post(t->worker->reactor, &t->task, on_free);
        worker_check_drained(t->worker);
}

/* The connection has done its work; the destination may have more. */
static void end(Transport *t) {
        Destination *d = t->destination;

        retire(t);
        destination_closed(d);
}

static void note_error(Transport *t, const char *what) {
        if (t->errors.size > 1000 || (t->errors.size > 0 && strstr(t->errors.data, what)))
                return;
        buf_printf(&t->errors, "%s%s", t->errors.size > 0 ? ", " : "", what);
}

static void give_up(Transport *t) {
        Destination *d = t->destination;
        _cleanup_free_ char *errors = buf_take(&t->errors);

        retire(t);
        destination_unreachable(d, strempty(errors));
}

/* ---- Settling the current delivery ---- */

static SendRoute send_route(const Transport *t) {
        const SourceAddress *source = t->destination->source;

        return (SendRoute){ .address = t->endpoint->text,
                            .port = t->endpoint->port,
                            .host = t->endpoint->host,
                            .source = !source ? NULL
                                      : t->endpoint->address.sa.sa_family == AF_INET6 ? source->ipv6_text
                                                                                      : source->ipv4_text };
}

static JournalEntry journal_entry(const Transport *t, const Delivery *d, char route[static TEXT_ROUTE_SIZE]) {
        (void) snprintf(route, TEXT_ROUTE_SIZE, "%s:%u (%s)", t->endpoint->text, t->endpoint->port, t->endpoint->host);
        return (JournalEntry){ .queue_id = d->queue_id,
                               .server_id = d->server_id,
                               .message_id = d->message_id,
                               .attempts = d->attempts,
                               .is_incoming = d->is_incoming,
                               .rcpt_to = d->stored_rcpt_to,
                               .route = route };
}

static void log_outcome(const Transport *t, const Delivery *d) {
        const Settlement *s = &d->settlement;

        log_info(FIELDS(FIELD_U64("POSTAL_SERVER", d->server_id), FIELD_U64("POSTAL_MESSAGE", d->message_id),
                        FIELD_U64("POSTAL_QUEUED_MESSAGE", d->queue_id),
                        FIELD("POSTAL_RCPT_DOMAIN", t->destination->route.name),
                        FIELD("POSTAL_PEER", t->endpoint->text),
                        FIELD("POSTAL_STATUS", delivery_status_to_string(s->status)),
                        FIELD_U64("POSTAL_DURATION_USEC", clock_monotonic() - d->begin_usec)),
                 "%s: message %s to %s, %s", delivery_status_to_string(s->status), d->token,
                 t->destination->route.name, strempty(s->output));
}

/* Writes the outcome into the settlement and hands the delivery on. */
static void settle_current(Transport *t, const SendOutcome *o) {
        Delivery *d = TAKE_PTR(t->current);
        Settlement *s = &d->settlement;

        delivery_begin_settlement(d, SETTLE_DONE, o->status);
        s->details = o->details;
        s->output = o->output;
        s->log_id = d->log_id;
        s->sent_with_tls = stream_is_secure(&t->stream);
        s->has_time = true;
        s->time_sec = (double) (clock_monotonic() - d->begin_usec) / 1e6;
        if (o->retries)
                delivery_retry(d, o->retry_sec);
        if (o->status == DELIVERY_SENT) {
                char route[TEXT_ROUTE_SIZE];
                JournalEntry e = journal_entry(t, d, route);

                e.details = o->details;
                e.output = o->output;
                e.log_id = d->log_id;
                e.sent_with_tls = s->sent_with_tls;
                (void) journal_answer(t->worker->journal, &e);
                t->worker->sent++;
        }
        log_outcome(t, d);
        metric_count(worker_metrics.deliveries, delivery_status_to_string(o->status));
        t->has_begun = t->has_sent = t->is_sending = false;
        worker_unload(t->worker, d);
        destination_finish(t->destination, d, o->status == DELIVERY_SENT);
}

static void fail_current(Transport *t, const char *why, bool is_timeout) {
        _cleanup_(buf_done) Buf text = BUF_EMPTY;
        SendRoute route = send_route(t);
        SendOutcome o;

        buf_append_string(&text, why);
        if (t->has_sent)
                buf_append_string(&text, " (after the whole message was sent: it may have been delivered)");
        if (classify_lost(buf_string(&text), is_timeout, &route, &t->current->arena, &o) < 0)
                o = (SendOutcome){ .status = DELIVERY_SOFT_FAIL, .details = "", .output = "", .retries = true };
        settle_current(t, &o);
}

/* The connection is of no use any more, `why` in words. */
static void lost(Transport *t, const char *why, bool is_timeout) {
        if (t->current && t->has_begun) {
                /* Nothing of the message itself can have been taken before its final dot: it may be sent again. */
                if (!t->has_sent && !is_timeout && t->current->resends++ == 0)
                        t->has_begun = false;
                else
                        fail_current(t, why, is_timeout);
        }
        if (t->current)
                t->is_sending = t->has_begun = false;
        end(t);
}

/* ---- Timeouts ---- */

static void on_timer(ReactorTimer *timer);

static void arm(Transport *t, int64_t seconds) {
        (void) reactor_timer_set(t->worker->reactor, &t->timer, clock_monotonic() + (uint64_t) seconds * USEC_PER_SEC,
                                 on_timer);
}

static void arm_for_stage(Transport *t) {
        const Config *config = t->worker->config;

        if (t->is_sending)
                arm(t, config->smtp_client.data_timeout);
        else if (smtp_client_stage(t->client) == SMTP_STAGE_CONTENT && t->has_sent)
                arm(t, config->smtp_client.final_dot_timeout);
        else
                arm(t, config_smtp_reply_timeout(config));
}

static void address_failed(Transport *t, const char *why) {
        static char something;
        _cleanup_(buf_done) Buf key = BUF_EMPTY;

        buf_printf(&key, "%s %u", t->endpoint->text, t->endpoint->port);
        (void) cache_put(t->destination->all->bad_addresses, buf_slice(&key), &something, clock_monotonic());
        log_debug(FIELDS(FIELD("POSTAL_PEER", t->endpoint->text)), "Cannot use %s (%s): %s", t->endpoint->text,
                  t->endpoint->host, why);
        note_error(t, why);
        disconnect(t);
        connect_soon(t);
}

static void on_timer(ReactorTimer *timer) {
        Transport *t = container_of(timer, Transport, timer);
        char text[80];

        if (t->is_quitting) {
                end(t);
                return;
        }
        if (!t->is_ready) {
                address_failed(t, t->stream.is_connecting ? "Connection timed out"
                                                          : "The server was silent for too long");
                return;
        }
        if (!t->current) { /* idle for long enough */
                transport_drain(t);
                return;
        }
        if (!t->has_begun) { /* it is we who are slow */
                arm(t, t->worker->config->smtp_client.idle_timeout);
                return;
        }
        (void) snprintf(text, sizeof(text), "Timeout while waiting for the reply to %s",
                        t->is_sending ? "the message" : smtp_stage_to_string(smtp_client_stage(t->client)));
        lost(t, text, true);
}

/* ---- Connecting ---- */

static bool is_bad(const Transport *t, const MxEndpoint *e) {
        _cleanup_(buf_done) Buf key = BUF_EMPTY;

        buf_printf(&key, "%s %u", e->text, e->port);
        return cache_get(t->destination->all->bad_addresses, buf_slice(&key), clock_monotonic()) != NULL;
}

static const SockAddr *source_for(const Transport *t, const MxEndpoint *e, bool *ret_possible) {
        const SourceAddress *s = t->destination->source;
        bool is_v6 = e->address.sa.sa_family == AF_INET6;

        *ret_possible = !s || (is_v6 ? s->has_ipv6 : s->has_ipv4);
        return !s ? NULL : is_v6 ? &s->ipv6 : &s->ipv4;
}

static const StreamHandler HANDLER;

/* 0: under way. -EAGAIN: this address has its fill of connections. Another error: not this one. */
static int connect_to(Transport *t, const MxEndpoint *e, SmtpClientTls tls) {
        Worker *w = t->worker;
        const SourceAddress *named = t->destination->source;
        const char *helo = named && named->hostname     ? named->hostname
                           : w->config->dns.helo_hostname ? w->config->dns.helo_hostname
                                                          : w->config->postal.smtp_hostname;
        bool is_possible;
        const SockAddr *source = source_for(t, e, &is_possible);
        int fd, r;

        if (!is_possible)
                return -EAFNOSUPPORT;
        if (!host_connect(t->destination->all, e))
                return -EAGAIN;
        t->endpoint = e;
        smtp_client_free(t->client);
        t->client = NULL;
        r = smtp_client_new(helo ? helo : "localhost", tls, &t->client);
        fd = r < 0 ? r : socket_connect(&e->address, source);
        if (fd >= 0)
                r = stream_connect(&t->stream, w->reactor, fd, &HANDLER);
        else
                r = fd;
        if (r >= 0)
                arm(t, w->config->smtp_client.open_timeout);
        return r;
}

/* Goes on to the next address that can be tried. Those that were bad lately come last. False when there is none left. */
static bool try_next(Transport *t, bool *ret_busy) {
        *ret_busy = false;
        for (;;) {
                const MxEndpoint *e;
                int r;

                if (t->next_endpoint == t->mx->count) {
                        if (t->is_second_round)
                                return false;
                        t->is_second_round = true;
                        t->next_endpoint = 0;
                        continue;
                }
                e = &t->mx->endpoints[t->next_endpoint++];
                if (is_bad(t, e) != t->is_second_round)
                        continue;
                r = connect_to(t, e, e->tls);
                if (r >= 0)
                        return true;
                *ret_busy = *ret_busy || r == -EAGAIN;
                if (r != -EAGAIN && r != -EAFNOSUPPORT)
                        note_error(t, strerror(-r));
                if (r != -EAGAIN && t->endpoint)
                        disconnect(t);
        }
}

static void on_connect(ReactorTask *task) {
        Transport *t = container_of(task, Transport, task);
        const MxEndpoint *plain = TAKE_PTR(t->retry_plain);
        bool busy;

        if (plain && connect_to(t, plain, SMTP_CLIENT_TLS_NONE) >= 0)
                return;
        if (t->endpoint)
                disconnect(t);
        if (!try_next(t, &busy))
                give_up(t);
}

/* Not from inside of the old connection's callbacks. */
static void connect_soon(Transport *t) {
        reactor_post(t->worker->reactor, &t->task, on_connect);
}

int transport_new(Destination *d) {
        Transport *t = calloc(1, sizeof(Transport));
        bool busy;

        if (!t)
                return -ENOMEM;
        t->destination = d;
        t->worker = d->worker;
        t->mx = mx_list_ref(d->mx);
        if (!try_next(t, &busy)) {
                if (busy) {
                        mx_list_unref(t->mx);
                        smtp_client_free(t->client);
                        buf_done(&t->errors);
                        free(t);
                        return -EAGAIN;
                }
                connect_soon(t); /* to find, outside of the caller, that there is none */
        }
        list_append(&d->transports, &t->node);
        d->all->transports++;
        d->connecting++;
        return 0;
}

/* ---- Taking and sending deliveries ---- */

static void take(Transport *t, Delivery **slot) {
        if (*slot || t->is_quitting || t->worker->is_draining)
                return;
        *slot = destination_take(t->destination);
        if (!*slot)
                return;
        (*slot)->transport = t;
        worker_prepare(t->worker, *slot);
}

static void quit(Transport *t) {
        t->is_quitting = true;
        smtp_client_quit(t->client);
        arm(t, t->worker->config->smtp_client.idle_timeout);
}

/* The parts of the message as it goes out, one after the other. */
static int set_parts(Transport *t) {
        Delivery *d = t->current;
        _cleanup_(buf_done) Buf resent = BUF_EMPTY;
        size_t n = 0;

        if (t->worker->config->postal.use_resent_sender_header) {
                buf_printf(&resent, "Resent-Sender: %s\r\n", d->mail_from);
                t->parts[n] = slice_from_string(arena_dup(&d->arena, buf_slice(&resent)));
                if (!t->parts[n++].data)
                        return -ENOMEM;
        }
        t->parts[n++] = d->prefix;
        t->parts[n++] = d->headers;
        t->parts[n++] = SLICE("\r\n\r\n");
        t->parts[n++] = d->body ? d->body->data : SLICE_NULL;
        while (n < CONTENT_PARTS)
                t->parts[n++] = SLICE_NULL;
        t->part = 0;
        t->encoder = DATA_ENCODER_INIT;
        return 0;
}

static void send_current(Transport *t) {
        Delivery *d = t->current;

        if (set_parts(t) < 0) {
                give_back(t, &t->current);
                quit(t);
                return;
        }
        random_alnum_upper(d->log_id, DELIVERY_LOG_ID_LENGTH);
        d->begin_usec = clock_monotonic();
        t->has_begun = true;
        t->has_sent = false;
        t->messages++;
        smtp_client_send(t->client, &(SmtpEnvelope){ .mail_from = d->mail_from,
                                                     .rcpt_to = d->rcpt_to,
                                                     .size = delivery_memory(d) + d->prefix.size,
                                                     .is_8bit = d->body && d->body->has_8bit });
}

/* READY: what now? False when the transport is gone. */
static void next_message(Transport *t) {
        if (t->is_quitting)
                return;
        if (!t->current)
                t->current = TAKE_PTR(t->next);
        if (t->worker->is_draining || !worker_may_send(t->worker) ||
            t->messages >= (unsigned) t->worker->config->smtp_client.max_messages_per_connection) {
                give_back(t, &t->current);
                quit(t);
                return;
        }
        take(t, &t->current);
        if (t->current && t->current->is_prepared)
                send_current(t);
        else
                arm(t, t->worker->config->smtp_client.idle_timeout);
}

/* Writes as much content as the stream should have now. */
static void write_content(Transport *t) {
        static __thread char chunk[CONTENT_CHUNK];
        char route[TEXT_ROUTE_SIZE];
        JournalEntry e = journal_entry(t, t->current, route);
        int r = 0;

        while (r >= 0 && t->part < CONTENT_PARTS && stream_unsent(&t->stream) < CONTENT_UNSENT_MAX) {
                size_t n = 0;

                while (t->part < CONTENT_PARTS && sizeof(chunk) - n >= DATA_ENCODER_SPACE_MIN) {
                        n += data_encoder_step(&t->encoder, &t->parts[t->part], chunk + n, sizeof(chunk) - n);
                        if (t->parts[t->part].size > 0)
                                break;
                        t->part++;
                }
                r = stream_write(&t->stream, slice_make(chunk, n));
        }
        if (r < 0) {
                lost(t, strerror(-r), false);
                return;
        }
        arm_for_stage(t);
        if (t->part < CONTENT_PARTS)
                return;
        r = journal_begin(t->worker->journal, &e);
        if (r < 0) {
                log_error(FIELDS(FIELD_ERRNO(r)), "Cannot write the journal, so nothing is sent: %s", strerror(-r));
                lost(t, "The worker's journal cannot be written", true);
                return;
        }
        t->is_sending = false;
        t->has_sent = true;
        (void) stream_write(&t->stream, data_encoder_terminator(&t->encoder));
        smtp_client_content_sent(t->client);
        arm_for_stage(t);
        take(t, &t->next);
}

/* The server takes no more over this connection. Where it has taken some, that says nothing about the message it was said to:
 * another connection may have it, once. */
static bool is_good_bye(const Transport *t, const SmtpResult *result) {
        return result->code == 421 && result->stage < SMTP_STAGE_CONTENT && t->messages > 1 && t->current->resends == 0;
}

static void on_result(Transport *t) {
        SendRoute route = send_route(t);
        SmtpResult result;
        SendOutcome o;

        smtp_client_result(t->client, &result);
        if (is_good_bye(t, &result)) {
                t->current->resends++;
                t->has_begun = false;
                give_back(t, &t->current);
                smtp_client_next(t->client);
                return;
        }
        if (classify_result(&result, &route, t->current->rcpt_to, &t->current->arena, &o) < 0)
                o = (SendOutcome){ .status = DELIVERY_SOFT_FAIL, .details = "", .output = "", .retries = true };
        settle_current(t, &o);
        smtp_client_next(t->client);
}

static void became_ready(Transport *t) {
        if (!t->is_ready) {
                t->is_ready = true;
                buf_reset(&t->errors, 0);
                destination_connected(t->destination);
        }
        next_message(t);
}

static void start_tls(Transport *t) {
        const MxEndpoint *e = t->endpoint;
        TlsVerify verify = e->tls == SMTP_CLIENT_TLS_AUTO ? TLS_VERIFY_NONE : TLS_VERIFY_NAME;

        if (stream_start_tls_client(&t->stream, t->worker->tls, e->host, verify) < 0)
                address_failed(t, "Cannot start TLS");
}

/* Gets on with what the client wants, and sends what it says. */
static void advance(Transport *t) {
        SmtpClientWant want;
        Buf *output;

        while ((want = smtp_client_wants(t->client)) == SMTP_CLIENT_HAS_RESULT)
                on_result(t);
        if (want == SMTP_CLIENT_READY)
                became_ready(t);
        if (t->is_closed)
                return;
        output = smtp_client_output(t->client);
        if (output->size > 0) {
                (void) stream_write(&t->stream, buf_slice(output));
                buf_reset(output, 4096);
        }
        switch (smtp_client_wants(t->client)) {
        case SMTP_CLIENT_WANTS_REPLY:
                if (!t->is_quitting)
                        arm_for_stage(t);
                if (!t->is_ready && smtp_client_stage(t->client) == SMTP_STAGE_EHLO)
                        take(t, &t->current); /* it talks: the first message may be loaded */
                break;
        case SMTP_CLIENT_WANTS_TLS:
                start_tls(t);
                break;
        case SMTP_CLIENT_WANTS_CONTENT:
                if (!t->is_sending) {
                        t->is_sending = true;
                        write_content(t);
                }
                break;
        case SMTP_CLIENT_FAILED:
                if (t->is_ready)
                        lost(t, smtp_client_error(t->client), false);
                else
                        address_failed(t, smtp_client_error(t->client));
                break;
        case SMTP_CLIENT_ENDED:
                end(t);
                break;
        case SMTP_CLIENT_HAS_RESULT:
                advance(t); /* known at once: the address cannot be said to this server */
                break;
        default:
                break;
        }
}

/* ---- The stream ---- */

static void on_connected(Stream *s) {
        Transport *t = container_of(s, Transport, stream);

        advance(t);
}

static size_t on_data(Stream *s, Slice data) {
        Transport *t = container_of(s, Transport, stream);
        size_t taken = 0;

        while (taken < data.size && s->is_open) {
                taken += smtp_client_feed(t->client, slice_from(data, taken));
                advance(t);
        }
        return data.size;
}

static void on_drained(Stream *s) {
        Transport *t = container_of(s, Transport, stream);

        if (t->is_sending)
                write_content(t);
}

static void on_secured(Stream *s) {
        Transport *t = container_of(s, Transport, stream);

        smtp_client_secured(t->client);
        advance(t);
}

static void on_failed(Stream *s, int r) {
        Transport *t = container_of(s, Transport, stream);
        bool is_tls = r == -EPROTO || r == -EKEYREJECTED;
        _cleanup_free_ char *why = strdup(is_tls && *stream_error(s) ? stream_error(s)
                                          : r == 0                   ? "The server closed the connection"
                                                                     : strerror(-r));

        if (t->is_quitting) {
                end(t);
                return;
        }
        if (t->is_ready) {
                lost(t, strempty(why), false);
                return;
        }
        if (is_tls && t->endpoint->tls == SMTP_CLIENT_TLS_AUTO && t->stream.is_handshaking) {
                log_info(FIELDS(FIELD("POSTAL_PEER", t->endpoint->text)), "SSL error (%s), retrying without SSL",
                         strempty(why));
                t->retry_plain = t->endpoint;
                disconnect(t);
                connect_soon(t);
                return;
        }
        address_failed(t, strempty(why));
}

static const StreamHandler HANDLER = {
        .on_connected = on_connected,
        .on_data = on_data,
        .on_drained = on_drained,
        .on_secured = on_secured,
        .on_failed = on_failed,
};

/* ---- For the destination ---- */

bool transport_is_idle(const Transport *t) {
        return t->is_ready && !t->is_closed && !t->is_quitting && !t->current &&
               smtp_client_wants(t->client) == SMTP_CLIENT_READY;
}

bool transport_wake(Transport *t) {
        if (!transport_is_idle(t))
                return false;
        advance(t);
        return true;
}

void transport_prepared(Transport *t, Delivery *d) {
        if (d->prepare_result < 0) {
                if (d == t->current)
                        t->current = NULL;
                else
                        t->next = NULL;
                worker_prepare_failed(d);
        }
        if (t->is_ready && !t->has_begun && smtp_client_wants(t->client) == SMTP_CLIENT_READY)
                advance(t);
}

void transport_drain(Transport *t) {
        if (t->is_closed || t->is_quitting)
                return;
        if (!t->is_ready) {
                Destination *d = t->destination;

                retire(t);
                d->connecting--;
        } else if (!t->has_begun) {
                give_back(t, &t->next);
                give_back(t, &t->current);
                quit(t);
                advance(t);
        }
}

void transport_close(Transport *t) {
        if (!t->is_ready && !t->is_closed)
                t->destination->connecting--;
        if (!t->is_closed)
                retire(t);
}
