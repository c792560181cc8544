/* SPDX-License-Identifier: MIT */
/* The client's side of SMTP, in conversations. Each is held with the server's bytes cut in two at every place, and
 * once byte by byte: that must never make a difference.
 *
 * A conversation is a list of lines:
 *
 *     S 250 hi        the server says this, and CRLF; lines that follow each other come in one piece
 *     C EHLO me       what the client has to say by now, without the last CRLF ("C" alone: nothing)
 *     W ready         what the client wants now
 *     M               the caller starts a transaction, with the envelope of the conversation
 *     D               the content was sent
 *     T               the handshake is done
 *     N               the next transaction may come
 *     Q               the caller says good-bye
 *     R RCPT TO 550   the result: what decided, and the code
 *     E text          why it failed */
#include "test.h"
#include "worker/smtp-client.h"

static const char *const WANTS[] = {
        [SMTP_CLIENT_WANTS_REPLY] = "reply",     [SMTP_CLIENT_WANTS_TLS] = "tls",
        [SMTP_CLIENT_READY] = "ready",           [SMTP_CLIENT_WANTS_CONTENT] = "content",
        [SMTP_CLIENT_HAS_RESULT] = "result",     [SMTP_CLIENT_FAILED] = "failed",
        [SMTP_CLIENT_ENDED] = "ended",
};

static const SmtpEnvelope ENVELOPE = { .mail_from = "me@a.example", .rcpt_to = "you@b.example", .size = 1000 };

typedef struct Conversation {
        SmtpClientTls tls;
        SmtpEnvelope envelope;
        const char *const *lines;
} Conversation;

typedef struct Talk {
        const Conversation *conversation;
        SmtpClient *client;
        size_t cut;    /* the server's bytes are cut here; SIZE_MAX: everywhere */
        size_t offset; /* of the server's bytes so far */
        Buf said;      /* by the client, not looked at yet */
} Talk;

#define LINES(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void collect(Talk *t) {
        Buf *output = smtp_client_output(t->client);

        buf_append_slice(&t->said, buf_slice(output));
        buf_reset(output, 0);
}

static void feed(Talk *t, Slice piece) {
        while (piece.size > 0) {
                size_t taken = smtp_client_feed(t->client, piece);

                CHECK(taken > 0 && taken <= piece.size);
                piece = slice_from(piece, taken);
                collect(t);
        }
}

static void server_says(Talk *t, Slice bytes) {
        while (bytes.size > 0) {
                size_t size = bytes.size;

                if (t->cut == SIZE_MAX)
                        size = 1;
                else if (t->cut > t->offset && t->cut - t->offset < size)
                        size = t->cut - t->offset;
                feed(t, slice_first(bytes, size));
                t->offset += size;
                bytes = slice_from(bytes, size);
        }
}

static void check_said(Talk *t, const char *want) {
        _cleanup_(buf_done) Buf with_end = BUF_EMPTY;

        buf_append_string(&with_end, want);
        if (*want)
                buf_append_string(&with_end, "\r\n");
        collect(t);
        CHECK_STR(buf_string(&t->said), buf_string(&with_end));
        buf_reset(&t->said, 0);
}

static void check_result(const Talk *t, const char *want) {
        _cleanup_(buf_done) Buf have = BUF_EMPTY;
        SmtpResult result;

        CHECK_STR(WANTS[smtp_client_wants(t->client)], "result");
        smtp_client_result(t->client, &result);
        buf_printf(&have, "%s %u", smtp_stage_to_string(result.stage), result.code);
        CHECK_STR(buf_string(&have), want);
}

static void run_line(Talk *t, const char *line) {
        const char *rest = line[1] ? line + 2 : "";

        switch (*line) {
        case 'C':
                check_said(t, rest);
                break;
        case 'W':
                CHECK_STR(WANTS[smtp_client_wants(t->client)], rest);
                break;
        case 'M':
                smtp_client_send(t->client, &t->conversation->envelope);
                break;
        case 'D':
                smtp_client_content_sent(t->client);
                break;
        case 'T':
                smtp_client_secured(t->client);
                break;
        case 'N':
                smtp_client_next(t->client);
                break;
        case 'Q':
                smtp_client_quit(t->client);
                break;
        case 'R':
                check_result(t, rest);
                break;
        case 'E':
                CHECK_STR(WANTS[smtp_client_wants(t->client)], "failed");
                CHECK_STR(smtp_client_error(t->client), rest);
                break;
        default:
                test_fail(__FILE__, __LINE__, "no such line: %s", line);
        }
}

/* Runs it; returns how many bytes the server has said. */
static size_t run_once(const Conversation *c, size_t cut) {
        Talk t = { .conversation = c, .cut = cut };
        size_t total;

        CHECK_INT(smtp_client_new("me.example", c->tls, &t.client), 0);
        for (const char *const *line = c->lines; *line; line++) {
                _cleanup_(buf_done) Buf bytes = BUF_EMPTY;

                if (**line != 'S') {
                        run_line(&t, *line);
                        continue;
                }
                for (; *line && **line == 'S'; line++)
                        buf_printf(&bytes, "%s\r\n", (*line)[1] ? *line + 2 : "");
                line--;
                server_says(&t, buf_slice(&bytes));
        }
        check_said(&t, "");
        total = t.offset;
        buf_done(&t.said);
        smtp_client_free(t.client);
        return total;
}

static void converse(SmtpClientTls tls, const SmtpEnvelope *envelope, const char *const *lines) {
        const Conversation c = { .tls = tls, .envelope = *envelope, .lines = lines };
        size_t total = run_once(&c, 0);

        for (size_t cut = 1; cut < total; cut++)
                (void) run_once(&c, cut);
        (void) run_once(&c, SIZE_MAX);
}

#define CONVERSE(tls, ...) converse(SMTP_CLIENT_TLS_##tls, &ENVELOPE, LINES(__VA_ARGS__))

#define GREETING "S 220 mx", "C EHLO me.example"
#define READY GREETING, "S 250 mx", "W ready"
#define READY_PIPELINING GREETING, "S 250-mx", "S 250 PIPELINING", "W ready"
#define SENT "M", "C MAIL FROM:<me@a.example>", "S 250 ok", "C RCPT TO:<you@b.example>", "S 250 ok", "C DATA",    \
             "S 354 go", "W content", "D", "W reply", "S 250 got it", "R message 250"
#define COMMANDS "C MAIL FROM:<me@a.example>\r\nRCPT TO:<you@b.example>\r\nDATA"

TEST(one_message_after_the_other) {
        CONVERSE(AUTO, READY, SENT, "N", "W ready", SENT, "N", "Q", "C QUIT", "S 221 bye", "W ended");
}

TEST(pipelined_commands_go_together) {
        CONVERSE(AUTO, READY_PIPELINING, "M", COMMANDS, "S 250 ok", "S 250 ok", "S 354 go", "W content", "D",
                 "S 250 got it", "R message 250", "N", "W ready");
}

TEST(an_old_server_is_told_helo) {
        CONVERSE(AUTO, GREETING, "S 502 what?", "C HELO me.example", "S 250 mx", "W ready", SENT);
        CONVERSE(AUTO, GREETING, "S 451 not now", "C HELO me.example", "S 250-mx", "S 250 PIPELINING", "W ready",
                 "M", "C MAIL FROM:<me@a.example>");
        CONVERSE(AUTO, GREETING, "S 502 what?", "C HELO me.example", "S 502 what?", "E 502 what?");
        CONVERSE(AUTO, GREETING, "S 421 go away", "E 421 go away");
}

TEST(starttls_when_it_is_offered) {
        CONVERSE(AUTO, GREETING, "S 250-mx", "S 250-PIPELINING", "S 250 STARTTLS", "C STARTTLS", "S 220 go", "W tls",
                 "C", "T", "C EHLO me.example", "S 250 mx", "W ready", SENT);
        /* After it, what was offered before does not count. */
        CONVERSE(AUTO, GREETING, "S 250-mx", "S 250-SIZE 9", "S 250 STARTTLS", "C STARTTLS", "S 220 go", "T",
                 "C EHLO me.example", "S 250-mx", "S 250 STARTTLS", "W ready", SENT);
        CONVERSE(REQUIRED, GREETING, "S 250-mx", "S 250 STARTTLS", "C STARTTLS", "S 220 go", "W tls", "T",
                 "C EHLO me.example", "S 250 mx", "W ready");
        CONVERSE(NONE, GREETING, "S 250-mx", "S 250 STARTTLS", "W ready", SENT);
        CONVERSE(IMPLICIT, "W tls", "C", "T", "W reply", GREETING, "S 250-mx", "S 250 STARTTLS", "W ready", SENT);
}

TEST(quit_may_follow_rset_at_once) {
        CONVERSE(AUTO, READY, "M", "C MAIL FROM:<me@a.example>", "S 550 no", "R MAIL FROM 550", "N", "C RSET", "Q",
                 "C QUIT", "S 250 ok", "W reply", "S 221 bye", "W ended");
}

TEST(starttls_refused_or_missing) {
        CONVERSE(AUTO, GREETING, "S 250-mx", "S 250 STARTTLS", "C STARTTLS", "S 454 not now", "W ready", SENT);
        CONVERSE(AUTO, GREETING, "S 250-mx", "S 250 STARTTLS", "C STARTTLS", "S 421 bye", "E 421 bye");
        CONVERSE(AUTO, READY);
        CONVERSE(REQUIRED, GREETING, "S 250-mx", "S 250 STARTTLS", "C STARTTLS", "S 454 not now",
                 "E 454 not now");
        CONVERSE(REQUIRED, GREETING, "S 250-mx", "S 250 PIPELINING",
                 "E the server does not offer STARTTLS, which is required");
        CONVERSE(REQUIRED, GREETING, "S 502 what?", "C HELO me.example", "S 250 mx",
                 "E the server does not offer STARTTLS, which is required");
}

/* Whatever a man in the middle says in plain text must not be taken for what the server says in TLS. */
TEST(plain_text_before_the_handshake_is_discarded) {
        CONVERSE(AUTO, GREETING, "S 250-mx", "S 250 STARTTLS", "C STARTTLS", "S 220 go", "S 250-mx", "S 250 SIZE 1",
                 "W tls", "T", "C EHLO me.example", "W reply", "S 250 mx", "W ready", SENT);
        CONVERSE(AUTO, GREETING, "S 250-mx", "S 250 STARTTLS", "C STARTTLS", "S 220 go", "S 250-half a reply",
                 "W tls", "T", "C EHLO me.example", "S 250 mx", "W ready");
        CONVERSE(IMPLICIT, "S 220 mx", "S 250 mx", "W tls", "T", "W reply", READY);
}

TEST(ssl_modes_by_name) {
        static const struct {
                const char *name;
                SmtpClientTls tls;
        } MODES[] = {
                { "Auto", SMTP_CLIENT_TLS_AUTO },         { "auto", SMTP_CLIENT_TLS_AUTO },
                { "STARTTLS", SMTP_CLIENT_TLS_REQUIRED }, { "STARTLS", SMTP_CLIENT_TLS_REQUIRED },
                { "starttls", SMTP_CLIENT_TLS_REQUIRED }, { "TLS", SMTP_CLIENT_TLS_IMPLICIT },
                { "None", SMTP_CLIENT_TLS_NONE },         { "", SMTP_CLIENT_TLS_NONE },
                { NULL, SMTP_CLIENT_TLS_NONE },           { "Automatic", SMTP_CLIENT_TLS_NONE },
        };

        for (size_t i = 0; i < ELEMENTSOF(MODES); i++)
                CHECK_INT(smtp_client_tls_from_string(MODES[i].name), MODES[i].tls);
}

TEST(refusals_are_followed_by_rset) {
        CONVERSE(AUTO, READY, "M", "C MAIL FROM:<me@a.example>", "S 451 later", "R MAIL FROM 451", "N", "C RSET",
                 "S 250 ok", "W ready", SENT);
        CONVERSE(AUTO, READY, "M", "C MAIL FROM:<me@a.example>", "S 250 ok", "C RCPT TO:<you@b.example>", "S 550 no",
                 "R RCPT TO 550", "N", "C RSET", "S 250 ok", "W ready");
        CONVERSE(AUTO, READY, "M", "C MAIL FROM:<me@a.example>", "S 250 ok", "C RCPT TO:<you@b.example>", "S 250 ok",
                 "C DATA", "S 554 no", "R DATA 554", "N", "C RSET", "S 250 ok", "W ready");
        CONVERSE(AUTO, READY, "M", "C MAIL FROM:<me@a.example>", "S 250 ok", "C RCPT TO:<you@b.example>", "S 250 ok",
                 "C DATA", "S 354 go", "D", "S 550 spam", "R message 550", "N", "C RSET", "S 250 ok", "W ready");
        CONVERSE(AUTO, READY, "M", "C MAIL FROM:<me@a.example>", "S 550 no", "R MAIL FROM 550", "N", "C RSET",
                 "S 503 what?", "E 503 what?");
}

TEST(refusals_with_pipelining) {
        CONVERSE(AUTO, READY_PIPELINING, "M", COMMANDS, "S 550 no", "S 503 no", "S 503 no", "R MAIL FROM 550", "N",
                 "C RSET", "S 250 ok", "W ready");
        CONVERSE(AUTO, READY_PIPELINING, "M", COMMANDS, "S 250 ok", "S 550 no", "S 554 no recipients",
                 "R RCPT TO 550", "N", "C RSET", "S 250 ok", "W ready");
        CONVERSE(AUTO, READY_PIPELINING, "M", COMMANDS, "S 250 ok", "S 250 ok", "S 451 later", "R DATA 451");
        /* RFC 2920 section 3.1: it gets nothing at all. */
        CONVERSE(AUTO, READY_PIPELINING, "M", COMMANDS, "S 250 ok", "S 550 no", "S 354 go", "C .", "W reply",
                 "S 554 no recipients", "R RCPT TO 550", "N", "C RSET", "S 250 ok", "W ready");
        CONVERSE(AUTO, READY_PIPELINING, "M", COMMANDS, "S 451 no", "S 250 ok", "S 354 go", "C .", "S 250 taken",
                 "R MAIL FROM 451", "N", "C RSET");
}

TEST(the_server_may_hang_up_with_421_anywhere) {
        CONVERSE(AUTO, "S 421 busy", "E 421 busy");
        CONVERSE(AUTO, READY, "M", "C MAIL FROM:<me@a.example>", "S 421 bye", "R MAIL FROM 421", "N", "E 421 bye");
        CONVERSE(AUTO, READY, "M", "C MAIL FROM:<me@a.example>", "S 250 ok", "C RCPT TO:<you@b.example>",
                 "S 421 bye", "R RCPT TO 421", "N", "E 421 bye");
        CONVERSE(AUTO, READY, "M", "C MAIL FROM:<me@a.example>", "S 250 ok", "C RCPT TO:<you@b.example>", "S 250 ok",
                 "C DATA", "S 421 bye", "R DATA 421", "N", "E 421 bye");
        CONVERSE(AUTO, READY, "M", "C MAIL FROM:<me@a.example>", "S 250 ok", "C RCPT TO:<you@b.example>", "S 250 ok",
                 "C DATA", "S 354 go", "D", "S 421 bye", "R message 421", "N", "E 421 bye");
        CONVERSE(AUTO, READY, "M", "C MAIL FROM:<me@a.example>", "S 550 no", "R MAIL FROM 550", "N", "C RSET",
                 "S 421 bye", "E 421 bye");
        CONVERSE(AUTO, READY_PIPELINING, "M", COMMANDS, "S 250 ok", "S 421 bye", "R RCPT TO 421", "N", "E 421 bye");
        CONVERSE(AUTO, READY_PIPELINING, "M", COMMANDS, "S 421 bye", "S 503 no", "S 503 no", "R MAIL FROM 421", "N",
                 "E 421 bye");
        /* Whatever was decided by then: no RSET for somebody who is gone. */
        CONVERSE(AUTO, READY_PIPELINING, "M", COMMANDS, "S 550 no", "S 421 bye", "R MAIL FROM 550", "N", "E 550 no");
        CONVERSE(AUTO, READY, "S 421 idle for too long", "E the server spoke out of turn");
}

/* What it says then is its answer, though it comes too soon; behind it, nothing can be said on this connection. */
TEST(a_message_refused_while_it_is_being_sent) {
        CONVERSE(AUTO, READY, "M", "C MAIL FROM:<me@a.example>", "S 250 ok", "C RCPT TO:<you@b.example>", "S 250 ok",
                 "C DATA", "S 354 go", "W content", "S 552-too", "S 552 big", "R message 552", "N",
                 "E 552-too\n552 big");
        CONVERSE(AUTO, READY, "M", "C MAIL FROM:<me@a.example>", "S 250 ok", "C RCPT TO:<you@b.example>", "S 250 ok",
                 "C DATA", "S 354 go", "S 421 bye", "R message 421", "N", "E 421 bye");
        CONVERSE(AUTO, READY, "M", "C MAIL FROM:<me@a.example>", "S 250 ok", "C RCPT TO:<you@b.example>", "S 250 ok",
                 "C DATA", "S 354 go", "S 250 fine", "E the server answered before it had the message");
        CONVERSE(AUTO, READY, "M", "C MAIL FROM:<me@a.example>", "S 250 ok", "C RCPT TO:<you@b.example>", "S 250 ok",
                 "C DATA", "S 354 go", "S HTTP/1.1 400 Bad Request", "E the server's reply is not SMTP");
}

/* Nothing of it is said to the server, and the next message can go at once. */
TEST(what_the_server_cannot_take_is_known_before_it_is_asked) {
        static const struct {
                const char *offer;
                SmtpEnvelope envelope;
                const char *want;
        } CASES[] = {
                { "SIZE 999", { "a@b", "c@d", 1000, false },
                  "The message has 1000 bytes, the server takes at most 999" },
                { "8BITMIME", { "a@b", "\xc3\xa9@d", 1, false },
                  "The address is not ASCII and the server does not support SMTPUTF8" },
                { "8BITMIME", { "\xc3\xa9@b", "c@d", 1, false },
                  "The address is not ASCII and the server does not support SMTPUTF8" },
                { "SMTPUTF8", { "a@b", "c@d>\r\nDATA", 1, false }, "The address has control characters" },
                { "SMTPUTF8", { "a@b\n", "c@d", 1, false }, "The address has control characters" },
                { "SMTPUTF8", { "a@b", "c\x7f@d", 1, false }, "The address has control characters" },
        };

        for (size_t i = 0; i < ELEMENTSOF(CASES); i++) {
                Talk t = { .conversation = &(Conversation){ .envelope = CASES[i].envelope } };
                _cleanup_(buf_done) Buf offer = BUF_EMPTY;
                SmtpResult result;

                buf_printf(&offer, "220 mx\r\n250-mx\r\n250 %s\r\n", CASES[i].offer);
                CHECK_INT(smtp_client_new("me.example", SMTP_CLIENT_TLS_AUTO, &t.client), 0);
                server_says(&t, buf_slice(&offer));
                check_said(&t, "EHLO me.example");
                smtp_client_send(t.client, &CASES[i].envelope);
                check_result(&t, "MAIL FROM 0");
                smtp_client_result(t.client, &result);
                CHECK(result.is_own);
                CHECK_STR(result.text, CASES[i].want);
                smtp_client_next(t.client);
                check_said(&t, "");
                smtp_client_send(t.client, &(SmtpEnvelope){ .mail_from = "", .rcpt_to = "x@y" });
                check_said(&t, "MAIL FROM:<>");
                smtp_client_free(t.client);
                buf_done(&t.said);
        }
}

TEST(what_is_offered_goes_into_mail) {
        static const struct {
                const char *offer;
                SmtpEnvelope envelope;
                const char *want;
        } CASES[] = {
                { "SIZE", { "a@b", "c@d", 1000, true }, "C MAIL FROM:<a@b> SIZE=1000" },
                { "SIZE 0", { "a@b", "c@d", 1000, true }, "C MAIL FROM:<a@b> SIZE=1000" },
                { "SIZE 1000", { "a@b", "c@d", 1000, true }, "C MAIL FROM:<a@b> SIZE=1000" },
                { "SIZE 5", { "a@b", "c@d", 0, true }, "C MAIL FROM:<a@b>" },
                { "8BITMIME", { "a@b", "c@d", 1000, true }, "C MAIL FROM:<a@b> BODY=8BITMIME" },
                { "8BITMIME", { "a@b", "c@d", 1000, false }, "C MAIL FROM:<a@b>" },
                { "SMTPUTF8", { "a@b", "c@d", 1000, true }, "C MAIL FROM:<a@b>" },
                { "SMTPUTF8", { "", "\xc3\xa9@d", 1, true }, "C MAIL FROM:<> SMTPUTF8" },
                { "SMTPUTF8", { "\xc3\xa9@d", "c@d", 1, true }, "C MAIL FROM:<\xc3\xa9@d> SMTPUTF8" },
                { "HELP", { "", "c@d", 1, true }, "C MAIL FROM:<>" },
        };

        for (size_t i = 0; i < ELEMENTSOF(CASES); i++) {
                _cleanup_(buf_done) Buf offer = BUF_EMPTY;

                buf_printf(&offer, "S 250 %s", CASES[i].offer);
                converse(SMTP_CLIENT_TLS_AUTO, &CASES[i].envelope,
                         LINES(GREETING, "S 250-mx", buf_string(&offer), "M", CASES[i].want));
        }
}

/* A state, the conversation that leads to it, and what follows from each of the thousand codes there. */
typedef struct State {
        const char *name;
        const char *const *lines;
        const char *(*outcome)(unsigned code);
} State;

static bool is_2xx(unsigned code) {
        return code >= 200 && code < 300;
}

static const char *after_greeting(unsigned code) {
        return is_2xx(code) ? "reply" : "failed";
}

static const char *after_ehlo(unsigned code) {
        return is_2xx(code) ? "ready" : code == 421 ? "failed" : "reply";
}

static const char *after_helo(unsigned code) {
        return is_2xx(code) ? "ready" : "failed";
}

static const char *after_starttls(unsigned code) {
        return code == 220 ? "tls" : code == 421 ? "failed" : "ready";
}

static const char *after_mail(unsigned code) {
        return is_2xx(code) ? "reply" : "result";
}

static const char *after_data(unsigned code) {
        return code >= 300 && code < 400 ? "content" : "result";
}

static const char *after_content(_unused_ unsigned code) {
        return "result";
}

static const char *after_rset(unsigned code) {
        return is_2xx(code) ? "ready" : "failed";
}

static const char *after_quit(_unused_ unsigned code) {
        return "ended";
}

static const State STATES[] = {
        { "greeting", LINES("C"), after_greeting },
        { "EHLO", LINES(GREETING), after_ehlo },
        { "HELO", LINES(GREETING, "S 500 what?", "C HELO me.example"), after_helo },
        { "STARTTLS", LINES(GREETING, "S 250-mx", "S 250 STARTTLS", "C STARTTLS"), after_starttls },
        { "MAIL", LINES(READY, "M", "C MAIL FROM:<me@a.example>"), after_mail },
        { "RCPT", LINES(READY, "M", "C MAIL FROM:<me@a.example>", "S 250 ok", "C RCPT TO:<you@b.example>"),
          after_mail },
        { "DATA",
          LINES(READY, "M", "C MAIL FROM:<me@a.example>", "S 250 ok", "C RCPT TO:<you@b.example>", "S 250 ok",
                "C DATA"),
          after_data },
        { "content",
          LINES(READY, "M", "C MAIL FROM:<me@a.example>", "S 250 ok", "C RCPT TO:<you@b.example>", "S 250 ok",
                "C DATA", "S 354 go", "D"),
          after_content },
        { "RSET", LINES(READY, "M", "C MAIL FROM:<me@a.example>", "S 550 no", "N", "C RSET"), after_rset },
        { "QUIT", LINES(READY, "Q", "C QUIT"), after_quit },
};

static const char *outcome_of(const State *state, Slice reply) {
        Talk t = { .conversation = &(Conversation){ .envelope = ENVELOPE }, .cut = 0 };
        SmtpClientWant want;

        CHECK_INT(smtp_client_new("me.example", SMTP_CLIENT_TLS_AUTO, &t.client), 0);
        for (const char *const *line = state->lines; *line; line++) {
                _cleanup_(buf_done) Buf bytes = BUF_EMPTY;

                if (**line == 'S') {
                        buf_printf(&bytes, "%s\r\n", *line + 2);
                        server_says(&t, buf_slice(&bytes));
                } else {
                        run_line(&t, *line);
                }
        }
        feed(&t, reply);
        want = smtp_client_wants(t.client);
        if (want == SMTP_CLIENT_HAS_RESULT) { /* what comes next must work in any case */
                smtp_client_next(t.client);
                CHECK(smtp_client_wants(t.client) != SMTP_CLIENT_HAS_RESULT);
        }
        buf_done(&t.said);
        smtp_client_free(t.client);
        return WANTS[want];
}

TEST(every_code_in_every_state) {
        for (size_t i = 0; i < ELEMENTSOF(STATES); i++)
                for (unsigned code = 0; code < 1000; code++) {
                        const char *want = code < 100 ? "failed" : STATES[i].outcome(code);
                        char reply[64];
                        int size = snprintf(reply, sizeof(reply), "%03u-one\r\n%03u two\r\n", code, code);
                        const char *have = outcome_of(&STATES[i], slice_make(reply, (size_t) size));

                        if (!streq(have, want))
                                test_fail(__FILE__, __LINE__, "%s, %u: %s, not %s", STATES[i].name, code, have,
                                          want);
                }
}

TEST(what_is_no_smtp_ends_the_connection) {
        static const char long_line[SMTP_REPLY_LINE_MAX + 10] = "250 ";
        static char many_lines[SMTP_REPLY_SIZE_MAX * 2];
        const Slice garbage[] = {
                SLICE("HTTP/1.1 400 Bad Request\r\n"), SLICE("\r\n"), SLICE("25\r\n"), SLICE("2500 ok\r\n"),
                SLICE("\x16\x03\x01\x02\x00\n"), slice_make(long_line, sizeof(long_line)),
                slice_make(many_lines, sizeof(many_lines)),
        };

        for (size_t i = 0; i + 8 <= sizeof(many_lines); i += 8)
                memcpy(many_lines + i, "250-xx\r\n", 8);
        for (size_t i = 0; i < ELEMENTSOF(STATES); i++)
                for (size_t k = 0; k < ELEMENTSOF(garbage); k++)
                        CHECK_STR(outcome_of(&STATES[i], garbage[k]), "failed");
}

TEST(long_replies_are_kept_whole) {
        _cleanup_(buf_done) Buf text = BUF_EMPTY;
        SmtpClient *c;
        SmtpResult result;

        CHECK_INT(smtp_client_new("me.example", SMTP_CLIENT_TLS_AUTO, &c), 0);
        (void) smtp_client_feed(c, SLICE("220 mx\r\n"));
        (void) smtp_client_feed(c, SLICE("250 mx\r\n"));
        smtp_client_send(c, &ENVELOPE);
        for (int i = 0; i < 1000; i++)
                CHECK_INT(smtp_client_feed(c, SLICE("550-5.7.1 No mail from you\r\n")), 28);
        CHECK_INT(smtp_client_feed(c, SLICE("550 5.7.1 Really\r\nrest")), 18);
        smtp_client_result(c, &result);
        CHECK_INT(result.code, 550);
        CHECK_INT(strlen(result.text), 1000 * 27 + 16);
        smtp_client_free(c);
}
