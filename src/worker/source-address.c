/* SPDX-License-Identifier: MIT */
#include <ifaddrs.h>

#include "model/ip-address.h"
#include "worker/source-address.h"

void source_addresses_done(SourceAddresses *s) {
        arena_done(&s->arena);
        *s = (SourceAddresses){ 0 };
}

const SourceAddress *source_addresses_find(const SourceAddresses *s, uint64_t id) {
        for (size_t i = 0; id > 0 && i < s->count; i++)
                if (s->list[i].id == id)
                        return &s->list[i];
        return NULL;
}

static bool same_address(const SockAddr *a, const struct sockaddr *b) {
        if (!b || b->sa_family != a->sa.sa_family)
                return false;
        if (b->sa_family == AF_INET)
                return memcmp(&a->in.sin_addr, &((const struct sockaddr_in *) b)->sin_addr, 4) == 0;
        return memcmp(&a->in6.sin6_addr, &((const struct sockaddr_in6 *) b)->sin6_addr, 16) == 0;
}

static bool is_local(const struct ifaddrs *interfaces, const SockAddr *a) {
        for (const struct ifaddrs *i = interfaces; i; i = i->ifa_next)
                if (same_address(a, i->ifa_addr))
                        return true;
        return false;
}

/* Loopback and link-local addresses are those of every host, and so of none. */
static bool parse(const struct ifaddrs *interfaces, const char *text, SockAddr *ret) {
        if (!text || !*text || sockaddr_parse(text, 0, ret) < 0)
                return false;
        if (strncmp(text, "127.", 4) == 0 || strncasecmp(text, "fe80:", 5) == 0 || strncmp(text, "::", 2) == 0)
                return false;
        return is_local(interfaces, ret);
}

int source_addresses_load(Db *db, SourceAddresses *ret) {
        _cleanup_(ip_addresses_freep) IpAddresses *rows = NULL;
        _cleanup_(source_addresses_done) SourceAddresses s = { 0 };
        struct ifaddrs *interfaces;
        int r = ip_addresses_list(db, &rows);

        if (r < 0)
                return r;
        s.list = arena_alloc0(&s.arena, SOURCE_ADDRESSES_MAX * sizeof(SourceAddress));
        if (!s.list)
                return -ENOMEM;
        if (getifaddrs(&interfaces) < 0)
                return -errno;
        for (size_t i = 0; i < rows->count && s.count < SOURCE_ADDRESSES_MAX; i++) {
                const IpAddress *row = &rows->list[i];
                SourceAddress a = { .id = row->id };

                a.has_ipv4 = parse(interfaces, row->ipv4, &a.ipv4);
                a.has_ipv6 = parse(interfaces, row->ipv6, &a.ipv6);
                if (!a.has_ipv4 && !a.has_ipv6)
                        continue;
                a.ipv4_text = arena_dup(&s.arena, slice_from_string(row->ipv4));
                a.ipv6_text = arena_dup(&s.arena, slice_from_string(row->ipv6));
                a.hostname = *row->hostname ? arena_dup(&s.arena, slice_from_string(row->hostname)) : NULL;
                s.list[s.count++] = a;
        }
        freeifaddrs(interfaces);
        *ret = TAKE(s, (SourceAddresses){ 0 });
        return 0;
}
