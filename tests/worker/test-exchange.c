/* SPDX-License-Identifier: MIT */
/* What goes over a connection once it is there, and what becomes of a message when it breaks. */
#include "conversations.h"

/* More than lies in buffers on the way. */
#define LARGE 8000000

/* Runs one message to its outcome against one peer, whose first connections go by the scripts. */
static const char *outcome_of(const char *settings, const char *const *first, const char *const *second) {
        Peer *p;
        uint64_t id;

        rig_set_up(settings);
        p = one_peer(first);
        if (second)
                peer_script(p, second);
        id = rig_send("a.example");
        RIG_UNTIL(rig_outcome(id));
        return rig_describe(id);
}

#define CHECK_TALK(want, first, second)                                                                              \
        do {                                                                                                         \
                CHECK_STR(outcome_of("", first, second), want);                                                      \
                rig_tear_down();                                                                                     \
        } while (0)

TEST(a_message_is_sent) {
        Peer *p;
        uint64_t id;

        rig_set_up("");
        p = one_peer(SCRIPT(HELLO, MESSAGE));
        id = rig_send("a.example");
        RIG_UNTIL(rig_outcome(id));
        CHECK_OUTCOME(id, SENT);
        CHECK(!rig_outcome(id)->sent_with_tls);
        CHECK(rig_outcome(id)->has_log_id);
        CHECK_STR(buf_string(&peer_message(p, 0)->content),
                  "Resent-Sender: me@rp.example\r\nX-Postal-MsgID: abc\r\nSubject: hello\r\n\r\nhello\r\n.\r\n");
        CHECK_INT(rig.worker.sent, 1);
        rig_tear_down();
}

TEST(content_on_the_wire) {
        static const struct {
                const char *body;
                const char *want;
        } CASES[] = {
                { "", "\r\n" },
                { "one\ntwo\rthree", "\r\none\r\ntwo\r\nthree\r\n" },
                { ".\r\n..\r\n.x\n", "\r\n..\r\n...\r\n..x\r\n" },
                { "no end.", "\r\nno end.\r\n" },
        };

        for (size_t i = 0; i < ELEMENTSOF(CASES); i++) {
                _cleanup_(buf_done) Buf want = BUF_EMPTY;
                Peer *p;
                uint64_t id;

                buf_printf(&want, "X-Postal-MsgID: abc\r\nSubject: hello\r\n%s.\r\n", CASES[i].want);
                rig_set_up("postal: { use_resent_sender_header: false }");
                p = one_peer(SCRIPT(HELLO, MESSAGE));
                rig.body = CASES[i].body;
                id = rig_send("a.example");
                RIG_UNTIL(rig_outcome(id));
                CHECK_OUTCOME(id, SENT);
                CHECK_STR(buf_string(&peer_message(p, 0)->content), buf_string(&want));
                rig_tear_down();
        }
}

TEST(one_connection_takes_many_messages) {
        uint64_t ids[5];
        Peer *p;

        rig_set_up("");
        p = one_peer(SCRIPT(HELLO, MESSAGES));
        ids[0] = rig_send("a.example");
        RIG_UNTIL(rig_outcome(ids[0]));
        for (size_t i = 1; i < ELEMENTSOF(ids); i++) {
                rig_turns(20);
                ids[i] = rig_send("a.example");
                RIG_UNTIL(rig_outcome(ids[i]));
                CHECK_OUTCOME(ids[i], SENT);
        }
        CHECK_INT(p->connection_count, 1);
        rig_pass(4900 * USEC_PER_MSEC);
        CHECK_INT(p->open_count, 1);
        rig_pass(200 * USEC_PER_MSEC);
        CHECK_INT(p->open_count, 0);
        CHECK(p->connections[0].has_quit);
        rig_tear_down();
}

TEST(a_connection_takes_no_more_than_it_may) {
        Peer *p;

        rig_set_up("smtp_client: { max_messages_per_connection: 3, max_connections_per_destination: 1 }");
        p = one_peer(SCRIPT(HELLO, MESSAGES));
        for (int i = 0; i < 7; i++)
                (void) rig_send("a.example");
        RIG_UNTIL(rig.outcome_count == 7);
        for (uint64_t id = 1; id <= 7; id++)
                CHECK_OUTCOME(id, SENT);
        CHECK_INT(p->connection_count, 3);
        CHECK(p->connections[0].has_quit && p->connections[1].has_quit);
        rig_tear_down();
}

TEST(refusals_and_the_next_message) {
        static const char *const WANT[] = {
                PERMANENT("550 5.1.1 who?"),
                TEMPORARY("451 later"),
                TEMPORARY("could not get 3xx (554: 554 no)"),
                PERMANENT("554-spam\n554 spam"),
                "SoftFail 40|Temporary SMTP delivery error when sending to 127.0.0.1:A (mx.example)|"
                "450 come back in 30 seconds",
                SENT,
        };
        Peer *p;

        rig_set_up("smtp_client: { max_connections_per_destination: 1 }");
        p = one_peer(SCRIPT(HELLO, "< MAIL*", "250 ok", "< RCPT*", "550 5.1.1 who?", "< RSET", "250 ok", /* 1 */
                            "< MAIL*", "451 later", "< RSET", "250 ok",                                   /* 2 */
                            "< MAIL*", "250 ok", "< RCPT*", "250 ok", "< DATA", "554 no", "< RSET", "250 ok",
                            ENVELOPE, "<<", "554-spam", "554 spam", "< RSET", "250 ok",
                            "< MAIL*", "250 ok", "< RCPT*", "450 come back in 30 seconds", "< RSET", "250 ok",
                            MESSAGE));
        for (size_t i = 0; i < ELEMENTSOF(WANT); i++)
                (void) rig_send("a.example");
        RIG_UNTIL(rig.outcome_count == ELEMENTSOF(WANT));
        for (size_t i = 0; i < ELEMENTSOF(WANT); i++)
                CHECK_OUTCOME(i + 1, WANT[i]);
        CHECK_INT(p->connection_count, 1);
        rig_tear_down();
}

TEST(pipelining) {
        Peer *p;
        uint64_t first, second;

        rig_set_up("");
        p = one_peer(SCRIPT("220 mx", "< EHLO*", "250-mx", "250-SIZE 100000", "250-8BITMIME", "250 PIPELINING", "<, 3",
                            "250 ok", "250 ok", "354 go", "<<", "250 taken", "<, 3", "250 ok", "550 no", "554 no",
                            "< RSET", "250 ok"));
        rig.body = "\xc3\xa9\r\n";
        first = rig_send("a.example");
        RIG_UNTIL(rig_outcome(first));
        CHECK_OUTCOME(first, SENT);
        second = rig_send("a.example");
        RIG_UNTIL(rig_outcome(second));
        CHECK_OUTCOME(second, PERMANENT("550 no"));
        CHECK(strstr(buf_string(&p->lines),
                     "MAIL FROM:<me@rp.example> SIZE=39\nRCPT TO:<jo@a.example>\nDATA\n"));
        rig_turns(20);
        CHECK_INT(p->connection_count, 1);
        rig_tear_down();
}

#define CLOSED "The server closed the connection"
#define MAYBE " (after the whole message was sent: it may have been delivered)"

/* Before the final dot nothing can have been taken: once more, over a new connection, and then it is given up. */
TEST(a_connection_that_breaks_before_the_final_dot) {
        const char *const *const cuts[] = {
                SCRIPT(HELLO, "< MAIL*", "close"),
                SCRIPT(HELLO, "< MAIL*", "250 ok", "< RCPT*", "close"),
                SCRIPT(HELLO, "< MAIL*", "250 ok", "< RCPT*", "250 ok", "< DATA", "close"),
                SCRIPT(HELLO, ENVELOPE, "<< 1", "close"),
                SCRIPT(HELLO, ENVELOPE, "<< 100000", "reset"),
                SCRIPT(HELLO, "< MAIL*", "reset"),
                SCRIPT(HELLO, "< MAIL*", "HTTP/1.1 nonsense"),
        };

        for (size_t i = 0; i + 1 < ELEMENTSOF(cuts); i++) {
                rig_set_up("");
                (void) one_peer(cuts[i]);
                rig.body_size = LARGE;
                peer_script(rig.peers[0], SCRIPT(HELLO, MESSAGE));
                (void) rig_send("a.example");
                RIG_UNTIL(rig_outcome(1));
                CHECK_OUTCOME(1, SENT);
                CHECK_INT(rig.peers[0]->connection_count, 2);
                rig_tear_down();

                rig_set_up("");
                (void) one_peer(cuts[i]);
                rig.body_size = LARGE;
                (void) rig_send("a.example");
                RIG_UNTIL(rig_outcome(1));
                CHECK(strstr(rig_describe(1), "SoftFail 300|An error occurred while sending the message to "
                                              "127.0.0.1:A (mx.example)|"));
                CHECK(!strstr(rig_describe(1), MAYBE));
                CHECK_INT(rig.peers[0]->connection_count, 2);
                rig_tear_down();
        }
}

/* Nobody knows what became of it: it is not sent again at once, and says so. */
TEST(a_connection_that_breaks_after_the_final_dot) {
        CHECK_TALK(LOST(CLOSED MAYBE), SCRIPT(HELLO, ENVELOPE, "<<", "close"), NULL);
        CHECK_TALK(LOST("Connection reset by peer" MAYBE), SCRIPT(HELLO, ENVELOPE, "<<", "reset"), NULL);
}

TEST(a_message_refused_while_it_is_being_sent) {
        Peer *p;
        uint64_t id;

        rig_set_up("");
        p = one_peer(SCRIPT(HELLO, ENVELOPE, "<< 1000", "552 too big", "hold"));
        rig.body_size = LARGE;
        id = rig_send("a.example");
        RIG_UNTIL(rig_outcome(id));
        CHECK_OUTCOME(id, PERMANENT("552 too big"));
        rig_turns(10);
        CHECK_INT(p->connection_count, 1);
        CHECK_INT(rig.worker.destinations.transports, 0);
        rig_tear_down();
}

TEST(good_bye_with_421) {
        CHECK_TALK(TEMPORARY("421 bye"), SCRIPT(HELLO, "< MAIL*", "421 bye", "close"), NULL);
        CHECK_TALK(TEMPORARY("421 bye"), SCRIPT(HELLO, ENVELOPE, "<<", "421 bye", "close"), NULL);
}

/* ---- Timeouts ---- */

static void check_timeout(const char *settings, const char *const *script, uint64_t sec, const char *want) {
        rig_set_up(settings);
        (void) one_peer(script);
        rig.body_size = LARGE;
        (void) rig_send("a.example");
        RIG_UNTIL(rig.peers[0]->connection_count == 1 && rig.peers[0]->connections[0].is_held);
        rig_turns(300);
        rig_pass(sec * USEC_PER_SEC - 1);
        CHECK_OUTCOME(1, "");
        rig_pass(1);
        CHECK_OUTCOME(1, want);
        rig_turns(10);
        CHECK_INT(rig.worker.destinations.transports, 0);
        rig_tear_down();
}

#define TIMEOUT(what) TEMPORARY("Timeout while waiting for the reply to " what)

TEST(timeouts_of_each_step) {
        check_timeout("", SCRIPT(HELLO, "< MAIL*", "hold"), 300, TIMEOUT("MAIL FROM"));
        check_timeout("", SCRIPT(HELLO, "< MAIL*", "250 ok", "< RCPT*", "hold"), 300, TIMEOUT("RCPT TO"));
        check_timeout("", SCRIPT(HELLO, "< MAIL*", "250 ok", "< RCPT*", "250 ok", "< DATA", "hold"), 300,
                      TIMEOUT("DATA"));
        check_timeout("", SCRIPT(HELLO, ENVELOPE, "<< 1000", "hold"), 180, TIMEOUT("the message"));
        check_timeout("", SCRIPT(HELLO, ENVELOPE, "<<", "hold"), 600,
                      TIMEOUT("message (after the whole message was sent: it may have been delivered)"));
        check_timeout("smtp_client: { read_timeout: 20 }", SCRIPT(HELLO, "< MAIL*", "hold"), 20,
                      TIMEOUT("MAIL FROM"));
        check_timeout("smtp_client: { read_timeout: 20 }", SCRIPT(HELLO, ENVELOPE, "<<", "hold"), 600,
                      TIMEOUT("message (after the whole message was sent: it may have been delivered)"));
}

TEST(each_block_has_its_own_time) {
        Peer *p;

        rig_set_up("");
        p = one_peer(SCRIPT(HELLO, ENVELOPE, "<< 2000000", "hold", "<< 2000000", "hold", "<<", "250 taken"));
        rig.body_size = LARGE;
        (void) rig_send("a.example");
        for (int i = 0; i < 2; i++) {
                RIG_UNTIL(p->connection_count == 1 && p->connections[0].is_held);
                rig_pass(170 * USEC_PER_SEC);
                CHECK_OUTCOME(1, "");
                peer_go_on(p);
                rig_turns(5);
        }
        RIG_UNTIL(rig_outcome(1));
        CHECK_OUTCOME(1, SENT);
        rig_tear_down();
}

TEST(a_server_that_does_not_answer_rset_or_quit) {
        Peer *p;

        rig_set_up("");
        p = one_peer(SCRIPT(HELLO, "< MAIL*", "550 no", "< RSET", "hold"));
        (void) rig_send("a.example");
        RIG_UNTIL(rig_outcome(1));
        RIG_UNTIL(p->connections[0].is_held);
        rig_pass(299 * USEC_PER_SEC);
        CHECK_INT(rig.worker.destinations.transports, 1);
        rig_pass(10 * USEC_PER_SEC); /* the reply to RSET, and then to QUIT */
        CHECK_INT(rig.worker.destinations.transports, 0);
        rig_tear_down();
}

/* ---- Idle connections ---- */

TEST(an_idle_connection_that_the_server_closes) {
        Peer *p;

        rig_set_up("");
        p = one_peer(SCRIPT(HELLO, MESSAGE, "hold", "close"));
        peer_script(p, SCRIPT(HELLO, MESSAGE, "hold", "421 idle", "close"));
        peer_script(p, SCRIPT(HELLO, MESSAGE));
        for (uint64_t id = 1; id <= 3; id++) {
                (void) rig_send("a.example");
                RIG_UNTIL(rig_outcome(id));
                CHECK_OUTCOME(id, SENT);
                rig_turns(10);
                peer_go_on(p);
                rig_turns(20);
                CHECK_INT(rig.worker.destinations.transports, id == 3);
        }
        CHECK_INT(p->connection_count, 3);
        rig_tear_down();
}

/* The next message was on its way already when the server said good-bye: that says nothing about the message. */
TEST(a_connection_that_ends_between_two_messages) {
        Peer *p;

        rig_set_up("smtp_client: { max_connections_per_destination: 1 }");
        p = one_peer(SCRIPT(HELLO, MESSAGE, "< MAIL*", "close"));
        peer_script(p, SCRIPT(HELLO, MESSAGE, "< MAIL*", "421 enough", "close"));
        peer_script(p, SCRIPT(HELLO, MESSAGES));
        for (int i = 0; i < 4; i++)
                (void) rig_send("a.example");
        RIG_UNTIL(rig.outcome_count == 4);
        for (uint64_t id = 1; id <= 4; id++)
                CHECK_OUTCOME(id, SENT);
        CHECK_INT(p->connection_count, 3);
        rig_tear_down();
}

/* ---- Preparing ---- */

TEST(a_message_that_cannot_be_prepared) {
        Peer *p;

        rig_set_up("");
        p = one_peer(SCRIPT(HELLO, MESSAGES));
        rig.prepare_result = -ENODATA;
        (void) rig_send("a.example");
        RIG_UNTIL(rig_outcome(1));
        CHECK_OUTCOME(1, "Error|cannot be prepared|");
        rig.prepare_result = 0;
        (void) rig_send("a.example");
        RIG_UNTIL(rig_outcome(2));
        CHECK_OUTCOME(2, SENT);
        CHECK_INT(p->connection_count, 1);
        rig_tear_down();
}

TEST(a_message_that_takes_long_to_prepare) {
        Peer *p;

        rig_set_up("");
        p = one_peer(SCRIPT(HELLO, MESSAGE));
        rig.holds_prepared = true;
        (void) rig_send("a.example");
        RIG_UNTIL(p->lines.size > 0);
        rig_turns(20);
        rig_pass(60 * USEC_PER_SEC);
        CHECK_STR(buf_string(&p->lines), "EHLO me.example\n");
        rig_prepare();
        RIG_UNTIL(rig_outcome(1));
        CHECK_OUTCOME(1, SENT);
        rig_tear_down();
}

TEST(a_connection_that_ends_while_the_message_is_prepared) {
        Peer *p;

        rig_set_up("");
        p = one_peer(SCRIPT(HELLO, "hold", "close"));
        peer_script(p, SCRIPT(HELLO, MESSAGE));
        rig.holds_prepared = true;
        (void) rig_send("a.example");
        RIG_UNTIL(p->connection_count == 1 && p->connections[0].is_held);
        rig_turns(10);
        peer_go_on(p);
        rig_turns(20);
        CHECK_INT(rig.worker.destinations.transports, 0);
        rig_prepare();
        RIG_UNTIL(rig_outcome(1));
        CHECK_OUTCOME(1, SENT);
        CHECK_INT(p->connection_count, 2);
        rig_tear_down();
}

/* The message behind the one that is being sent is loaded meanwhile, and goes back when the connection is lost. */
TEST(the_next_message_is_prepared_ahead) {
        Peer *p;

        rig_set_up("smtp_client: { max_connections_per_destination: 1 }");
        p = one_peer(SCRIPT(HELLO, ENVELOPE, "<<", "hold", "close"));
        peer_script(p, SCRIPT(HELLO, MESSAGE));
        (void) rig_send("a.example");
        (void) rig_send("a.example");
        RIG_UNTIL(p->connection_count == 1 && p->connections[0].is_held);
        rig_turns(10);
        CHECK_OUTCOME(1, "");
        peer_go_on(p);
        RIG_UNTIL(rig.outcome_count == 2);
        CHECK_OUTCOME(1, LOST(CLOSED MAYBE));
        CHECK_OUTCOME(2, SENT);
        rig_tear_down();
}

/* ---- The journal ---- */

static void set_up_journal(char folder[static 64]) {
        JournalLeftovers l;

        (void) snprintf(folder, 64, "/tmp/postal-exchange-XXXXXX");
        CHECK(mkdtemp(folder));
        CHECK_INT(journal_open(folder, "1", &rig.worker.journal, &l), 0);
        CHECK_INT(journal_start(rig.worker.journal, "lease"), 0);
}

/* Reads what a new process would find. */
static void read_journal(const char *folder, JournalLeftovers *l) {
        Journal *j;

        rig.worker.journal = journal_free(rig.worker.journal);
        CHECK_INT(journal_open(folder, "1", &j, l), 0);
        journal_discard(j);
        journal_free(j);
        CHECK_INT(rmdir(folder), 0);
}

TEST(the_journal_knows_before_the_server_does) {
        _cleanup_(journal_leftovers_done) JournalLeftovers l;
        const JournalEntry *e;
        char folder[64];
        Peer *p;

        rig_set_up("");
        set_up_journal(folder);
        p = one_peer(SCRIPT(HELLO, ENVELOPE, "<<", "hold"));
        (void) rig_send("a.example");
        RIG_UNTIL(p->connection_count == 1 && p->connections[0].is_held);
        read_journal(folder, &l);
        CHECK_INT(l.entries.count, 1);
        e = LIST_ITEM(l.entries.first, JournalEntry, node);
        CHECK_INT(e->state, JOURNAL_BEGUN);
        CHECK_INT(e->queue_id, 1);
        CHECK_INT(e->message_id, 101);
        CHECK_STR(e->rcpt_to, "jo@a.example");
        rig_tear_down();
}

TEST(what_was_not_sent_whole_is_not_in_the_journal) {
        _cleanup_(journal_leftovers_done) JournalLeftovers l;
        char folder[64];
        Peer *p;

        rig_set_up("");
        set_up_journal(folder);
        rig.body_size = LARGE;
        p = one_peer(SCRIPT(HELLO, ENVELOPE, "<< 1000", "hold"));
        (void) rig_send("a.example");
        RIG_UNTIL(p->connection_count == 1 && p->connections[0].is_held);
        read_journal(folder, &l);
        CHECK_INT(l.entries.count, 0);
        rig_tear_down();
}
