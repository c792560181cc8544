/* SPDX-License-Identifier: MIT */
#include "core/log.h"
#include "mail/header.h"
#include "model/message-row.h"
#include "worker/prepare.h"

/* Bodies up to this size are kept for a moment: the next recipient of the same message is probably near. */
#define KEPT_BODY_MAX ((size_t) 512 * 1024)

static const char MSGID_FIELD[] = "X-Postal-MsgID";

typedef struct BodyKey {
        uint64_t server_id;
        uint64_t id;
        char table[16];
} BodyKey;

static BodyKey body_key(const Delivery *d) {
        BodyKey key;

        memset(&key, 0, sizeof(key));
        key.server_id = d->server_id;
        key.id = d->raw_body_id;
        (void) snprintf(key.table, sizeof(key.table), "%s", d->raw_table);
        return key;
}

static bool has_8bit(Slice s) {
        uint8_t all = 0;

        for (size_t i = 0; i < s.size; i++)
                all |= (uint8_t) s.data[i];
        return all > 0x7f;
}

/* Takes `data`, allocated, also on failure. */
static int body_new(char *data, size_t size, Slice headers, SharedBody **ret) {
        SharedBody *b = calloc(1, sizeof(SharedBody));
        int r;

        if (!b) {
                free(data);
                return -ENOMEM;
        }
        b->references = 1;
        b->data = slice_make(data, size);
        b->has_8bit = has_8bit(b->data);
        r = dkim_body_hash(headers, b->data, b->hash);
        if (r < 0) {
                shared_body_unref(b);
                return r;
        }
        *ret = b;
        return 0;
}

static int load_whole(Mailroom *m, const Delivery *d, uint64_t id, char **ret_data, size_t *ret_size) {
        _cleanup_(buf_done) Buf data = BUF_EMPTY;
        int r = raw_load(m->database->message, d->server_id, d->raw_table, id, &data);

        if (r < 0)
                return r;
        *ret_size = data.size;
        *ret_data = buf_take(&data);
        return *ret_data ? 0 : -ENOMEM;
}

/* A copy of what was read with others, or, if that was not all, the whole. */
static int take_value(Mailroom *m, const Delivery *d, uint64_t id, Slice value, uint64_t length, char **ret_data,
                      size_t *ret_size) {
        if (!value.data || length > value.size)
                return load_whole(m, d, id, ret_data, ret_size);
        *ret_size = value.size;
        *ret_data = slice_dup(value);
        return *ret_data ? 0 : -ENOMEM;
}

/* Two fields on top: the signature, and our mark, by which a bounce is recognised and a second signing prevented. */
static int sign(Mailroom *m, Delivery *d, uint64_t now_usec) {
        static const uint8_t empty_hash[32] = { /* SHA-256 of nothing: RFC 6376 section 3.4.4 */
                0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
                0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55 };
        const Config *config = m->config;
        const uint8_t *hash = d->body ? d->body->hash : empty_hash;
        const SenderDomain *domain = NULL;
        DkimParams params = { .timestamp = now_usec / USEC_PER_SEC };
        _cleanup_(buf_done) Buf prefix = BUF_EMPTY;
        int r = mailroom_domain(m, d->domain_id, &domain);

        if (r < 0 && r != -ENOENT)
                return r;
        if (domain && domain->key) {
                params.key = domain->key;
                params.domain = slice_from_string(domain->domain->name);
                params.selector = slice_from_string(domain->selector);
        } else {
                params.key = m->installation_key;
                params.domain = slice_from_string(config->dns.return_path_domain);
                params.selector = slice_from_string(config->dns.dkim_identifier);
        }
        r = params.key ? dkim_sign(&params, d->headers, hash, &prefix) : 0;
        if (r >= 0 && domain && domain->ed25519_key) {
                params.key = domain->ed25519_key;
                params.selector = slice_from_string(domain->ed25519_selector);
                r = dkim_sign(&params, d->headers, hash, &prefix);
        }
        /* A message without anything to sign goes out as it is, as it would from any other server. */
        if (r < 0 && r != -ENODATA)
                return r;
        buf_printf(&prefix, "%s: %s\r\n", MSGID_FIELD, d->token);
        d->prefix = slice_from_string(arena_dup(&d->arena, buf_slice(&prefix)));
        return buf_error(&prefix) < 0 || !d->prefix.data ? -ENOMEM : 0;
}

static int set_body(Mailroom *m, Delivery *d, Slice value, uint64_t length, uint64_t now_usec) {
        BodyKey key = body_key(d);
        char *data;
        size_t size;
        int r;

        if (d->raw_body_id == 0 || d->body)
                return 0;
        d->body = shared_body_ref(cache_get(m->bodies, SLICE_OF(key), now_usec));
        if (d->body)
                return 0;
        r = take_value(m, d, d->raw_body_id, value, length, &data, &size);
        if (r >= 0)
                r = body_new(data, size, d->headers, &d->body);
        if (r >= 0 && size <= KEPT_BODY_MAX)
                (void) cache_put(m->bodies, SLICE_OF(key), shared_body_ref(d->body), now_usec);
        return r;
}

static int prepare_one(Mailroom *m, Delivery *d, const Slice values[2], const uint64_t lengths[2], uint64_t now_usec) {
        HeaderField field;
        char *headers;
        size_t size;
        int r;

        if (!values[0].data)
                return -ENODATA;
        r = take_value(m, d, d->raw_headers_id, values[0], lengths[0], &headers, &size);
        if (r < 0)
                return r;
        d->headers = slice_make(headers, size);
        r = set_body(m, d, values[1], lengths[1], now_usec);
        if (r < 0)
                return r;
        d->prefix = SLICE_NULL;
        if (!d->is_incoming && !header_find_last(d->headers, slice_from_string(MSGID_FIELD), &field))
                r = sign(m, d, now_usec);
        return r;
}

/* Those from `first` on that lie in the same raw table, as many as one statement can read. */
static size_t same_table(Delivery *deliveries[], size_t first, size_t count) {
        size_t end = first + 1;

        while (end < count && (end - first + 1) * 2 <= DB_ROWS_MAX &&
               deliveries[end]->server_id == deliveries[first]->server_id &&
               streq(deliveries[end]->raw_table, deliveries[first]->raw_table))
                end++;
        return end;
}

static int compare_tables(const void *a, const void *b) {
        const Delivery *x = *(Delivery *const *) a, *y = *(Delivery *const *) b;

        if (x->server_id != y->server_id)
                return x->server_id < y->server_id ? -1 : 1;
        return strcmp(x->raw_table, y->raw_table);
}

void prepare_deliveries(Mailroom *m, Delivery *deliveries[], size_t count, uint64_t now_usec) {
        qsort(deliveries, count, sizeof(*deliveries), compare_tables);
        for (size_t first = 0, end; first < count; first = end) {
                _cleanup_(arena_done) Arena arena = ARENA_EMPTY;
                uint64_t ids[DB_ROWS_MAX], lengths[DB_ROWS_MAX];
                Slice values[DB_ROWS_MAX];
                int r;

                end = same_table(deliveries, first, count);
                for (size_t i = first; i < end; i++) {
                        BodyKey key = body_key(deliveries[i]);

                        /* Kept from here on: the cache may drop it while the others are prepared. */
                        deliveries[i]->body = shared_body_ref(cache_get(m->bodies, SLICE_OF(key), now_usec));
                        ids[(i - first) * 2] = deliveries[i]->raw_headers_id;
                        ids[(i - first) * 2 + 1] = deliveries[i]->body ? 0 : deliveries[i]->raw_body_id;
                }
                r = raw_load_many(m->database->message, deliveries[first]->server_id,
                                  deliveries[first]->raw_table, ids, (end - first) * 2, &arena, values, lengths);
                for (size_t i = first; i < end; i++)
                        deliveries[i]->prepare_result =
                                r < 0 ? r : prepare_one(m, deliveries[i], &values[(i - first) * 2],
                                                        &lengths[(i - first) * 2], now_usec);
        }
}
