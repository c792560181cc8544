/* SPDX-License-Identifier: MIT */
#include "core/dns.h"
#include "test.h"

#define PARSE(type, bytes, ret) dns_record_parse(type, slice_make(bytes, sizeof(bytes) - 1), ret)

TEST(well_formed_records) {
        char text[ADDRESS_TEXT_SIZE];
        DnsRecord r;

        CHECK_INT(PARSE(DNS_A, "\xc0\x00\x02\x01", &r), 0);
        sockaddr_to_text(&r.address, text);
        CHECK_STR(text, "192.0.2.1");
        CHECK_INT(PARSE(DNS_MX, "\x00\x0a\x03MX1\x07" "example\x03" "com\x00", &r), 0);
        CHECK_INT(r.preference, 10);
        CHECK_STR(r.name, "mx1.example.com");
        dns_record_done(&r);
        CHECK_INT(PARSE(DNS_MX, "\x00\x00\x00", &r), 0);
        CHECK_STR(r.name, "");
        dns_record_done(&r);
        CHECK_INT(PARSE(DNS_PTR, "\x01" "a\x02" "b.\x00", &r), 0);
        CHECK_STR(r.name, "a.b\\046");
        dns_record_done(&r);
        CHECK_INT(PARSE(DNS_TXT, "\x02" "ab\x00\x01" "c", &r), 0);
        CHECK_STR(r.text, "abc");
        CHECK_INT(r.text_size, 3);
        dns_record_done(&r);
}

TEST(broken_records_are_refused) {
        DnsRecord r;
        char endless[2000];

        CHECK_INT(PARSE(DNS_A, "\xc0\x00\x02", &r), -EBADMSG);
        CHECK_INT(PARSE(DNS_AAAA, "\xc0\x00\x02\x01", &r), -EBADMSG);
        CHECK_INT(PARSE(DNS_MX, "\x00\x0a", &r), -EBADMSG);
        CHECK_INT(PARSE(DNS_MX, "\x00\x0a\x05mx", &r), -EBADMSG);
        CHECK_INT(PARSE(DNS_MX, "\x00\x0a\x02mx", &r), -EBADMSG);
        CHECK_INT(PARSE(DNS_MX, "\x00\x0a\xc0\x0c", &r), -EBADMSG);
        CHECK_INT(PARSE(DNS_PTR, "\x01" "a\x00x", &r), -EBADMSG);
        CHECK_INT(PARSE(DNS_TXT, "\x05" "ab", &r), -EBADMSG);
        memset(endless, 1, sizeof(endless));
        endless[sizeof(endless) - 1] = 0;
        CHECK_INT(dns_record_parse(DNS_PTR, slice_make(endless, sizeof(endless)), &r), -EBADMSG);
}

TEST(reverse_names) {
        char name[DNS_REVERSE_SIZE];
        SockAddr a;

        CHECK_INT(sockaddr_parse("192.0.2.1", 0, &a), 0);
        dns_reverse_name(&a, name);
        CHECK_STR(name, "1.2.0.192.in-addr.arpa");
        CHECK_INT(sockaddr_parse("2001:db8::1", 0, &a), 0);
        dns_reverse_name(&a, name);
        CHECK_STR(name, "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
}
