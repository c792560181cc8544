/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>

#include "core/ip-network.h"

/* The number of leading one bits, or -EINVAL if one bits follow a zero bit. */
static int mask_to_prefix(const uint8_t mask[4]) {
        uint32_t bits;

        memcpy(&bits, mask, sizeof(bits));
        bits = ntohl(bits);
        if ((~bits & (~bits + 1)) != 0)
                return -EINVAL;
        return __builtin_popcount(bits);
}

static int parse_prefix(const char *text, int family, unsigned *ret) {
        uint64_t prefix;
        uint8_t mask[4];
        int r;

        r = slice_to_u64(slice_from_string(text), family == AF_INET ? 32 : 128, &prefix);
        if (r >= 0) {
                *ret = (unsigned) prefix;
                return 0;
        }
        if (family != AF_INET || inet_pton(AF_INET, text, mask) != 1)
                return -EINVAL;
        r = mask_to_prefix(mask);
        if (r < 0)
                return r;
        *ret = (unsigned) r;
        return 0;
}

static void clear_host_bits(IpNetwork *network) {
        for (unsigned bit = network->prefix; bit < 8 * sizeof(network->address); bit++)
                network->address[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
}

int ip_network_parse(const char *text, IpNetwork *ret) {
        IpNetwork network = { .family = AF_INET, .prefix = 32 };
        /* The longest IPv6 address, brackets, and a mask of 15 characters. */
        char copy[INET6_ADDRSTRLEN + 2 + 16];
        char *slash, *address = copy;
        size_t size;

        assert(text);
        assert(ret);

        size = strlen(text);
        if (size >= sizeof(copy))
                return -EINVAL;
        memcpy(copy, text, size + 1);
        slash = strchr(copy, '/');
        if (slash)
                *slash = '\0';

        size = strlen(address);
        if (size > 2 && address[0] == '[' && address[size - 1] == ']') {
                address[size - 1] = '\0';
                address++;
        }
        if (inet_pton(AF_INET, address, network.address) != 1 || address != copy) {
                if (inet_pton(AF_INET6, address, network.address) != 1)
                        return -EINVAL;
                network.family = AF_INET6;
                network.prefix = 128;
        }
        if (slash && parse_prefix(slash + 1, network.family, &network.prefix) < 0)
                return -EINVAL;
        clear_host_bits(&network);
        *ret = network;
        return 0;
}

bool ip_network_contains(const IpNetwork *network, int family, const void *address) {
        static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
        const uint8_t *bytes = address;

        assert(network);
        assert(address);

        if (family == AF_INET6 && network->family == AF_INET &&
            memcmp(bytes, mapped, sizeof(mapped)) == 0) {
                bytes += sizeof(mapped);
                family = AF_INET;
        }
        if (family != network->family)
                return false;
        for (unsigned bit = 0; bit < network->prefix; bit += 8) {
                unsigned left = network->prefix - bit;
                uint8_t mask = left >= 8 ? 0xff : (uint8_t) (0xff << (8 - left));

                if ((bytes[bit / 8] ^ network->address[bit / 8]) & mask)
                        return false;
        }
        return true;
}

bool ip_network_contains_peer(const IpNetwork *network, const SockAddr *peer) {
        SockAddr a = sockaddr_unmap(peer);

        if (a.sa.sa_family == AF_INET6)
                return ip_network_contains(network, AF_INET6, &a.in6.sin6_addr);
        return a.sa.sa_family == AF_INET && ip_network_contains(network, AF_INET, &a.in.sin_addr);
}
