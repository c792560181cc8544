/* SPDX-License-Identifier: MIT */
#include "basic/arena.h"
#include "basic/cache.h"
#include "basic/random.h"
#include "basic/time-format.h"
#include "mail/address.h"
#include "model/ip-pool.h"

static const char SQL_RULES[] =
        "SELECT r.ip_pool_id, r.from_text, r.to_text FROM ip_pool_rules r JOIN servers s ON s.id = ? "
        "WHERE (r.owner_type = 'Server' AND r.owner_id = s.id) OR "
        "(r.owner_type = 'Organization' AND r.owner_id = s.organization_id) "
        "ORDER BY r.owner_type = 'Server' DESC, r.created_at DESC, r.id DESC";
static const char SQL_SERVER_POOL[] = "SELECT COALESCE(ip_pool_id, 0) FROM servers WHERE id = ?";
static const char SQL_ADDRESSES[] =
        "SELECT id, COALESCE(priority, 100) FROM ip_addresses WHERE ip_pool_id = ? ORDER BY id";

#define REMEMBERED_USEC (3 * USEC_PER_SEC)
#define SERVERS_MAX 10000
#define ADDRESSES_MAX ((size_t) 4096)

typedef struct Rule {
        uint64_t pool_id;
        Slice from_text;
        Slice to_text;
        struct Rule *next;
} Rule;

/* What one mail server has. */
typedef struct ServerRules {
        Arena arena;
        Rule *rules;
        uint64_t pool_id;
} ServerRules;

typedef struct Address {
        uint64_t id;
        uint64_t priority;
} Address;

typedef struct PoolAddresses {
        Address *addresses;
        size_t count;
} PoolAddresses;

struct IpPools {
        Cache *servers;
        Cache *pools;
};

static void free_rules(void *value) {
        ServerRules *s = value;

        arena_done(&s->arena);
        free(s);
}

static void free_addresses(void *value) {
        PoolAddresses *a = value;

        free(a->addresses);
        free(a);
}

IpPools *ip_pools_new(void) {
        _cleanup_(ip_pools_freep) IpPools *p = calloc(1, sizeof(IpPools));

        if (!p)
                return NULL;
        p->servers = cache_new(SERVERS_MAX, REMEMBERED_USEC, free_rules);
        p->pools = cache_new(SERVERS_MAX, REMEMBERED_USEC, free_addresses);
        return p->servers && p->pools ? TAKE_PTR(p) : NULL;
}

IpPools *ip_pools_free(IpPools *p) {
        if (!p)
                return NULL;
        cache_free(p->servers);
        cache_free(p->pools);
        return mfree(p);
}

static int read_rules(Db *db, uint64_t server_id, ServerRules *s) {
        Rule **tail = &s->rules;
        DbStatement *st;
        int r = db_prepare(db, SQL_RULES, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        db_bind_u64(st, server_id);
        r = db_query(st);
        while (r >= 0 && (r = db_fetch(st)) > 0) {
                Rule *rule = arena_alloc0(&s->arena, sizeof(Rule));

                if (!rule) {
                        r = -ENOMEM;
                        break;
                }
                rule->pool_id = db_u64(st, 0);
                rule->from_text = slice_from_string(arena_dup(&s->arena, db_slice(st, 1)));
                rule->to_text = slice_from_string(arena_dup(&s->arena, db_slice(st, 2)));
                *tail = rule;
                tail = &rule->next;
        }
        db_end(st);
        if (r < 0)
                return r;
        r = db_prepare(db, SQL_SERVER_POOL, DB_MAIN, 1, &st);
        if (r < 0)
                return r;
        db_bind_u64(st, server_id);
        r = db_query_u64(st, &s->pool_id);
        return r == -ENOENT ? 0 : r;
}

static int rules_of(IpPools *p, Db *db, uint64_t server_id, uint64_t now, const ServerRules **ret) {
        ServerRules *s = cache_get(p->servers, SLICE_OF(server_id), now);
        int r;

        if (!s) {
                s = calloc(1, sizeof(ServerRules));
                if (!s)
                        return -ENOMEM;
                r = read_rules(db, server_id, s);
                if (r < 0) {
                        free_rules(s);
                        return r;
                }
                r = cache_put(p->servers, SLICE_OF(server_id), s, now);
                if (r < 0)
                        return r;
        }
        *ret = s;
        return 0;
}

static int read_addresses(Db *db, uint64_t pool_id, PoolAddresses *a) {
        DbStatement *st;
        int r = db_prepare(db, SQL_ADDRESSES, DB_MAIN, 1, &st);

        if (r < 0)
                return r;
        db_bind_u64(st, pool_id);
        r = db_query(st);
        while (r >= 0 && a->count < ADDRESSES_MAX && (r = db_fetch(st)) > 0) {
                Address *more = reallocarray(a->addresses, a->count + 1, sizeof(Address));

                if (!more) {
                        r = -ENOMEM;
                        break;
                }
                a->addresses = more;
                a->addresses[a->count++] = (Address){ db_u64(st, 0), db_u64(st, 1) };
        }
        db_end(st);
        return r < 0 ? r : 0;
}

static int addresses_of(IpPools *p, Db *db, uint64_t pool_id, uint64_t now, const PoolAddresses **ret) {
        PoolAddresses *a = cache_get(p->pools, SLICE_OF(pool_id), now);
        int r;

        if (!a) {
                a = calloc(1, sizeof(PoolAddresses));
                if (!a)
                        return -ENOMEM;
                r = read_addresses(db, pool_id, a);
                if (r < 0) {
                        free_addresses(a);
                        return r;
                }
                r = cache_put(p->pools, SLICE_OF(pool_id), a, now);
                if (r < 0)
                        return r;
        }
        *ret = a;
        return 0;
}

/* A condition with "@" is an address, whose local part is compared without its tag; one without is a domain. */
static bool condition_fits(Slice condition, Slice address) {
        _cleanup_(buf_done) Buf plain = BUF_EMPTY;
        Slice local, domain, base, tag;

        address_split(address, &local, &domain);
        if (slice_find_byte(condition, '@', 0) < 0)
                return slice_equal(condition, domain);
        address_split_tag(local, &base, &tag);
        buf_append_slice(&plain, base);
        buf_append_byte(&plain, '@');
        buf_append_slice(&plain, domain);
        return slice_equal(condition, buf_slice(&plain));
}

static bool any_line_fits(Slice lines, Slice address) {
        while (lines.size > 0) {
                Slice condition = slice_trim(slice_split(&lines, '\n'));

                if (condition.size > 0 && condition_fits(condition, address))
                        return true;
        }
        return false;
}

static bool rule_fits(const Rule *rule, const HeaderCollector *headers, const char *rcpt_to) {
        size_t position = 0;
        Slice value;

        while (header_collector_next(headers, SLICE("From"), &position, &value)) {
                _cleanup_(buf_done) Buf address = BUF_EMPTY;

                header_address(value, &address);
                if (any_line_fits(rule->from_text, buf_slice(&address)))
                        return true;
        }
        return any_line_fits(rule->to_text, slice_from_string(rcpt_to));
}

/* The address whose chance number, times its priority, is the largest: as ORDER BY RAND() * priority does. */
static uint64_t choose(const PoolAddresses *a) {
        uint64_t best = 0, id = 0;

        for (size_t i = 0; i < a->count; i++) {
                uint64_t points = random_below(UINT64_C(1) << 40) * a->addresses[i].priority;

                if (i == 0 || points > best) {
                        best = points;
                        id = a->addresses[i].id;
                }
        }
        return id;
}

int ip_pools_allocate(IpPools *p, Db *db, uint64_t server_id, const HeaderCollector *headers, const char *rcpt_to,
                      uint64_t now_usec, uint64_t *ret) {
        const PoolAddresses *addresses;
        const ServerRules *s;
        uint64_t pool_id;
        int r;

        *ret = 0;
        r = rules_of(p, db, server_id, now_usec, &s);
        if (r < 0)
                return r;
        pool_id = s->pool_id;
        for (const Rule *rule = s->rules; rule; rule = rule->next)
                if (rule_fits(rule, headers, rcpt_to)) {
                        pool_id = rule->pool_id;
                        break;
                }
        if (pool_id == 0)
                return 0;
        r = addresses_of(p, db, pool_id, now_usec, &addresses);
        if (r < 0)
                return r;
        *ret = choose(addresses);
        return 0;
}
