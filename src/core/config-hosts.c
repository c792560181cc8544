/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>

#include "core/config.h"

/* More nodes than any cluster has. */
#define DB_HOSTS_MAX 64

void db_hosts_free(DbHost *hosts, size_t count) {
        for (size_t i = 0; i < count; i++) {
                free(hosts[i].host);
                free(hosts[i].socket_path);
        }
        free(hosts);
}

/* Splits `name`, `name:port`, `address` (also of IPv6, without a port), `[address]:port`. */
static int split_host(Slice text, Slice *ret_host, Slice *ret_port) {
        ssize_t colon = slice_find_byte(text, ':', 0);

        *ret_host = text;
        *ret_port = SLICE_NULL;
        if (text.data[0] == '[') {
                ssize_t end = slice_find_byte(text, ']', 0);

                if (end < 2)
                        return -EINVAL;
                *ret_host = slice_first(slice_from(text, 1), (size_t) end - 1);
                text = slice_from(text, (size_t) end + 1);
                if (text.size == 0)
                        return 0;
                if (text.data[0] != ':')
                        return -EINVAL;
                *ret_port = slice_from(text, 1);
        } else if (colon >= 0 && colon == slice_find_last_byte(text, ':')) {
                *ret_host = slice_first(text, (size_t) colon);
                *ret_port = slice_from(text, (size_t) colon + 1);
        }
        return 0;
}

static bool is_host(const char *host) {
        uint8_t address[16];

        if (strchr(host, ':'))
                return inet_pton(AF_INET6, host, address) == 1;
        return host[0] && !strpbrk(host, " \t\r\n/[]@");
}

static int parse_host(Slice text, int64_t port, DbHost *ret) {
        _cleanup_free_ char *copy = NULL;
        uint64_t number = (uint64_t) port;
        Slice host, port_text;

        if (text.data[0] == '/') {
                char *path = slice_dup(text);

                if (!path)
                        return -ENOMEM;
                *ret = (DbHost){ .socket_path = path };
                return 0;
        }
        if (split_host(text, &host, &port_text) < 0)
                return -EINVAL;
        if (port_text.data && slice_to_u64(port_text, UINT16_MAX, &number) < 0)
                return -EINVAL;
        if (number == 0 || number > UINT16_MAX)
                return -EINVAL;
        copy = slice_dup(host);
        if (!copy)
                return -ENOMEM;
        if (!is_host(copy) || (text.data[0] == '[' && !strchr(copy, ':')))
                return -EINVAL;
        *ret = (DbHost){ .host = TAKE_PTR(copy), .port = (uint16_t) number };
        return 0;
}

int config_parse_db_hosts(const char *host, int64_t port, DbHost **ret, size_t *ret_count) {
        Slice rest = slice_from_string(host);
        DbHost *hosts;
        size_t count = 0;
        int r = 0;

        assert(ret);
        assert(ret_count);

        hosts = calloc(DB_HOSTS_MAX, sizeof(DbHost));
        if (!hosts)
                return -ENOMEM;
        while (rest.data && r >= 0) {
                Slice entry = slice_trim(slice_split(&rest, ','));

                if (entry.size == 0)
                        continue;
                r = count < DB_HOSTS_MAX ? parse_host(entry, port, &hosts[count]) : -EINVAL;
                if (r >= 0)
                        count++;
        }
        if (r >= 0 && count == 0)
                r = -EINVAL;
        if (r < 0) {
                db_hosts_free(hosts, count);
                return r;
        }
        *ret = hosts;
        *ret_count = count;
        return 0;
}
