/* SPDX-License-Identifier: MIT */
#include "core/socket.h"
#include "test.h"

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
