/* SPDX-License-Identifier: MIT */
#include "core/socket.h"
#include "test.h"

TEST(networks) {
        static const struct {
                const char *network;
                const char *address;
                int want; /* -1: cannot be parsed */
        } cases[] = {
                { "192.0.2.0/24", "192.0.2.77", 1 },
                { "192.0.2.0/24", "192.0.3.1", 0 },
                { "192.0.2.1", "192.0.2.1", 1 },
                { "192.0.2.1", "::ffff:192.0.2.1", 1 },
                { "10.0.0.0/8", "::ffff:10.9.8.7", 1 },
                { "10.128.0.0/9", "10.127.0.1", 0 },
                { "0.0.0.0/0", "8.8.8.8", 1 },
                { "0.0.0.0/0", "2001:db8::1", 0 },
                { "2001:db8::/32", "2001:db8:1::1", 1 },
                { "2001:db8::/33", "2001:db8:8000::1", 0 },
                { "::/0", "192.0.2.1", 1 },
                { " 192.0.2.1 ", "192.0.2.1", 1 },
                { "192.0.2.0/33", NULL, -1 },
                { "192.0.2.0/", NULL, -1 },
                { "192.0.2", NULL, -1 },
                { "", NULL, -1 },
                { "host.example", NULL, -1 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Network n;
                SockAddr a;

                CHECK_INT(network_parse(cases[i].network, &n), cases[i].want < 0 ? -EINVAL : 0);
                if (cases[i].want < 0)
                        continue;
                CHECK_INT(sockaddr_parse(cases[i].address, 0, &a), 0);
                CHECK_INT(network_contains(&n, &a), cases[i].want);
        }
}

TEST(addresses_as_text) {
        char text[ADDRESS_TEXT_SIZE];
        SockAddr a;

        CHECK_INT(sockaddr_parse("::ffff:192.0.2.9", 25, &a), 0);
        sockaddr_to_text(&a, text);
        CHECK_STR(text, "192.0.2.9");
        CHECK_INT(sockaddr_unmap(&a).in.sin_port, a.in6.sin6_port);
        CHECK_INT(sockaddr_parse("2001:DB8:0::1", 25, &a), 0);
        sockaddr_to_text(&a, text);
        CHECK_STR(text, "2001:db8::1");
        CHECK_INT(sockaddr_parse("nonsense", 25, &a), -EINVAL);
}

TEST(listening_and_connecting) {
        SockAddr to, source;
        int listener = socket_listen("127.0.0.1", 0), port = socket_port(listener), second, client;

        CHECK(listener >= 0 && port > 0);
        second = socket_listen("127.0.0.1", (unsigned) port);
        CHECK_INT(second, -EADDRINUSE);
        CHECK_INT(sockaddr_parse("127.0.0.1", (unsigned) port, &to), 0);
        CHECK_INT(sockaddr_parse("127.0.0.9", 0, &source), 0);
        client = socket_connect(&to, &source);
        CHECK(client >= 0);
        CHECK_INT(socket_listen("not an address", 0), -EINVAL);
        close(client);
        close(listener);
}
