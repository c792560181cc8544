/* SPDX-License-Identifier: MIT */
#include "basic/random.h"
#include "core/clock.h"
#include "mail/domain.h"
#include "worker/mx.h"

#define SMTP_PORT 25

typedef struct Host {
        MxLookup *lookup;
        const char *name;
        unsigned port;
        SmtpClientTls tls;
        DnsQuery queries[2]; /* AAAA, A */
        DnsAnswer answers[2];
} Host;

struct MxLookup {
        Dns *dns;
        Reactor *reactor;
        mx_done_t done;
        void *userdata;
        MxList *list;
        DnsQuery mx;
        ReactorTask task; /* when nothing need be asked */
        Host hosts[MX_HOSTS_MAX];
        size_t host_count;
        unsigned waiting; /* queries under way */
        bool had_temporary;
};

MxList *mx_list_ref(MxList *l) {
        if (l)
                l->references++;
        return l;
}

MxList *mx_list_unref(MxList *l) {
        if (!l || --l->references > 0)
                return NULL;
        arena_done(&l->arena);
        return mfree(l);
}

MxLookup *mx_lookup_free(MxLookup *l) {
        if (!l)
                return NULL;
        dns_cancel(&l->mx);
        reactor_unpost(&l->task);
        for (size_t i = 0; i < l->host_count; i++)
                for (size_t k = 0; k < 2; k++) {
                        dns_cancel(&l->hosts[i].queries[k]);
                        dns_answer_done(&l->hosts[i].answers[k]);
                }
        mx_list_unref(l->list);
        return mfree(l);
}

static void add_endpoint(MxList *list, const Host *h, const SockAddr *address) {
        MxEndpoint *e;

        if (list->count == MX_ENDPOINTS_MAX)
                return;
        e = &list->endpoints[list->count++];
        e->host = h->name;
        e->address = *address;
        e->port = h->port;
        e->tls = h->tls;
        sockaddr_to_text(address, e->text);
        if (e->address.sa.sa_family == AF_INET6)
                e->address.in6.sin6_port = htons((uint16_t) h->port);
        else
                e->address.in.sin_port = htons((uint16_t) h->port);
}

static void add_host_name(MxList *list, const char *name) {
        for (size_t i = 0; i < list->host_count; i++)
                if (streq(list->hosts[i], name))
                        return;
        if (list->host_count < MX_HOSTS_MAX)
                list->hosts[list->host_count++] = name;
}

/* All that was asked is answered. */
static void complete(MxLookup *l) {
        MxList *list = TAKE_PTR(l->list);
        mx_done_t done = l->done;
        void *userdata = l->userdata;

        for (size_t i = 0; i < l->host_count; i++) {
                Host *h = &l->hosts[i];
                SockAddr literal;

                if (sockaddr_parse(h->name, h->port, &literal) >= 0) {
                        add_host_name(list, h->name);
                        add_endpoint(list, h, &literal);
                }
                for (size_t k = 0; k < 2; k++)
                        for (size_t j = 0; j < h->answers[k].count; j++) {
                                add_host_name(list, h->name);
                                add_endpoint(list, h, &h->answers[k].records[j].address);
                        }
        }
        if (list->status == MX_OK && list->count == 0) {
                list->status = l->had_temporary ? MX_TEMPORARY : MX_NONE;
                if (!list->error)
                        list->error = "";
        }
        list->expires_usec = clock_monotonic() + (list->count > 0 ? MX_VALID_USEC : 0);
        mx_lookup_free(l);
        done(list, userdata);
}

static void on_complete(ReactorTask *task) {
        complete(container_of(task, MxLookup, task));
}

/* Calls complete() from the loop, not from inside of whoever started the look-up. */
static void complete_soon(MxLookup *l) {
        reactor_post(l->reactor, &l->task, on_complete);
}

static void note_temporary(MxLookup *l, DnsStatus status) {
        static const char *const WORDS[] = {
                [DNS_FAILED] = "the name servers of the domain do not answer properly",
                [DNS_TIMEOUT] = "the DNS did not answer in time",
                [DNS_BOGUS] = "the DNS answer is not authentic (DNSSEC)",
        };

        if (status < DNS_FAILED)
                return;
        l->had_temporary = true;
        l->list->error = WORDS[status];
}

static void on_address(DnsQuery *q, DnsAnswer *a) {
        Host *h = q->type == DNS_AAAA ? container_of(q, Host, queries[0]) : container_of(q, Host, queries[1]);
        MxLookup *l = h->lookup;

        note_temporary(l, a->status);
        if (a->status == DNS_OK)
                h->answers[q->type == DNS_A] = TAKE(*a, (DnsAnswer){ 0 });
        if (--l->waiting == 0)
                complete_soon(l);
}

static void ask_addresses(MxLookup *l) {
        for (size_t i = 0; i < l->host_count; i++) {
                Host *h = &l->hosts[i];
                SockAddr literal;

                h->lookup = l;
                if (!*h->name || sockaddr_parse(h->name, h->port, &literal) >= 0)
                        continue;
                l->waiting += dns_query(l->dns, &h->queries[0], h->name, DNS_AAAA, on_address) >= 0;
                l->waiting += dns_query(l->dns, &h->queries[1], h->name, DNS_A, on_address) >= 0;
        }
        if (l->waiting == 0)
                complete_soon(l);
}

static void add_host(MxLookup *l, const char *name, unsigned port, SmtpClientTls tls) {
        Host *h;
        char *copy;

        if (l->host_count == MX_HOSTS_MAX)
                return;
        copy = arena_dup(&l->list->arena, slice_from_string(name));
        if (!copy)
                return;
        h = &l->hosts[l->host_count++];
        *h = (Host){ .lookup = l, .name = copy, .port = port, .tls = tls };
}

typedef struct Candidate {
        const DnsRecord *record;
        uint64_t shuffle;
} Candidate;

static int compare_candidates(const void *a, const void *b) {
        const Candidate *x = a, *y = b;

        if (x->record->preference != y->record->preference)
                return x->record->preference < y->record->preference ? -1 : 1;
        return x->shuffle < y->shuffle ? -1 : x->shuffle > y->shuffle;
}

/* The best ones, as many as there is room for. */
static void add_mx_hosts(MxLookup *l, const DnsAnswer *a) {
        Candidate candidates[DNS_RECORDS_MAX];
        size_t count = 0;

        for (size_t i = 0; i < a->count; i++)
                if (*a->records[i].name)
                        candidates[count++] = (Candidate){ &a->records[i], random_u64() };
        qsort(candidates, count, sizeof(Candidate), compare_candidates);
        for (size_t i = 0; i < count; i++)
                add_host(l, candidates[i].record->name, SMTP_PORT, SMTP_CLIENT_TLS_AUTO);
}

static void on_mx(DnsQuery *q, DnsAnswer *a) {
        MxLookup *l = container_of(q, MxLookup, mx);

        l->waiting--;
        note_temporary(l, a->status);
        if (l->had_temporary) {
                l->list->status = MX_TEMPORARY;
                complete_soon(l);
                return;
        }
        if (a->status == DNS_OK && a->count == 1 && !*a->records[0].name) {
                l->host_count = 0;
                l->list->status = MX_NULL;
                complete_soon(l);
                return;
        }
        if (a->status == DNS_OK) {
                l->host_count = 0; /* not the domain itself */
                add_mx_hosts(l, a);
        }
        ask_addresses(l);
}

/* "[192.0.2.1]" and "[IPv6:2001:db8::1]" (RFC 5321 section 4.1.3). */
static bool is_literal(Slice domain, char ret[static ADDRESS_TEXT_SIZE]) {
        SockAddr any;

        if (domain.size < 3 || domain.data[0] != '[' || domain.data[domain.size - 1] != ']')
                return false;
        domain = slice_make(domain.data + 1, domain.size - 2);
        if (slice_starts_with_ignore_case(domain, SLICE("IPv6:")))
                domain = slice_from(domain, 5);
        if (domain.size >= ADDRESS_TEXT_SIZE)
                return false;
        (void) snprintf(ret, ADDRESS_TEXT_SIZE, "%.*s", SLICE_FORMAT(domain));
        return sockaddr_parse(ret, 0, &any) >= 0;
}

static int begin_domain(MxLookup *l, const MailRoute *route) {
        _cleanup_(buf_done) Buf ascii = BUF_EMPTY;
        char literal[ADDRESS_TEXT_SIZE];
        Slice domain = slice_from_string(route->name);

        if (is_literal(domain, literal)) {
                add_host(l, literal, SMTP_PORT, SMTP_CLIENT_TLS_AUTO);
                complete_soon(l);
                return 0;
        }
        if (domain_to_ascii(domain, &ascii) < 0) {
                complete_soon(l); /* no such name can exist */
                return 0;
        }
        add_host(l, buf_string(&ascii), SMTP_PORT, SMTP_CLIENT_TLS_AUTO); /* unless there is an MX */
        if (dns_query(l->dns, &l->mx, buf_string(&ascii), DNS_MX, on_mx) >= 0)
                l->waiting++;
        else
                complete_soon(l);
        return 0;
}

int mx_lookup_new(Dns *dns, Reactor *reactor, const Config *config, const MailRoute *route, mx_done_t done, void *userdata,
                  MxLookup **ret) {
        _cleanup_(mx_lookup_freep) MxLookup *l = calloc(1, sizeof(MxLookup));
        int r = 0;

        if (!l)
                return -ENOMEM;
        l->dns = dns;
        l->reactor = reactor;
        l->done = done;
        l->userdata = userdata;
        l->list = calloc(1, sizeof(MxList));
        if (!l->list)
                return -ENOMEM;
        l->list->references = 1;
        switch (route->kind) {
        case MAIL_ROUTE_DOMAIN:
                r = begin_domain(l, route);
                break;
        case MAIL_ROUTE_RELAYS:
                for (size_t i = 0; i < config->postal.relay_count; i++)
                        add_host(l, config->postal.relays[i].host, config->postal.relays[i].port,
                                 smtp_client_tls_from_string(config->postal.relays[i].ssl_mode));
                ask_addresses(l);
                break;
        default:
                add_host(l, route->name, route->port, smtp_client_tls_from_string(route->ssl_mode));
                ask_addresses(l);
        }
        if (r < 0)
                return r;
        *ret = TAKE_PTR(l);
        return 0;
}
