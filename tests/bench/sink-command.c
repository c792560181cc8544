/* SPDX-License-Identifier: MIT */

/* The commands of a session (RFC 5321 section 4.1, AUTH of RFC 4954, BDAT of RFC 3030): each adds
 * its reply to those collected and moves the session on. */

#include "bench/decimal.h"
#include "bench/sink-session.h"

#define ENVELOPE_MAX (1024 * 1024)

typedef struct Command {
        const char *name;
        void (*run)(SinkSession *s, Slice argument);
} Command;

void sink_reply(SinkSession *s, const char *text) {
        buf_append_string(&s->replies, text);
        buf_append_string(&s->replies, "\r\n");
}

static void reset(SinkSession *s) {
        s->has_sender = false;
        buf_truncate(&s->sender, 0);
        buf_truncate(&s->recipients, 0);
        buf_truncate(&s->chunks, 0);
        s->recipient_count = s->size_declared = 0;
        s->position = 0;
        s->stuffed = 0;
}

bool sink_passes(SinkSession *s, Stage stage, Slice addresses) {
        Verdict v = sink_judge(s->sink, stage, addresses);

        switch (v.kind) {
        case VERDICT_PASS:
                return true;
        case VERDICT_REPLY:
                sink_reply(s, v.reply);
                s->sink->stats.refused[stage]++;
                if (v.reply[0] == '4')
                        s->sink->stats.temporary++;
                else if (v.reply[0] == '5')
                        s->sink->stats.permanent++;
                if (strncmp(v.reply, "421", 3) == 0 || stage == STAGE_CONNECT)
                        s->end = END_CLOSE;
                break;
        case VERDICT_DISCONNECT:
                s->sink->stats.dropped++;
                s->end = END_CUT;
                break;
        case VERDICT_TARPIT:
                s->mode = MODE_DEAF;
                break;
        }
        return false;
}

static void reply_taken(SinkSession *s) {
        buf_append_string(&s->replies, "250 2.0.0 Ok: taken as ");
        append_decimal(&s->replies, s->sink->stats.messages);
        buf_append_string(&s->replies, "\r\n");
}

static void run_ehlo(SinkSession *s, Slice argument) {
        const SinkOptions *o = &s->sink->options;

        (void) argument;
        reset(s);
        if (!sink_passes(s, STAGE_EHLO, SLICE_NULL))
                return;
        buf_printf(&s->replies, "250-%s\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SIZE %llu\r\n",
                   o->name, (unsigned long long) o->size_max);
        if (o->chunking)
                sink_reply(s, "250-CHUNKING");
        if (s->sink->credentials && !s->stream.tls)
                sink_reply(s, "250-STARTTLS");
        sink_reply(s, "250-AUTH PLAIN LOGIN CRAM-MD5");
        sink_reply(s, "250 ENHANCEDSTATUSCODES");
}

static void run_helo(SinkSession *s, Slice argument) {
        (void) argument;
        reset(s);
        if (sink_passes(s, STAGE_EHLO, SLICE_NULL))
                buf_printf(&s->replies, "250 %s\r\n", s->sink->options.name);
}

/* The address between < and >, and what follows. */
static bool parse_path(Slice argument, Slice prefix, Slice *ret_address, Slice *ret_rest) {
        ssize_t open, close;

        if (!slice_starts_with_ignore_case(argument, prefix))
                return false;
        open = slice_find_byte(argument, '<', prefix.size);
        close = open < 0 ? -1 : slice_find_byte(argument, '>', (size_t) open);
        if (close < 0)
                return false;
        *ret_address = slice_make(argument.data + open + 1, (size_t) (close - open - 1));
        *ret_rest = slice_from(argument, (size_t) close + 1);
        return true;
}

static uint64_t declared_size(Slice parameters) {
        ssize_t at = slice_find_ignore_case(parameters, SLICE(" SIZE="));
        uint64_t size = 0;
        Slice value;

        if (at < 0)
                return 0;
        value = slice_from(parameters, (size_t) at + strlen(" SIZE="));
        (void) slice_to_u64(slice_split(&value, ' '), UINT64_MAX, &size);
        return size;
}

static void run_mail(SinkSession *s, Slice argument) {
        Slice address, rest;
        uint64_t size;

        if (s->has_sender) {
                sink_reply(s, "503 5.5.1 Nested MAIL");
                return;
        }
        if (!parse_path(argument, SLICE("FROM:"), &address, &rest)) {
                sink_reply(s, "501 5.5.4 Syntax: MAIL FROM:<address>");
                return;
        }
        size = declared_size(rest);
        if (size > s->sink->options.size_max) {
                sink_reply(s, "552 5.3.4 Message too big");
                return;
        }
        if (!sink_passes(s, STAGE_MAIL, address))
                return;
        buf_append_slice(&s->sender, address);
        s->has_sender = true;
        s->size_declared = size;
        sink_reply(s, "250 2.1.0 Ok");
}

static void run_rcpt(SinkSession *s, Slice argument) {
        Slice address, rest;

        if (!s->has_sender) {
                sink_reply(s, "503 5.5.1 MAIL first");
                return;
        }
        if (!parse_path(argument, SLICE("TO:"), &address, &rest) || address.size == 0) {
                sink_reply(s, "501 5.5.4 Syntax: RCPT TO:<address>");
                return;
        }
        if (s->recipients.size + address.size > ENVELOPE_MAX) {
                sink_reply(s, "452 4.5.3 Too many recipients");
                return;
        }
        if (!sink_passes(s, STAGE_RCPT, address))
                return;
        buf_append_slice(&s->recipients, address);
        buf_append_byte(&s->recipients, '\n');
        s->recipient_count++;
        sink_reply(s, "250 2.1.5 Ok");
}

static void run_data(SinkSession *s, Slice argument) {
        (void) argument;
        if (s->recipient_count == 0) {
                sink_reply(s, "503 5.5.1 RCPT first");
                return;
        }
        if (!sink_passes(s, STAGE_DATA, buf_slice(&s->recipients)))
                return;
        sink_reply(s, "354 End with a dot on a line of its own");
        s->mode = MODE_CONTENT;
        s->position = 0;
        s->stuffed = 0;
}

void sink_end_message(SinkSession *s, Slice content) {
        Envelope e = {
                .sender = buf_slice(&s->sender),
                .recipients = buf_slice(&s->recipients),
                .recipient_count = s->recipient_count,
                .size_declared = s->size_declared,
                .is_tls = s->stream.tls,
        };

        s->mode = MODE_COMMAND;
        s->delay = MAX(s->delay, s->sink->options.delay_data);
        if (sink_passes(s, STAGE_DOT, e.recipients)) {
                int r = sink_accept_message(s->sink, &e, content, s->stuffed);

                if (r < 0) {
                        (void) fprintf(stderr, "sink: cannot record a message: %s\n", strerror(-r));
                        sink_reply(s, "451 4.3.0 Cannot record the message");
                } else if (sink_passes(s, STAGE_ACCEPTED, e.recipients))
                        reply_taken(s);
        }
        reset(s);
}

static void run_bdat(SinkSession *s, Slice argument) {
        Slice size = slice_split(&argument, ' ');

        if (!s->sink->options.chunking ||
            slice_to_u64(size, s->sink->options.size_max, &s->chunk_left) < 0) {
                /* The chunk that follows cannot be told from commands. */
                sink_reply(s, "501 5.5.4 Syntax: BDAT size [LAST]");
                s->end = END_CLOSE;
                return;
        }
        s->chunk_last = slice_equal_ignore_case(slice_trim(argument), SLICE("LAST"));
        s->mode = MODE_CHUNK;
}

void sink_end_chunk(SinkSession *s) {
        s->mode = MODE_COMMAND;
        if (s->recipient_count == 0) {
                buf_truncate(&s->chunks, 0);
                sink_reply(s, "503 5.5.1 RCPT first");
        } else if (s->chunks.size > s->sink->options.size_max) {
                reset(s);
                sink_reply(s, "552 5.3.4 Message too big");
        } else if (s->chunk_last) {
                _cleanup_(buf_done) Buf content = TAKE(s->chunks, BUF_EMPTY);

                sink_end_message(s, buf_slice(&content));
        } else
                sink_reply(s, "250 2.0.0 Ok");
}

/* Any name and password is right; only the number of lines to come depends on the mechanism. */
static void run_auth(SinkSession *s, Slice argument) {
        Slice mechanism = slice_split(&argument, ' ');
        bool has_response = argument.size > 0;

        if (slice_equal_ignore_case(mechanism, SLICE("PLAIN")))
                s->auth_steps = has_response ? 0 : 1;
        else if (slice_equal_ignore_case(mechanism, SLICE("LOGIN")))
                s->auth_steps = has_response ? 1 : 2;
        else
                s->auth_steps = 1;
        if (s->auth_steps == 0)
                sink_reply(s, "235 2.7.0 Welcome");
        else if (slice_equal_ignore_case(mechanism, SLICE("LOGIN")))
                sink_reply(s, has_response ? "334 UGFzc3dvcmQ6" : "334 VXNlcm5hbWU6");
        else if (slice_equal_ignore_case(mechanism, SLICE("PLAIN")))
                sink_reply(s, "334 ");
        else
                sink_reply(s, "334 PDQyLjQyQHNpbmsuZXhhbXBsZS5jb20+");
        if (s->auth_steps > 0)
                s->mode = MODE_AUTH;
}

static void auth_line(SinkSession *s) {
        s->auth_steps--;
        sink_reply(s, s->auth_steps > 0 ? "334 UGFzc3dvcmQ6" : "235 2.7.0 Welcome");
        if (s->auth_steps == 0)
                s->mode = MODE_COMMAND;
}

static void run_starttls(SinkSession *s, Slice argument) {
        (void) argument;
        if (!s->sink->credentials || s->stream.tls) {
                sink_reply(s, "503 5.5.1 TLS is not on offer");
                return;
        }
        reset(s);
        sink_reply(s, "220 2.0.0 Go ahead");
        s->end = END_TLS;
}

static void run_rset(SinkSession *s, Slice argument) {
        (void) argument;
        reset(s);
        sink_reply(s, "250 2.0.0 Ok");
}

static void run_noop(SinkSession *s, Slice argument) {
        (void) argument;
        sink_reply(s, "250 2.0.0 Ok");
}

static void run_vrfy(SinkSession *s, Slice argument) {
        (void) argument;
        sink_reply(s, "252 2.5.0 Send it and see");
}

static void run_quit(SinkSession *s, Slice argument) {
        (void) argument;
        sink_reply(s, "221 2.0.0 Bye");
        s->end = END_CLOSE;
}

static const Command commands[] = {
        { "MAIL", run_mail },         { "RCPT", run_rcpt }, { "DATA", run_data },
        { "BDAT", run_bdat },         { "RSET", run_rset }, { "EHLO", run_ehlo },
        { "HELO", run_helo },         { "QUIT", run_quit }, { "AUTH", run_auth },
        { "STARTTLS", run_starttls }, { "NOOP", run_noop }, { "VRFY", run_vrfy },
};

static void run_command(SinkSession *s, Slice line) {
        Slice name = slice_split(&line, ' ');

        for (size_t i = 0; i < ELEMENTSOF(commands); i++)
                if (slice_equal_ignore_case(name, slice_from_string(commands[i].name))) {
                        commands[i].run(s, line);
                        return;
                }
        sink_reply(s, "502 5.5.2 Unknown command");
}

void sink_run_line(SinkSession *s, Slice line) {
        if (s->mode == MODE_AUTH)
                auth_line(s);
        else
                run_command(s, line);
}
