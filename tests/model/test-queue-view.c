/* SPDX-License-Identifier: MIT */
#include "model/model-fixture.h"
#include "model/queue-view.h"

/* The recorded rows all wait; one is made ready, two are leased. */
static Db *set_up(void) {
        Db *db = model_set_up();

        test_sql("UPDATE queued_messages SET retry_after = NULL WHERE id = 167");
        test_sql("UPDATE queued_messages SET locked_by = 'host:a pid:1', locked_at = "
                 "'2026-11-22 08:59:00.5' WHERE id IN (171, 172)");
        test_sql("UPDATE queued_messages SET locked_by = 'gone' WHERE id = 172");
        test_sql("INSERT INTO postal_workers (name, heartbeat_at) VALUES ('host:a pid:1', "
                 "'2026-11-22 08:59:55')");
        test_sql("INSERT INTO queued_messages (server_id, message_id, domain, created_at, "
                 "ip_address_id) "
                 "VALUES (2, 7, 'dev.example', '2026-11-22 08:00:00', 1), (99, 8, 'lost', NULL, "
                 "NULL)");
        return db;
}

TEST(rows_say_why_they_are_there) {
        Db *db = set_up();
        const QueueFilter all = { .state = -1, .limit = 100 };
        _cleanup_(queue_entry_list_freep) QueueEntry **rows = NULL;

        CHECK_INT(queue_entry_list(db, &all, &rows), 0);
        CHECK_INT(rows[0]->id, 167);
        CHECK_INT(rows[0]->state, QUEUE_READY);
        CHECK_STR(rows[0]->server_permalink, "main");
        CHECK_STR(rows[0]->organization_permalink, "acme");
        CHECK_INT(rows[0]->attempts, 3);
        CHECK_INT(rows[0]->route_id, 6);
        CHECK_STR(rows[0]->batch_key, "incoming-rt:6-ep:6-HTTPEndpoint");
        CHECK_INT(rows[1]->state, QUEUE_LEASED);
        CHECK_STR(rows[1]->locked_by, "host:a pid:1");
        CHECK_INT(rows[1]->locked_usec, UINT64_C(1795337940500000));
        CHECK(rows[1]->is_lease_known);
        CHECK_INT(rows[1]->heartbeat_usec, UINT64_C(1795337995000000));
        CHECK(!rows[2]->is_lease_known);
        CHECK_INT(rows[3]->state, QUEUE_WAITING);
        CHECK_INT(rows[3]->retry_after_usec, UINT64_C(1795337267000000));
        CHECK_INT(rows[3]->ip_address_id, 1);
        CHECK(rows[3]->ip_address);
        CHECK(rows[14] && !rows[15]);
        CHECK_STR(rows[14]->server_permalink, NULL);
}

TEST(rows_are_filtered) {
        Db *db = set_up();
        static const struct {
                QueueFilter filter;
                unsigned count;
        } cases[] = {
                { { .state = QUEUE_LEASED, .limit = 100 }, 2 },
                { { .state = QUEUE_READY, .limit = 100 }, 3 },
                { { .state = QUEUE_WAITING, .limit = 100 }, 10 },
                { { .state = QUEUE_WAITING, .limit = 4 }, 4 },
                { { .state = -1, .server_id = 2, .limit = 100 }, 1 },
        };
        _cleanup_(queue_entry_list_freep) QueueEntry **of_message = NULL;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(queue_entry_list_freep) QueueEntry **rows = NULL;
                unsigned count = 0;

                CHECK_INT(queue_entry_list(db, &cases[i].filter, &rows), 0);
                while (rows[count])
                        count++;
                CHECK_INT(count, cases[i].count);
        }
        CHECK_INT(queue_entry_of_message(db, 1, 231, &of_message), 0);
        CHECK_INT(of_message[0]->id, 235);
        CHECK(!of_message[1]);
        of_message = queue_entry_list_free(of_message);
        CHECK_INT(queue_entry_of_message(db, 2, 231, &of_message), 0);
        CHECK(!of_message[0]);
}

TEST(figures_of_each_server) {
        Db *db = set_up();
        _cleanup_(queue_stats_list_freep) QueueStats **stats = NULL;

        /* What is due depends on the server's clock. */
        test_sql("UPDATE queued_messages SET retry_after = UTC_TIMESTAMP() + INTERVAL 1 DAY "
                 "WHERE retry_after IS NOT NULL");
        test_sql("UPDATE queued_messages SET retry_after = '2020-01-01' WHERE id IN (235, 236)");
        CHECK_INT(queue_stats_list(db, &stats), 0);
        CHECK_INT(stats[0]->server_id, 99);
        CHECK_STR(stats[0]->server_permalink, NULL);
        CHECK_INT(stats[0]->oldest_usec, 0);
        CHECK_STR(stats[1]->server_permalink, "dev-box");
        CHECK_INT(stats[1]->counts[QUEUE_READY], 1);
        CHECK_INT(stats[1]->oldest_ready_usec, UINT64_C(1795334400000000));
        CHECK_INT(stats[1]->next_due_usec, 0);
        CHECK_STR(stats[2]->server_permalink, "main");
        CHECK_INT(stats[2]->counts[QUEUE_READY], 1);
        CHECK_INT(stats[2]->counts[QUEUE_WAITING], 10);
        CHECK_INT(stats[2]->counts[QUEUE_LEASED], 2);
        CHECK_INT(stats[2]->overdue, 2);
        CHECK_INT(stats[2]->oldest_usec, UINT64_C(1795336385156437));
        CHECK_INT(stats[2]->next_due_usec, UINT64_C(1577836800000000));
        CHECK(!stats[3]);
}

TEST(states_have_names) {
        CHECK_STR(queue_state_to_string(QUEUE_WAITING), "waiting");
        CHECK_INT(queue_state_from_string("LEASED"), QUEUE_LEASED);
        CHECK(queue_state_from_string("lost") < 0);
}
