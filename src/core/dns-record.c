/* SPDX-License-Identifier: MIT */
/* Record data comes from the net. libunbound hands it out uncompressed and with its length; nothing else is
 * taken for granted. */
#include <arpa/inet.h>

#include "basic/buf.h"
#include "core/dns.h"

#define LABEL_MAX 63

/* RFC 1035 section 3.1. Dots and unprintable bytes in labels are escaped as in master files. */
static int parse_name(Slice data, char **ret) {
        _cleanup_(buf_done) Buf name = { .limit = DNS_NAME_SIZE - 1 };
        size_t at = 0;

        for (;;) {
                size_t length;

                if (at >= data.size)
                        return -EBADMSG;
                length = (uint8_t) data.data[at++];
                if (length == 0)
                        break;
                if (length > LABEL_MAX || length > data.size - at)
                        return -EBADMSG;
                if (name.size > 0)
                        buf_append_byte(&name, '.');
                for (size_t i = 0; i < length; i++) {
                        char c = data.data[at + i];

                        if (ascii_is_alnum(c) || c == '-' || c == '_')
                                buf_append_byte(&name, ascii_to_lower(c));
                        else
                                buf_printf(&name, "\\%03u", (uint8_t) c);
                }
                at += length;
        }
        if (at != data.size || buf_error(&name) == -ENOBUFS)
                return -EBADMSG;
        *ret = buf_take(&name);
        return *ret ? 0 : -ENOMEM;
}

static int parse_text(Slice data, DnsRecord *r) {
        _cleanup_(buf_done) Buf text = { .limit = DNS_TEXT_MAX };

        while (data.size > 0) {
                size_t length = (uint8_t) data.data[0];

                if (length > data.size - 1)
                        return -EBADMSG;
                buf_append(&text, data.data + 1, length);
                data = slice_from(data, length + 1);
        }
        if (buf_error(&text) < 0)
                return buf_error(&text) == -ENOBUFS ? -EBADMSG : buf_error(&text);
        r->text_size = text.size;
        r->text = buf_take(&text);
        return r->text ? 0 : -ENOMEM;
}

int dns_record_parse(DnsType type, Slice data, DnsRecord *ret) {
        DnsRecord r = { 0 };
        int k = 0;

        switch (type) {
        case DNS_A:
                if (data.size != 4)
                        return -EBADMSG;
                r.address.in.sin_family = AF_INET;
                memcpy(&r.address.in.sin_addr, data.data, 4);
                break;
        case DNS_AAAA:
                if (data.size != 16)
                        return -EBADMSG;
                r.address.in6.sin6_family = AF_INET6;
                memcpy(&r.address.in6.sin6_addr, data.data, 16);
                break;
        case DNS_MX:
                if (data.size < 3)
                        return -EBADMSG;
                r.preference = (uint16_t) ((uint8_t) data.data[0] << 8 | (uint8_t) data.data[1]);
                k = parse_name(slice_from(data, 2), &r.name);
                break;
        case DNS_PTR:
        case DNS_CNAME:
                k = parse_name(data, &r.name);
                break;
        case DNS_TXT:
                k = parse_text(data, &r);
                break;
        default:
                return -EBADMSG;
        }
        if (k < 0)
                return k;
        *ret = r;
        return 0;
}

void dns_record_done(DnsRecord *r) {
        free(r->name);
        free(r->text);
        *r = (DnsRecord){ 0 };
}

void dns_answer_done(DnsAnswer *a) {
        for (size_t i = 0; i < a->count; i++)
                dns_record_done(&a->records[i]);
        free(a->records);
        *a = (DnsAnswer){ 0 };
}

void dns_reverse_name(const SockAddr *a, char ret[static DNS_REVERSE_SIZE]) {
        SockAddr u = sockaddr_unmap(a);
        size_t at = 0;

        if (u.sa.sa_family == AF_INET) {
                const uint8_t *b = (const uint8_t *) &u.in.sin_addr;

                (void) snprintf(ret, DNS_REVERSE_SIZE, "%u.%u.%u.%u.in-addr.arpa", b[3], b[2], b[1], b[0]);
                return;
        }
        for (int i = 15; i >= 0; i--) {
                unsigned b = u.in6.sin6_addr.s6_addr[i];

                at += (size_t) snprintf(ret + at, DNS_REVERSE_SIZE - at, "%x.%x.", b & 15, b >> 4);
        }
        (void) snprintf(ret + at, DNS_REVERSE_SIZE - at, "ip6.arpa");
}
