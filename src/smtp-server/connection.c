/* SPDX-License-Identifier: MIT */
/* One client: moves bytes between its stream and its session, and fetches the answers that the session asks for. While it
 * waits for an answer, nothing is read: the client's own window holds it back. */
#include "core/clock.h"
#include "core/log.h"
#include "smtp-server/metrics.h"
#include "smtp-server/server.h"

typedef struct Connection {
        ListNode node;
        SmtpServer *server;
        SmtpRole role;
        Stream stream;
        SmtpSession *session;
        ReactorTimer timer;
        ReactorTask free_task;
        uint64_t last_input_usec;
        Resolver resolver;
        DnsQuery dns;
        char *hostname; /* of the client, when has_hostname */
        bool has_hostname;
        bool is_counted;   /* by the throttle */
        bool is_receiving; /* counted in server->receiving */
        bool is_asking;    /* the session's question is with somebody */
        bool is_storing;   /* the committer has the message */
        bool is_closed;    /* waits only for the committer */
        bool wants_tls;
        bool wants_close;
} Connection;

static void advance(Connection *c);

static const char *role_of(const Connection *c) {
        return smtp_role_to_string(c->role);
}

static void count_receiving(Connection *c, bool is_receiving) {
        if (c->is_receiving == is_receiving)
                return;
        c->is_receiving = is_receiving;
        c->server->receiving += is_receiving ? 1 : (size_t) -1;
        committer_expect(c->server->committer, c->server->receiving);
}

static void connection_free(Connection *c) {
        SmtpServer *server = c->server;

        reactor_unpost(&c->free_task);
        list_remove(&server->connections, &c->node);
        smtp_session_free(c->session);
        free(c->hostname);
        free(c);
        if (server->is_draining && !server->connections.first)
                service_exit(server->service, EXIT_SUCCESS);
}

static void on_free(ReactorTask *task) {
        connection_free(container_of(task, Connection, free_task));
}

/* Not at once: who closes a connection may still be using it. */
static void free_soon(Connection *c) {
        reactor_post(c->server->reactor, &c->free_task, on_free);
}

static void connection_close(Connection *c) {
        SmtpServer *server = c->server;

        if (c->is_closed)
                return;
        if (server->config->smtp_server.log_connections)
                log_info(FIELDS(FIELD("POSTAL_SESSION", smtp_session_id(c->session))), "Connection closed");
        c->is_closed = true;
        stream_close(&c->stream);
        reactor_timer_clear(server->reactor, &c->timer);
        resolver_cancel(&c->resolver);
        dns_cancel(&c->dns);
        count_receiving(c, false);
        if (c->is_counted)
                throttle_disconnect(server->throttle, smtp_session_client(c->session));
        metric_add(smtp_metrics.open_connections, -1, METRIC_LABELS(role_of(c)));
        if (!c->is_storing)
                free_soon(c);
}

/* ---- Timeouts: the timer is not moved for each input, but looks when it goes off ---- */

static uint64_t timeout_usec(const Connection *c) {
        const Config *config = c->server->config;

        return (uint64_t) (smtp_session_is_receiving(c->session) ? config->smtp_server.data_timeout
                                                                 : config->smtp_server.command_timeout) *
               USEC_PER_SEC;
}

static void on_timer(ReactorTimer *timer);

static void arm_timer(Connection *c) {
        (void) reactor_timer_set(c->server->reactor, &c->timer, c->last_input_usec + timeout_usec(c), on_timer);
}

static void on_timer(ReactorTimer *timer) {
        Connection *c = container_of(timer, Connection, timer);

        if (c->wants_close) { /* and does not take our last words */
                connection_close(c);
                return;
        }
        if (smtp_session_wants(c->session) == SMTP_WANTS_ANSWER)
                c->last_input_usec = clock_monotonic(); /* it is we who are slow */
        if (c->last_input_usec + timeout_usec(c) > clock_monotonic()) {
                arm_timer(c);
                return;
        }
        smtp_session_timed_out(c->session);
        c->last_input_usec = clock_monotonic();
        arm_timer(c);
        advance(c);
}

/* ---- Answers ---- */

static void answer(Connection *c, const SmtpAnswer *a) {
        c->is_asking = false;
        smtp_session_answer(c->session, a);
}

static void on_resolved(Resolver *r, const SmtpAnswer *a) {
        Connection *c = container_of(r, Connection, resolver);

        answer(c, a);
        advance(c);
}

static void on_stored(SmtpVerdict verdict, const char *token, void *userdata) {
        Connection *c = userdata;

        c->is_storing = false;
        c->server->accepted_messages += verdict == SMTP_VERDICT_OK;
        if (c->is_closed) {
                free_soon(c);
                return;
        }
        answer(c, &(SmtpAnswer){ .verdict = verdict, .token = token });
        advance(c);
}

static void on_hostname(DnsQuery *q, DnsAnswer *a) {
        Connection *c = container_of(q, Connection, dns);

        c->has_hostname = true;
        if (a->status == DNS_OK && *a->records[0].name)
                c->hostname = strdup(a->records[0].name);
        if (smtp_session_wants(c->session) == SMTP_WANTS_ANSWER &&
            smtp_session_request(c->session)->kind == SMTP_REQUEST_HOSTNAME) {
                answer(c, &(SmtpAnswer){ .hostname = c->hostname });
                advance(c);
        }
}

/* Asked for with the first recipient, so that it is there when the message comes. */
static void ask_hostname(Connection *c) {
        char name[DNS_REVERSE_SIZE];

        if (c->has_hostname || c->dns.is_active)
                return;
        dns_reverse_name(smtp_session_client(c->session), name);
        if (dns_query(c->server->dns, &c->dns, name, DNS_PTR, on_hostname) < 0)
                c->has_hostname = true; /* it has none */
}

/* Looks for what the session asks. True when it has been answered already. */
static bool find_answer(Connection *c) {
        const SmtpRequest *request = smtp_session_request(c->session);
        SmtpAnswer a = { 0 };

        c->is_asking = true;
        switch (request->kind) {
        case SMTP_REQUEST_HOSTNAME:
                ask_hostname(c);
                if (!c->has_hostname)
                        return false;
                a.hostname = c->hostname;
                break;
        case SMTP_REQUEST_STORE:
                c->is_storing = true;
                count_receiving(c, false);
                if (committer_add(c->server->committer, request, smtp_session_is_secure(c->session), on_stored, c) >= 0)
                        return false;
                c->is_storing = false;
                a.verdict = SMTP_VERDICT_LATER;
                break;
        case SMTP_REQUEST_RCPT:
                ask_hostname(c);
                _fallthrough_;
        default:
                if (!resolver_ask(&c->resolver, &a))
                        return false;
        }
        answer(c, &a);
        return true;
}

/* Answers as many questions as can be answered at once. False while one is with somebody. */
static bool find_answers(Connection *c) {
        while (smtp_session_wants(c->session) == SMTP_WANTS_ANSWER)
                if (c->is_asking || !find_answer(c))
                        return false;
        return true;
}

/* ---- The stream ---- */

/* Sends what the session says. */
static bool flush_output(Connection *c) {
        Buf *output = smtp_session_output(c->session);
        int r;

        if (output->size == 0)
                return true;
        r = stream_write(&c->stream, buf_slice(output));
        buf_reset(output, 0);
        if (r >= 0)
                return true;
        connection_close(c);
        return false;
}

/* Gets on with whatever the session wants now, as far as that goes without waiting. */
static void advance(Connection *c) {
        if (!find_answers(c))
                stream_pause(&c->stream);
        count_receiving(c, smtp_session_is_receiving(c->session));
        if (!flush_output(c))
                return;
        switch (smtp_session_wants(c->session)) {
        case SMTP_WANTS_INPUT:
                c->last_input_usec = clock_monotonic();
                stream_resume(&c->stream);
                break;
        case SMTP_WANTS_TLS:
                c->wants_tls = true;
                break;
        case SMTP_WANTS_CLOSE:
                c->wants_close = true;
                if (stream_unsent(&c->stream) == 0)
                        connection_close(c);
                break;
        default:
                break;
        }
}

/* The address behind a PROXY header counts, not the proxy's. False: too many connections from there. */
static bool count_client(Connection *c) {
        const SockAddr *client = smtp_session_client(c->session);
        char text[ADDRESS_TEXT_SIZE];

        if (c->is_counted || !smtp_session_has_client(c->session))
                return true;
        sockaddr_to_text(client, text);
        if (c->server->muted_addresses && address_matcher_matches(c->server->muted_addresses, text))
                smtp_session_mute(c->session);
        c->is_counted = throttle_connect(c->server->throttle, client);
        return c->is_counted;
}

static void refuse_fd(SmtpServer *server, int fd, const char *limit, const char *text) {
        metric_count(smtp_metrics.refused_connections, limit);
        (void) !write(fd, text, strlen(text));
        (void) safe_close(fd);
        (void) server;
}

static size_t on_data(Stream *s, Slice data) {
        Connection *c = container_of(s, Connection, stream);
        size_t taken = 0;

        c->last_input_usec = clock_monotonic();
        while (taken < data.size) {
                size_t n = smtp_session_feed(c->session, slice_from(data, taken));

                taken += n;
                if (!count_client(c)) {
                        metric_count(smtp_metrics.refused_connections, "address");
                        connection_close(c);
                        return taken;
                }
                if (!find_answers(c) || smtp_session_wants(c->session) != SMTP_WANTS_INPUT || n == 0)
                        break;
        }
        advance(c);
        return taken;
}

static void on_drained(Stream *s) {
        Connection *c = container_of(s, Connection, stream);

        if (c->wants_close) {
                connection_close(c);
        } else if (c->wants_tls) {
                c->wants_tls = false;
                if (!c->server->tls || stream_start_tls_server(s, c->server->tls) < 0)
                        connection_close(c);
        }
}

static void on_secured(Stream *s) {
        Connection *c = container_of(s, Connection, stream);

        smtp_session_secured(c->session);
        c->last_input_usec = clock_monotonic();
        if (c->role == SMTP_ROLE_SUBMISSIONS)
                smtp_session_start(c->session);
        advance(c);
}

static void on_failed(Stream *s, int r) {
        Connection *c = container_of(s, Connection, stream);

        if (r == -EPROTO)
                log_debug(FIELDS(FIELD("POSTAL_SESSION", smtp_session_id(c->session))),
                          "SSL Negotiation Failed: %s", stream_error(s));
        connection_close(c);
}

static const StreamHandler HANDLER = {
        .on_data = on_data,
        .on_drained = on_drained,
        .on_secured = on_secured,
        .on_failed = on_failed,
};

static int connection_new(SmtpServer *server, SmtpRole role, const SockAddr *peer, Connection **ret) {
        Connection *c = calloc(1, sizeof(Connection));
        int r;

        if (!c)
                return -ENOMEM;
        c->server = server;
        c->role = role;
        r = smtp_session_new(&server->policy, role, peer, &c->session);
        if (r < 0) {
                free(c);
                return r;
        }
        resolver_init(&c->resolver, server->directory, server->throttle, &server->rules, c->session, role,
                      on_resolved);
        list_append(&server->connections, &c->node);
        *ret = c;
        return 0;
}

/* With implicit TLS the handshake comes first, else the greeting. */
static int begin(Connection *c, int fd) {
        int r = stream_open(&c->stream, c->server->reactor, fd, &HANDLER);

        if (r < 0)
                return r;
        c->last_input_usec = clock_monotonic();
        arm_timer(c);
        if (c->role == SMTP_ROLE_SUBMISSIONS) {
                if (!c->server->tls)
                        return -EPROTO;
                return stream_start_tls_server(&c->stream, c->server->tls);
        }
        smtp_session_start(c->session);
        advance(c);
        return 0;
}

void connection_accept(SmtpServer *server, SmtpRole role, int fd, const SockAddr *peer) {
        static const char BUSY[] = "421 4.3.2 Too many connections, try again later\r\n";
        char text[ADDRESS_TEXT_SIZE];
        Connection *c;
        int r;

        metric_count(smtp_metrics.connections);
        sockaddr_to_text(peer, text);
        if (server->connections.count >= (size_t) server->config->smtp_server.max_connections) {
                refuse_fd(server, fd, "total", BUSY);
                return;
        }
        r = connection_new(server, role, peer, &c);
        if (r < 0) {
                refuse_fd(server, fd, "memory", BUSY);
                return;
        }
        metric_add(smtp_metrics.open_connections, 1, METRIC_LABELS(role_of(c)));
        if (server->config->smtp_server.log_connections)
                log_info(FIELDS(FIELD("POSTAL_SESSION", smtp_session_id(c->session)), FIELD("POSTAL_PEER", text)),
                         "Connection opened from %s", text);
        if (!count_client(c)) {
                log_info(FIELDS(FIELD("POSTAL_PEER", text)), "Too many connections from %s", text);
                refuse_fd(server, fd, "address", BUSY);
                connection_close(c);
                return;
        }
        r = begin(c, fd);
        if (r < 0)
                connection_close(c);
}

void connections_drain(SmtpServer *server) {
        LIST_FOREACH(c, &server->connections, Connection, node) {
                if (c->is_closed)
                        continue;
                smtp_session_drain(c->session);
                if (smtp_session_wants(c->session) == SMTP_WANTS_CLOSE)
                        advance(c);
        }
}

void connections_close(SmtpServer *server) {
        LIST_FOREACH(c, &server->connections, Connection, node)
                connection_close(c);
}

void connections_free(SmtpServer *server) {
        LIST_FOREACH(c, &server->connections, Connection, node)
                connection_free(c);
}
