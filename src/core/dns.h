/* SPDX-License-Identifier: MIT */
#pragma once

/* Asynchronous DNS by libunbound: its cache, its own thread, answers in the loop.
 *
 * "No record" and "no answer" are different things: DNS_NO_DATA and DNS_NO_DOMAIN were said by the domain's
 * servers, the other failures are temporary (RFC 5321 section 5.1, RFC 7505). */

#include "core/reactor.h"
#include "core/socket.h"

typedef enum DnsType {
        DNS_A = 1,
        DNS_CNAME = 5,
        DNS_PTR = 12,
        DNS_MX = 15,
        DNS_TXT = 16,
        DNS_AAAA = 28,
} DnsType;

typedef enum DnsStatus {
        DNS_OK,
        DNS_NO_DATA,   /* the name exists, without records of this type */
        DNS_NO_DOMAIN, /* NXDOMAIN */
        DNS_FAILED,    /* SERVFAIL, REFUSED, nonsense */
        DNS_TIMEOUT,
        DNS_BOGUS, /* DNSSEC says that the answer is forged */
} DnsStatus;

/* A name as text takes at most this much, with its NUL byte. */
#define DNS_NAME_SIZE 1025
/* Records looked at in one answer; the rest is dropped. */
#define DNS_RECORDS_MAX 64
#define DNS_TEXT_MAX ((size_t) 65535)

typedef struct DnsRecord {
        uint16_t preference; /* MX */
        char *name;          /* MX, PTR, CNAME: without the final dot, lower case; "" is the root */
        SockAddr address;    /* A, AAAA */
        char *text;          /* TXT, its strings joined */
        size_t text_size;
} DnsRecord;

typedef struct DnsAnswer {
        DnsStatus status;
        DnsType type;
        bool is_secure; /* validated by DNSSEC */
        DnsRecord *records;
        size_t count;
} DnsAnswer;

void dns_answer_done(DnsAnswer *a);
/* Parses the data of one record as it is in an uncompressed DNS message (RFC 1035 section 3.3). -EBADMSG when it is
 * broken. The strings of *ret are the caller's. */
int dns_record_parse(DnsType type, Slice data, DnsRecord *ret);
void dns_record_done(DnsRecord *r);

/* "1.2.0.192.in-addr.arpa" of an address. */
#define DNS_REVERSE_SIZE 80
void dns_reverse_name(const SockAddr *a, char ret[static DNS_REVERSE_SIZE]);

typedef struct DnsOptions {
        const char *resolv_conf_path; /* its name servers are asked, or one on this host; without the file, the root servers */
        uint64_t timeout_usec;        /* of one query, all tries together */
        const char *trust_anchor_path; /* validate from this DNSSEC anchor; NULL: do not validate */
} DnsOptions;

typedef struct Dns Dns;
typedef struct DnsQuery DnsQuery;

/* The answer is freed after the call; who wants its records takes them and leaves it empty. */
typedef void (*dns_done_t)(DnsQuery *q, DnsAnswer *answer);

/* A member of the caller's object; zeroed memory is an inactive one. */
struct DnsQuery {
        Dns *dns;
        dns_done_t done;
        DnsType type;
        ReactorTimer timer;
        int id;
        bool is_active;
};

int dns_new(sd_event *event, Reactor *reactor, const DnsOptions *options, Dns **ret);
Dns *dns_free(Dns *d);
DEFINE_CLEANUP(Dns *, dns_free)

/* Asks for an ASCII name (RFC 5891 form). done() is called once, never from inside of this function, unless the query is
 * cancelled. -EINVAL: not a name. */
int dns_query(Dns *d, DnsQuery *q, const char *name, DnsType type, dns_done_t done);
void dns_cancel(DnsQuery *q);
