/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>

#include "core/ip-network.h"
#include "test.h"

TEST(what_is_a_network) {
        static const struct {
                const char *text;
                int family;
                unsigned prefix;
        } rows[] = {
                { "192.0.2.1", AF_INET, 32 },
                { "192.0.2.0/24", AF_INET, 24 },
                { "0.0.0.0/0", AF_INET, 0 },
                { "10.0.0.0/255.0.0.0", AF_INET, 8 },
                { "10.0.0.0/255.255.255.252", AF_INET, 30 },
                { "10.0.0.0/0.0.0.0", AF_INET, 0 },
                { "::1", AF_INET6, 128 },
                { "2001:db8::/32", AF_INET6, 32 },
                { "[2001:db8::1]", AF_INET6, 128 },
                { "[fd00::]/8", AF_INET6, 8 },
                { "::ffff:192.0.2.1", AF_INET6, 128 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                IpNetwork network;

                CHECK_INT(ip_network_parse(rows[i].text, &network), 0);
                CHECK_INT(network.family, rows[i].family);
                CHECK_INT(network.prefix, rows[i].prefix);
        }
}

TEST(what_is_none) {
        static const char *const rows[] = {
                "",
                "x",
                "192.0.2",
                "192.0.2.256",
                "192.0.2.0/33",
                "192.0.2.0/-1",
                "192.0.2.0/",
                "192.0.2.0/24/24",
                "192.0.2.0/255.0.255.0",
                "[192.0.2.1]",
                "::/129",
                "::/255.0.0.0",
                "fe80::1%eth0",
                " 192.0.2.1",
                "192.0.2.1 ",
                "[::1",
                "[]",
                "2001:0db8:0000:0000:0000:0000:0000:0001/128 and much more behind it",
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                IpNetwork network;

                CHECK_INT(ip_network_parse(rows[i], &network), -EINVAL);
        }
}

static bool contains(const char *network_text, const char *address_text) {
        int family = strchr(address_text, ':') ? AF_INET6 : AF_INET;
        IpNetwork network;
        uint8_t address[16];

        CHECK_INT(ip_network_parse(network_text, &network), 0);
        CHECK_INT(inet_pton(family, address_text, address), 1);
        return ip_network_contains(&network, family, address);
}

TEST(what_lies_in_a_network) {
        CHECK(contains("192.0.2.1", "192.0.2.1"));
        CHECK(!contains("192.0.2.1", "192.0.2.2"));
        CHECK(contains("192.0.2.77/24", "192.0.2.255"));
        CHECK(!contains("192.0.2.0/24", "192.0.3.0"));
        CHECK(contains("192.0.2.0/25", "192.0.2.127"));
        CHECK(!contains("192.0.2.0/25", "192.0.2.128"));
        CHECK(contains("0.0.0.0/0", "203.0.113.9"));
        CHECK(contains("2001:db8::/33", "2001:db8:7fff::1"));
        CHECK(!contains("2001:db8::/33", "2001:db8:8000::1"));
        CHECK(contains("::/0", "::1"));
}

TEST(families_meet_in_mapped_addresses_only) {
        CHECK(!contains("0.0.0.0/0", "2001:db8::1"));
        CHECK(!contains("::/0", "192.0.2.1"));
        CHECK(contains("192.0.2.0/24", "::ffff:192.0.2.9"));
        CHECK(!contains("192.0.2.0/24", "::ffff:192.0.3.9"));
        CHECK(contains("::ffff:0:0/96", "::ffff:192.0.2.9"));
}

TEST(peers) {
        static const struct {
                const char *network;
                const char *address;
                bool want;
        } rows[] = {
                { "192.0.2.0/24", "192.0.2.77", true },
                { "192.0.2.0/24", "::ffff:192.0.2.77", true },
                { "192.0.2.0/24", "::ffff:192.0.3.77", false },
                { "2001:db8::/32", "2001:db8::1", true },
                { "2001:db8::/32", "192.0.2.77", false },
                { "::/0", "::ffff:192.0.2.77", false },
                { "0.0.0.0/0", "2001:db8::1", false },
        };
        SockAddr none = { .sa.sa_family = AF_UNIX };
        IpNetwork all;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                IpNetwork network;
                SockAddr a;

                CHECK_INT(ip_network_parse(rows[i].network, &network), 0);
                CHECK_INT(sockaddr_parse(rows[i].address, 25, &a), 0);
                CHECK_INT(ip_network_contains_peer(&network, &a), rows[i].want);
        }
        CHECK_INT(ip_network_parse("0.0.0.0/0", &all), 0);
        CHECK(!ip_network_contains_peer(&all, &none));
}
