/* SPDX-License-Identifier: MIT */
/* Failures fill a bucket that leaks: what it holds is remembered as the time at which it will be empty. */
#include "basic/cache.h"
#include "basic/hashmap.h"
#include "basic/time-format.h"
#include "smtp-server/throttle.h"

#define ADDRESSES_MAX 100000
#define KEY_SIZE 9

typedef struct Failures {
        uint64_t empty_usec;
} Failures;

typedef struct Connections {
        unsigned count;
} Connections;

struct Throttle {
        unsigned connections_max;
        uint64_t failure_usec; /* what one failure adds to the bucket; 0: no limit */
        uint64_t burst_usec;
        Hashmap *connections;
        Cache *failures;
};

/* An IPv4 address, or the first half of an IPv6 one. */
static Slice make_key(const SockAddr *client, uint8_t key[static KEY_SIZE]) {
        SockAddr a = sockaddr_unmap(client);

        memset(key, 0, KEY_SIZE);
        key[0] = (uint8_t) a.sa.sa_family;
        if (a.sa.sa_family == AF_INET6)
                memcpy(key + 1, &a.in6.sin6_addr, 8);
        else
                memcpy(key + 1, &a.in.sin_addr, 4);
        return slice_make(key, KEY_SIZE);
}

int throttle_new(unsigned connections_max, unsigned failures_per_minute, Throttle **ret) {
        _cleanup_(throttle_freep) Throttle *t = calloc(1, sizeof(Throttle));

        if (!t)
                return -ENOMEM;
        t->connections_max = connections_max;
        if (failures_per_minute > 0) {
                t->failure_usec = USEC_PER_MINUTE / failures_per_minute;
                t->burst_usec = 2 * USEC_PER_MINUTE;
        }
        t->connections = hashmap_new();
        t->failures = cache_new(ADDRESSES_MAX, t->burst_usec + USEC_PER_MINUTE, free);
        if (!t->connections || !t->failures)
                return -ENOMEM;
        *ret = TAKE_PTR(t);
        return 0;
}

Throttle *throttle_free(Throttle *t) {
        void *value;

        if (!t)
                return NULL;
        while (t->connections && (value = hashmap_remove_any(t->connections)))
                free(value);
        hashmap_free(t->connections);
        cache_free(t->failures);
        return mfree(t);
}

bool throttle_connect(Throttle *t, const SockAddr *client) {
        uint8_t bytes[KEY_SIZE];
        Slice key = make_key(client, bytes);
        Connections *c;

        if (t->connections_max == 0)
                return true;
        c = hashmap_get(t->connections, key);
        if (c) {
                if (c->count >= t->connections_max)
                        return false;
                c->count++;
                return true;
        }
        c = calloc(1, sizeof(Connections));
        if (!c || hashmap_put(t->connections, key, c) < 0) {
                free(c);
                return false;
        }
        c->count = 1;
        return true;
}

void throttle_disconnect(Throttle *t, const SockAddr *client) {
        uint8_t bytes[KEY_SIZE];
        Slice key = make_key(client, bytes);
        Connections *c;

        if (t->connections_max == 0)
                return;
        c = hashmap_get(t->connections, key);
        assert(c && c->count > 0);
        if (--c->count == 0)
                free(hashmap_remove(t->connections, key));
}

bool throttle_may_authenticate(Throttle *t, const SockAddr *client, uint64_t now_usec) {
        uint8_t bytes[KEY_SIZE];
        const Failures *f = cache_get(t->failures, make_key(client, bytes), now_usec);

        return !f || f->empty_usec + t->failure_usec <= now_usec + t->burst_usec;
}

void throttle_count_failure(Throttle *t, const SockAddr *client, uint64_t now_usec) {
        uint8_t bytes[KEY_SIZE];
        Slice key = make_key(client, bytes);
        const Failures *old = cache_get(t->failures, key, now_usec);
        Failures *f;

        if (t->failure_usec == 0)
                return;
        f = calloc(1, sizeof(Failures));
        if (!f)
                return;
        f->empty_usec = (old ? MAX(old->empty_usec, now_usec) : now_usec) + t->failure_usec;
        (void) cache_put(t->failures, key, f, now_usec);
}
