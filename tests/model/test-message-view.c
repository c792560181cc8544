/* SPDX-License-Identifier: MIT */
#include "model/model-fixture.h"
#include "model/message-view.h"

static Db *set_up(void) {
        static bool done;

        (void) test_database();
        if (done)
                return test_database();
        done = true;
        test_message_database(1);
        test_sql("USE `%s-server-1`", test_database_prefix());
        test_sql_file("message-3.3.6.sql");
        test_sql_file("message-rows.sql");
        return test_database();
}

TEST(an_envelope) {
        Db *db = set_up();
        _cleanup_(message_view_freep) MessageView *sent = NULL, *held = NULL, *soft = NULL;

        CHECK_INT(message_view_load(db, 1, 1, &sent), 0);
        CHECK_STR(sent->token, "fqjlhiYTcUwer5sl");
        CHECK_STR(sent->scope, "outgoing");
        CHECK_STR(sent->rcpt_to, "tls@sink.example.net");
        CHECK_STR(sent->status, "Sent");
        CHECK_STR(sent->tag, NULL);
        CHECK_INT(sent->timestamp_usec, UINT64_C(1795336352864659));
        CHECK_INT(sent->last_attempt_usec, UINT64_C(1795336664116271));
        CHECK_INT(sent->hold_expiry_usec, 0);
        CHECK_INT(sent->size, 266);
        CHECK_INT(sent->credential_id, 1);
        CHECK(sent->received_with_tls && !sent->is_held && !sent->is_bounce);
        CHECK_INT(message_view_load(db, 1, 220, &held), 0);
        CHECK(held->is_held);
        CHECK_INT(held->hold_expiry_usec, UINT64_C(1795941405126542));
        CHECK_INT(message_view_load(db, 1, 231, &soft), 0);
        CHECK(soft->is_inspected && soft->spam_score > 0.39 && soft->spam_score < 0.41);
        CHECK_STR(soft->threat_details, "No threats found");
        CHECK_INT(message_view_load(db, 1, 999, &soft), -ENOENT);
        CHECK_INT(message_view_load(db, 2, 1, &soft), -ENOENT);
}

TEST(its_deliveries) {
        Db *db = set_up();
        _cleanup_(delivery_view_list_freep) DeliveryView **d = NULL;

        CHECK_INT(delivery_view_list(db, 1, 1, &d), 0);
        CHECK_STR(d[0]->status, "SoftFail");
        CHECK_STR(d[0]->output, NULL);
        CHECK(!d[0]->has_time);
        CHECK_STR(d[1]->status, "Sent");
        CHECK_STR(d[1]->output, "250 2.0.0 Ok: queued as SINK000003");
        CHECK(d[1]->has_time && d[1]->time > 0.05 && d[1]->time < 0.07);
        CHECK_INT(d[1]->timestamp_usec, UINT64_C(1795336664116271));
        CHECK(!d[2]);
}

TEST(its_bytes) {
        Db *db = set_up();
        _cleanup_(message_view_freep) MessageView *m = NULL;
        _cleanup_(buf_done) Buf raw = BUF_EMPTY;

        CHECK_INT(message_view_load(db, 1, 1, &m), 0);
        CHECK_INT(message_view_raw(db, 1, m, &raw), 0);
        CHECK_INT(strncmp(raw.data, "DKIM-Signature: v=1; a=rsa-sha256;", 34), 0);
        CHECK_STR(strstr(raw.data, "\r\n\r\n"), "\r\n\r\nHello\r\n");

        /* Without a body; removed; its table removed. */
        buf_reset(&raw, 4096);
        m->raw_body_id = 0;
        CHECK_INT(message_view_raw(db, 1, m, &raw), 0);
        CHECK_STR(strstr(raw.data, "\r\n\r\n"), "\r\n\r\n");
        m->raw_headers_id = 999999;
        CHECK_INT(message_view_raw(db, 1, m, &raw), -ENODATA);
        m->raw_headers_id = 2;
        m->raw_table[strlen(m->raw_table) - 1] = '3';
        CHECK_INT(message_view_raw(db, 1, m, &raw), -ENODATA);
        m->raw_headers_id = 0;
        CHECK_INT(message_view_raw(db, 1, m, &raw), -ENODATA);
}
