/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "mail/proxy-protocol.h"

#define V2_FIXED_SIZE 16
#define V2_COMMAND_LOCAL 0x20
#define V2_COMMAND_PROXY 0x21
#define V2_TCP4 0x11
#define V2_TCP6 0x21
#define V2_ADDRESSES_TCP4 12
#define V2_ADDRESSES_TCP6 36
#define V2_FAMILY_MAX 3    /* AF_UNIX */
#define V2_TRANSPORT_MAX 2 /* datagrams */

static void set_ipv4(const void *address, uint16_t port_be, struct sockaddr_storage *ret) {
        struct sockaddr_in *in = (struct sockaddr_in *) ret;

        in->sin_family = AF_INET;
        in->sin_port = port_be;
        memcpy(&in->sin_addr, address, sizeof(in->sin_addr));
}

static void set_ipv6(const void *address, uint16_t port_be, struct sockaddr_storage *ret) {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *) ret;

        in6->sin6_family = AF_INET6;
        in6->sin6_port = port_be;
        memcpy(&in6->sin6_addr, address, sizeof(in6->sin6_addr));
}

static void v1_source(Slice address, Slice port, struct sockaddr_storage *ret) {
        unsigned char binary[sizeof(struct in6_addr)];
        char text[INET6_ADDRSTRLEN];
        uint64_t number = 0;

        (void) slice_to_u64(port, UINT16_MAX, &number);
        if (address.size >= sizeof(text))
                return;
        memcpy(text, address.data, address.size);
        text[address.size] = '\0';
        if (inet_pton(AF_INET, text, binary) == 1)
                set_ipv4(binary, htons((uint16_t) number), ret);
        else if (inet_pton(AF_INET6, text, binary) == 1)
                set_ipv6(binary, htons((uint16_t) number), ret);
}

/* `line` is what follows "PROXY ", without its end. */
static ProxyStatus v1_fields(Slice line, struct sockaddr_storage *ret) {
        Slice fields[5], rest = line;

        if (slice_equal(slice_split(&rest, ' '), SLICE("UNKNOWN")))
                return PROXY_PARSED;
        rest = line;
        for (size_t i = 0; i < ELEMENTSOF(fields); i++) {
                fields[i] = slice_split(&rest, ' ');
                if (fields[i].size == 0)
                        return PROXY_BROKEN;
        }
        if (rest.data ||
            (!slice_equal(fields[0], SLICE("TCP4")) && !slice_equal(fields[0], SLICE("TCP6"))))
                return PROXY_BROKEN;
        v1_source(fields[1], fields[3], ret);
        return PROXY_PARSED;
}

static ProxyStatus v1_parse(Slice input, ProxyHeader *header) {
        static const size_t BEGIN = sizeof("PROXY ") - 1;
        Slice line = slice_first(input, MIN(input.size, (size_t) PROXY_V1_MAX));
        ssize_t end = slice_find_byte(line, '\n', 0);

        if (end < 0)
                return input.size < PROXY_V1_MAX ? PROXY_NEED_MORE : PROXY_BROKEN;
        header->size = (size_t) end + 1;
        line = slice_first(line, (size_t) end);
        if (line.data[line.size - 1] == '\r')
                line.size--;
        return v1_fields(slice_from(line, BEGIN), &header->source);
}

static ProxyStatus v2_parse(Slice input, ProxyHeader *header) {
        const uint8_t *p = (const uint8_t *) input.data;
        size_t addresses;
        uint16_t port;

        if (input.size < V2_FIXED_SIZE)
                return PROXY_NEED_MORE;
        addresses = (size_t) p[14] << 8 | p[15];
        header->size = V2_FIXED_SIZE + addresses;
        if ((p[12] != V2_COMMAND_LOCAL && p[12] != V2_COMMAND_PROXY) ||
            p[13] >> 4 > V2_FAMILY_MAX || (p[13] & 15) > V2_TRANSPORT_MAX ||
            header->size > PROXY_V2_MAX)
                return PROXY_BROKEN;
        if (input.size < header->size)
                return PROXY_NEED_MORE;
        if (p[12] == V2_COMMAND_LOCAL)
                return PROXY_PARSED;
        p += V2_FIXED_SIZE;
        /* source address, destination address, source port, destination port */
        if (input.data[13] == V2_TCP4) {
                if (addresses < V2_ADDRESSES_TCP4)
                        return PROXY_BROKEN;
                memcpy(&port, p + 8, sizeof(port));
                set_ipv4(p, port, &header->source);
        } else if (input.data[13] == V2_TCP6) {
                if (addresses < V2_ADDRESSES_TCP6)
                        return PROXY_BROKEN;
                memcpy(&port, p + 32, sizeof(port));
                set_ipv6(p, port, &header->source);
        }
        return PROXY_PARSED;
}

ProxyStatus proxy_header_parse(Slice input, ProxyHeader *ret) {
        static const struct {
                Slice begin;
                ProxyStatus (*parse)(Slice input, ProxyHeader *header);
        } VERSIONS[] = {
                { SLICE("PROXY "), v1_parse },
                { SLICE("\r\n\r\n\0\r\nQUIT\n"), v2_parse },
        };
        ProxyHeader header = { .source = { .ss_family = AF_UNSPEC } };

        assert(ret);

        for (size_t i = 0; i < ELEMENTSOF(VERSIONS); i++) {
                size_t size = MIN(input.size, VERSIONS[i].begin.size);
                ProxyStatus status;

                if (!slice_equal(slice_first(input, size), slice_first(VERSIONS[i].begin, size)))
                        continue;
                if (size < VERSIONS[i].begin.size)
                        return PROXY_NEED_MORE;
                status = VERSIONS[i].parse(input, &header);
                if (status == PROXY_PARSED)
                        *ret = header;
                return status;
        }
        return PROXY_BROKEN;
}
