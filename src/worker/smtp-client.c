/* SPDX-License-Identifier: MIT */
#include "mail/address.h"
#include "worker/smtp-client.h"

/* Commands whose replies are awaited; MAIL, RCPT and DATA are at most three. */
#define AWAITED_MAX 3

struct SmtpClient {
        const char *helo;
        SmtpClientTls tls;
        SmtpClientWant want;
        SmtpReply reply;
        Buf output;
        Buf error;
        SmtpCapabilities capabilities;
        bool is_secure;
        bool said_helo;
        SmtpStage awaited[AWAITED_MAX]; /* in order */
        unsigned awaited_count;

        /* The transaction. */
        SmtpEnvelope envelope;
        bool has_failed; /* a command was refused; what was pipelined behind it is read and forgotten */
        bool needs_reset;
        bool is_leaving; /* nothing can be said after this transaction */
        SmtpStage result_stage;
        unsigned result_code;
        Buf result_text;
        bool is_own_result;
};

static const char *const STAGES[] = { "greeting", "EHLO", "STARTTLS", "MAIL FROM", "RCPT TO",
                                      "DATA",     "message", "RSET", "QUIT" };

const char *smtp_stage_to_string(SmtpStage stage) {
        return STAGES[stage];
}

SmtpClientTls smtp_client_tls_from_string(const char *mode) {
        Slice s = slice_from_string(strempty(mode));

        if (slice_equal_ignore_case(s, SLICE("Auto")))
                return SMTP_CLIENT_TLS_AUTO;
        if (slice_equal_ignore_case(s, SLICE("STARTTLS")) || slice_equal_ignore_case(s, SLICE("STARTLS")))
                return SMTP_CLIENT_TLS_REQUIRED;
        return slice_equal_ignore_case(s, SLICE("TLS")) ? SMTP_CLIENT_TLS_IMPLICIT : SMTP_CLIENT_TLS_NONE;
}

static void await(SmtpClient *c, SmtpStage stage) {
        assert(c->awaited_count < AWAITED_MAX);
        c->awaited[c->awaited_count++] = stage;
        c->want = SMTP_CLIENT_WANTS_REPLY;
}

int smtp_client_new(const char *helo, SmtpClientTls tls, SmtpClient **ret) {
        SmtpClient *c = calloc(1, sizeof(SmtpClient));

        if (!c)
                return -ENOMEM;
        c->helo = helo;
        c->tls = tls;
        c->reply = SMTP_REPLY_EMPTY;
        await(c, SMTP_STAGE_GREETING);
        if (tls == SMTP_CLIENT_TLS_IMPLICIT)
                c->want = SMTP_CLIENT_WANTS_TLS;
        *ret = c;
        return 0;
}

SmtpClient *smtp_client_free(SmtpClient *c) {
        if (!c)
                return NULL;
        smtp_reply_done(&c->reply);
        buf_done(&c->output);
        buf_done(&c->error);
        buf_done(&c->result_text);
        return mfree(c);
}

static void fail(SmtpClient *c, const char *text) {
        c->want = SMTP_CLIENT_FAILED;
        buf_reset(&c->error, 1024);
        buf_append_string(&c->error, text);
}

static void say_ehlo(SmtpClient *c) {
        buf_printf(&c->output, "EHLO %s\r\n", c->helo);
        await(c, SMTP_STAGE_EHLO);
}

static bool is_positive(unsigned code) {
        return code >= 200 && code < 300;
}

static void after_ehlo(SmtpClient *c) {
        if (!is_positive(c->reply.code)) {
                if (c->said_helo || c->reply.code == 421) {
                        fail(c, buf_string(&c->reply.text));
                        return;
                }
                /* RFC 5321 section 3.2: an old server. */
                c->said_helo = true;
                buf_printf(&c->output, "HELO %s\r\n", c->helo);
                await(c, SMTP_STAGE_EHLO);
                return;
        }
        c->capabilities = c->said_helo ? (SmtpCapabilities){ 0 } : smtp_capabilities_parse(&c->reply);
        if (c->is_secure || c->tls == SMTP_CLIENT_TLS_NONE) {
                c->want = SMTP_CLIENT_READY;
        } else if (c->capabilities.has_starttls) {
                buf_append_string(&c->output, "STARTTLS\r\n");
                await(c, SMTP_STAGE_STARTTLS);
        } else if (c->tls == SMTP_CLIENT_TLS_REQUIRED) {
                fail(c, "the server does not offer STARTTLS, which is required");
        } else {
                c->want = SMTP_CLIENT_READY;
        }
}

static void set_result(SmtpClient *c, SmtpStage stage) {
        c->result_stage = stage;
        c->result_code = c->reply.code;
        buf_reset(&c->result_text, 4096);
        buf_append_slice(&c->result_text, buf_slice(&c->reply.text));
}

/* A reply to MAIL, RCPT, DATA or the final dot. */
static void after_transaction_reply(SmtpClient *c, SmtpStage stage) {
        unsigned code = c->reply.code;
        bool is_good = stage == SMTP_STAGE_DATA ? code >= 300 && code < 400 : is_positive(code);

        if (!c->has_failed && (!is_good || stage == SMTP_STAGE_CONTENT))
                set_result(c, stage);
        if (!is_good && !c->has_failed) {
                c->has_failed = true;
                c->needs_reset = true;
        }
        if (code == 421) { /* the server hangs up now */
                c->is_leaving = true;
                c->awaited_count = 0;
                c->want = SMTP_CLIENT_HAS_RESULT;
                return;
        }
        if (stage == SMTP_STAGE_DATA && is_good && c->has_failed) {
                /* The server takes DATA though it refused the rest: an empty message it is (RFC 2920 section 3.1). */
                buf_append_string(&c->output, ".\r\n");
                await(c, SMTP_STAGE_CONTENT);
        } else if (stage == SMTP_STAGE_DATA && is_good) {
                c->want = SMTP_CLIENT_WANTS_CONTENT;
        } else if (c->awaited_count == 0 && (c->has_failed || stage == SMTP_STAGE_CONTENT)) {
                c->want = SMTP_CLIENT_HAS_RESULT;
        } else if (c->awaited_count == 0 && stage == SMTP_STAGE_MAIL) {
                buf_printf(&c->output, "RCPT TO:<%s>\r\n", c->envelope.rcpt_to);
                await(c, SMTP_STAGE_RCPT);
        } else if (c->awaited_count == 0 && stage == SMTP_STAGE_RCPT) {
                buf_append_string(&c->output, "DATA\r\n");
                await(c, SMTP_STAGE_DATA);
        }
}

/* The server does not wait for the rest of the message. */
static void after_early_reply(SmtpClient *c) {
        if (c->reply.code < 400) {
                fail(c, "the server answered before it had the message");
                return;
        }
        set_result(c, SMTP_STAGE_CONTENT);
        c->is_leaving = true;
        c->want = SMTP_CLIENT_HAS_RESULT;
}

static void after_starttls(SmtpClient *c) {
        if (c->reply.code == 220)
                c->want = SMTP_CLIENT_WANTS_TLS;
        else if (c->tls == SMTP_CLIENT_TLS_AUTO && c->reply.code != 421)
                c->want = SMTP_CLIENT_READY; /* offered, but not now: without it then */
        else
                fail(c, buf_string(&c->reply.text));
}

static void handle_reply(SmtpClient *c) {
        SmtpStage stage = c->awaited[0];

        c->awaited_count--;
        memmove(c->awaited, c->awaited + 1, c->awaited_count * sizeof(c->awaited[0]));
        switch (stage) {
        case SMTP_STAGE_GREETING:
                if (is_positive(c->reply.code))
                        say_ehlo(c);
                else
                        fail(c, buf_string(&c->reply.text));
                break;
        case SMTP_STAGE_EHLO:
                after_ehlo(c);
                break;
        case SMTP_STAGE_STARTTLS:
                after_starttls(c);
                break;
        case SMTP_STAGE_RSET:
                if (!is_positive(c->reply.code))
                        fail(c, buf_string(&c->reply.text));
                else if (c->awaited_count == 0) /* else QUIT is on its way already */
                        c->want = SMTP_CLIENT_READY;
                break;
        case SMTP_STAGE_QUIT:
                c->want = SMTP_CLIENT_ENDED;
                break;
        default:
                after_transaction_reply(c, stage);
        }
}

size_t smtp_client_feed(SmtpClient *c, Slice input) {
        size_t taken;

        if (c->want != SMTP_CLIENT_WANTS_REPLY && c->want != SMTP_CLIENT_WANTS_CONTENT) {
                /* Unasked: most likely 421 before hanging up. */
                if (c->want == SMTP_CLIENT_READY)
                        fail(c, "the server spoke out of turn");
                return input.size;
        }
        taken = smtp_reply_feed(&c->reply, input);
        if (c->reply.state == SMTP_REPLY_BROKEN) {
                fail(c, "the server's reply is not SMTP");
                return input.size;
        }
        if (c->reply.state == SMTP_REPLY_DONE) {
                if (c->awaited_count > 0)
                        handle_reply(c);
                else
                        after_early_reply(c);
                smtp_reply_reset(&c->reply);
        }
        return taken;
}

void smtp_client_secured(SmtpClient *c) {
        c->is_secure = true;
        if (c->tls == SMTP_CLIENT_TLS_IMPLICIT)
                c->want = SMTP_CLIENT_WANTS_REPLY;
        else
                say_ehlo(c); /* what was offered in plain text does not count (RFC 3207 section 4.2) */
}

static void append_mail(SmtpClient *c, bool is_utf8) {
        const SmtpEnvelope *e = &c->envelope;

        buf_printf(&c->output, "MAIL FROM:<%s>", e->mail_from);
        if (c->capabilities.has_size && e->size > 0)
                buf_printf(&c->output, " SIZE=%llu", (unsigned long long) e->size);
        if (c->capabilities.has_8bitmime && e->is_8bit)
                buf_append_string(&c->output, " BODY=8BITMIME");
        if (is_utf8)
                buf_append_string(&c->output, " SMTPUTF8");
        buf_append_string(&c->output, "\r\n");
}

static bool has_control_characters(const char *address) {
        for (const char *p = address; *p; p++)
                if ((uint8_t) *p < ' ' || *p == 0x7f)
                        return true;
        return false;
}

/* What the server would have to refuse is not said to it. True when there is such a thing. */
static bool refuse(SmtpClient *c, bool is_utf8) {
        const SmtpEnvelope *e = &c->envelope;
        uint64_t size_max = c->capabilities.size_max;

        buf_reset(&c->result_text, 4096);
        if (has_control_characters(e->mail_from) || has_control_characters(e->rcpt_to))
                buf_append_string(&c->result_text, "The address has control characters");
        else if (is_utf8 && !c->capabilities.has_smtputf8)
                buf_append_string(&c->result_text,
                                  "The address is not ASCII and the server does not support SMTPUTF8");
        else if (size_max > 0 && e->size > size_max)
                buf_printf(&c->result_text, "The message has %llu bytes, the server takes at most %llu",
                           (unsigned long long) e->size, (unsigned long long) size_max);
        else
                return false;
        c->is_own_result = true;
        c->result_stage = SMTP_STAGE_MAIL;
        c->result_code = 0;
        c->want = SMTP_CLIENT_HAS_RESULT;
        return true;
}

void smtp_client_send(SmtpClient *c, const SmtpEnvelope *envelope) {
        bool is_utf8 = !address_is_ascii(slice_from_string(envelope->mail_from)) ||
                       !address_is_ascii(slice_from_string(envelope->rcpt_to));

        assert(c->want == SMTP_CLIENT_READY);

        c->envelope = *envelope;
        c->has_failed = c->needs_reset = c->is_leaving = c->is_own_result = false;
        if (refuse(c, is_utf8))
                return;
        append_mail(c, is_utf8);
        await(c, SMTP_STAGE_MAIL);
        if (!c->capabilities.has_pipelining)
                return;
        buf_printf(&c->output, "RCPT TO:<%s>\r\nDATA\r\n", envelope->rcpt_to);
        await(c, SMTP_STAGE_RCPT);
        await(c, SMTP_STAGE_DATA);
}

void smtp_client_content_sent(SmtpClient *c) {
        assert(c->want == SMTP_CLIENT_WANTS_CONTENT);
        await(c, SMTP_STAGE_CONTENT);
}

void smtp_client_result(const SmtpClient *c, SmtpResult *ret) {
        *ret = (SmtpResult){ c->result_stage, c->result_code, buf_string(&c->result_text), c->is_own_result };
}

void smtp_client_next(SmtpClient *c) {
        assert(c->want == SMTP_CLIENT_HAS_RESULT);

        if (c->is_leaving) {
                fail(c, buf_string(&c->result_text));
        } else if (c->needs_reset) {
                buf_append_string(&c->output, "RSET\r\n");
                await(c, SMTP_STAGE_RSET);
        } else {
                c->want = SMTP_CLIENT_READY;
        }
}

void smtp_client_quit(SmtpClient *c) {
        buf_append_string(&c->output, "QUIT\r\n");
        await(c, SMTP_STAGE_QUIT);
}

SmtpClientWant smtp_client_wants(const SmtpClient *c) {
        return c->want;
}

SmtpStage smtp_client_stage(const SmtpClient *c) {
        return c->awaited_count > 0 ? c->awaited[0] : SMTP_STAGE_QUIT;
}

Buf *smtp_client_output(SmtpClient *c) {
        return &c->output;
}

const char *smtp_client_error(const SmtpClient *c) {
        return buf_string(&c->error);
}

const SmtpCapabilities *smtp_client_capabilities(const SmtpClient *c) {
        return &c->capabilities;
}
