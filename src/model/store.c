/* SPDX-License-Identifier: MIT */
/* Rows are written in the order raw, message, counters for one mail server after the other (ascending, so
 * that two batches cannot wait for each other), then the queue and the totals in the main database. Ids
 * come from INSERT … RETURNING: they belong to their rows whatever else is inserted meanwhile. */
#include "basic/random.h"
#include "basic/time-format.h"
#include "db/migrate.h"
#include "model/queue-row.h"
#include "model/statistics.h"
#include "model/store.h"

static const char SQL_INSERT_RAW_SIZE[] =
        "INSERT INTO {m}.raw_message_sizes (table_name, size) VALUES (?, ?)";
/* The first row only: two batches that find none at the same time make one each. */
static const char SQL_ADD_RAW_SIZE[] =
        "UPDATE {m}.raw_message_sizes SET size = COALESCE(size, 0) + ? WHERE table_name = ? "
        "ORDER BY id LIMIT 1";
static const char SQL_INSERT_RAW[] = "INSERT INTO {m}.{raw} (data) VALUES {rows:(?)} RETURNING id";
static const char SQL_INSERT_MESSAGES[] =
        "INSERT INTO {m}.messages (token, scope, rcpt_to, mail_from, subject, message_id, timestamp, "
        "route_id, domain_id, credential_id, status, size, raw_table, raw_headers_id, raw_body_id, bounce, "
        "received_with_ssl, tag, endpoint_id, endpoint_type) "
        "VALUES {rows:(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'Pending', ?, ?, ?, ?, ?, ?, ?, ?, ?)} RETURNING id";

/* Rows of one statement are also bounded by their bytes, so that neither side holds much at once, and
 * that no packet is larger than db_check_limits() asks a server to take. */
#define STATEMENT_BYTES_MAX ((size_t) 1024 * 1024)
#define RAW_TABLE_SIZE (sizeof("raw-") + TIME_DATE_SIZE)

/* One row of a raw table, wanted by one message row (headers) or by several (a body). */
typedef struct RawRow {
        Slice data;          /* what is stored, unless there is a stream */
        const Spool *stream; /* a large body */
        uint64_t id;
} RawRow;

/* One message row. */
typedef struct Entry {
        StoreMessage *message;
        StoreRecipient *recipient;
        size_t order;       /* in which it was given */
        size_t headers_row; /* in Batch.raw */
        ssize_t body_row;   /* -1: none */
} Entry;

typedef struct Batch {
        Entry *entries; /* by server */
        size_t count;
        RawRow *raw;
        size_t raw_count;
        char raw_table[RAW_TABLE_SIZE];
        uint64_t usec;
} Batch;

/* The largest power of two of rows that is left: the sizes in which statements are prepared. */
static unsigned rows_of(size_t left) {
        unsigned rows = DB_ROWS_MAX;

        while (rows > left)
                rows /= 2;
        return rows;
}

static int compare_entries(const void *a, const void *b) {
        const Entry *x = a, *y = b;

        if (x->recipient->server_id != y->recipient->server_id)
                return x->recipient->server_id < y->recipient->server_id ? -1 : 1;
        return x->order < y->order ? -1 : x->order > y->order;
}

static size_t add_raw(Batch *b, Slice data, const Spool *stream) {
        b->raw[b->raw_count] = (RawRow){ .data = data, .stream = stream };
        return b->raw_count++;
}

static ssize_t add_body(Batch *b, const Spool *body) {
        if (!body || body->size == 0)
                return -1;
        return (ssize_t) add_raw(b, spool_slice(body), spool_is_file(body) ? body : NULL);
}

/* Headers for each entry; a body for those of a message on one server that share it, and one more
 * for each that wants its own: it may be written to, so nobody shares that one. */
static void plan_raw_rows(Batch *b) {
        ssize_t shared = -1;

        for (size_t i = 0; i < b->count; i++) {
                Entry *e = &b->entries[i];

                if (i > 0 && (e[-1].message != e->message ||
                              e[-1].recipient->server_id != e->recipient->server_id))
                        shared = -1;
                e->headers_row = add_raw(b, e->message->headers, NULL);
                if (e->recipient->owns_body) {
                        e->body_row = add_body(b, e->message->body);
                        continue;
                }
                if (shared < 0)
                        shared = add_body(b, e->message->body);
                e->body_row = shared;
        }
}

static int batch_init(Batch *b, StoreMessage *messages[], size_t count) {
        char date[TIME_DATE_SIZE];
        size_t total = 0, k = 0;

        for (size_t i = 0; i < count; i++)
                total += messages[i]->recipient_count;
        b->entries = calloc(total, sizeof(Entry));
        b->raw = calloc(total * 2, sizeof(RawRow));
        if (!b->entries || !b->raw)
                return -ENOMEM;
        for (size_t i = 0; i < count; i++)
                for (size_t j = 0; j < messages[i]->recipient_count; j++, k++)
                        b->entries[k] = (Entry){ .message = messages[i],
                                                 .recipient = &messages[i]->recipients[j],
                                                 .order = k,
                                                 .body_row = -1 };
        b->count = total;
        b->usec = messages[0]->received_usec;
        time_format_date(b->usec, date);
        (void) snprintf(b->raw_table, sizeof(b->raw_table), "raw-%s", date);
        return 0;
}

static void batch_done(Batch *b) {
        free(b->entries);
        free(b->raw);
}

typedef struct StreamPosition {
        const Spool *spool;
        uint64_t offset;
} StreamPosition;

static ssize_t read_stream(void *userdata, char *buffer, size_t size) {
        StreamPosition *p = userdata;
        ssize_t n = spool_read(p->spool, p->offset, buffer, size);

        if (n > 0)
                p->offset += (uint64_t) n;
        return n;
}

/* How many of the rows from `first` on go into one statement. */
static unsigned raw_rows_of(const Batch *b, size_t first, size_t end) {
        size_t bytes = 0, n = 0;

        while (first + n < end && n < DB_ROWS_MAX) {
                const RawRow *row = &b->raw[first + n];

                if (n > 0 && (row->stream || bytes + row->data.size > STATEMENT_BYTES_MAX))
                        break;
                bytes += row->data.size;
                n++;
                if (row->stream)
                        break;
        }
        return rows_of(n);
}

static int fetch_ids(DbStatement *st, unsigned rows, uint64_t *ids) {
        int r = db_query(st);

        for (unsigned i = 0; r >= 0 && i < rows; i++) {
                r = db_fetch(st);
                if (r == 0)
                        r = -EIO;
                else if (r > 0)
                        ids[i] = db_u64(st, 0);
        }
        if (r >= 0) {
                r = db_fetch(st);
                if (r > 0)
                        r = -EIO;
        }
        db_end(st);
        return r;
}

static int insert_raw(Db *db, Batch *b, uint64_t server_id, size_t first, size_t end, uint64_t *ret_bytes) {
        while (first < end) {
                unsigned rows = raw_rows_of(b, first, end);
                StreamPosition position = { 0 };
                uint64_t ids[DB_ROWS_MAX];
                DbStatement *st;
                int r;

                r = db_prepare(db, SQL_INSERT_RAW, DB_RAW(server_id, b->raw_table), rows, &st);
                if (r < 0)
                        return r;
                for (unsigned i = 0; i < rows; i++) {
                        RawRow *row = &b->raw[first + i];

                        *ret_bytes += row->stream ? row->stream->size : row->data.size;
                        if (row->stream) {
                                position.spool = row->stream;
                                db_bind_stream(st, read_stream, &position);
                        } else {
                                db_bind_blob(st, row->data.size > 0 ? row->data : SLICE_NULL);
                        }
                }
                r = fetch_ids(st, rows, ids);
                if (r < 0)
                        return r;
                for (unsigned i = 0; i < rows; i++)
                        b->raw[first + i].id = ids[i];
                first += rows;
        }
        return 0;
}

static void bind_message(DbStatement *st, const Batch *b, Entry *e) {
        static const char *const SCOPES[] = { "outgoing", "incoming" };
        const StoreMessage *m = e->message;
        StoreRecipient *r = e->recipient;

        r->raw_headers_id = b->raw[e->headers_row].id;
        r->raw_body_id = e->body_row >= 0 ? b->raw[e->body_row].id : 0;
        db_bind_string(st, r->token);
        db_bind_string(st, SCOPES[r->scope]);
        db_bind_presence(st, slice_from_string(r->rcpt_to));
        db_bind_presence(st, slice_from_string(m->mail_from));
        db_bind_presence(st, slice_from_string(m->subject));
        db_bind_presence(st, slice_from_string(m->message_id));
        db_bind_decimal_time(st, m->received_usec);
        db_bind_id(st, r->route_id);
        db_bind_id(st, r->domain_id);
        db_bind_id(st, r->credential_id);
        db_bind_u64(st, m->size);
        db_bind_string(st, b->raw_table);
        db_bind_id(st, r->raw_headers_id);
        db_bind_id(st, r->raw_body_id);
        db_bind_bool(st, r->is_bounce);
        db_bind_id(st, m->received_with_tls); /* 1 or NULL, never 0 */
        db_bind_presence(st, slice_from_string(m->tag));
        db_bind_id(st, r->endpoint_id);
        db_bind_string(st, r->endpoint_id > 0 ? r->endpoint_type : NULL);
}

static int insert_messages(Db *db, const Batch *b, uint64_t server_id, size_t first, size_t end) {
        while (first < end) {
                unsigned rows = rows_of(end - first);
                uint64_t ids[DB_ROWS_MAX];
                DbStatement *st;
                int r;

                r = db_prepare(db, SQL_INSERT_MESSAGES, DB_MESSAGE(server_id), rows, &st);
                if (r < 0)
                        return r;
                for (unsigned i = 0; i < rows; i++)
                        bind_message(st, b, &b->entries[first + i]);
                r = fetch_ids(st, rows, ids);
                if (r < 0)
                        return r;
                for (unsigned i = 0; i < rows; i++)
                        b->entries[first + i].recipient->message_id = ids[i];
                first += rows;
        }
        return 0;
}

static int add_raw_size(Db *db, uint64_t server_id, const char *table, uint64_t bytes) {
        uint64_t affected = 0;
        DbStatement *st;
        int r = db_prepare(db, SQL_ADD_RAW_SIZE, DB_MESSAGE(server_id), 1, &st);

        if (r < 0)
                return r;
        db_bind_u64(st, bytes);
        db_bind_string(st, table);
        r = db_run(st, &affected, NULL);
        if (r < 0 || affected > 0)
                return r;
        /* Whoever made the table ended before its row here was written. */
        r = db_prepare(db, SQL_INSERT_RAW_SIZE, DB_MESSAGE(server_id), 1, &st);
        if (r < 0)
                return r;
        db_bind_string(st, table);
        db_bind_u64(st, bytes);
        return db_run(st, NULL, NULL);
}

/* Each in the hour it came, as the reference does; mostly that is one for all. */
static int count_messages(Db *db, const Batch *b, size_t first, size_t end) {
        uint64_t server_id = b->entries[first].recipient->server_id, hour = 0;
        StatisticsCount count = { 0 };

        for (size_t i = first; i < end; i++) {
                const Entry *e = &b->entries[i];
                uint64_t its_hour = time_begin_of(e->message->received_usec, TIME_HOUR);

                if (its_hour != hour) {
                        int r = statistics_add(db, server_id, hour, &count);

                        if (r < 0)
                                return r;
                        count = (StatisticsCount){ 0 };
                        hour = its_hour;
                }
                count.incoming += e->recipient->scope == MESSAGE_INCOMING;
                count.outgoing += e->recipient->scope == MESSAGE_OUTGOING;
        }
        return statistics_add(db, server_id, hour, &count);
}

/* The entries first … end-1, all of one mail server. */
static int store_for_server(Db *db, Batch *b, size_t first, size_t end) {
        uint64_t server_id = b->entries[first].recipient->server_id, bytes = 0;
        size_t raw_first = b->entries[first].headers_row;
        size_t raw_end = end < b->count ? b->entries[end].headers_row : b->raw_count;
        int r;

        r = insert_raw(db, b, server_id, raw_first, raw_end, &bytes);
        if (r >= 0)
                r = insert_messages(db, b, server_id, first, end);
        if (r >= 0)
                r = add_raw_size(db, server_id, b->raw_table, bytes);
        return r < 0 ? r : count_messages(db, b, first, end);
}

static int store_queue(Db *db, const Batch *b) {
        uint64_t incoming = 0, outgoing = 0;

        for (size_t first = 0; first < b->count;) {
                unsigned rows = rows_of(b->count - first);
                QueueRow queue[DB_ROWS_MAX];
                int r;

                for (unsigned i = 0; i < rows; i++) {
                        const StoreRecipient *to = b->entries[first + i].recipient;

                        queue[i] = (QueueRow){ .server_id = to->server_id,
                                               .message_id = to->message_id,
                                               .rcpt_to = to->rcpt_to,
                                               .is_incoming = to->scope == MESSAGE_INCOMING,
                                               .route_id = to->route_id,
                                               .endpoint_id = to->endpoint_id,
                                               .endpoint_type = to->endpoint_type,
                                               .ip_address_id = to->ip_address_id };
                        incoming += to->scope == MESSAGE_INCOMING;
                        outgoing += to->scope == MESSAGE_OUTGOING;
                }
                r = queue_insert(db, queue, rows);
                if (r < 0)
                        return r;
                first += rows;
        }
        return statistics_add_totals(db, incoming, outgoing);
}

static int store_body(Database *d, void *userdata) {
        Batch *b = userdata;

        for (size_t first = 0, end; first < b->count; first = end) {
                int r;

                for (end = first + 1; end < b->count; end++)
                        if (b->entries[end].recipient->server_id != b->entries[first].recipient->server_id)
                                break;
                r = store_for_server(d->message, b, first, end);
                if (r < 0)
                        return r;
        }
        return store_queue(d->main, b);
}

int store_create_raw_table(Db *db, uint64_t server_id, uint64_t usec) {
        char date[TIME_DATE_SIZE], table[RAW_TABLE_SIZE];
        int r;

        time_format_date(usec, date);
        (void) snprintf(table, sizeof(table), "raw-%s", date);
        r = db_run_text(db, migrate_raw_table_sql, DB_RAW(server_id, table));
        if (r == -EEXIST)
                return 0;
        if (r < 0)
                return r;
        return add_raw_size(db, server_id, table, 0);
}

static int create_raw_tables(Database *d, const Batch *b) {
        uint64_t last = 0;

        for (size_t i = 0; i < b->count; i++) {
                uint64_t server_id = b->entries[i].recipient->server_id;
                int r = server_id == last ? 0 : store_create_raw_table(d->message, server_id, b->usec);

                if (r < 0)
                        return r;
                last = server_id;
        }
        return 0;
}

int store_messages(Database *d, StoreMessage *messages[], size_t count) {
        _cleanup_(batch_done) Batch b = { 0 };
        int r;

        assert(count > 0);

        r = batch_init(&b, messages, count);
        if (r < 0)
                return r;
        for (size_t i = 0; i < b.count; i++)
                random_alnum(b.entries[i].recipient->token, MESSAGE_TOKEN_LENGTH);
        qsort(b.entries, b.count, sizeof(Entry), compare_entries);
        plan_raw_rows(&b);
        r = database_transaction(d, store_body, &b);
        if (r != -ENOENT)
                return r;
        r = create_raw_tables(d, &b);
        return r < 0 ? r : database_transaction(d, store_body, &b);
}
