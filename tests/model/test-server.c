/* SPDX-License-Identifier: MIT */
#include "model/model-fixture.h"
#include "model/server.h"

static NewServer template(const char *name) {
        return (NewServer){
                .organization_id = 1,
                .name = name,
                .spam_threshold = 5,
                .spam_failure_threshold = 20,
        };
}

/* The test's databases are on one server. */
static Database *both(void) {
        static Database d;

        d = (Database){ .main = test_database(), .message = test_database(), .is_shared = true };
        return &d;
}

static Buf words;
static bool completed;

static int create(const NewServer *s, const MigrateHooks *hooks, uint64_t *ret_id) {
        problems_done(&problems);
        buf_reset(&words, 4096);
        completed = false;
        return server_create(both(), s, hooks, &problems, ret_id, &completed, &words);
}

static void drop_database(uint64_t id) {
        test_sql("DROP DATABASE `%s-server-%llu`", test_database_prefix(), (unsigned long long) id);
}

TEST(the_recorded_servers_are_read) {
        Db *db = model_set_up();
        _cleanup_(server_freep) Server *main = NULL, *suspended = NULL;

        CHECK_INT(server_load(db, 1, &main), 0);
        CHECK_STR(main->permalink, "main");
        CHECK_STR(main->token, "zvabho");
        CHECK_STR(main->organization_permalink, "acme");
        CHECK_STR(main->organization_name, "Acme");
        CHECK_INT(main->mode, SERVER_LIVE);
        CHECK_INT(main->ip_pool_id, 1);
        CHECK_INT(main->send_limit, -1);
        CHECK_STR(main->postmaster_address, "postmaster@example.com");
        CHECK(main->spam_threshold == 5 && main->spam_failure_threshold == 20);
        CHECK(!main->has_outbound_spam_threshold && !main->is_suspended && !main->is_deleted);
        CHECK(!main->allow_sender && !main->privacy_mode && !main->log_smtp_data);
        CHECK_INT(main->message_retention_days, 60);
        CHECK_INT(main->raw_message_retention_days, 30);
        CHECK_INT(main->raw_message_retention_size, 2048);
        CHECK_INT(main->created_usec, UINT64_C(1795336146588649));
        CHECK_INT(server_load(db, 3, &suspended), 0);
        CHECK(suspended->is_suspended);
        CHECK_STR(suspended->suspension_reason, "Testing suspension");
        CHECK_INT(server_load(db, 9, &main), -ENOENT);
}

TEST(what_is_unusual_is_read_too) {
        Db *db = model_set_up();
        _cleanup_(server_freep) Server *s = NULL, *orphan = NULL;

        test_sql("UPDATE servers SET send_limit = 0, outbound_spam_threshold = 3.5, privacy_mode = "
                 "1, "
                 "allow_sender = 1, log_smtp_data = 1, message_retention_days = NULL WHERE id = 2");
        test_sql("UPDATE organizations SET suspended_at = NOW(), suspension_reason = 'Not paid'");
        CHECK_INT(server_load(db, 2, &s), 0);
        CHECK_INT(s->mode, SERVER_DEVELOPMENT);
        CHECK_INT(s->send_limit, 0);
        CHECK(s->has_outbound_spam_threshold && s->outbound_spam_threshold == 3.5);
        CHECK(s->privacy_mode && s->allow_sender && s->log_smtp_data);
        CHECK_INT(s->message_retention_days, -1);
        CHECK(s->is_suspended && !s->is_deleted);
        CHECK_STR(s->suspension_reason, "Not paid");
        test_sql("DELETE FROM organizations WHERE id = 1");
        CHECK_INT(server_load(db, 2, &orphan), 0);
        CHECK(orphan->is_deleted);
        CHECK_STR(orphan->organization_permalink, "");
}

TEST(servers_are_found) {
        Db *db = model_set_up();
        static const char *const names[] = { "acme/main", "ACME/Main",
                                             "main",      "1",
                                             "zvabho",    "9e7f4f79-1c7d-4688-b7e8-4a2a06593cc7" };
        static const char *const unknown[] = { "acme/none", "none/main", "/", "acme/", "", "99" };
        _cleanup_(server_list_freep) Server **of_acme = NULL, **all = NULL;
        _cleanup_(server_freep) Server *s = NULL;

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                _cleanup_(server_freep) Server *found = NULL;

                CHECK_INT(server_find(db, names[i], &found), 0);
                CHECK_INT(found->id, 1);
        }
        for (size_t i = 0; i < ELEMENTSOF(unknown); i++)
                CHECK_INT(server_find(db, unknown[i], &s), -ENOENT);
        test_sql("UPDATE servers SET permalink = 'main' WHERE id = 4");
        CHECK_INT(server_find(db, "main", &s), -ENOTUNIQ);
        CHECK_INT(server_find(db, "acme-2/main", &s), 0);
        CHECK_INT(s->id, 4);
        CHECK_INT(server_list(db, 1, &of_acme), 0);
        CHECK_STR(of_acme[0]->name, "Dev Box");
        CHECK_STR(of_acme[2]->name, "Suspended");
        CHECK(!of_acme[3]);
        test_sql("UPDATE servers SET deleted_at = NOW() WHERE id = 2");
        CHECK_INT(server_list(db, 0, &all), 0);
        CHECK(all[2] && !all[3]);
        all = server_list_free(all);
        CHECK_INT(server_list_all(db, &all), 0);
        CHECK(all[3] && !all[4] && all[1]->is_deleted);
}

TEST(a_server_is_made_with_its_database) {
        Db *db = model_set_up();
        _cleanup_(server_freep) Server *s = NULL;
        NewServer new = template("\xc3\x9c"
                                 "ber Mail");
        uint64_t id, version;

        new.mode = SERVER_DEVELOPMENT;
        new.ip_pool_id = 2;
        CHECK_INT(create(&new, NULL, &id), 0);
        CHECK_NO_PROBLEMS();
        CHECK(!completed);
        CHECK_INT(server_load(db, id, &s), 0);
        CHECK_STR(s->permalink, "uber-mail");
        CHECK_INT(s->mode, SERVER_DEVELOPMENT);
        CHECK_INT(s->ip_pool_id, 2);
        CHECK(s->spam_threshold == 5 && s->spam_failure_threshold == 20);
        CHECK_INT(s->created_usec, NOW_USEC);
        CHECK_SQL("1",
                  "SELECT token REGEXP '^[a-z]{6}$' AND uuid REGEXP '" UUID_PATTERN "' AND "
                  "created_at = updated_at AND send_limit IS NULL AND deleted_at IS NULL AND "
                  "domains_not_to_click_track IS NULL AND outbound_spam_threshold IS NULL AND "
                  "allow_sender = 0 AND log_smtp_data = 0 AND privacy_mode = 0 AND "
                  "message_retention_days = 60 AND raw_message_retention_days = 30 AND "
                  "raw_message_retention_size = 2048 FROM servers WHERE id = %llu",
                  (unsigned long long) id);
        CHECK_INT(migrate_message_version(db, id, &version), 0);
        CHECK_INT(version, 20);
        CHECK_SQL("utf8mb4_unicode_ci",
                  "SELECT DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA "
                  "WHERE SCHEMA_NAME = '%s-server-%llu'",
                  test_database_prefix(), (unsigned long long) id);
        drop_database(id);
}

TEST(problems_are_told_in_postals_words) {
        NewServer new;
        uint64_t id;

        (void) model_set_up();
        test_message_database(2); /* complete enough for the one of that name */
        CHECK_INT(server_provision(both(), 2, NULL, &words), 0);
        new = template(NULL);
        CHECK_INT(create(&new, NULL, NULL), 0);
        CHECK_PROBLEMS("Name can't be blank", "Short name can't be blank");
        new = template("dev box");
        CHECK_INT(create(&new, NULL, NULL), 0);
        CHECK_PROBLEMS("Name has already been taken", "Short name has already been taken");
        new = template("Stats");
        new.ip_pool_id = 9;
        new.mode = SERVER_MODE_INVALID;
        CHECK_INT(create(&new, NULL, NULL), 0);
        CHECK_PROBLEMS("Short name is reserved", "IP pool must belong to the organization",
                       "Mode is not included in the list");
        new = template("Fine");
        new.permalink = "Not_Fine";
        CHECK_INT(create(&new, NULL, NULL), 0);
        CHECK_PROBLEMS("Short name is invalid");
        new = template("Fine");
        new.organization_id = 77;
        CHECK_INT(create(&new, NULL, NULL), 0);
        CHECK_PROBLEMS("Organization must exist");
        CHECK_SQL("4", "SELECT COUNT(*) FROM servers");
        /* The same name is fine in another organization. */
        new = template("Main");
        new.organization_id = 2;
        CHECK_INT(create(&new, NULL, &id), 0);
        CHECK_NO_PROBLEMS();
        drop_database(id);
}

static int stop(void *userdata, const MigrateEvent *event) {
        unsigned *left = userdata;

        return event->type == MIGRATE_STATEMENT && (*left)-- == 0 ? -ECANCELED : 0;
}

TEST(a_server_half_made_is_completed) {
        NewServer new = template("Halfway");
        unsigned left = 5;
        MigrateHooks hooks = { stop, &left };
        uint64_t id = 0, version;
        Db *db = model_set_up();

        CHECK_INT(create(&new, &hooks, &id), -ECANCELED);
        CHECK_SQL("1", "SELECT COUNT(*) FROM servers WHERE name = 'Halfway'");
        CHECK_INT(create(&new, NULL, &id), 0);
        CHECK_NO_PROBLEMS();
        CHECK(completed);
        CHECK_SQL("1", "SELECT COUNT(*) FROM servers WHERE name = 'Halfway'");
        CHECK_INT(migrate_message_version(db, id, &version), 0);
        CHECK_INT(version, 20);
        /* Once it is complete, the name is taken. */
        CHECK_INT(create(&new, NULL, NULL), 0);
        CHECK_PROBLEMS("Name has already been taken", "Short name has already been taken");
        /* Killed between the row and the database. */
        drop_database(id);
        CHECK_INT(create(&new, NULL, &id), 0);
        CHECK(completed);
        drop_database(id);
}

/* The main database is older than the message databases. */
TEST(a_database_with_somebody_elses_mail_is_not_used) {
        NewServer new = template("Fresh");
        uint64_t first, second;

        (void) model_set_up();
        CHECK_INT(create(&new, NULL, &first), 0);
        test_sql("INSERT INTO `%s-server-%llu`.messages (token) VALUES ('secret')",
                 test_database_prefix(), (unsigned long long) first);
        (void) model_set_up();
        CHECK_INT(create(&new, NULL, &second), 0);
        CHECK_INT(second, first + 1);
        CHECK_SQL("1", "SELECT COUNT(*) FROM servers WHERE name = 'Fresh'");
        CHECK_SQL("1", "SELECT COUNT(*) FROM `%s-server-%llu`.messages", test_database_prefix(),
                  (unsigned long long) first);
        drop_database(first);
        drop_database(second);
}
