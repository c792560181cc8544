/* SPDX-License-Identifier: MIT */
/* One libunbound context a process, resolving in a thread of its own; ub_process() runs its callbacks in the loop. A query that
 * is answered from the cache calls back from inside of ub_process() too, never from dns_query(). */
#include <unbound.h>

#include "core/clock.h"
#include "core/dns.h"
#include "core/file.h"
#include "core/log.h"

/* Queries on their way at once; libunbound has a socket for each. */
#define QUERIES_PER_THREAD "1024"
#define RESOLV_CONF_SIZE_MAX ((size_t) 64 * 1024)
#define CLASS_IN 1
#define RCODE_NOERROR 0
#define RCODE_NXDOMAIN 3

static const char *const SPECIAL_ZONES[] = { "home.arpa.", "test." };

struct Dns {
        struct ub_ctx *context;
        Reactor *reactor;
        sd_event_source *source;
        uint64_t timeout_usec;
};

static int on_fd(_unused_ sd_event_source *s, _unused_ int fd, _unused_ uint32_t events, void *userdata) {
        Dns *d = userdata;

        (void) ub_process(d->context);
        return 0;
}

static int set_options(struct ub_ctx *c, const DnsOptions *o) {
        const char *const options[][2] = {
                { "do-not-query-localhost:", "no" },
                { "module-config:", o->trust_anchor_path ? "validator iterator" : "iterator" },
                { "outgoing-range:", QUERIES_PER_THREAD },
                { "num-queries-per-thread:", QUERIES_PER_THREAD },
                { "msg-cache-size:", "2m" },
                { "rrset-cache-size:", "4m" },
                { "key-cache-size:", "512k" },
                { "neg-cache-size:", "256k" },
                { "edns-buffer-size:", "1232" },
                { "cache-max-negative-ttl:", "300" },
                { "unblock-lan-zones:", "yes" },
                { "insecure-lan-zones:", "yes" },
        };
        int r;

        for (size_t i = 0; i < ELEMENTSOF(options); i++) {
                r = ub_ctx_set_option(c, options[i][0], options[i][1]);
                if (r != 0) {
                        log_error(NO_FIELDS, "The resolver library refuses %s %s: %s", options[i][0],
                                  options[i][1], ub_strerror(r));
                        return -EINVAL;
                }
        }
        return 0;
}

/* The address of a line "nameserver 192.0.2.1", as resolv.conf(5) has it, and with a port behind it ("192.0.2.1@5353")
 * as this library writes them: its own reader would take the address and leave the port. */
static Slice name_server(Slice line) {
        size_t end = 0;

        line = slice_trim(line);
        if (!slice_starts_with_ignore_case(line, SLICE("nameserver")))
                return SLICE_NULL;
        line = slice_from(line, strlen("nameserver"));
        if (line.size == 0 || !ascii_is_space(line.data[0]))
                return SLICE_NULL;
        line = slice_trim(line);
        while (end < line.size && !ascii_is_space(line.data[end]) && line.data[end] != '#' && line.data[end] != ';')
                end++;
        return slice_first(line, end);
}

static void add_name_server(struct ub_ctx *c, Slice address, unsigned *count) {
        _cleanup_free_ char *copy = slice_dup(address);
        int r = copy ? ub_ctx_set_fwd(c, copy) : UB_NOMEM;

        if (r == 0)
                (*count)++;
        else
                log_warning(NO_FIELDS, "Cannot use the name server %.*s: %s", SLICE_FORMAT(address), ub_strerror(r));
}

static void add_name_servers(struct ub_ctx *c, const char *path) {
        _cleanup_(buf_done) Buf text = BUF_EMPTY;
        unsigned count = 0;
        int r = file_read(path, RESOLV_CONF_SIZE_MAX, &text);

        if (r < 0) {
                log_warning(FIELDS(FIELD_ERRNO(r)), "Cannot read %s (%s): asking the root servers", path, strerror(-r));
                return;
        }
        for (Slice rest = buf_slice(&text); rest.size > 0;) {
                Slice address = name_server(slice_split(&rest, '\n'));

                if (address.size > 0)
                        add_name_server(c, address, &count);
        }
        if (count == 0) /* resolv.conf(5): then there is one on this host */
                add_name_server(c, SLICE("127.0.0.1"), &count);
}

static void configure(struct ub_ctx *c, const DnsOptions *o) {
        int r;

        add_name_servers(c, o->resolv_conf_path);
        (void) ub_ctx_hosts(c, NULL);
        if (!o->trust_anchor_path)
                return;
        r = ub_ctx_add_ta_file(c, o->trust_anchor_path);
        if (r != 0)
                log_warning(NO_FIELDS, "Cannot read the DNSSEC trust anchor %s: %s", o->trust_anchor_path,
                            ub_strerror(r));
}

int dns_new(sd_event *event, Reactor *reactor, const DnsOptions *options, Dns **ret) {
        _cleanup_(dns_freep) Dns *d = calloc(1, sizeof(Dns));
        int r;

        if (!d)
                return -ENOMEM;
        d->reactor = reactor;
        d->timeout_usec = options->timeout_usec;
        d->context = ub_ctx_create();
        if (!d->context)
                return -ENOMEM;
        r = set_options(d->context, options);
        if (r < 0)
                return r;
        configure(d->context, options);
        if (ub_ctx_async(d->context, 1) != 0)
                return -ENOMEM;
        /* The library answers for these itself; who runs name servers for them has a say, as for the zones of
         * private networks. */
        for (size_t i = 0; i < ELEMENTSOF(SPECIAL_ZONES); i++)
                (void) ub_ctx_zone_remove(d->context, SPECIAL_ZONES[i]);
        r = sd_event_add_io(event, &d->source, ub_fd(d->context), EPOLLIN, on_fd, d);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(d);
        return 0;
}

Dns *dns_free(Dns *d) {
        if (!d)
                return NULL;
        sd_event_source_disable_unref(d->source);
        if (d->context)
                ub_ctx_delete(d->context);
        return mfree(d);
}

static void finish(DnsQuery *q, DnsAnswer *a) {
        q->is_active = false;
        reactor_timer_clear(q->dns->reactor, &q->timer);
        q->done(q, a);
}

static DnsStatus status_of(int error, const struct ub_result *result) {
        if (error != 0 || !result)
                return DNS_FAILED;
        if (result->bogus)
                return DNS_BOGUS;
        if (result->havedata)
                return DNS_OK;
        if (result->nxdomain || result->rcode == RCODE_NXDOMAIN)
                return DNS_NO_DOMAIN;
        return result->rcode == RCODE_NOERROR ? DNS_NO_DATA : DNS_FAILED;
}

static int read_records(const struct ub_result *result, DnsAnswer *a) {
        a->records = calloc(DNS_RECORDS_MAX, sizeof(DnsRecord));
        if (!a->records)
                return -ENOMEM;
        for (size_t i = 0; result->data[i] && a->count < DNS_RECORDS_MAX; i++) {
                int r = dns_record_parse(a->type, slice_make(result->data[i], (size_t) result->len[i]),
                                         &a->records[a->count]);

                if (r == -ENOMEM)
                        return r;
                if (r >= 0)
                        a->count++;
        }
        return 0;
}

static void on_result(void *userdata, int error, struct ub_result *result) {
        _cleanup_(dns_answer_done) DnsAnswer a = { 0 };
        DnsQuery *q = userdata;

        a.type = q->type;
        a.status = status_of(error, result);
        a.is_secure = a.status != DNS_FAILED && result && result->secure;
        /* Records that are all broken are no answer. */
        if (a.status == DNS_OK && (read_records(result, &a) < 0 || a.count == 0))
                a.status = DNS_FAILED;
        ub_resolve_free(result);
        finish(q, &a);
}

static void on_timeout(ReactorTimer *timer) {
        DnsQuery *q = container_of(timer, DnsQuery, timer);

        (void) ub_cancel(q->dns->context, q->id);
        finish(q, &(DnsAnswer){ .status = DNS_TIMEOUT, .type = q->type });
}

int dns_query(Dns *d, DnsQuery *q, const char *name, DnsType type, dns_done_t done) {
        int r;

        assert(!q->is_active);

        *q = (DnsQuery){ .dns = d, .done = done, .type = type };
        r = reactor_timer_set(d->reactor, &q->timer, clock_monotonic() + d->timeout_usec, on_timeout);
        if (r < 0)
                return r;
        r = ub_resolve_async(d->context, name, (int) type, CLASS_IN, q, on_result, &q->id);
        if (r != 0) {
                reactor_timer_clear(d->reactor, &q->timer);
                return r == UB_SYNTAX ? -EINVAL : -ENOMEM;
        }
        q->is_active = true;
        return 0;
}

void dns_cancel(DnsQuery *q) {
        if (!q->is_active)
                return;
        q->is_active = false;
        (void) ub_cancel(q->dns->context, q->id);
        reactor_timer_clear(q->dns->reactor, &q->timer);
}
