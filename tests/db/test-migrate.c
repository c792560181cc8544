/* SPDX-License-Identifier: MIT */
#include <pthread.h>

#include "db/migrate.h"
#include "db/schema-compare.h"
#include "db/test-database.h"
#include "test.h"

#define CHECK_OK(call)                                                                             \
        do {                                                                                       \
                buf_reset(&said, 4096);                                                            \
                int check_ok_ = (call);                                                            \
                if (check_ok_ < 0)                                                                 \
                        test_fail(__FILE__, __LINE__, "%s: %d, %s", #call, check_ok_,              \
                                  buf_string(&said));                                              \
        } while (0)
#define CHECK_VALUE(want, ...) CHECK_STR(test_sql_value(__VA_ARGS__), want)

static Buf said; /* the sentence of the last failure */

/* Counts what happens, and stops after so many statements and records. */
typedef struct Watch {
        unsigned steps, statements, waits, offline;
        unsigned stop_after; /* 0: never */
        unsigned seen;
} Watch;

static int watch(void *userdata, const MigrateEvent *event) {
        Watch *w = userdata;

        w->steps += event->type == MIGRATE_STEP_DONE;
        w->statements += event->type == MIGRATE_STATEMENT;
        w->waits += event->type == MIGRATE_WAITING;
        w->offline += event->type == MIGRATE_OFFLINE;
        if (event->type != MIGRATE_STATEMENT && event->type != MIGRATE_STEP_DONE)
                return 0;
        return ++w->seen == w->stop_after ? -ECANCELED : 0;
}

#define WATCH(w) (&(MigrateHooks){ watch, (w) })

/* An empty main database, and the recorded one to compare with. */
static void set_up_main(void) {
        test_database_reset();
        test_sql_file("main-3.3.6.sql");
        schema_snapshot("recorded", test_database_prefix());
        test_database_reset();
}

static void check_main_is_current(void) {
        SchemaState state;

        schema_snapshot("made", test_database_prefix());
        CHECK_SAME_SCHEMA("made", "recorded");
        CHECK_VALUE("18", "SELECT COUNT(*) FROM schema_migrations");
        CHECK_VALUE("20161003195209 20240311205229",
                    "SELECT CONCAT(MIN(version), ' ', MAX(version)) FROM schema_migrations");
        buf_reset(&said, 4096);
        CHECK_INT(schema_state(test_database(), &state, &said), 0);
        CHECK_STR(buf_string(&said), "");
        CHECK_INT(state, SCHEMA_CURRENT);
}

static void migrate_all(const MigrateHooks *hooks) {
        CHECK_OK(migrate_main(test_database(), hooks, &said));
        CHECK_OK(migrate_own(test_database(), hooks, &said));
}

static void check_nothing_is_left(void) {
        Watch w = { 0 };

        migrate_all(WATCH(&w));
        CHECK_INT(w.steps + w.statements, 0);
}

TEST(a_new_database_is_the_recorded_one) {
        SchemaState state;
        Watch w = { 0 };

        set_up_main();
        CHECK_OK(schema_state(test_database(), &state, &said));
        CHECK_INT(state, SCHEMA_EMPTY);
        CHECK(strstr(buf_string(&said), "has no schema yet: run `postal initialize`"));
        migrate_all(WATCH(&w));
        CHECK_INT(w.steps, 5);
        check_main_is_current();
        CHECK_VALUE("production",
                    "SELECT value FROM ar_internal_metadata WHERE `key` = 'environment'");
        CHECK_VALUE("0,1,2,3,4,5",
                    "SELECT GROUP_CONCAT(version ORDER BY version) FROM postal_schema_versions");
        check_nothing_is_left();
}

TEST(a_main_database_is_made_if_there_is_none) {
        bool created;

        test_database_reset();
        CHECK_OK(migrate_main_create(test_database(), &created, &said));
        CHECK(!created);
        test_sql("DROP DATABASE `%s`", test_database_prefix());
        db_disconnect(test_database());
        CHECK_OK(migrate_main_create(test_database(), &created, &said));
        CHECK(created);
        CHECK_VALUE("utf8mb4_general_ci",
                    "SELECT DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA "
                    "WHERE SCHEMA_NAME = '%s'",
                    test_database_prefix());
        CHECK_INT(db_connect(test_database()), 0);
}

TEST(what_we_add_is_as_it_should_be) {
        set_up_main();
        migrate_all(NULL);
        CHECK_VALUE("locked_by,retry_after,ip_address_id,server_id,domain",
                    "SELECT GROUP_CONCAT(COLUMN_NAME ORDER BY SEQ_IN_INDEX) FROM "
                    "information_schema.STATISTICS "
                    "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'queued_messages' "
                    "AND INDEX_NAME = 'postal_ready' AND SUB_PART IS NULL");
        CHECK_VALUE("locked_by,retry_after",
                    "SELECT GROUP_CONCAT(COLUMN_NAME ORDER BY SEQ_IN_INDEX) FROM "
                    "information_schema.STATISTICS "
                    "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'webhook_requests' "
                    "AND INDEX_NAME = 'postal_ready' AND SUB_PART IS NULL");
        CHECK_VALUE("name varchar(190),host varchar(255),instance varchar(64),pid int(11),"
                    "started_at datetime(6),heartbeat_at datetime(6)",
                    "SELECT GROUP_CONCAT(COLUMN_NAME, ' ', COLUMN_TYPE ORDER BY ORDINAL_POSITION) "
                    "FROM information_schema.COLUMNS "
                    "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'postal_workers'");
}

/* Installations born under other servers have other collations. */
TEST(workers_compare_with_locks_of_any_collation) {
        static const char *const collations[] = { "utf8mb4 COLLATE utf8mb4_unicode_ci",
                                                  "utf8mb4 COLLATE utf8mb4_unicode_520_ci",
                                                  "utf8mb3 COLLATE utf8mb3_general_ci",
                                                  "latin1 COLLATE latin1_swedish_ci" };

        set_up_main();
        migrate_all(NULL);
        test_sql("INSERT INTO postal_workers (name) VALUES ('one'), ('two')");
        for (size_t i = 0; i < ELEMENTSOF(collations); i++) {
                test_sql("DELETE FROM queued_messages");
                test_sql("ALTER TABLE queued_messages CONVERT TO CHARACTER SET %s", collations[i]);
                test_sql("INSERT INTO queued_messages (locked_by) VALUES ('one'), ('three')");
                CHECK_VALUE("one", "SELECT GROUP_CONCAT(w.name) FROM queued_messages q "
                                   "JOIN postal_workers w ON w.name = q.locked_by");
                CHECK_VALUE("three", "SELECT GROUP_CONCAT(locked_by) FROM queued_messages "
                                     "WHERE locked_by NOT IN (SELECT name FROM postal_workers)");
        }
}

/* The schema of 2.3.2 as it was recorded, which lists only its last version. */
static void set_up_232(void) {
        set_up_main();
        test_sql_file("main-2.3.2.sql");
}

/* As an installation has it, which lists them all; and rows that the steps fill in. */
static void set_up_200(void) {
        set_up_232();
        test_sql("DELETE FROM schema_migrations");
        test_sql("INSERT INTO schema_migrations VALUES ('20161003195209'), ('20161003195210'), "
                 "('20161003195211'), ('20161003195212'), ('20170418200606'), ('20170421195414'), "
                 "('20170421195415'), ('20170428153353'), ('20180216114344'), ('20200717083943'), "
                 "('20210727210551')");
        test_sql("ALTER TABLE servers DROP COLUMN privacy_mode");
        test_sql("ALTER TABLE ar_internal_metadata MODIFY created_at DATETIME NOT NULL, "
                 "MODIFY updated_at DATETIME NOT NULL");
}

static void set_up_300(void) {
        set_up_main();
        test_sql_file("main-3.3.6.sql");
        test_sql("DELETE FROM schema_migrations WHERE version = '20240311205229'");
        test_sql("ALTER TABLE users DROP COLUMN oidc_uid, DROP COLUMN oidc_issuer");
}

/* Without the steps of the first versions, whose rows have values still to be filled in. */
static void set_up_early(void) {
        set_up_232();
        test_sql("ALTER TABLE credentials DROP COLUMN uuid");
        test_sql("ALTER TABLE ip_addresses DROP COLUMN priority");
        test_sql("ALTER TABLE servers DROP COLUMN privacy_mode");
        test_sql("ALTER TABLE authie_sessions DROP COLUMN host, DROP KEY "
                 "index_authie_sessions_on_token_hash");
        test_sql("ALTER TABLE ip_pools ADD COLUMN type VARCHAR(255)");
        test_sql("UPDATE schema_migrations SET version = '20170418200606'");
        test_sql("INSERT INTO credentials (server_id, `key`) SELECT 1, seq FROM seq_1_to_150");
        test_sql("INSERT INTO ip_addresses (ipv4) VALUES ('192.0.2.1'), ('192.0.2.2')");
}

static void check_early_rows(void) {
        CHECK_VALUE("150",
                    "SELECT COUNT(DISTINCT uuid) FROM credentials WHERE uuid REGEXP "
                    "'^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'");
        CHECK_VALUE("2", "SELECT COUNT(*) FROM ip_addresses WHERE priority = 100");
}

static void check_steps(void (*set_up)(void), unsigned pending, const char *first) {
        _cleanup_free_ MigrateStepName *names = NULL;
        size_t count;
        SchemaState state;
        Watch w = { 0 };

        set_up();
        buf_reset(&said, 4096);
        CHECK_INT(schema_state(test_database(), &state, &said), 0);
        CHECK_INT(state, SCHEMA_PENDING);
        CHECK(strstr(buf_string(&said), "run `postal upgrade`"));
        CHECK_OK(migrate_pending(test_database(), MIGRATE_MAIN, 0, &names, &count));
        CHECK_INT(count, pending);
        CHECK_STR(names[0].name, first);
        CHECK_OK(migrate_main(test_database(), WATCH(&w), &said));
        CHECK_INT(w.steps, pending);
        CHECK_INT(w.offline, 0);
        CHECK_OK(migrate_own(test_database(), NULL, &said));
        check_nothing_is_left();
}

TEST(a_recorded_232_is_upgraded) {
        check_steps(set_up_232, 17, "CreateAuthieSessions");
        check_main_is_current();
        CHECK_VALUE("default_env",
                    "SELECT value FROM ar_internal_metadata WHERE `key` = 'environment'");
}

TEST(a_200_is_upgraded) {
        check_steps(set_up_200, 7, "AddPrivacyModeToServers");
        test_sql("ALTER TABLE ar_internal_metadata MODIFY created_at DATETIME(6) NOT NULL, "
                 "MODIFY updated_at DATETIME(6) NOT NULL");
        check_main_is_current();
}

TEST(a_300_is_upgraded) {
        check_steps(set_up_300, 1, "AddOidcFieldsToUser");
        check_main_is_current();
}

TEST(an_early_one_is_upgraded_and_its_rows_filled) {
        check_steps(set_up_early, 17, "CreateAuthieSessions");
        check_early_rows();
        /* Columns end up in another order than in a new database, which changes nothing. */
        CHECK_VALUE("18", "SELECT COUNT(*) FROM schema_migrations");
        CHECK_VALUE(
                "0",
                "SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() "
                "AND TABLE_NAME = 'ip_pools' AND COLUMN_NAME = 'type'");
}

/* Each run gets one statement or record further, then stops as if it had been killed. */
static void run_in_pieces(unsigned pieces_min) {
        unsigned runs = 0;

        for (int own = 0; own < 2; own++)
                for (int r = -ECANCELED; r == -ECANCELED; runs++) {
                        Watch w = { .stop_after = 1 };

                        buf_reset(&said, 4096);
                        r = own ? migrate_own(test_database(), WATCH(&w), &said)
                                : migrate_main(test_database(), WATCH(&w), &said);
                        if (r < 0 && r != -ECANCELED)
                                test_fail(__FILE__, __LINE__, "run %u: %d %s", runs, r,
                                          buf_string(&said));
                        CHECK(runs < 200);
                }
        CHECK(runs >= pieces_min);
        check_nothing_is_left();
}

TEST(a_load_in_pieces_ends_the_same) {
        set_up_main();
        run_in_pieces(28 + 1 + 3 * 2);
        check_main_is_current();
}

TEST(an_upgrade_in_pieces_ends_the_same) {
        set_up_232();
        run_in_pieces(17 + 11 + 3 * 2);
        check_main_is_current();
        set_up_early();
        run_in_pieces(17 + 17 + 3 * 2);
        check_early_rows();
}

TEST(compact_tables_are_converted_before_they_get_long_keys) {
        set_up_232();
        test_sql("ALTER TABLE queued_messages ROW_FORMAT=COMPACT");
        test_sql("ALTER TABLE webhook_requests ROW_FORMAT=REDUNDANT");
        migrate_all(NULL);
        CHECK_VALUE("Dynamic,Dynamic",
                    "SELECT GROUP_CONCAT(ROW_FORMAT) FROM information_schema.TABLES WHERE "
                    "TABLE_SCHEMA = "
                    "DATABASE() AND TABLE_NAME IN ('queued_messages', 'webhook_requests')");
        check_nothing_is_left();

        set_up_300();
        test_sql("ALTER TABLE queued_messages ROW_FORMAT=COMPACT");
        run_in_pieces(1);
        CHECK_VALUE("Dynamic",
                    "SELECT ROW_FORMAT FROM information_schema.TABLES WHERE TABLE_SCHEMA = "
                    "DATABASE() AND TABLE_NAME = 'queued_messages'");
}

TEST(a_table_that_cannot_be_changed_online_is_changed_all_the_same) {
        Watch w = { 0 };

        set_up_300();
        test_sql("ALTER TABLE users ENGINE=MyISAM");
        CHECK_OK(migrate_own(test_database(), NULL, &said));
        CHECK_OK(migrate_main(test_database(), WATCH(&w), &said));
        CHECK_INT(w.offline, 2);
        CHECK_INT(w.steps, 1);
        check_nothing_is_left();
}

TEST(our_keys_come_back_when_they_are_gone) {
        _cleanup_free_ MigrateStepName *names = NULL;
        size_t count;
        Watch w = { 0 };

        set_up_main();
        migrate_all(NULL);
        test_sql("DROP INDEX postal_ready ON queued_messages");
        CHECK_OK(migrate_pending(test_database(), MIGRATE_OWN, 0, &names, &count));
        CHECK_INT(count, 1);
        CHECK_STR(names[0].name, "QueuedMessagesReady");
        migrate_all(WATCH(&w));
        CHECK_INT(w.statements, 1);
        check_nothing_is_left();
}

TEST(tables_of_another_schema_are_not_called_current) {
        SchemaState state;

        set_up_main();
        test_sql("CREATE TABLE servers (id INT)");
        test_sql("CREATE TABLE users (id INT)");
        buf_reset(&said, 4096);
        CHECK_INT(migrate_main(test_database(), NULL, &said), -EBADMSG);
        CHECK(strstr(buf_string(&said), "The table servers has no column organization_id."));
        CHECK(strstr(buf_string(&said), "More is missing."));
        CHECK_VALUE("0", "SELECT COUNT(*) FROM schema_migrations");

        set_up_300();
        migrate_all(NULL);
        test_sql("DROP TABLE webhooks");
        test_sql("ALTER TABLE routes DROP COLUMN token");
        buf_reset(&said, 4096);
        CHECK_INT(schema_state(test_database(), &state, &said), 0);
        CHECK_INT(state, SCHEMA_BROKEN);
        CHECK(strstr(buf_string(&said), "The table routes has no column token."));
        CHECK(strstr(buf_string(&said), "The table webhooks is missing."));
        CHECK(strstr(buf_string(&said), "restore it from a backup"));
}

static void *upgrade(void *userdata) {
        _cleanup_(buf_done) Buf words = BUF_EMPTY;
        _cleanup_(db_freep) Db *db = test_database_another();
        intptr_t r;

        db_thread_init();
        r = migrate_main(db, userdata, &words);
        if (r >= 0)
                r = migrate_own(db, userdata, &words);
        if (r >= 0)
                r = migrate_message(db, 77, userdata, &words);
        if (r < 0)
                printf("# %s\n", buf_string(&words));
        db = db_free(db);
        db_thread_end();
        return (void *) r;
}

static void run_two(void) {
        pthread_t threads[2];
        Watch w[2] = { { 0 }, { 0 } };
        MigrateHooks hooks[2] = { { watch, &w[0] }, { watch, &w[1] } };

        for (size_t i = 0; i < 2; i++)
                CHECK_INT(pthread_create(&threads[i], NULL, upgrade, &hooks[i]), 0);
        for (size_t i = 0; i < 2; i++) {
                void *result;

                CHECK_INT(pthread_join(threads[i], &result), 0);
                CHECK_INT((intptr_t) result, 0);
        }
        check_nothing_is_left();
        check_main_is_current();
}

TEST(two_at_the_same_time_end_the_same) {
        set_up_main();
        test_message_database(77);
        run_two();
        CHECK_VALUE("20", "SELECT COUNT(*) FROM `%s-server-77`.migrations", test_database_prefix());
        set_up_232();
        run_two();
}

/* Nobody else gets the row while the work goes on. */
static int try_the_lock(void *userdata, const MigrateEvent *event) {
        static const char lock[] =
                "SELECT version FROM postal_schema_versions WHERE version = 0 FOR UPDATE NOWAIT";
        _cleanup_(db_freep) Db *db = test_database_another();
        unsigned *refused = userdata;
        DbStatement *st;
        uint64_t version;

        (void) event;
        if (db_prepare(db, lock, DB_MAIN, 1, &st) < 0)
                return -EIO;
        *refused += db_query_u64(st, &version) == -EAGAIN;
        return 0;
}

TEST(the_work_is_done_under_the_lock) {
        MigrateHooks hooks = { try_the_lock, &(unsigned){ 0 } };

        set_up_300();
        migrate_all(&hooks);
        CHECK_INT(*(unsigned *) hooks.userdata, 4 + 4 * 3 + 4);
}

static int stop_when_waiting(void *userdata, const MigrateEvent *event) {
        (void) userdata;
        return event->type == MIGRATE_WAITING ? -ECANCELED : 0;
}

TEST(who_must_wait_for_the_lock_says_so_at_once) {
        static const char touch[] =
                "UPDATE postal_schema_versions SET applied_at = NULL WHERE version = 0";
        _cleanup_(db_freep) Db *holder = NULL;
        MigrateHooks hooks = { stop_when_waiting, NULL };

        set_up_main();
        migrate_all(NULL);
        holder = test_database_another();
        CHECK_INT(db_begin(holder), 0);
        CHECK_INT(db_run_text(holder, touch, DB_MAIN), 0);
        buf_reset(&said, 4096);
        CHECK_INT(migrate_main(test_database(), &hooks, &said), -ECANCELED);
        holder = db_free(holder);
        migrate_all(&hooks);
}

TEST(a_new_message_database_is_the_recorded_one) {
        char schema[80];
        uint64_t version;
        Watch w = { 0 };

        set_up_main();
        (void) snprintf(schema, sizeof(schema), "%s-server-1", test_database_prefix());
        test_message_database(1);
        test_sql("USE `%s`", schema);
        test_sql_file("message-3.3.6.sql");
        schema_snapshot("recorded message", schema);
        test_sql("DROP DATABASE `%s`", schema);
        test_sql("USE `%s`", test_database_prefix());

        CHECK_INT(migrate_message_version(test_database(), 1, &version), -ENOENT);
        buf_reset(&said, 4096);
        CHECK_INT(migrate_message(test_database(), 1, NULL, &said), -ENOENT);
        CHECK(strstr(buf_string(&said), "does not exist"));
        for (int i = 0; i < 2; i++)
                CHECK_OK(migrate_message_create(test_database(), 1, &said));
        CHECK_INT(migrate_message_version(test_database(), 1, &version), 0);
        CHECK_INT(version, 0);

        CHECK_OK(migrate_message(test_database(), 1, WATCH(&w), &said));
        CHECK_INT(w.steps, 20);
        CHECK_INT(w.offline, 0);
        CHECK_INT(migrate_message_version(test_database(), 1, &version), 0);
        CHECK_INT(version, migrate_message_version_latest());
        CHECK_OK(db_run_text(test_database(), migrate_raw_table_sql, DB_RAW(1, "raw-2026-11-22")));
        schema_snapshot("made message", schema);
        CHECK_SAME_SCHEMA("made message", "recorded message");
        CHECK_INT(db_run_text(test_database(), migrate_raw_table_sql, DB_RAW(1, "raw-2026-11-22")),
                  -EEXIST);
        test_sql("INSERT INTO `%s`.messages (token) VALUES ('kept')", schema);

        w = (Watch){ 0 };
        CHECK_OK(migrate_message_create(test_database(), 1, &said));
        CHECK_OK(migrate_message(test_database(), 1, WATCH(&w), &said));
        CHECK_INT(w.steps + w.statements, 0);
        CHECK_VALUE("1", "SELECT COUNT(*) FROM `%s`.messages", schema);
}

TEST(a_message_database_in_pieces_ends_the_same) {
        char schema[80];
        unsigned runs = 0;

        (void) snprintf(schema, sizeof(schema), "%s-server-2", test_database_prefix());
        test_message_database(2);
        for (int r = -ECANCELED; r == -ECANCELED; runs++) {
                _cleanup_free_ MigrateStepName *names = NULL;
                Watch w = { .stop_after = 1 };
                uint64_t version;
                size_t count;

                CHECK_OK(migrate_pending(test_database(), MIGRATE_MESSAGE, 2, &names, &count));
                CHECK_INT(migrate_message_version(test_database(), 2, &version), 0);
                CHECK_INT(count, 20 - version);
                buf_reset(&said, 4096);
                r = migrate_message(test_database(), 2, WATCH(&w), &said);
                if (r < 0 && r != -ECANCELED)
                        test_fail(__FILE__, __LINE__, "run %u: %d %s", runs, r, buf_string(&said));
                CHECK(runs < 200);
        }
        CHECK(runs > 20 + 29);
        CHECK_OK(db_run_text(test_database(), migrate_raw_table_sql, DB_RAW(2, "raw-2026-11-22")));
        schema_snapshot("made in pieces", schema);
        CHECK_SAME_SCHEMA("made in pieces", "recorded message");
}
