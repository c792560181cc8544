/* SPDX-License-Identifier: MIT */
/* model/store: tables that are missing, messages that are large, connections that break, and others
 * that store at the same time. */
#include <pthread.h>
#include <sys/mman.h>

#include "db/faulty-link.h"
#include "model/mail-fixture.h"
#include "model/message-row.h"

#define TOMORROW_USEC (NOW_USEC + USEC_PER_DAY)
#define TOMORROWS_TABLE "raw-2026-11-23"

static int store_for(Database *d, const Spool *body, uint64_t usec, StoreRecipient *to,
                     size_t count) {
        StoreMessage m = mail_message(body, to, count), *messages[] = { &m };

        m.received_usec = usec;
        return store_messages(d, messages, 1);
}

static int store_hello(Database *d, uint64_t usec, StoreRecipient *to, size_t count) {
        _cleanup_(spool_done) Spool body = SPOOL_EMPTY(NULL);

        mail_fill(&body, "Hello\r\n");
        return store_for(d, &body, usec, to, count);
}

/* The sizes that retention goes by are those of what is stored. */
static void check_sizes(unsigned server_id, const char *table) {
        CHECK_MAIL(server_id, "1",
                   "SELECT (SELECT SUM(size) FROM raw_message_sizes WHERE table_name = '%s') = "
                   "(SELECT SUM(LENGTH(data)) FROM `%s`)",
                   table, table);
}

/* ---- Tables ---- */

#define COLUMNS_OF(table)                                                                          \
        "SELECT GROUP_CONCAT(CONCAT_WS(' ', COLUMN_NAME, COLUMN_TYPE, COLUMN_KEY, EXTRA, "         \
        "IS_NULLABLE) ORDER BY ORDINAL_POSITION) FROM information_schema.COLUMNS WHERE "           \
        "TABLE_SCHEMA = DATABASE() AND TABLE_NAME = '" table "'"

TEST(a_table_that_is_missing_is_made) {
        Database *d = mail_set_up();
        StoreRecipient to[] = { OUTGOING(1, "a@sink.example.net"),
                                OUTGOING(2, "b@sink.example.net") };
        char columns[500];

        CHECK_INT(store_create_raw_table(d->message, 2, TOMORROW_USEC), 0);
        for (unsigned i = 1; i <= 2; i++) {
                CHECK_INT(store_hello(d, TOMORROW_USEC, to, ELEMENTSOF(to)), 0);
                CHECK_MAIL(1, TOMORROWS_TABLE,
                           "SELECT GROUP_CONCAT(DISTINCT raw_table) FROM messages");
                check_sizes(1, TOMORROWS_TABLE);
                check_sizes(2, TOMORROWS_TABLE);
                CHECK_SQL(i == 1 ? "2" : "4", "SELECT COUNT(*) FROM queued_messages");
        }
        (void) snprintf(columns, sizeof(columns), "%s", mail_value(1, COLUMNS_OF(RAW_TABLE)));
        CHECK_MAIL(1, columns, COLUMNS_OF(TOMORROWS_TABLE));
}

TEST(tables_are_made_ahead_once) {
        Database *d = mail_set_up();

        for (unsigned i = 0; i < 2; i++) {
                CHECK_INT(store_create_raw_table(d->message, 1, TOMORROW_USEC), 0);
                CHECK_MAIL(1, "0", "SELECT GROUP_CONCAT(size) FROM raw_message_sizes");
        }
        CHECK_INT(store_create_raw_table(d->message, 77, NOW_USEC), -ENOENT);
}

/* As when two made a table at once, and each found no row to add to. */
TEST(two_rows_of_sizes_do_not_count_twice) {
        Database *d = mail_set_up();
        StoreRecipient to[] = { OUTGOING(1, "a@sink.example.net") };

        mail_sql(1, "INSERT INTO raw_message_sizes (table_name, size) VALUES ('" RAW_TABLE "', 0), "
                    "('" RAW_TABLE "', 0)");
        for (unsigned i = 0; i < 3; i++) {
                CHECK_INT(store_hello(d, NOW_USEC, to, 1), 0);
                check_sizes(1, RAW_TABLE);
        }
}

/* ---- Large messages ---- */

static uint32_t next_random(uint32_t *state) {
        *state = *state * 1664525 + 1013904223;
        return *state;
}

static void fill_large(Spool *body, size_t size) {
        uint32_t state = (uint32_t) size, buffer[1024];

        while (body->size < size) {
                for (size_t i = 0; i < ELEMENTSOF(buffer); i++)
                        buffer[i] = next_random(&state);
                CHECK_INT(spool_append(body, slice_make(buffer, MIN(sizeof(buffer),
                                                                    size - (size_t) body->size))),
                          0);
        }
}

static void check_same(const Spool *body, Slice stored) {
        char buffer[65536];
        size_t at = 0;

        CHECK_INT(stored.size, body->size);
        while (at < stored.size) {
                ssize_t n = spool_read(body, at, buffer, sizeof(buffer));

                CHECK(n > 0 && memcmp(buffer, stored.data + at, (size_t) n) == 0);
                at += (size_t) n;
        }
}

/* Around the limits of memory, of what goes into one statement, and of the pieces that are sent. */
TEST(bodies_of_all_sizes_come_back) {
        static const size_t SIZES[] = {
                1,   SPOOL_MEMORY_MAX,        SPOOL_MEMORY_MAX + 1, DB_STREAM_CHUNK,
                100, 2 * DB_STREAM_CHUNK + 1, RAW_PIECE_SIZE,       5000001,
                7
        };
        Database *d = mail_set_up();
        StoreMessage messages[ELEMENTSOF(SIZES)], *list[ELEMENTSOF(SIZES)];
        StoreRecipient to[ELEMENTSOF(SIZES)];
        Spool bodies[ELEMENTSOF(SIZES)];

        for (size_t i = 0; i < ELEMENTSOF(SIZES); i++) {
                bodies[i] = SPOOL_EMPTY(NULL);
                fill_large(&bodies[i], SIZES[i]);
                to[i] = (StoreRecipient) OUTGOING(1, "a@sink.example.net");
                messages[i] = mail_message(&bodies[i], &to[i], 1);
                list[i] = &messages[i];
        }
        CHECK_INT(store_messages(d, list, ELEMENTSOF(SIZES)), 0);
        for (size_t i = 0; i < ELEMENTSOF(SIZES); i++) {
                _cleanup_(buf_done) Buf stored = BUF_EMPTY;

                CHECK_INT(raw_load(d->message, 1, RAW_TABLE, to[i].raw_body_id, &stored), 0);
                check_same(&bodies[i], buf_slice(&stored));
                spool_done(&bodies[i]);
        }
        check_sizes(1, RAW_TABLE);
}

/* A server that is allowed to take messages of one megabyte must take what is made of them. */
TEST(large_headers_are_spread_over_statements) {
        static char text[1024 * 1024];
        _cleanup_(db_freep) Db *db = faulty_link_connect();
        Database d = { db, db, true };
        StoreMessage messages[9], *list[9];
        StoreRecipient to[9];

        (void) mail_set_up();
        memset(text, 'x', sizeof(text));
        for (size_t i = 0; i < 9; i++) {
                to[i] = (StoreRecipient) OUTGOING(1, "a@sink.example.net");
                messages[i] = mail_message(NULL, &to[i], 1);
                messages[i].headers = slice_make(text, sizeof(text) - i);
                list[i] = &messages[i];
        }
        (void) faulty_link_largest_packet();
        CHECK_INT(store_messages(&d, list, 9), 0);
        CHECK(faulty_link_largest_packet() < sizeof(text) + 1000);
        for (size_t i = 0; i < 9; i++) {
                char want[20];

                (void) snprintf(want, sizeof(want), "%zu", sizeof(text) - i);
                CHECK_MAIL(1, want, "SELECT LENGTH(data) FROM `" RAW_TABLE "` WHERE id = %llu",
                           (unsigned long long) to[i].raw_headers_id);
        }
}

/* It is the message's fault, and will be the next time. */
TEST(a_body_over_the_limit_of_the_server_is_refused) {
        Database *d = mail_set_up();
        StoreRecipient to[] = { OUTGOING(1, "a@sink.example.net") };
        _cleanup_(spool_done) Spool body = SPOOL_EMPTY(NULL);

        CHECK_INT(slice_to_u64(slice_from_string(test_sql_value("SELECT @@max_allowed_packet + 1")),
                               UINT64_MAX, &body.size),
                  0);
        body.fd = memfd_create("body", MFD_CLOEXEC);
        CHECK(body.fd >= 0);
        CHECK_INT(ftruncate(body.fd, (off_t) body.size), 0);
        CHECK_INT(store_for(d, &body, NOW_USEC, to, 1), -EMSGSIZE);
        CHECK_MAIL(1, "0", "SELECT COUNT(*) FROM `" RAW_TABLE "`");
        CHECK_INT(store_hello(d, NOW_USEC, to, 1), 0);
}

/* ---- Connections that break ---- */

/* No row of the queue is without its message. */
static void check_whole(void) {
        CHECK_SQL("0",
                  "SELECT COUNT(*) FROM queued_messages q WHERE NOT EXISTS (SELECT 1 FROM "
                  "`%s-server-1`.messages m JOIN `%s-server-1`.`" RAW_TABLE "` h "
                  "ON h.id = m.raw_headers_id JOIN `%s-server-1`.`" RAW_TABLE "` b "
                  "ON b.id = m.raw_body_id WHERE m.id = q.message_id)",
                  test_database_prefix(), test_database_prefix(), test_database_prefix());
        CHECK_MAIL(1, "1",
                   "SELECT COUNT(*) = COALESCE((SELECT SUM(outgoing) FROM stats_daily), 0) "
                   "FROM messages");
}

TEST(a_commit_that_got_lost_is_told) {
        static const struct {
                Fault fault;
                const char *messages;
        } cases[] = {
                { FAULT_COMMIT_LOST, "0" },
                { FAULT_ANSWER_LOST, "1" },
        };
        StoreRecipient to[] = { OUTGOING(1, "a@sink.example.net") };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(db_freep) Db *db = NULL;
                Database d;

                (void) mail_set_up();
                db = faulty_link_connect();
                d = (Database){ db, db, true };
                CHECK_INT(store_hello(&d, NOW_USEC, to, 1), 0);
                (void) mail_set_up();
                faulty_link_set(cases[i].fault);
                CHECK_INT(store_hello(&d, NOW_USEC, to, 1), -ECONNABORTED);
                CHECK_MAIL(1, cases[i].messages, "SELECT COUNT(*) FROM messages");
                CHECK_SQL(cases[i].messages, "SELECT COUNT(*) FROM queued_messages");
                check_whole();
                /* The client's next try. */
                CHECK_INT(store_hello(&d, NOW_USEC, to, 1), 0);
                check_whole();
        }
}

/* The message databases are committed first: whichever commit is lost, the queue has nothing that
 * is not there. */
TEST(on_two_servers_the_queue_is_written_last) {
        static const struct {
                bool breaks_main;
                Fault fault;
                const char *messages;
                const char *queued;
        } cases[] = {
                { false, FAULT_COMMIT_LOST, "0", "0" },
                { false, FAULT_ANSWER_LOST, "1", "0" },
                { true, FAULT_COMMIT_LOST, "1", "0" },
                { true, FAULT_ANSWER_LOST, "1", "1" },
        };
        StoreRecipient to[] = { OUTGOING(1, "a@sink.example.net") };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(db_freep) Db *breaking = faulty_link_connect(),
                                       *whole = test_database_another();
                Database d = { cases[i].breaks_main ? breaking : whole,
                               cases[i].breaks_main ? whole : breaking, false };

                (void) mail_set_up();
                faulty_link_set(cases[i].fault);
                CHECK_INT(store_hello(&d, NOW_USEC, to, 1), -ECONNABORTED);
                CHECK_MAIL(1, cases[i].messages, "SELECT COUNT(*) FROM messages");
                CHECK_SQL(cases[i].queued, "SELECT COUNT(*) FROM queued_messages");
                check_whole();
        }
}

typedef struct Storing {
        pthread_t thread;
        int result;
} Storing;

static void *store_in_thread(void *userdata) {
        Storing *s = userdata;
        StoreRecipient to[] = { OUTGOING(1, "a@sink.example.net") };
        Db *db;

        db_thread_init();
        db = test_database_another();
        s->result = store_hello(&(Database){ db, db, true }, NOW_USEC, to, 1);
        db_free(db);
        db_thread_end();
        return NULL;
}

/* Waits until somebody wants the row that is locked; returns the connection. */
static unsigned long long blocked_connection(void) {
        const char *id;

        do
                id = test_sql_value("SELECT ID FROM information_schema.PROCESSLIST WHERE DB = '%s' "
                                    "AND INFO LIKE 'UPDATE %%raw_message_sizes%%'",
                                    test_database_prefix());
        while (!*id);
        return strtoull(id, NULL, 10);
}

/* In the middle of it all, so that much has to be taken back and done again. */
TEST(a_connection_lost_before_the_commit_stores_once) {
        Database *d = mail_set_up();
        StoreRecipient to[] = { OUTGOING(1, "a@sink.example.net") };
        Storing s;

        CHECK_INT(store_hello(d, NOW_USEC, to, 1), 0);
        test_sql("BEGIN");
        mail_sql(1, "UPDATE raw_message_sizes SET size = size");
        CHECK_INT(pthread_create(&s.thread, NULL, store_in_thread, &s), 0);
        test_sql("KILL %llu", blocked_connection());
        test_sql("COMMIT");
        pthread_join(s.thread, NULL);
        CHECK_INT(s.result, 0);
        CHECK_MAIL(1, "2", "SELECT COUNT(*) FROM messages");
        CHECK_MAIL(1, "4", "SELECT COUNT(*) FROM `" RAW_TABLE "`");
        CHECK_SQL("2", "SELECT COUNT(*) FROM queued_messages");
        check_sizes(1, RAW_TABLE);
        check_whole();
}

/* ---- Several at a time ---- */

#define THREADS 4
#define ROUNDS 8
#define MESSAGES 12

typedef struct Storer {
        pthread_t thread;
        unsigned number;
        int result;
} Storer;

/* Messages for both servers in turn, each with its subject as its body and in its header. */
static int store_round(Database *d, unsigned storer, unsigned round) {
        StoreMessage messages[MESSAGES], *list[MESSAGES];
        StoreRecipient to[MESSAGES][2];
        Spool bodies[MESSAGES];
        char texts[MESSAGES][40];
        int r;

        for (unsigned i = 0; i < MESSAGES; i++) {
                (void) snprintf(texts[i], sizeof(texts[i]), "%u-%u-%u", storer, round, i);
                bodies[i] = SPOOL_EMPTY(NULL);
                (void) spool_append(&bodies[i], slice_from_string(texts[i]));
                to[i][0] = (StoreRecipient) OUTGOING(1 + (i + storer) % 2, "a@sink.example.net");
                to[i][1] = (StoreRecipient) OUTGOING(1 + i % 2, "b@sink.example.net");
                to[i][1].owns_body = i % 3 == 0;
                messages[i] = mail_message(&bodies[i], to[i], 2);
                messages[i].subject = texts[i];
                messages[i].headers = slice_from_string(texts[i]);
                messages[i].received_usec = TOMORROW_USEC;
                list[i] = &messages[i];
        }
        r = store_messages(d, list, MESSAGES);
        for (unsigned i = 0; i < MESSAGES; i++)
                spool_done(&bodies[i]);
        return r;
}

static void *store_rounds(void *userdata) {
        Storer *s = userdata;
        Db *db;

        db_thread_init();
        db = test_database_another();
        for (unsigned round = 0; round < ROUNDS && s->result >= 0; round++)
                s->result = store_round(&(Database){ db, db, true }, s->number, round);
        db_free(db);
        db_thread_end();
        return NULL;
}

/* The table of the day is missing, too: all of them make it at once. */
TEST(those_who_store_at_once_never_mix_messages) {
        Storer storers[THREADS] = { 0 };

        (void) mail_set_up();
        for (unsigned i = 0; i < THREADS; i++) {
                storers[i].number = i;
                CHECK_INT(pthread_create(&storers[i].thread, NULL, store_rounds, &storers[i]), 0);
        }
        for (unsigned i = 0; i < THREADS; i++)
                pthread_join(storers[i].thread, NULL);
        for (unsigned i = 0; i < THREADS; i++)
                CHECK_INT(storers[i].result, 0);
        CHECK_SQL("768", "SELECT COUNT(DISTINCT server_id, message_id) FROM queued_messages");
        CHECK_SQL("768", "SELECT SUM(total_outgoing) FROM statistics");
        for (unsigned server = 1; server <= 2; server++) {
                CHECK_MAIL(server, "384",
                           "SELECT COUNT(*) FROM messages m JOIN `" TOMORROWS_TABLE "` h ON "
                           "h.id = m.raw_headers_id JOIN `" TOMORROWS_TABLE "` b ON "
                           "b.id = m.raw_body_id WHERE h.data = m.subject AND b.data = m.subject");
                CHECK_MAIL(server, "384", "SELECT outgoing FROM stats_daily");
                check_sizes(server, TOMORROWS_TABLE);
        }
}
