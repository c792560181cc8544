/* SPDX-License-Identifier: MIT */
#include "model/ip-address.h"

static const char SQL_LIST[] = "SELECT id, ipv4, ipv6, hostname FROM ip_addresses ORDER BY id LIMIT ?";

IpAddresses *ip_addresses_free(IpAddresses *a) {
        if (!a)
                return NULL;
        arena_done(&a->arena);
        free(a->list);
        return mfree(a);
}

static int add_row(const DbStatement *st, IpAddresses *a) {
        IpAddress *list = reallocarray(a->list, a->count + 1, sizeof(IpAddress)), *row;

        if (!list)
                return -ENOMEM;
        a->list = list;
        row = &list[a->count++];
        row->id = db_u64(st, 0);
        row->ipv4 = arena_dup(&a->arena, db_slice(st, 1));
        row->ipv6 = arena_dup(&a->arena, db_slice(st, 2));
        row->hostname = arena_dup(&a->arena, db_slice(st, 3));
        return row->ipv4 && row->ipv6 && row->hostname ? 1 : -ENOMEM;
}

int ip_addresses_list(Db *db, IpAddresses **ret) {
        _cleanup_(ip_addresses_freep) IpAddresses *a = calloc(1, sizeof(IpAddresses));
        DbStatement *st;
        int r;

        if (!a)
                return -ENOMEM;
        r = db_prepare(db, SQL_LIST, DB_MAIN, 1, &st);
        if (r < 0)
                return r;
        db_bind_u64(st, IP_ADDRESSES_MAX);
        r = db_query(st);
        while (r >= 0 && (r = db_fetch(st)) > 0)
                if ((r = add_row(st, a)) < 0)
                        break;
        db_end(st);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(a);
        return 0;
}
