/* SPDX-License-Identifier: MIT */
/* From routes to addresses, with libunbound asking a name server of the test's own. */
#include "core/clock.h"
#include "dns-server.h"
#include "test.h"
#include "worker/mx.h"

#define MANY_MX 30
#define MANY_ADDRESSES 70

static const ZoneRecord ZONE[] = {
        { "two.example", DNS_MX, "20 mx2.two.example", 0 },
        { "two.example", DNS_MX, "10 mx1.two.example", 0 },
        { "mx1.two.example", DNS_A, "192.0.2.11", 0 },
        { "mx1.two.example", DNS_AAAA, "2001:db8::11", 0 },
        { "mx2.two.example", DNS_A, "192.0.2.12", 0 },
        { "pair.example", DNS_A, "192.0.2.13", 0 },
        { "pair.example", DNS_A, "192.0.2.14", 0 },
        { "equal.example", DNS_MX, "10 a.equal.example", 0 },
        { "equal.example", DNS_MX, "10 b.equal.example", 0 },
        { "equal.example", DNS_MX, "5 first.equal.example", 0 },
        { "a.equal.example", DNS_A, "192.0.2.1", 0 },
        { "b.equal.example", DNS_A, "192.0.2.2", 0 },
        { "first.equal.example", DNS_A, "192.0.2.3", 0 },
        { "bare.example", DNS_A, "192.0.2.20", 0 },
        { "bare.example", DNS_AAAA, "2001:db8::20", 0 },
        { "bare4.example", DNS_A, "192.0.2.21", 0 },
        { "text-only.example", DNS_TXT, "x", 0 },
        { "null.example", DNS_MX, "0 ", 0 },
        { "null.example", DNS_A, "192.0.2.30", 0 },
        { "half-null.example", DNS_MX, "0 ", 0 },
        { "half-null.example", DNS_MX, "10 mx2.two.example", 0 },
        { "alias.example", DNS_CNAME, "two.example", 0 },
        { "to-alias.example", DNS_MX, "10 alias-mx.example", 0 },
        { "alias-mx.example", DNS_CNAME, "mx1.two.example", 0 },
        { "xn--bcher-kva.example", DNS_MX, "10 mx2.two.example", 0 },
        { "xn--ls8h.example", DNS_A, "192.0.2.40", 0 },
        { "loop.example", DNS_MX, "10 self.loop.example", 0 },
        { "self.loop.example", DNS_A, "127.0.0.1", 0 },
        { "literal-mx.example", DNS_MX, "10 192.0.2.50", 0 },
        { "lost-mx.example", DNS_MX, "10 nowhere.example", 0 },
        { "servfail.example", DNS_MX, "", ZONE_SERVFAIL },
        { "servfail.example", DNS_A, "192.0.2.60", 0 },
        { "silent.example", DNS_MX, "", ZONE_SILENT },
        { "silent.example", DNS_A, "192.0.2.61", 0 },
        { "half-failing.example", DNS_MX, "10 failing-mx.example", 0 },
        { "half-failing.example", DNS_MX, "20 mx1.two.example", 0 },
        { "all-failing.example", DNS_MX, "10 failing-mx.example", 0 },
        { "failing-mx.example", DNS_A, "", ZONE_SERVFAIL },
        { "failing-mx.example", DNS_AAAA, "", ZONE_SERVFAIL },
        { "one-family.example", DNS_MX, "10 failing6.example", 0 },
        { "failing6.example", DNS_A, "192.0.2.70", 0 },
        { "failing6.example", DNS_AAAA, "", ZONE_SERVFAIL },
        { "twice.example", DNS_MX, "10 mx1.two.example", 0 },
        { "twice.example", DNS_MX, "20 mx1.two.example", 0 },
};

static ZoneRecord zone[ELEMENTSOF(ZONE) + 2 * MANY_MX + MANY_ADDRESSES + 1];
static size_t zone_count;

static sd_event *event;
static Reactor *reactor;
static DnsServer server;
static Dns *dns;
static Config config;

/* The records of domains that have too many of them; the best MX comes last. */
static void fill_zone(void) {
        static char texts[2 * MANY_MX + MANY_ADDRESSES][40];
        size_t n = 0;

        memcpy(zone, ZONE, sizeof(ZONE));
        zone_count = ELEMENTSOF(ZONE);
        for (unsigned i = 0; i < MANY_MX; i++) {
                (void) snprintf(texts[n], sizeof(texts[n]), "%u m%u.example", 100 - i, i);
                zone[zone_count++] = (ZoneRecord){ "many.example", DNS_MX, texts[n++], 0 };
                (void) snprintf(texts[n], sizeof(texts[n]), "m%u.example", i);
                zone[zone_count++] = (ZoneRecord){ texts[n++], DNS_A, "192.0.2.80", 0 };
        }
        for (unsigned i = 0; i < MANY_ADDRESSES; i++) {
                (void) snprintf(texts[n], sizeof(texts[n]), "198.51.100.%u", i);
                zone[zone_count++] = (ZoneRecord){ "spread.example", DNS_A, texts[n++], 0 };
        }
        zone[zone_count++] = (ZoneRecord){ "spread-mx.example", DNS_MX, "10 spread.example", 0 };
}

static void set_up(void) {
        fill_zone();
        CHECK(sd_event_new(&event) >= 0);
        CHECK_INT(reactor_new(event, &reactor), 0);
        dns_server_start(&server, event, zone, zone_count);
        CHECK_INT(dns_new(event, reactor,
                          &(DnsOptions){ .resolv_conf_path = server.resolv_conf,
                                         .timeout_usec = 10 * USEC_PER_SEC },
                          &dns),
                  0);
}

static void tear_down(void) {
        dns = dns_free(dns);
        dns_server_stop(&server);
        reactor = reactor_free(reactor);
        event = sd_event_unref(event);
        clock_set_real();
}

static void turn(void) {
        CHECK(sd_event_run(event, 5 * USEC_PER_SEC) > 0);
}

static void on_done(MxList *list, void *userdata) {
        MxList **ret = userdata;

        CHECK(!*ret);
        *ret = list;
}

static MxList *look_up(const MailRoute *route) {
        MxList *list = NULL;
        MxLookup *lookup;

        CHECK_INT(mx_lookup_new(dns, reactor, &config, route, on_done, &list, &lookup), 0);
        CHECK(!list); /* never from inside */
        while (!list)
                turn();
        return list;
}

static const char *tls_name(SmtpClientTls tls) {
        static const char *const NAMES[] = {
                [SMTP_CLIENT_TLS_AUTO] = "",
                [SMTP_CLIENT_TLS_REQUIRED] = " required",
                [SMTP_CLIENT_TLS_IMPLICIT] = " implicit",
                [SMTP_CLIENT_TLS_NONE] = " none",
        };

        return NAMES[tls];
}

/* "status|hosts|host address:port, …" */
static const char *describe(const MxList *list) {
        static const char *const STATUSES[] = { "ok", "null", "temporary", "none" };
        static Buf text;

        buf_reset(&text, 4096);
        buf_printf(&text, "%s|", STATUSES[list->status]);
        for (size_t i = 0; i < list->host_count; i++)
                buf_printf(&text, "%s%s", i > 0 ? " " : "", list->hosts[i]);
        buf_append_byte(&text, '|');
        for (size_t i = 0; i < list->count; i++) {
                const MxEndpoint *e = &list->endpoints[i];
                bool is_v6 = e->address.sa.sa_family == AF_INET6;

                CHECK_INT(ntohs(is_v6 ? e->address.in6.sin6_port : e->address.in.sin_port), e->port);
                buf_printf(&text, "%s%s %s:%u%s", i > 0 ? ", " : "", e->host, e->text, e->port,
                           tls_name(e->tls));
        }
        return buf_string(&text);
}

static void check_route(const char *file, int line, const MailRoute *route, const char *want) {
        _cleanup_(mx_list_unrefp) MxList *list = look_up(route);

        test_check_string(file, line, route->name, describe(list), want);
}

#define CHECK_DOMAIN(domain, want)                                                                                   \
        check_route(__FILE__, __LINE__, &(MailRoute){ .kind = MAIL_ROUTE_DOMAIN, .name = domain, .port = 25 }, want)

TEST(hosts_by_preference_and_their_addresses_ipv6_first) {
        set_up();
        CHECK_DOMAIN("two.example",
                     "ok|mx1.two.example mx2.two.example|"
                     "mx1.two.example 2001:db8::11:25, mx1.two.example 192.0.2.11:25, "
                     "mx2.two.example 192.0.2.12:25");
        tear_down();
}

TEST(equal_hosts_are_shuffled) {
        static const char *const ORDERS[] = {
                "ok|first.equal.example a.equal.example b.equal.example|first.equal.example 192.0.2.3:25, "
                "a.equal.example 192.0.2.1:25, b.equal.example 192.0.2.2:25",
                "ok|first.equal.example b.equal.example a.equal.example|first.equal.example 192.0.2.3:25, "
                "b.equal.example 192.0.2.2:25, a.equal.example 192.0.2.1:25",
        };
        const MailRoute route = { .kind = MAIL_ROUTE_DOMAIN, .name = "equal.example" };
        unsigned seen[2] = { 0 };

        set_up();
        for (int i = 0; i < 60; i++) { /* one order alone: once in 10^18 runs */
                _cleanup_(mx_list_unrefp) MxList *list = look_up(&route);
                const char *order = describe(list);

                CHECK(streq(order, ORDERS[0]) || streq(order, ORDERS[1]));
                seen[streq(order, ORDERS[1])]++;
        }
        CHECK(seen[0] > 0 && seen[1] > 0);
        tear_down();
}

/* In the order of the name server or the resolver, who rotate them. */
TEST(all_addresses_of_a_host) {
        const MailRoute route = { .kind = MAIL_ROUTE_DOMAIN, .name = "pair.example" };
        _cleanup_(mx_list_unrefp) MxList *list = NULL;
        const char *text;

        set_up();
        list = look_up(&route);
        text = describe(list);
        CHECK(streq(text, "ok|pair.example|pair.example 192.0.2.13:25, pair.example 192.0.2.14:25") ||
              streq(text, "ok|pair.example|pair.example 192.0.2.14:25, pair.example 192.0.2.13:25"));
        tear_down();
}

TEST(without_an_mx_the_domain_itself) {
        set_up();
        CHECK_DOMAIN("bare.example", "ok|bare.example|bare.example 2001:db8::20:25, bare.example 192.0.2.20:25");
        CHECK_DOMAIN("bare4.example", "ok|bare4.example|bare4.example 192.0.2.21:25");
        CHECK_DOMAIN("text-only.example", "none||");
        CHECK_DOMAIN("no-such-domain.example", "none||");
        CHECK_DOMAIN("", "none||");
        CHECK_DOMAIN("not a name", "none||");
        tear_down();
}

TEST(the_null_mx) {
        set_up();
        CHECK_DOMAIN("null.example", "null||");
        CHECK_DOMAIN("half-null.example",
                     "ok|mx2.two.example|mx2.two.example 192.0.2.12:25");
        tear_down();
}

TEST(aliases_are_followed) {
        set_up();
        CHECK_DOMAIN("alias.example",
                     "ok|mx1.two.example mx2.two.example|"
                     "mx1.two.example 2001:db8::11:25, mx1.two.example 192.0.2.11:25, "
                     "mx2.two.example 192.0.2.12:25");
        CHECK_DOMAIN("to-alias.example",
                     "ok|alias-mx.example|alias-mx.example 2001:db8::11:25, alias-mx.example 192.0.2.11:25");
        tear_down();
}

TEST(international_names) {
        set_up();
        CHECK_DOMAIN("b\xc3\xbc" "cher.example",
                     "ok|mx2.two.example|mx2.two.example 192.0.2.12:25");
        CHECK_DOMAIN("\xf0\x9f\x92\xa9.example", "ok|xn--ls8h.example|xn--ls8h.example 192.0.2.40:25");
        CHECK_DOMAIN("\xff.example", "none||");
        tear_down();
}

TEST(address_literals) {
        set_up();
        CHECK_DOMAIN("[192.0.2.9]", "ok|192.0.2.9|192.0.2.9 192.0.2.9:25");
        CHECK_DOMAIN("[ipv6:2001:db8::9]", "ok|2001:db8::9|2001:db8::9 2001:db8::9:25");
        CHECK_DOMAIN("[2001:db8::9]", "ok|2001:db8::9|2001:db8::9 2001:db8::9:25");
        CHECK_DOMAIN("[192.0.2.999]", "none||");
        CHECK_DOMAIN("[]", "none||");
        CHECK_INT(server.queries, 0);
        tear_down();
}

/* Postal delivers to itself where its own domains are the recipients': loops end by their Received fields. */
TEST(an_mx_that_is_ourselves_is_like_any_other) {
        set_up();
        CHECK_DOMAIN("loop.example", "ok|self.loop.example|self.loop.example 127.0.0.1:25");
        CHECK_DOMAIN("literal-mx.example", "ok|192.0.2.50|192.0.2.50 192.0.2.50:25");
        CHECK_DOMAIN("twice.example",
                     "ok|mx1.two.example|mx1.two.example 2001:db8::11:25, mx1.two.example 192.0.2.11:25, "
                     "mx1.two.example 2001:db8::11:25, mx1.two.example 192.0.2.11:25");
        tear_down();
}

static void check_error(const char *domain, const char *want) {
        const MailRoute route = { .kind = MAIL_ROUTE_DOMAIN, .name = domain };
        _cleanup_(mx_list_unrefp) MxList *list = look_up(&route);

        CHECK_INT(list->status, MX_TEMPORARY);
        CHECK_INT(list->count, 0);
        CHECK_STR(list->error, want);
}

/* Not the same as a domain without an MX: its address is not asked for. */
TEST(a_dns_that_fails_is_no_answer) {
        set_up();
        check_error("servfail.example", "the name servers of the domain do not answer properly");
        check_error("all-failing.example", "the name servers of the domain do not answer properly");
        CHECK_DOMAIN("half-failing.example",
                     "ok|mx1.two.example|mx1.two.example 2001:db8::11:25, mx1.two.example 192.0.2.11:25");
        CHECK_DOMAIN("one-family.example", "ok|failing6.example|failing6.example 192.0.2.70:25");
        CHECK_DOMAIN("lost-mx.example", "none||");
        tear_down();
}

TEST(a_dns_that_is_silent) {
        const MailRoute route = { .kind = MAIL_ROUTE_DOMAIN, .name = "silent.example" };
        MxLookup *lookup;
        MxList *list = NULL;

        clock_set_fake(0, USEC_PER_SEC);
        set_up();
        CHECK_INT(mx_lookup_new(dns, reactor, &config, &route, on_done, &list, &lookup), 0);
        while (server.queries == 0)
                turn();
        clock_set_fake(0, 11 * USEC_PER_SEC - 1);
        for (int i = 0; i < 10; i++)
                turn();
        CHECK(!list);
        clock_set_fake(0, 11 * USEC_PER_SEC);
        while (!list)
                turn();
        CHECK_STR(describe(list), "temporary||");
        CHECK_STR(list->error, "the DNS did not answer in time");
        mx_list_unref(list);
        tear_down();
}

TEST(too_many_records) {
        const MailRoute many = { .kind = MAIL_ROUTE_DOMAIN, .name = "many.example" };
        const MailRoute spread = { .kind = MAIL_ROUTE_DOMAIN, .name = "spread-mx.example" };
        _cleanup_(mx_list_unrefp) MxList *list = NULL, *other = NULL;

        set_up();
        list = look_up(&many);
        CHECK_INT(list->host_count, MX_HOSTS_MAX);
        CHECK_STR(list->hosts[0], "m29.example");
        CHECK_STR(list->hosts[MX_HOSTS_MAX - 1], "m10.example");
        other = look_up(&spread);
        CHECK_INT(other->host_count, 1);
        CHECK_INT(other->count, MX_ENDPOINTS_MAX);
        tear_down();
}

TEST(relays_in_the_order_of_the_configuration) {
        SmtpRelay relays[] = {
                { (char *) "mx2.two.example", 2525, (char *) "Auto" },
                { (char *) "192.0.2.5", 25, (char *) "TLS" },
                { (char *) "2001:db8::5", 465, (char *) "STARTLS" },
                { (char *) "mx2.two.example", 26, (char *) "None" },
                { (char *) "nowhere.example", 26, (char *) "STARTTLS" },
        };

        config.postal.relays = relays;
        config.postal.relay_count = ELEMENTSOF(relays);
        set_up();
        check_route(__FILE__, __LINE__, &(MailRoute){ .kind = MAIL_ROUTE_RELAYS, .name = "" },
                    "ok|mx2.two.example 192.0.2.5 2001:db8::5|mx2.two.example 192.0.2.12:2525, "
                    "192.0.2.5 192.0.2.5:25 implicit, "
                    "2001:db8::5 2001:db8::5:465 required, mx2.two.example 192.0.2.12:26 none");
        config.postal.relay_count = 0;
        tear_down();
}

TEST(one_host_that_an_endpoint_names) {
        set_up();
        check_route(__FILE__, __LINE__,
                    &(MailRoute){ .kind = MAIL_ROUTE_HOST, .name = "mx1.two.example", .port = 587, .ssl_mode = "STARTTLS" },
                    "ok|mx1.two.example|mx1.two.example 2001:db8::11:587 required, "
                    "mx1.two.example 192.0.2.11:587 required");
        check_route(__FILE__, __LINE__,
                    &(MailRoute){ .kind = MAIL_ROUTE_HOST, .name = "192.0.2.1", .port = 25, .ssl_mode = "Auto" },
                    "ok|192.0.2.1|192.0.2.1 192.0.2.1:25");
        /* Its MX does not matter. */
        check_route(__FILE__, __LINE__, &(MailRoute){ .kind = MAIL_ROUTE_HOST, .name = "two.example", .port = 25 },
                    "none||");
        tear_down();
}

TEST(a_look_up_may_be_given_up_at_any_time) {
        const char *const names[] = { "two.example", "[192.0.2.9]", "silent.example", "bare.example" };

        set_up();
        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                for (int turns = 0; turns < 6; turns++) {
                        MxList *list = NULL;
                        MxLookup *lookup;

                        CHECK_INT(mx_lookup_new(dns, reactor, &config,
                                                &(MailRoute){ .kind = MAIL_ROUTE_DOMAIN, .name = names[i] },
                                                on_done, &list, &lookup),
                                  0);
                        for (int k = 0; k < turns && !list; k++)
                                CHECK(sd_event_run(event, 10 * USEC_PER_MSEC) >= 0);
                        if (list)
                                mx_list_unref(list);
                        else
                                mx_lookup_free(lookup);
                        list = (MxList *) names; /* on_done() would see it */
                        for (int k = 0; k < 3; k++)
                                CHECK(sd_event_run(event, 0) >= 0);
                }
        tear_down();
}

TEST(lists_expire) {
        const MailRoute route = { .kind = MAIL_ROUTE_DOMAIN, .name = "two.example" };
        _cleanup_(mx_list_unrefp) MxList *list = NULL, *again = NULL;

        clock_set_fake(0, 7 * USEC_PER_SEC);
        set_up();
        list = look_up(&route);
        CHECK_INT(list->expires_usec, 7 * USEC_PER_SEC + MX_VALID_USEC);
        again = mx_list_ref(list);
        CHECK_INT(again->references, 2);
        tear_down();
}
