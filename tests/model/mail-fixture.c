/* SPDX-License-Identifier: MIT */
#include "model/mail-fixture.h"

static const unsigned SERVERS[] = { 1, 2 };

/* What tests write to; all else stays as it was recorded. */
static const char *const MAIN_TABLES[] = {
        "queued_messages", "postal_workers",  "statistics",
        "worker_roles",    "scheduled_tasks", "authie_sessions",
};
static const char *const MESSAGE_TABLES[] = {
        "deliveries",  "live_stats",    "messages",     "raw_message_sizes", RAW_TABLE,
        "stats_daily", "stats_monthly", "stats_hourly", "stats_yearly",      "suppressions",
};

static void make(void) {
        (void) model_set_up();
        for (size_t i = 0; i < ELEMENTSOF(SERVERS); i++) {
                test_message_database(SERVERS[i]);
                test_sql("USE `%s-server-%u`", test_database_prefix(), SERVERS[i]);
                test_sql_file("message-3.3.6.sql");
        }
        test_sql("USE `%s`", test_database_prefix());
}

static void drop_other_raw_tables(unsigned server_id) {
        char table[65];

        for (;;) {
                (void) snprintf(table, sizeof(table), "%s",
                                mail_value(server_id,
                                           "SELECT TABLE_NAME FROM information_schema.TABLES "
                                           "WHERE TABLE_SCHEMA = DATABASE() AND "
                                           "TABLE_NAME LIKE 'raw-%%' AND "
                                           "TABLE_NAME <> '" RAW_TABLE "'"));
                if (!*table)
                        return;
                mail_sql(server_id, "DROP TABLE `%s`", table);
        }
}

Database *mail_set_up(void) {
        static Database database;
        static bool is_made;

        if (!is_made)
                make();
        is_made = true;
        clock_set_fake(NOW_USEC, 0);
        for (size_t i = 0; i < ELEMENTSOF(MAIN_TABLES); i++)
                test_sql("DELETE FROM %s", MAIN_TABLES[i]);
        for (size_t i = 0; i < ELEMENTSOF(SERVERS); i++) {
                drop_other_raw_tables(SERVERS[i]);
                for (size_t k = 0; k < ELEMENTSOF(MESSAGE_TABLES); k++)
                        mail_sql(SERVERS[i], "DELETE FROM `%s`", MESSAGE_TABLES[k]);
        }
        database = (Database){ test_database(), test_database(), true };
        return &database;
}

static void expand(char *text, size_t size, const char *format, va_list ap) {
        if (vsnprintf(text, size, format, ap) >= (int) size)
                abort();
}

const char *mail_value(unsigned server_id, const char *format, ...) {
        const char *value;
        char text[4096];
        va_list ap;

        va_start(ap, format);
        expand(text, sizeof(text), format, ap);
        va_end(ap);
        test_sql("USE `%s-server-%u`", test_database_prefix(), server_id);
        value = test_sql_value("%s", text);
        test_sql("USE `%s`", test_database_prefix());
        return value;
}

void mail_sql(unsigned server_id, const char *format, ...) {
        char text[4096];
        va_list ap;

        va_start(ap, format);
        expand(text, sizeof(text), format, ap);
        va_end(ap);
        test_sql("USE `%s-server-%u`", test_database_prefix(), server_id);
        test_sql("%s", text);
        test_sql("USE `%s`", test_database_prefix());
}

StoreMessage mail_message(const Spool *body, StoreRecipient *to, size_t count) {
        return (StoreMessage){
                .headers = SLICE("From: sender@example.com\r\nSubject: over tls"),
                .body = body,
                .size = 266,
                .received_usec = clock_realtime(),
                .mail_from = "sender@example.com",
                .subject = "over tls",
                .message_id = "f2e8cd1b12ff@example.com",
                .recipients = to,
                .recipient_count = count,
        };
}

void mail_fill(Spool *body, const char *text) {
        CHECK_INT(spool_append(body, slice_from_string(text)), 0);
}

uint64_t mail_store(Database *d, StoreRecipient *to, const char *lease) {
        _cleanup_(spool_done) Spool body = SPOOL_EMPTY(NULL);
        StoreMessage m = mail_message(&body, to, 1), *messages[] = { &m };
        uint64_t id = 0;

        mail_fill(&body, "Hello\r\n");
        CHECK_INT(store_messages(d, messages, 1), 0);
        CHECK_INT(slice_to_u64(slice_from_string(test_sql_value(
                                       "SELECT id FROM queued_messages WHERE server_id = %llu AND "
                                       "message_id = %llu",
                                       (unsigned long long) to->server_id,
                                       (unsigned long long) to->message_id)),
                               UINT64_MAX, &id),
                  0);
        if (lease)
                test_sql(
                        "UPDATE queued_messages SET locked_by = '%s', locked_at = UTC_TIMESTAMP(6) "
                        "WHERE id = %llu",
                        lease, (unsigned long long) id);
        return id;
}
