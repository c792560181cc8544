/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>

#include "dns-server.h"
#include "test.h"

#define HEADER_SIZE 12
#define CLASS_IN 1
#define TTL_SEC 60
#define RCODE_SERVFAIL 2
#define RCODE_NXDOMAIN 3

typedef struct Question {
        char name[256];
        unsigned type;
        Slice bytes; /* as it stands in the query */
} Question;

static void put16(Buf *to, unsigned value) {
        buf_append_byte(to, (char) (value >> 8));
        buf_append_byte(to, (char) value);
}

static void put_name(Buf *to, const char *name) {
        Slice rest = slice_from_string(name);

        while (rest.size > 0) {
                Slice label = slice_split(&rest, '.');

                buf_append_byte(to, (char) label.size);
                buf_append_slice(to, label);
        }
        buf_append_byte(to, '\0');
}

static bool read_question(Slice query, Question *q) {
        size_t at = HEADER_SIZE, n = 0;

        while (at < query.size && query.data[at] != 0) {
                size_t length = (uint8_t) query.data[at++];

                if (at + length > query.size || n + length + 2 > sizeof(q->name))
                        return false;
                if (n > 0)
                        q->name[n++] = '.';
                for (size_t i = 0; i < length; i++)
                        q->name[n++] = ascii_to_lower(query.data[at + i]);
                at += length;
        }
        q->name[n] = '\0';
        if (at + 5 > query.size)
                return false;
        q->type = (unsigned) (uint8_t) query.data[at + 1] << 8 | (uint8_t) query.data[at + 2];
        q->bytes = slice_make(query.data + HEADER_SIZE, at + 5 - HEADER_SIZE);
        return true;
}

static void put_data(Buf *to, const ZoneRecord *r) {
        SockAddr a;
        char *end;

        switch (r->type) {
        case DNS_MX:
                put16(to, (unsigned) strtoul(r->data, &end, 10));
                put_name(to, end + 1);
                break;
        case DNS_A:
                CHECK_INT(sockaddr_parse(r->data, 0, &a), 0);
                buf_append(to, &a.in.sin_addr, 4);
                break;
        case DNS_AAAA:
                CHECK_INT(sockaddr_parse(r->data, 0, &a), 0);
                buf_append(to, &a.in6.sin6_addr, 16);
                break;
        default:
                put_name(to, r->data);
        }
}

static void put_record(Buf *to, const ZoneRecord *r) {
        _cleanup_(buf_done) Buf data = BUF_EMPTY;

        put_data(&data, r);
        put_name(to, r->name);
        put16(to, r->type);
        put16(to, CLASS_IN);
        put16(to, 0);
        put16(to, TTL_SEC);
        put16(to, (unsigned) data.size);
        buf_append_slice(to, buf_slice(&data));
}

typedef struct Answer {
        Buf records;
        unsigned count;
        unsigned rcode;
        bool is_silent;
} Answer;

/* Follows an alias to where it leads. */
static void find(const DnsServer *s, const char *name, unsigned type, Answer *a) {
        bool is_name = false;

        for (size_t i = 0; i < s->count; i++) {
                const ZoneRecord *r = &s->zone[i];

                if (!streq(r->name, name))
                        continue;
                is_name = true;
                if (r->type != type && r->type != DNS_CNAME)
                        continue;
                a->is_silent = a->is_silent || r->action == ZONE_SILENT;
                if (r->action == ZONE_SERVFAIL)
                        a->rcode = RCODE_SERVFAIL;
                if (r->action != ZONE_ANSWER)
                        continue;
                put_record(&a->records, r);
                a->count++;
                if (r->type == DNS_CNAME)
                        find(s, r->data, type, a);
        }
        if (!is_name)
                a->rcode = RCODE_NXDOMAIN;
}

static int on_query(_unused_ sd_event_source *source, int fd, _unused_ uint32_t events, void *userdata) {
        _cleanup_(buf_done) Buf reply = BUF_EMPTY;
        DnsServer *s = userdata;
        SockAddr from;
        socklen_t from_size = sizeof(from);
        char query[1500];
        ssize_t n = recvfrom(fd, query, sizeof(query), 0, &from.sa, &from_size);
        Answer a = { 0 };
        Question q;

        if (n < HEADER_SIZE || !read_question(slice_make(query, (size_t) n), &q))
                return 0;
        s->queries++;
        find(s, q.name, q.type, &a);
        buf_append(&reply, query, 2);
        put16(&reply, 0x8580u | a.rcode); /* an authoritative answer, recursion available */
        put16(&reply, 1);
        put16(&reply, a.rcode == RCODE_SERVFAIL ? 0 : a.count);
        put16(&reply, 0);
        put16(&reply, 0);
        buf_append_slice(&reply, q.bytes);
        if (a.rcode != RCODE_SERVFAIL)
                buf_append_slice(&reply, buf_slice(&a.records));
        if (!a.is_silent)
                (void) sendto(fd, reply.data, reply.size, 0, &from.sa, from_size);
        buf_done(&a.records);
        return 0;
}

void dns_server_start(DnsServer *s, sd_event *event, const ZoneRecord *zone, size_t count) {
        SockAddr any;
        int file;

        *s = (DnsServer){ .zone = zone, .count = count };
        s->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        CHECK_INT(sockaddr_parse("127.0.0.1", 0, &any), 0);
        CHECK_INT(bind(s->fd, &any.sa, sockaddr_size(&any)), 0);
        CHECK(sd_event_add_io(event, &s->source, s->fd, EPOLLIN, on_query, s) >= 0);
        (void) snprintf(s->resolv_conf, sizeof(s->resolv_conf), "/tmp/postal-resolv-XXXXXX");
        file = mkstemp(s->resolv_conf);
        CHECK(file >= 0);
        CHECK(dprintf(file, "# a test's\nsearch example\n nameserver  127.0.0.1@%d; only this\n", socket_port(s->fd)) > 0);
        (void) close(file);
}

void dns_server_stop(DnsServer *s) {
        (void) unlink(s->resolv_conf);
        sd_event_source_disable_unref(s->source);
        s->fd = safe_close(s->fd);
}
