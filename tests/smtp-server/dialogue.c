/* SPDX-License-Identifier: MIT */
#include "dialogue.h"
#include "core/log.h"
#include "prng.h"

/* Longer conversations are not cut at every place. */
#define EVERY_CUT_MAX ((size_t) 1500)
#define RANDOM_RUNS 200

static const SmtpCredential MAIN = {
        .id = 7, .server_id = 1, .organization_permalink = "acme", .server_permalink = "main"
};
static const SmtpCredential PRIVATE = { .id = 8,
                                        .server_id = 2,
                                        .organization_permalink = "acme",
                                        .server_permalink = "private",
                                        .privacy_mode = true };

/* ---- The world ---- */

static void answer_key(const SmtpRequest *q, SmtpAnswer *a) {
        a->verdict = SMTP_VERDICT_NO;
        if (streq(q->key, "away"))
                a->verdict = SMTP_VERDICT_LATER;
        else if (streq(q->key, "often"))
                a->verdict = SMTP_VERDICT_THROTTLED;
        else if (streq(q->key, "good"))
                *a = (SmtpAnswer){ .credential = &MAIN };
        else if (streq(q->key, "private"))
                *a = (SmtpAnswer){ .credential = &PRIVATE };
}

static void answer_cram(const SmtpRequest *q, SmtpAnswer *a) {
        CHECK(q->challenge[0] == '<' && strstr(q->challenge, "@" HOST ">"));
        a->verdict = SMTP_VERDICT_NO;
        if (streq(q->user, "away"))
                a->verdict = SMTP_VERDICT_LATER;
        else if (streq(q->user, "acme/main") && streq(q->digest, "right"))
                *a = (SmtpAnswer){ .credential = &MAIN };
}

static void answer_rcpt(const SmtpSession *s, const SmtpRequest *q, SmtpAnswer *a) {
        static const struct {
                const char *name;
                SmtpVerdict verdict;
        } verdicts[] = {
                { "badserver", SMTP_VERDICT_BAD_SERVER_TOKEN },
                { "badroute", SMTP_VERDICT_BAD_ROUTE_TOKEN },
                { "suspended", SMTP_VERDICT_SUSPENDED },
                { "routerejects", SMTP_VERDICT_ROUTE_REJECTS },
                { "addressrejects", SMTP_VERDICT_ADDRESS_REJECTS },
                { "away", SMTP_VERDICT_LATER },
                { "gone", SMTP_VERDICT_NO },
        };
        static SmtpTarget targets[2];
        static char address[SMTP_ADDRESS_SIZE_MAX + 1];
        Slice rest = q->address, name = slice_split(&rest, '@');
        Slice key = slice_split(&name, '+');
        const SmtpCredential *c = smtp_session_credential(s);

        (void) snprintf(address, sizeof(address), "%.*s", SLICE_FORMAT(q->address));
        memset(targets, 0, sizeof(targets));
        targets[0] = (SmtpTarget){ .server_id = 1, .route_id = 5, .is_incoming = true };
        a->recipient = (SmtpRecipient){ address, targets, 1, "incoming" };
        a->credential_is_gone = slice_equal(key, SLICE("gone"));
        for (size_t i = 0; i < ELEMENTSOF(verdicts); i++)
                if (slice_equal(key, slice_from_string(verdicts[i].name))) {
                        a->verdict = verdicts[i].verdict;
                        return;
                }
        if (slice_equal(key, SLICE("in")))
                return;
        if (slice_equal(key, SLICE("return"))) {
                targets[0] = (SmtpTarget){ .server_id = 1, .is_incoming = true, .is_bounce = true };
                a->recipient.kind = "bounce";
        } else if (slice_equal(key, SLICE("two"))) {
                targets[1] = targets[0];
                targets[1].endpoint_id = 9;
                targets[1].endpoint_type = "HTTPEndpoint";
                a->recipient.target_count = 2;
        } else {
                if (slice_equal(key, SLICE("byaddress")))
                        c = a->credential = &MAIN;
                if (!c) {
                        a->verdict = SMTP_VERDICT_NO;
                        return;
                }
                targets[0] = (SmtpTarget){ .server_id = c->server_id, .credential_id = c->id };
                a->recipient.kind = "outgoing";
        }
}

static void answer_sender(const SmtpRequest *q, SmtpAnswer *a) {
        size_t position = 0;
        Slice from;

        a->domain_id = 42;
        while (header_collector_next(q->headers, SLICE("From"), &position, &from))
                if (slice_find_ignore_case(from, SLICE("evil")) >= 0)
                        a->verdict = SMTP_VERDICT_NO;
                else if (slice_find_ignore_case(from, SLICE("away")) >= 0)
                        a->verdict = SMTP_VERDICT_LATER;
}

/* ---- What was said and stored ---- */

static void append_without_cr(Buf *to, Slice from) {
        for (size_t i = 0; i < from.size; i++)
                if (from.data[i] != '\r' || i + 1 == from.size || from.data[i + 1] != '\n')
                        buf_append_byte(to, from.data[i]);
}

static void record_message(Dialogue *d, const SmtpRequest *q) {
        Slice headers = header_collector_section(q->headers);
        size_t size = headers.size;
        char bytes[4096];

        buf_printf(&d->stored, "<%s>", q->mail_from);
        for (size_t i = 0; i < q->recipient_count; i++)
                for (size_t k = 0; k < q->recipients[i].target_count; k++) {
                        const SmtpTarget *t = &q->recipients[i].targets[k];

                        buf_printf(&d->stored, " %s %s server %d", q->recipients[i].address,
                                   q->recipients[i].kind, (int) t->server_id);
                        if (t->route_id > 0)
                                buf_printf(&d->stored, " route %d", (int) t->route_id);
                        if (t->endpoint_type)
                                buf_printf(&d->stored, " %s %d", t->endpoint_type,
                                           (int) t->endpoint_id);
                        if (t->domain_id > 0)
                                buf_printf(&d->stored, " domain %d", (int) t->domain_id);
                }
        buf_append_byte(&d->stored, '\n');
        append_without_cr(&d->stored, headers);
        buf_append_string(&d->stored, q->body ? "\n\n" : "");
        for (uint64_t at = 0; q->body && at < q->body->size;) {
                ssize_t n = spool_read(q->body, at, bytes, sizeof(bytes));

                CHECK(n > 0);
                append_without_cr(&d->stored, slice_make(bytes, (size_t) n));
                at += (uint64_t) n;
        }
        /* The headers end with an empty line, or with the line end before it alone. */
        size += q->body ? q->body->size + 4 : 0;
        CHECK_INT(q->size, size);
}

static void answer_store(Dialogue *d, const SmtpRequest *q, SmtpAnswer *a) {
        if (slice_starts_with_ignore_case(slice_from_string(q->mail_from), SLICE("away@"))) {
                a->verdict = SMTP_VERDICT_LATER;
        } else if (slice_starts_with_ignore_case(slice_from_string(q->mail_from),
                                                 SLICE("refused@"))) {
                a->verdict = SMTP_VERDICT_REFUSED;
        } else {
                record_message(d, q);
                a->token = "TOKEN";
        }
}

static void answer(Dialogue *d) {
        const SmtpRequest *q = smtp_session_request(d->session);
        SmtpAnswer a = { 0 };

        switch (q->kind) {
        case SMTP_REQUEST_AUTH_KEY:
                answer_key(q, &a);
                break;
        case SMTP_REQUEST_AUTH_CRAM:
                answer_cram(q, &a);
                break;
        case SMTP_REQUEST_RCPT:
                answer_rcpt(d->session, q, &a);
                break;
        case SMTP_REQUEST_HOSTNAME:
                a.hostname = "client.example.org";
                break;
        case SMTP_REQUEST_SENDER:
                answer_sender(q, &a);
                break;
        case SMTP_REQUEST_STORE:
                answer_store(d, q, &a);
                break;
        default:
                test_fail(__FILE__, __LINE__, "the session asks for nothing");
        }
        smtp_session_answer(d->session, &a);
}

/* ---- Talking ---- */

void dialogue_open(Dialogue *d, const Setting *setting) {
        SockAddr client;

        *d = (Dialogue){ .policy = {
                                 .hostname = HOST,
                                 .message_size_mb = 1,
                                 .message_size_max =
                                         setting->size_max > 0 ? setting->size_max : 1024 * 1024,
                                 .recipients_max =
                                         setting->recipients_max > 0 ? setting->recipients_max : 5,
                                 .errors_max = setting->errors_max > 0 ? setting->errors_max : 50,
                                 .has_tls = setting->has_tls,
                                 .auth_requires_tls = setting->auth_requires_tls,
                                 .has_proxy_protocol = setting->has_proxy,
                                 .spool_directory = setting->spool_directory,
                         } };
        clock_set_fake(DIALOGUE_USEC, 0);
        log_open("test", LOG_DEBUG, LOG_TARGET_NONE);
        CHECK_INT(sockaddr_parse(setting->client ? setting->client : "192.0.2.1", 4321, &client),
                  0);
        CHECK_INT(smtp_session_new(&d->policy, setting->role, &client, &d->session), 0);
        smtp_session_start(d->session);
}

void dialogue_done(Dialogue *d) {
        d->session = smtp_session_free(d->session);
        buf_done(&d->transcript);
        buf_done(&d->stored);
}

/* Moves what the session said into the transcript. */
static void listen_to(Dialogue *d) {
        Buf *output = smtp_session_output(d->session);
        Slice rest = buf_slice(output);

        while (rest.size > 0) {
                Slice line = slice_split(&rest, '\n');

                CHECK(rest.data && line.size > 0 && line.data[line.size - 1] == '\r');
                line.size--;
                if (slice_starts_with_ignore_case(line, SLICE("220 " HOST " ESMTP Postal/")))
                        line = SLICE("220 " HOST " ESMTP Postal/ID");
                else if (slice_starts_with_ignore_case(line, SLICE("334 P")))
                        line = SLICE("334 CHALLENGE");
                buf_append_slice(&d->transcript, line);
                buf_append_byte(&d->transcript, '\n');
        }
        buf_reset(output, 0);
}

/* Gives the session all it asks for. */
static void attend(Dialogue *d) {
        while (smtp_session_wants(d->session) == SMTP_WANTS_ANSWER) {
                listen_to(d);
                answer(d);
        }
        listen_to(d);
        if (smtp_session_wants(d->session) == SMTP_WANTS_CLOSE && !d->is_closed) {
                d->is_closed = true;
                buf_append_string(&d->transcript, "<CLOSED>\n");
        }
}

static void handshake(Dialogue *d) {
        if (smtp_session_wants(d->session) != SMTP_WANTS_TLS)
                return;
        buf_append_string(&d->transcript, "<TLS>\n");
        smtp_session_secured(d->session);
        attend(d);
}

static void say_piece(Dialogue *d, Slice piece) {
        attend(d);
        while (piece.size > 0 && !d->is_closed) {
                size_t taken = smtp_session_feed(d->session, piece);

                CHECK(taken > 0 && taken <= piece.size);
                piece = slice_from(piece, taken);
                attend(d);
        }
}

void dialogue_say(Dialogue *d, Slice bytes) {
        while (bytes.size > 0) {
                ssize_t wait = slice_find_byte(bytes, *WAIT, 0);

                say_piece(d, slice_first(bytes, wait >= 0 ? (size_t) wait : bytes.size));
                if (wait >= 0)
                        handshake(d);
                bytes = slice_from(bytes, wait >= 0 ? (size_t) wait + 1 : bytes.size);
        }
}

static void append_with_cr(Buf *to, const char *lines) {
        for (; *lines; lines++) {
                if (*lines == '\n')
                        buf_append_byte(to, '\r');
                buf_append_byte(to, *lines);
        }
}

void dialogue_say_lines(Dialogue *d, const char *lines) {
        _cleanup_(buf_done) Buf bytes = BUF_EMPTY;

        append_with_cr(&bytes, lines);
        dialogue_say(d, buf_slice(&bytes));
}

/* ---- Checking ---- */

typedef struct Check {
        const char *file;
        int line;
        const Setting *setting;
        Slice input;
        const char *want;
        const char *stored;
} Check;

/* Cuts the input after `first` bytes, and then, unless that is 0, into pieces of up to `more`. */
static void run(const Check *c, size_t first, size_t more, Prng *prng) {
        Slice rest = c->input;
        const char *have;
        size_t size = first;
        Dialogue d;

        dialogue_open(&d, c->setting);
        while (rest.size > 0) {
                size = MIN(size, rest.size);
                dialogue_say(&d, slice_first(rest, size));
                rest = slice_from(rest, size);
                size = more == 0 ? rest.size : prng ? 1 + prng_below(prng, more) : more;
        }
        attend(&d);
        have = buf_string(&d.transcript);
        if (!c->setting->has_proxy) {
                const char greeting[] = "220 " HOST " ESMTP Postal/ID\n";

                if (strncmp(have, greeting, strlen(greeting)) == 0)
                        have += strlen(greeting);
        }
        if (!streq(have, c->want))
                test_fail(c->file, c->line, "cut at %zu, then %zu: the client reads\n%s", first,
                          more, have);
        if (c->stored && !streq(buf_string(&d.stored), c->stored))
                test_fail(c->file, c->line, "cut at %zu, then %zu: stored is\n%s", first, more,
                          buf_string(&d.stored));
        dialogue_done(&d);
}

void check_dialogue(const char *file, int line, const Setting *setting, Slice input,
                    const char *want, const char *stored) {
        const Check c = { file, line, setting, input, want, stored };
        Prng prng = { 1 };

        run(&c, input.size, 0, NULL);
        run(&c, 1, 1, NULL);
        for (size_t i = 1; i < input.size && input.size <= EVERY_CUT_MAX; i++)
                run(&c, i, 0, NULL);
        for (unsigned i = 0; i < RANDOM_RUNS; i++)
                run(&c, 1 + prng_below(&prng, input.size), 1 + prng_below(&prng, input.size),
                    &prng);
}

void check_lines(const char *file, int line, const Setting *setting, const char *lines,
                 const char *want, const char *stored) {
        _cleanup_(buf_done) Buf bytes = BUF_EMPTY;

        append_with_cr(&bytes, lines);
        check_dialogue(file, line, setting, buf_slice(&bytes), want, stored);
}
