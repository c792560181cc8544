/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "mail/proxy-protocol.h"
#include "test.h"

/* "address port", or "-" for none. */
static void show(const struct sockaddr_storage *s, char *to, size_t size) {
        char text[INET6_ADDRSTRLEN];

        if (s->ss_family == AF_INET) {
                const struct sockaddr_in *in = (const struct sockaddr_in *) s;

                (void) inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
                (void) snprintf(to, size, "%s %u", text, ntohs(in->sin_port));
        } else if (s->ss_family == AF_INET6) {
                const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *) s;

                (void) inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text));
                (void) snprintf(to, size, "%s %u", text, ntohs(in6->sin6_port));
        } else {
                (void) snprintf(to, size, "-");
        }
}

/* Every shorter input must want more, and what follows must not matter. `want` is NULL for
 * broken. */
static void check(Slice header, const char *want) {
        char have[64], longer[PROXY_V2_MAX + 64];
        ProxyHeader h;
        ProxyStatus status = PROXY_NEED_MORE;
        size_t size = 0;

        while (size < header.size && status == PROXY_NEED_MORE)
                status = proxy_header_parse(slice_first(header, ++size), &h);
        if (!want) {
                CHECK_INT(status, PROXY_BROKEN);
                return;
        }
        CHECK_INT(status, PROXY_PARSED);
        CHECK_INT(size, header.size);
        memcpy(longer, header.data, header.size);
        memset(longer + header.size, 'E', 64);
        CHECK_INT(proxy_header_parse(slice_make(longer, header.size + 64), &h), PROXY_PARSED);
        CHECK_INT(h.size, header.size);
        show(&h.source, have, sizeof(have));
        CHECK_STR(have, want);
}

TEST(version_1) {
        static const char *const CASES[][2] = {
                { "PROXY TCP4 1.1.1.1 2.2.2.2 1111 2222\r\n", "1.1.1.1 1111" },
                { "PROXY TCP4 1.1.1.1 2.2.2.2 1111 2222\n", "1.1.1.1 1111" },
                { "PROXY TCP6 2001:db8::5 ::1 4444 25\r\n", "2001:db8::5 4444" },
                { "PROXY TCP6 ::ffff:192.0.2.1 ::1 4444 25\r\n", "::ffff:192.0.2.1 4444" },
                { "PROXY TCP4 2001:db8::5 ::1 4444 25\r\n", "2001:db8::5 4444" },
                { "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n",
                  "255.255.255.255 65535" },
                { "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
                  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
                  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535" },
                { "PROXY UNKNOWN\r\n", "-" },
                { "PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
                  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
                  "-" },
                { "PROXY TCP4 a b c d\r\n", "-" },
                { "PROXY TCP4 1.1.1.1 2.2.2.2 x y\r\n", "1.1.1.1 0" },
                { "PROXY TCP4 1.1.1.1 2.2.2.2 65536 1\r\n", "1.1.1.1 0" },
                { "PROXY TCP4 1.1.1.1/8 2.2.2.2 1 1\r\n", "-" },
                { "PROXY TCP4 1.1.1.1234567890123456789012345678901234567890 2 1 1\r\n", "-" },
                { "PROXY TCP4\r\n", NULL },
                { "PROXY TCP4 1.1.1.1 2.2.2.2 1111\r\n", NULL },
                { "PROXY TCP4 1.1.1.1 2.2.2.2 1111 2222 3333\r\n", NULL },
                { "PROXY TCP4 1.1.1.1 2.2.2.2 1111 2222 \r\n", NULL },
                { "PROXY TCP4  1.1.1.1 2.2.2.2 1111 2222\r\n", NULL },
                { "PROXY UDP4 1.1.1.1 2.2.2.2 1111 2222\r\n", NULL },
                { "PROXY UNKNOWNS\r\n", NULL },
                { "PROXY \r\n", NULL },
                { "proxy TCP4 1.1.1.1 2.2.2.2 1111 2222\r\n", NULL },
                { "PROXY\r\n", NULL },
                { "EHLO x\r\n", NULL },
                { "\r\n\r\n\r\n", NULL },
                { "PROXY UNKNOWN 3456789012345678901234567890123456789012345678901234567890"
                  "12345678901234567890123456789012345678901\r\n",
                  NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(CASES); i++)
                check(slice_from_string(CASES[i][0]), CASES[i][1]);
}

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define ADDRESSES_4 "\x01\x02\x03\x04\x05\x06\x07\x08\x11\x5c\x00\x19"
#define ADDRESSES_6                                                                                \
        "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x05"                                               \
        "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01"                                                       \
        "\x11\x5c\x00\x19"

TEST(version_2) {
        static const struct {
                Slice header;
                const char *want;
        } CASES[] = {
#define V2(bytes, want) { { SIGNATURE bytes, sizeof(SIGNATURE bytes) - 1 }, want }
                V2("\x21\x11\x00\x0c" ADDRESSES_4, "1.2.3.4 4444"),
                V2("\x21\x21\x00\x24" ADDRESSES_6, "2001:db8::5 4444"),
                V2("\x21\x11\x00\x11" ADDRESSES_4 "\x04\x00\x02xy", "1.2.3.4 4444"),
                V2("\x20\x00\x00\x00", "-"),
                V2("\x20\x11\x00\x0c" ADDRESSES_4, "-"), /* LOCAL: addresses are skipped */
                V2("\x21\x00\x00\x03xyz", "-"),
                V2("\x21\x12\x00\x0c" ADDRESSES_4, "-"), /* UDP */
                V2("\x21\x31\x00\x01x", "-"),            /* a UNIX socket */
                V2("\x21\x11\x00\x0b" ADDRESSES_4, NULL),
                V2("\x21\x21\x00\x0c" ADDRESSES_4, NULL),
                V2("\x11\x11\x00\x0c" ADDRESSES_4, NULL), /* version 1 in the form of version 2 */
                V2("\x22\x11\x00\x0c" ADDRESSES_4, NULL),
                V2("\x21\x41\x00\x0c" ADDRESSES_4, NULL),
                V2("\x21\x13\x00\x0c" ADDRESSES_4, NULL),
                V2("\x21\x11\xff\xff" ADDRESSES_4, NULL),
                V2("\x21\x11\x0f\xf1" ADDRESSES_4, NULL), /* one byte over the limit */
        };

        for (size_t i = 0; i < ELEMENTSOF(CASES); i++)
                check(CASES[i].header, CASES[i].want);
}

TEST(version_2_at_its_limit) {
        static char header[PROXY_V2_MAX] = SIGNATURE "\x21\x11\x0f\xf0" ADDRESSES_4;

        check(slice_make(header, sizeof(header)), "1.2.3.4 4444");
}
