/* SPDX-License-Identifier: MIT */
/* Each step either asks the directory for something, naming the step that goes on with it, or answers. A cached
 * look-up goes on at once, without depth: resolver_ask() and on_lookup() loop over the steps. */
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "basic/encoding.h"
#include "core/clock.h"
#include "mail/address.h"
#include "smtp-server/resolver.h"

#define MD5_SIZE 16
/* From and Sender values that are looked at; a header with more is refused. */
#define SENDER_VALUES_MAX 64

typedef void (*step_t)(Resolver *r, const Lookup *l, Progress *p);

/* What a step leads to. */
struct Progress {
        bool is_answered;
        SmtpAnswer answer;
        /* Otherwise: */
        LookupKey key;
        step_t step;
};

static void answer(Progress *p, SmtpVerdict verdict) {
        p->is_answered = true;
        p->answer.verdict = verdict;
}

static void ask(Progress *p, LookupKind kind, uint64_t id, Slice first, Slice second, step_t step) {
        p->is_answered = false;
        p->key = (LookupKey){ kind, id, first, second };
        p->step = step;
}

static SmtpCredential make_credential(uint64_t id, const LookupServer *s) {
        return (SmtpCredential){
                .id = id,
                .server_id = s->id,
                .organization_permalink = s->organization_permalink,
                .server_permalink = s->permalink,
                .privacy_mode = s->privacy_mode,
                .log_smtp_data = s->log_smtp_data,
        };
}

/* ---- AUTH ---- */

static void authenticated(Resolver *r, uint64_t id, const LookupServer *s, Progress *p) {
        SmtpCredential *c = arena_alloc(&r->arena, sizeof(SmtpCredential));

        if (!c) {
                answer(p, SMTP_VERDICT_LATER);
                return;
        }
        *c = make_credential(id, s);
        answer(p, SMTP_VERDICT_OK);
        p->answer.credential = c;
        directory_touch_credential(r->directory, id);
}

static void auth_failed(Resolver *r, Progress *p) {
        throttle_count_failure(r->throttle, smtp_session_client(r->session), clock_monotonic());
        answer(p, SMTP_VERDICT_NO);
}

static void key_found(Resolver *r, const Lookup *l, Progress *p) {
        if (l->is_found)
                authenticated(r, l->credential_id, &l->server, p);
        else
                auth_failed(r, p);
}

static bool digest_matches(const char *key, const char *challenge, Slice digest) {
        _cleanup_(buf_done) Buf hex = BUF_EMPTY;
        char mac[MD5_SIZE];

        if (gnutls_hmac_fast(GNUTLS_MAC_MD5, key, strlen(key), challenge, strlen(challenge), mac) < 0)
                return false;
        hex_encode(&hex, slice_make(mac, sizeof(mac)));
        return hex.size == digest.size && gnutls_memcmp(hex.data, digest.data, hex.size) == 0;
}

static void server_found(Resolver *r, const Lookup *l, Progress *p) {
        const SmtpRequest *request = smtp_session_request(r->session);
        uint64_t id = 0;

        /* All keys are tried, whichever fits, so that the time does not tell which. */
        for (size_t i = 0; i < l->credential_count; i++)
                if (digest_matches(l->credentials[i].key, request->challenge,
                                   slice_from_string(request->digest)))
                        id = l->credentials[i].id;
        if (id > 0)
                authenticated(r, id, &l->server, p);
        else
                auth_failed(r, p);
}

static void begin_auth(Resolver *r, const SmtpRequest *request, Progress *p) {
        Slice user = slice_from_string(request->user), permalink = user, organization;
        ssize_t slash, underscore;

        if (!throttle_may_authenticate(r->throttle, smtp_session_client(r->session), clock_monotonic())) {
                answer(p, SMTP_VERDICT_THROTTLED);
                return;
        }
        if (request->kind == SMTP_REQUEST_AUTH_KEY) {
                ask(p, LOOKUP_CREDENTIAL, 0, slice_from_string(request->key), SLICE_NULL, key_found);
                return;
        }
        /* "org/server" or "org_server", whichever separator comes first. */
        slash = slice_find_byte(user, '/', 0);
        underscore = slice_find_byte(user, '_', 0);
        organization = slice_split(&permalink, slash < 0 || (underscore >= 0 && underscore < slash) ? '_' : '/');
        ask(p, LOOKUP_SERVER, 0, organization, permalink, server_found);
}

/* ---- RCPT ---- */

static bool refuses(Progress *p, const Lookup *l, SmtpVerdict bad_token, SmtpVerdict rejects) {
        if (!l->is_found)
                answer(p, bad_token);
        else if (l->server.is_suspended)
                answer(p, SMTP_VERDICT_SUSPENDED);
        else if (l->target_count > 0 && l->mode == ROUTE_REJECT)
                answer(p, rejects);
        else
                return false;
        return true;
}

/* Accepts with the targets of a route, or with one incoming message without a route. */
static void accept_targets(Resolver *r, const Lookup *l, bool is_bounce, Slice address, Progress *p) {
        size_t count = MAX(l->target_count, (size_t) 1);
        SmtpTarget *targets = arena_alloc0(&r->arena, count * sizeof(SmtpTarget));
        char *text = arena_dup(&r->arena, address);

        if (!targets || !text) {
                answer(p, SMTP_VERDICT_LATER);
                return;
        }
        for (size_t i = 0; i < count; i++) {
                targets[i] = (SmtpTarget){ .server_id = l->server.id, .is_incoming = true, .is_bounce = is_bounce };
                if (l->target_count == 0)
                        break;
                targets[i].route_id = l->targets[i].route_id;
                targets[i].domain_id = l->targets[i].domain_id;
                targets[i].endpoint_id = l->targets[i].endpoint_id;
                targets[i].endpoint_type = l->targets[i].endpoint_type;
        }
        answer(p, SMTP_VERDICT_OK);
        p->answer.recipient = (SmtpRecipient){ text, targets, count, is_bounce ? "bounce" : "incoming" };
}

static void return_path_found(Resolver *r, const Lookup *l, Progress *p) {
        /* A return path route that rejects is no reason to refuse bounces. */
        if (!l->is_found)
                answer(p, SMTP_VERDICT_BAD_SERVER_TOKEN);
        else if (l->server.is_suspended)
                answer(p, SMTP_VERDICT_SUSPENDED);
        else
                accept_targets(r, l, true, r->address, p);
}

/* "<name>[+tag]@<domain>" */
static void route_token_found(Resolver *r, const Lookup *l, Progress *p) {
        _cleanup_(buf_done) Buf address = BUF_EMPTY;

        if (refuses(p, l, SMTP_VERDICT_BAD_ROUTE_TOKEN, SMTP_VERDICT_ROUTE_REJECTS))
                return;
        if (!l->domain_name) { /* a return path route, which nobody writes to by its token */
                answer(p, SMTP_VERDICT_BAD_ROUTE_TOKEN);
                return;
        }
        buf_append_string(&address, l->route_name);
        if (r->tag.data) {
                buf_append_byte(&address, '+');
                buf_append_slice(&address, r->tag);
        }
        buf_printf(&address, "@%s", l->domain_name);
        accept_targets(r, l, false, buf_slice(&address), p);
}

static void begin_unauthenticated(Resolver *r, Progress *p);

/* The session's credential still holds? Then everybody may be written to. */
static void credential_found(Resolver *r, const Lookup *l, Progress *p) {
        SmtpTarget *target;

        if (!l->is_found) {
                r->credential_is_gone = true;
                r->has_by_address = false;
                begin_unauthenticated(r, p);
                return;
        }
        if (l->server.is_suspended) {
                answer(p, SMTP_VERDICT_SUSPENDED);
                return;
        }
        target = arena_alloc0(&r->arena, sizeof(SmtpTarget));
        if (!target) {
                answer(p, SMTP_VERDICT_LATER);
                return;
        }
        target->server_id = l->server.id;
        target->credential_id = l->credential_id;
        target->owns_body = l->server.has_tracking;
        answer(p, SMTP_VERDICT_OK);
        p->answer.recipient = (SmtpRecipient){ r->address.data, target, 1, "outgoing" };
}

/* The last resort: a credential for the client's address. */
static void address_credentials_found(Resolver *r, const Lookup *l, Progress *p) {
        for (size_t i = 0; i < l->credential_count; i++) {
                const LookupCredential *c = &l->credentials[i];

                if (!ip_network_contains_peer(&c->network, smtp_session_client(r->session)))
                        continue;
                r->by_address = make_credential(c->id, &c->server);
                r->by_address.organization_permalink =
                        arena_dup(&r->arena, slice_from_string(c->server.organization_permalink));
                r->by_address.server_permalink = arena_dup(&r->arena, slice_from_string(c->server.permalink));
                r->has_by_address = true;
                directory_touch_credential(r->directory, c->id);
                ask(p, LOOKUP_CREDENTIAL_ID, c->id, SLICE_NULL, SLICE_NULL, credential_found);
                return;
        }
        answer(p, SMTP_VERDICT_NO);
}

static void try_client_address(Progress *p) {
        ask(p, LOOKUP_ADDRESS_CREDENTIALS, 0, SLICE_NULL, SLICE_NULL, address_credentials_found);
}

static void address_found(Resolver *r, const Lookup *l, Progress *p) {
        if (!l->is_found) {
                try_client_address(p);
                return;
        }
        if (refuses(p, l, SMTP_VERDICT_NO, SMTP_VERDICT_ADDRESS_REJECTS))
                return;
        accept_targets(r, l, false, r->address, p);
}

static void begin_unauthenticated(Resolver *r, Progress *p) {
        bool is_submission = r->role == SMTP_ROLE_SUBMISSION || r->role == SMTP_ROLE_SUBMISSIONS;

        if (is_submission || r->name.size == 0)
                try_client_address(p);
        else
                ask(p, LOOKUP_ADDRESS, 0, r->name, r->domain, address_found);
}

static bool is_return_path(const Resolver *r) {
        Slice prefix = slice_from_string(r->rules->return_path_prefix);

        if (slice_equal_ignore_case(r->domain, slice_from_string(r->rules->return_path_domain)))
                return true;
        return prefix.size > 0 && r->domain.size > prefix.size && r->domain.data[prefix.size] == '.' &&
               slice_starts_with_ignore_case(r->domain, prefix);
}

static void begin_rcpt(Resolver *r, const SmtpRequest *request, Progress *p) {
        const SmtpCredential *c = smtp_session_credential(r->session);
        Slice local;

        r->address = slice_from_string(arena_dup(&r->arena, request->address));
        if (!r->address.data) {
                answer(p, SMTP_VERDICT_LATER);
                return;
        }
        address_split(r->address, &local, &r->domain);
        address_split_tag(local, &r->name, &r->tag);
        if (r->role != SMTP_ROLE_SUBMISSION && r->role != SMTP_ROLE_SUBMISSIONS) {
                if (is_return_path(r)) {
                        ask(p, LOOKUP_RETURN_PATH, 0, r->name, SLICE_NULL, return_path_found);
                        return;
                }
                if (slice_equal_ignore_case(r->domain, slice_from_string(r->rules->route_domain))) {
                        ask(p, LOOKUP_ROUTE_TOKEN, 0, r->name, SLICE_NULL, route_token_found);
                        return;
                }
        }
        if (c)
                ask(p, LOOKUP_CREDENTIAL_ID, c->id, SLICE_NULL, SLICE_NULL, credential_found);
        else
                begin_unauthenticated(r, p);
}

/* ---- SENDER ---- */

static void next_sender(Resolver *r, Progress *p);

static void sender_found(Resolver *r, const Lookup *l, Progress *p) {
        if (!l->is_found) {
                if (r->tries_sender || !r->allows_sender) {
                        answer(p, SMTP_VERDICT_NO);
                        return;
                }
                r->tries_sender = true;
                r->position = r->values = 0;
                r->domain_id = 0;
        } else if (r->domain_id == 0) {
                r->domain_id = l->domain_id;
        }
        next_sender(r, p);
}

/* Looks the next value of the header up. All of them must name a domain that may be used; the first counts. */
static void next_sender(Resolver *r, Progress *p) {
        static const Lookup nothing = { 0 };
        const HeaderCollector *headers = smtp_session_request(r->session)->headers;
        _cleanup_(buf_done) Buf address = BUF_EMPTY;
        Slice local, domain, value;

        if (!header_collector_next(headers, r->tries_sender ? SLICE("Sender") : SLICE("From"), &r->position,
                                   &value)) {
                if (r->values == 0) {
                        sender_found(r, &nothing, p);
                        return;
                }
                answer(p, SMTP_VERDICT_OK);
                p->answer.domain_id = r->domain_id;
                return;
        }
        header_address(value, &address);
        address_split(buf_slice(&address), &local, &domain);
        if (++r->values > SENDER_VALUES_MAX || local.size == 0 || domain.size == 0) {
                sender_found(r, &nothing, p);
                return;
        }
        ask(p, LOOKUP_SENDER, smtp_session_credential(r->session)->server_id,
            slice_from_string(arena_dup(&r->arena, domain)), SLICE_NULL, sender_found);
}

static void sender_credential_found(Resolver *r, const Lookup *l, Progress *p) {
        if (!l->is_found) {
                answer(p, SMTP_VERDICT_NO);
                return;
        }
        r->allows_sender = l->server.allow_sender;
        next_sender(r, p);
}

static void begin_sender(Resolver *r, Progress *p) {
        ask(p, LOOKUP_CREDENTIAL_ID, smtp_session_credential(r->session)->id, SLICE_NULL, SLICE_NULL,
            sender_credential_found);
}

/* ---- The loop over the steps ---- */

static void on_lookup(const Lookup *l, int error, void *userdata);

static void complete(Resolver *r, SmtpAnswer *a) {
        a->credential_is_gone = r->credential_is_gone;
        if (r->has_by_address)
                a->credential = &r->by_address;
}

/* Goes on until there is an answer (true) or a question to the pool (false). */
static bool run(Resolver *r, Progress *p) {
        while (!p->is_answered) {
                const Lookup *l = NULL;
                step_t step = p->step;
                int k;

                r->step = step;
                k = directory_find(r->directory, &p->key, &l, &r->query, on_lookup, r);
                if (k == 0)
                        return false;
                *p = (Progress){ 0 };
                if (k < 0)
                        answer(p, SMTP_VERDICT_LATER);
                else
                        step(r, l, p);
        }
        complete(r, &p->answer);
        return true;
}

static void on_lookup(const Lookup *l, int error, void *userdata) {
        Resolver *r = userdata;
        Progress p = { 0 };

        r->query = NULL;
        if (error < 0)
                answer(&p, SMTP_VERDICT_LATER);
        else
                r->step(r, l, &p);
        if (run(r, &p))
                r->done(r, &p.answer);
}

void resolver_init(Resolver *r, Directory *directory, Throttle *throttle, const ResolverRules *rules,
                   const SmtpSession *session, SmtpRole role, resolver_done_t done) {
        *r = (Resolver){ .directory = directory, .throttle = throttle, .rules = rules,
                         .session = session, .role = role, .done = done };
}

bool resolver_ask(Resolver *r, SmtpAnswer *ret) {
        const SmtpRequest *request = smtp_session_request(r->session);
        Progress p = { 0 };
        bool is_answered;

        assert(!r->query);

        arena_done(&r->arena);
        r->has_by_address = r->credential_is_gone = r->tries_sender = false;
        r->position = r->values = 0;
        r->domain_id = 0;
        switch (request->kind) {
        case SMTP_REQUEST_AUTH_KEY:
        case SMTP_REQUEST_AUTH_CRAM:
                begin_auth(r, request, &p);
                break;
        case SMTP_REQUEST_RCPT:
                begin_rcpt(r, request, &p);
                break;
        default:
                begin_sender(r, &p);
        }
        is_answered = run(r, &p);
        if (is_answered)
                *ret = p.answer;
        return is_answered;
}

void resolver_cancel(Resolver *r) {
        directory_cancel(r->query);
        r->query = NULL;
        arena_done(&r->arena);
}
