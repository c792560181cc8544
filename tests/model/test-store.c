/* SPDX-License-Identifier: MIT */
#include "model/mail-fixture.h"

/* A message with its body and room for recipients. */
typedef struct Mail {
        StoreMessage message;
        Spool body;
        StoreRecipient to[4];
} Mail;

static void mail_init(Mail *m, const char *body, size_t recipient_count) {
        m->body = SPOOL_EMPTY(NULL);
        mail_fill(&m->body, body);
        m->message = mail_message(&m->body, m->to, recipient_count);
}

static void mail_done(Mail *m) {
        spool_done(&m->body);
}

static int store_one(Database *d, Mail *m) {
        StoreMessage *messages[] = { &m->message };

        return store_messages(d, messages, 1);
}

/* What is stored of the message of that recipient, without id and time of the row. */
static const char *part_of(const StoreRecipient *to, const char *column) {
        return mail_value((unsigned) to->server_id,
                          "SELECT IFNULL(r.data, 'NULL') FROM messages m JOIN `" RAW_TABLE "` r "
                          "ON r.id = m.%s WHERE m.id = %llu",
                          column, (unsigned long long) to->message_id);
}

#define CHECK_BODY(to, want) CHECK_STR(part_of(to, "raw_body_id"), want)

/* ---- One message ---- */

/* Columns as they are when a message has just been stored; what came later is put back. */
#define AS_CREATED                                                                                 \
        "CONCAT_WS('|', scope, IFNULL(rcpt_to, '-'), IFNULL(mail_from, '-'), subject, "            \
        "message_id, timestamp, IFNULL(route_id, '-'), IFNULL(domain_id, '-'), "                   \
        "IFNULL(credential_id, '-'), IFNULL(size, '-'), raw_table, threat, "                       \
        "bounce, bounce_for_id, IFNULL(tag, '-'), IFNULL(loaded, '-'), IFNULL(clicked, '-'), "     \
        "IFNULL(received_with_ssl, '-'), IFNULL(hold_expiry, '-'), tracked_links, "                \
        "tracked_images, IFNULL(endpoint_id, '-'), IFNULL(endpoint_type, '-'))"

static void check_as_recorded(const StoreRecipient *to, unsigned recorded_id) {
        char ours[1000];

        (void) snprintf(ours, sizeof(ours), "%s",
                        mail_value(1, "SELECT " AS_CREATED " FROM messages WHERE id = %llu",
                                   (unsigned long long) to->message_id));
        CHECK_MAIL(2, ours, "SELECT " AS_CREATED " FROM messages WHERE id = %u", recorded_id);
        CHECK_MAIL(1, "Pending|0|-|0|0|0.00|0",
                   "SELECT CONCAT_WS('|', status, held, IFNULL(last_delivery_attempt, '-'), "
                   "inspected, spam, spam_score, parsed) FROM messages WHERE id = %llu",
                   (unsigned long long) to->message_id);
}

/* With the rows that Postal 3.3.6 wrote in the database of server 2, for comparison. */
static Database *set_up_with_recorded_rows(void) {
        Database *d = mail_set_up();

        test_sql("USE `%s-server-2`", test_database_prefix());
        test_sql_file("message-rows.sql");
        test_sql("USE `%s`", test_database_prefix());
        return d;
}

TEST(an_outgoing_message_is_what_postal_would_write) {
        Database *d = set_up_with_recorded_rows();
        _cleanup_(mail_done) Mail m = { .to = { OUTGOING(1, "tls@sink.example.net") } };

        mail_init(&m, "Hello\r\n", 1);
        m.message.received_usec = UINT64_C(1795336352864659);
        m.message.received_with_tls = true;
        CHECK_INT(store_one(d, &m), 0);
        CHECK_INT(strlen(m.to[0].token), MESSAGE_TOKEN_LENGTH);
        check_as_recorded(&m.to[0], 1);
        CHECK_MAIL(1, "1", "SELECT token = '%s' COLLATE utf8mb4_bin FROM messages", m.to[0].token);
        CHECK_BODY(&m.to[0], "Hello\r\n");
        CHECK_STR(part_of(&m.to[0], "raw_headers_id"),
                  "From: sender@example.com\r\nSubject: over tls");
        CHECK_SQL("1|sink.example.net|outgoing-sink.example.net|-|-|0|0|-|-|-",
                  "SELECT CONCAT_WS('|', server_id, domain, batch_key, IFNULL(route_id, '-'), "
                  "IFNULL(ip_address_id, '-'), attempts, manual, IFNULL(locked_by, '-'), "
                  "IFNULL(locked_at, '-'), IFNULL(retry_after, '-')) FROM queued_messages "
                  "WHERE message_id = %llu AND created_at = updated_at AND "
                  "ABS(TIMESTAMPDIFF(SECOND, created_at, UTC_TIMESTAMP())) < 60",
                  (unsigned long long) m.to[0].message_id);
}

TEST(incoming_messages_are_what_postal_would_write) {
        Database *d = set_up_with_recorded_rows();
        _cleanup_(mail_done) Mail a = { .to = { { .server_id = 1,
                                                  .scope = MESSAGE_INCOMING,
                                                  .rcpt_to = "e500@example.com",
                                                  .domain_id = 1,
                                                  .route_id = 6,
                                                  .endpoint_id = 6,
                                                  .endpoint_type = "HTTPEndpoint" } } };
        _cleanup_(mail_done) Mail b = { .to = { { .server_id = 1,
                                                  .scope = MESSAGE_INCOMING,
                                                  .rcpt_to = "bounce@example.com",
                                                  .domain_id = 1,
                                                  .route_id = 17 } } };

        mail_init(&a, "Hello\r\n", 1);
        a.message.mail_from = "remote@remote.example.org";
        a.message.subject = "incoming to e500";
        a.message.message_id = "fd6f1bfc877c@example.com";
        a.message.received_usec = UINT64_C(1795336385141137);
        a.message.size = 918;
        CHECK_INT(store_one(d, &a), 0);
        check_as_recorded(&a.to[0], 165);
        CHECK_SQL("1",
                  "SELECT COUNT(*) FROM queued_messages WHERE message_id = %llu AND "
                  "domain = 'example.com' AND route_id = 6 AND "
                  "batch_key = 'incoming-rt:6-ep:6-HTTPEndpoint'",
                  (unsigned long long) a.to[0].message_id);

        mail_init(&b, "Hello\r\n", 1);
        b.message.mail_from = "";
        b.message.subject = "null to bounce";
        b.message.message_id = "66ca59f6d651@example.com";
        b.message.received_usec = UINT64_C(1795336389340691);
        b.message.size = 271;
        CHECK_INT(store_one(d, &b), 0);
        check_as_recorded(&b.to[0], 189);
        CHECK_SQL("incoming-rt:17-ep:-",
                  "SELECT batch_key FROM queued_messages WHERE message_id = %llu",
                  (unsigned long long) b.to[0].message_id);
}

TEST(what_is_not_there_is_null) {
        Database *d = mail_set_up();
        _cleanup_(mail_done) Mail m = { .to = { { .server_id = 1,
                                                  .scope = MESSAGE_INCOMING,
                                                  .rcpt_to = "x@rp.example.com",
                                                  .ip_address_id = 3,
                                                  .is_bounce = true } } };

        mail_init(&m, "", 1);
        m.message.headers = SLICE("");
        m.message.subject = m.message.message_id = "";
        m.message.tag = "";
        CHECK_INT(store_one(d, &m), 0);
        CHECK_MAIL(1, "1",
                   "SELECT subject IS NULL AND message_id IS NULL AND tag IS NULL AND "
                   "raw_body_id IS NULL AND received_with_ssl IS NULL AND bounce = 1 "
                   "FROM messages");
        CHECK_STR(part_of(&m.to[0], "raw_headers_id"), "NULL");
        CHECK_SQL("incoming-rt:-ep:- 3", "SELECT CONCAT(batch_key, ' ', ip_address_id) "
                                         "FROM queued_messages");
}

TEST(a_batch_key_is_cut_at_characters) {
        Database *d = mail_set_up();
        char addresses[2][400] = { "x@a", "x@" };
        _cleanup_(mail_done)
                Mail m = { .to = { OUTGOING(1, addresses[0]), OUTGOING(1, addresses[1]) } };

        /* In bytes, the first would be cut within a letter. */
        for (int i = 0; i < 126; i++)
                memcpy(addresses[0] + 3 + 2 * i, "\xc3\xa4", 3);
        memset(addresses[1] + 2, 'b', 250);
        mail_init(&m, "Hello\r\n", 2);
        CHECK_INT(store_one(d, &m), 0);
        CHECK_SQL("2", "SELECT COUNT(*) FROM queued_messages WHERE "
                       "batch_key = LEFT(CONCAT('outgoing-', domain), 255)");
        CHECK_SQL("253 250", "SELECT GROUP_CONCAT(LENGTH(domain) ORDER BY id SEPARATOR ' ') "
                             "FROM queued_messages");
}

/* ---- Shared parts ---- */

TEST(recipients_of_one_server_share_the_body) {
        Database *d = mail_set_up();
        _cleanup_(mail_done) Mail m = { .to = { OUTGOING(1, "a@sink.example.net"),
                                                OUTGOING(2, "b@sink.example.net"),
                                                OUTGOING(1, "c@sink.example.net") } };

        mail_init(&m, "Hello\r\n", 3);
        CHECK_INT(store_one(d, &m), 0);
        CHECK_INT(m.to[0].raw_body_id, m.to[2].raw_body_id);
        CHECK(m.to[0].raw_headers_id != m.to[2].raw_headers_id);
        CHECK_MAIL(1, "3", "SELECT COUNT(*) FROM `" RAW_TABLE "`");
        CHECK_MAIL(2, "2", "SELECT COUNT(*) FROM `" RAW_TABLE "`");
        for (size_t i = 0; i < 3; i++)
                CHECK_BODY(&m.to[i], "Hello\r\n");
        CHECK_MAIL(1, "a@sink.example.net c@sink.example.net",
                   "SELECT GROUP_CONCAT(rcpt_to ORDER BY id SEPARATOR ' ') FROM messages");
        /* What was stored, not what was received. */
        CHECK_MAIL(1, "93", "SELECT size FROM raw_message_sizes");
}

/* The worker may write into it. */
TEST(a_body_of_ones_own_is_shared_with_nobody) {
        static const char *const OWNERS[] = { "0", "1", "2", "3", "01", "02", "12", "13", "012" };
        Database *d = mail_set_up();

        for (size_t i = 0; i < ELEMENTSOF(OWNERS); i++) {
                _cleanup_(mail_done) Mail m = { .to = { OUTGOING(1, "a@sink.example.net"),
                                                        OUTGOING(1, "b@sink.example.net"),
                                                        OUTGOING(1, "c@sink.example.net"),
                                                        OUTGOING(1, "d@sink.example.net") } };

                mail_init(&m, "Hello\r\n", 4);
                for (const char *c = OWNERS[i]; *c; c++)
                        m.to[*c - '0'].owns_body = true;
                CHECK_INT(store_one(d, &m), 0);
                for (size_t k = 0; k < 16; k++) {
                        const StoreRecipient *x = &m.to[k / 4], *y = &m.to[k % 4];

                        if (x != y &&
                            (x->raw_body_id == y->raw_body_id) != (!x->owns_body && !y->owns_body))
                                test_fail(__FILE__, __LINE__, "owners %s: recipients %zu and %zu",
                                          OWNERS[i], k / 4, k % 4);
                }
        }
}

/* ---- Batches ---- */

#define BATCH 70
#define SERVER_OF(i) ((i) % 3 == 0 ? 2u : 1u)

static int store_many(Database *d, Mail *mails, size_t count) {
        StoreMessage *messages[BATCH];

        for (size_t i = 0; i < count; i++)
                messages[i] = &mails[i].message;
        return store_messages(d, messages, count);
}

static void make_batch(Mail mails[static BATCH], char texts[static BATCH][80], const char *label) {
        for (size_t i = 0; i < BATCH; i++) {
                (void) snprintf(texts[i], 80, "%s-%zu@sink.example.net", label, i);
                mails[i] = (Mail){ .to = { OUTGOING(SERVER_OF(i), texts[i]) } };
                mail_init(&mails[i], texts[i], 1);
                mails[i].message.subject = texts[i];
        }
}

static void free_batch(Mail mails[static BATCH]) {
        for (size_t i = 0; i < BATCH; i++)
                mail_done(&mails[i]);
}

static const char SQL_INCREMENT[] =
        "SET SESSION auto_increment_increment = 7, auto_increment_offset = 3";

TEST(each_message_of_a_batch_has_its_own_ids) {
        static Mail mails[BATCH];
        static char texts[BATCH][80];
        Database *d = mail_set_up();
        _cleanup_(db_freep) Db *db = test_database_another();
        Database stepping = { db, db, true };

        (void) d;
        make_batch(mails, texts, "n");
        /* As on a node of a cluster. */
        CHECK_INT(db_run_text(db, SQL_INCREMENT, DB_MAIN), 0);
        CHECK_INT(store_many(&stepping, mails, BATCH), 0);
        for (size_t i = 0; i < BATCH; i++) {
                CHECK_BODY(&mails[i].to[0], texts[i]);
                CHECK_MAIL(SERVER_OF(i), mails[i].to[0].token,
                           "SELECT token FROM messages WHERE id = %llu AND rcpt_to = '%s'",
                           (unsigned long long) mails[i].to[0].message_id, texts[i]);
        }
        CHECK_MAIL(1, "46", "SELECT COUNT(DISTINCT token) FROM messages");
        CHECK_SQL("70", "SELECT COUNT(*) FROM queued_messages");
        free_batch(mails);
}

TEST(counters_are_those_of_the_batch) {
        static Mail mails[BATCH];
        static char texts[BATCH][80];
        Database *d = mail_set_up();

        make_batch(mails, texts, "n");
        mails[1].to[0].scope = mails[2].to[0].scope = mails[3].to[0].scope = MESSAGE_INCOMING;
        for (unsigned run = 1; run <= 2; run++) {
                CHECK_INT(store_many(d, mails, BATCH), 0);
                for (size_t i = 0; i < 4; i++) {
                        static const char *const TABLES[] = { "hourly 1795338000",
                                                              "daily 1795305600",
                                                              "monthly 1793491200",
                                                              "yearly 1767225600" };
                        char table[20], want[80];
                        unsigned time = 0;

                        CHECK_INT(sscanf(TABLES[i], "%19s %u", table, &time), 2);
                        (void) snprintf(want, sizeof(want), "%u %u %u 0 0 0", time, 2 * run,
                                        44 * run);
                        CHECK_MAIL(1, want,
                                   "SELECT CONCAT_WS(' ', time, incoming, outgoing, spam, bounces, "
                                   "held) FROM stats_%s",
                                   table);
                        (void) snprintf(want, sizeof(want), "%u %u %u", time, run, 23 * run);
                        CHECK_MAIL(2, want,
                                   "SELECT CONCAT_WS(' ', time, incoming, outgoing) "
                                   "FROM stats_%s",
                                   table);
                }
                CHECK_SQL(run == 1 ? "70 3 67 1" : "140 6 134 1",
                          "SELECT CONCAT_WS(' ', MAX(total_messages), MAX(total_incoming), "
                          "MAX(total_outgoing), COUNT(*)) FROM statistics");
        }
        /* That is done when they are taken from the queue. */
        CHECK_MAIL(1, "0", "SELECT COUNT(*) FROM live_stats");
        CHECK_MAIL(1, "1",
                   "SELECT size = (SELECT SUM(LENGTH(data)) FROM `" RAW_TABLE "`) "
                   "FROM raw_message_sizes");
        free_batch(mails);
}

/* A batch may hold messages of two hours, when the database was slow. */
TEST(a_message_counts_in_the_hour_it_came) {
        static const uint64_t TIMES[] = { NOW_USEC - USEC_PER_HOUR, NOW_USEC, NOW_USEC + 1,
                                          NOW_USEC - 1 };
        Mail mails[ELEMENTSOF(TIMES)];
        Database *d = mail_set_up();

        for (size_t i = 0; i < ELEMENTSOF(TIMES); i++) {
                mails[i] = (Mail){ .to = { OUTGOING(1, "a@sink.example.net") } };
                mail_init(&mails[i], "Hello\r\n", 1);
                mails[i].message.received_usec = TIMES[i];
        }
        CHECK_INT(store_many(d, mails, ELEMENTSOF(TIMES)), 0);
        CHECK_MAIL(1, "1795334400 1, 1795338000 3",
                   "SELECT GROUP_CONCAT(time, ' ', outgoing ORDER BY time SEPARATOR ', ') "
                   "FROM stats_hourly");
        CHECK_MAIL(1, "4", "SELECT outgoing FROM stats_daily");
        for (size_t i = 0; i < ELEMENTSOF(TIMES); i++)
                mail_done(&mails[i]);
}

TEST(a_batch_with_a_message_that_cannot_be_stored_changes_nothing) {
        static const char longer[] =
                "0123456789012345678901234567890123456789012345678901234567890123"
                "4567890123456789012345678901234567890123456789012345678901234567"
                "8901234567890123456789012345678901234567890123456789012345678901"
                "234567890123456789012345678901234567890123456789@sink.example.net";
        static const struct {
                const char *rcpt_to;
                const char *subject;
                uint64_t server_id;
                int result;
        } cases[] = {
                { longer, "", 1, -EOVERFLOW },
                { "a@sink.example.net", "\xff\xfe broken", 1, -EILSEQ },
                { "a@sink.example.net", "", 77, -ENOENT }, /* its database is missing */
        };
        static Mail mails[BATCH];
        static char texts[BATCH][80];
        Database *d = mail_set_up();

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                make_batch(mails, texts, "n");
                mails[40].to[0].rcpt_to = cases[i].rcpt_to;
                mails[40].to[0].server_id = cases[i].server_id;
                mails[40].message.subject = cases[i].subject;
                CHECK_INT(store_many(d, mails, BATCH), cases[i].result);
                CHECK_MAIL(1, "0", "SELECT COUNT(*) FROM messages");
                CHECK_MAIL(2, "0", "SELECT COUNT(*) FROM `" RAW_TABLE "`");
                CHECK_MAIL(1, "", "SELECT SUM(outgoing) FROM stats_daily");
                CHECK_SQL("0", "SELECT COUNT(*) FROM queued_messages");
                /* Alone, each of the others can be. */
                CHECK_INT(store_many(d, &mails[39], 1), 0);
                CHECK_INT(store_many(d, &mails[40], 1), cases[i].result);
                CHECK_INT(store_many(d, &mails[41], 1), 0);
                CHECK_SQL("2", "SELECT COUNT(*) FROM queued_messages");
                free_batch(mails);
                d = mail_set_up();
        }
}
