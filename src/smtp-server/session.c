/* SPDX-License-Identifier: MIT */
/* Line discipline, dispatch, replies, and what holds a session together. Lines end with LF; a CR before it is
 * dropped, and a missing one is only noted: it matters for where data ends (postal-smtp 1.3). */
#include <stdarg.h>

#include "basic/random.h"
#include "mail/proxy-protocol.h"
#include "smtp-server/session-private.h"

/* Replies not yet taken by the caller; a client that pipelines more than this is stopped until then. */
#define OUTPUT_MAX ((size_t) 65536)

static const char *const ROLES[_SMTP_ROLE_MAX] = { "any", "mx", "submission", "submissions" };

SmtpRole smtp_role_from_string(const char *name) {
        for (SmtpRole role = SMTP_ROLE_MX; role < _SMTP_ROLE_MAX; role++)
                if (name && streq(ROLES[role], name))
                        return role;
        return SMTP_ROLE_ANY;
}

const char *smtp_role_to_string(SmtpRole role) {
        return ROLES[role];
}

int smtp_session_new(const SmtpPolicy *policy, SmtpRole role, const SockAddr *client, SmtpSession **ret) {
        SmtpSession *s = calloc(1, sizeof(SmtpSession));

        if (!s)
                return -ENOMEM;
        s->policy = policy;
        s->role = role;
        s->client = *client;
        sockaddr_to_text(client, s->client_text);
        random_alnum_upper(s->id, SMTP_SESSION_ID_SIZE - 1);
        s->state = policy->has_proxy_protocol ? SESSION_PROXY : SESSION_WELCOME;
        s->body = SPOOL_EMPTY(policy->spool_directory);
        *ret = s;
        return 0;
}

void session_reset(SmtpSession *s) {
        arena_done(&s->arena);
        arena_done(&s->request_arena);
        s->request = (SmtpRequest){ 0 };
        s->mail_from = NULL;
        free(s->recipients);
        s->recipients = NULL;
        s->recipient_count = s->recipient_space = 0;
        header_collector_done(&s->headers);
        spool_done(&s->body);
        s->body = SPOOL_EMPTY(s->policy->spool_directory);
        s->has_body = false;
        s->size = 0;
        s->fault = FAULT_NONE;
        s->chunk_left = 0;
        s->is_last_chunk = s->has_chunks = s->chunk_refused = false;
}

SmtpSession *smtp_session_free(SmtpSession *s) {
        if (!s)
                return NULL;
        session_reset(s);
        arena_done(&s->credential_arena);
        buf_done(&s->output);
        buf_done(&s->line);
        free(s->helo);
        free(s->hostname);
        return mfree(s);
}

static void append_reply(SmtpSession *s, int code, const char *enhanced, const char *format, va_list ap) {
        size_t start = s->output.size;

        buf_printf(&s->output, "%d ", code);
        if (enhanced && s->uses_enhanced_codes)
                buf_printf(&s->output, "%s ", enhanced);
        buf_vprintf(&s->output, format, ap);
        /* "334" alone, as the reference says it, has no space behind it. */
        if (s->output.size > start && s->output.data[s->output.size - 1] == ' ')
                buf_truncate(&s->output, s->output.size - 1);
        session_debug(s, "=> %s", s->output.data + start);
        buf_append_string(&s->output, "\r\n");
}

void session_reply(SmtpSession *s, int code, const char *enhanced, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        append_reply(s, code, enhanced, format, ap);
        va_end(ap);
}

void session_close(SmtpSession *s) {
        s->want = SMTP_WANTS_CLOSE;
}

void session_error(SmtpSession *s, const char *label, int code, const char *enhanced, const char *format, ...) {
        va_list ap;

        if (label)
                metric_count(smtp_metrics.client_errors, label);
        va_start(ap, format);
        append_reply(s, code, enhanced, format, ap);
        va_end(ap);
        if (++s->errors <= s->policy->errors_max)
                return;
        log_info(SESSION_FIELDS(s), "Too many errors from %s, closing the connection", s->client_text);
        session_reply(s, 421, "4.7.0", "%s Too many errors, closing connection", s->policy->hostname);
        session_close(s);
}

void session_later(SmtpSession *s) {
        session_reply(s, 451, "4.3.0", "Temporary failure, please try again later");
}

void session_fault(SmtpSession *s, int r) {
        log_error(SESSION_FIELDS(s, FIELD_ERRNO(r)), "A command from %s failed: %s", s->client_text,
                  strerror(-r));
        metric_count(smtp_metrics.exceptions, "data", strerrorname_np(-r));
        session_later(s);
}

void session_ask(SmtpSession *s, SmtpRequestKind kind) {
        s->request.kind = kind;
        s->want = SMTP_WANTS_ANSWER;
}

void session_set_credential(SmtpSession *s, const SmtpCredential *c) {
        arena_done(&s->credential_arena);
        s->has_credential = false;
        if (!c)
                return;
        s->credential = *c;
        s->credential.organization_permalink =
                arena_dup(&s->credential_arena, slice_from_string(c->organization_permalink));
        s->credential.server_permalink =
                arena_dup(&s->credential_arena, slice_from_string(c->server_permalink));
        s->has_credential = s->credential.organization_permalink && s->credential.server_permalink;
}

void smtp_session_start(SmtpSession *s) {
        if (s->state == SESSION_PROXY)
                return;
        session_reply(s, 220, NULL, "%s ESMTP Postal/%s", s->policy->hostname, s->id);
}

/* Line for the log, with what could be a secret left out: responses to 334, and whatever follows AUTH. */
static void log_line(const SmtpSession *s, Slice line) {
        ssize_t auth;

        if (s->is_muted || !log_wants(LOG_DEBUG))
                return;
        auth = slice_find_ignore_case(line, SLICE("AUTH "));
        if (s->mode != MODE_COMMAND)
                log_write(LOG_DEBUG, SESSION_FIELDS(s), "<= [redacted]");
        else if (auth >= 0)
                log_write(LOG_DEBUG, SESSION_FIELDS(s), "<= %.*sAUTH [redacted]", (int) auth, line.data);
        else
                log_write(LOG_DEBUG, SESSION_FIELDS(s), "<= %.*s", SLICE_FORMAT(line));
}

static void dispatch(SmtpSession *s, Slice line) {
        SmtpCommand c = smtp_command_parse(line);

        switch (c.verb) {
        case SMTP_QUIT:
                session_reply(s, 221, "2.0.0", "Closing Connection");
                session_close(s);
                break;
        case SMTP_STARTTLS:
                command_starttls(s);
                break;
        case SMTP_EHLO:
                command_ehlo(s, &c);
                break;
        case SMTP_HELO:
                command_helo(s, &c);
                break;
        case SMTP_RSET:
                metric_count(smtp_metrics.commands, "RSET");
                session_reset(s);
                s->state = SESSION_WELCOMED;
                session_reply(s, 250, "2.0.0", "OK");
                break;
        case SMTP_NOOP:
                session_reply(s, 250, "2.0.0", "OK");
                break;
        case SMTP_AUTH_PLAIN:
        case SMTP_AUTH_LOGIN:
        case SMTP_AUTH_CRAM_MD5:
                command_auth(s, &c);
                break;
        case SMTP_MAIL_FROM:
                command_mail(s, &c);
                break;
        case SMTP_RCPT_TO:
                command_rcpt(s, &c);
                break;
        case SMTP_DATA:
                command_data(s);
                break;
        case SMTP_BDAT:
                command_bdat(s, &c);
                break;
        case SMTP_VRFY:
                session_reply(s, 252, "2.5.0", "Cannot verify, but send some mail and I'll try");
                break;
        case SMTP_HELP:
                session_reply(s, 214, "2.0.0", "See RFC 5321");
                break;
        default:
                session_error(s, "invalid-command", 502, "5.5.1", "Invalid/unsupported command");
        }
}

static void handle_line(SmtpSession *s, Slice line) {
        s->line_had_cr = line.size > 0 && line.data[line.size - 1] == '\r';
        if (s->line_had_cr)
                line.size--;
        else
                log_warning(SESSION_FIELDS(s), "Detected line with invalid line ending (missing <CR>)");
        log_line(s, line);
        if (s->mode == MODE_COMMAND)
                dispatch(s, line);
        else
                auth_response(s, line);
}

/* Takes input up to the end of a command line. */
static size_t line_feed(SmtpSession *s, Slice input) {
        ssize_t end = slice_find_byte(input, '\n', 0);
        size_t part = end >= 0 ? (size_t) end : input.size, taken = end >= 0 ? part + 1 : part;

        if (s->mode == MODE_SKIP_LINE || s->line.size + part > SMTP_LINE_MAX) {
                buf_reset(&s->line, 0);
                s->mode = MODE_SKIP_LINE;
                if (end >= 0) {
                        s->mode = MODE_COMMAND;
                        session_error(s, "invalid-command", 500, "5.5.2", "Line too long");
                }
                return taken;
        }
        if (end >= 0 && s->line.size == 0) {
                handle_line(s, slice_first(input, part));
                return taken;
        }
        buf_append(&s->line, input.data, part);
        if (buf_error(&s->line) < 0) {
                session_fault(s, buf_error(&s->line));
                session_close(s);
        } else if (end >= 0) {
                Buf line = TAKE(s->line, BUF_EMPTY);

                handle_line(s, buf_slice(&line));
                buf_done(&line);
        }
        return taken;
}

/* The PROXY header, which may come in pieces; nothing else is looked at before it is whole. */
static size_t proxy_feed(SmtpSession *s, Slice input) {
        size_t before = s->line.size;
        ProxyStatus status = PROXY_BROKEN;
        ProxyHeader header;

        buf_append_slice(&s->line, input);
        if (buf_error(&s->line) >= 0)
                status = proxy_header_parse(buf_slice(&s->line), &header);
        if (status == PROXY_NEED_MORE)
                return input.size;
        buf_reset(&s->line, 0);
        if (status == PROXY_BROKEN) {
                session_error(s, "proxy-error", 502, NULL, "Proxy Error");
                session_close(s);
                return input.size;
        }
        metric_count(smtp_metrics.commands, "PROXY");
        if (header.source.ss_family != AF_UNSPEC) {
                s->client.storage = header.source;
                sockaddr_to_text(&s->client, s->client_text);
                session_debug(s, "Client identified as %s", s->client_text);
        }
        s->state = SESSION_WELCOME;
        smtp_session_start(s);
        assert(header.size > before);
        return header.size - before;
}

size_t smtp_session_feed(SmtpSession *s, Slice input) {
        size_t taken = 0;

        while (taken < input.size && s->want == SMTP_WANTS_INPUT && s->output.size < OUTPUT_MAX) {
                Slice rest = slice_from(input, taken);

                if (s->state == SESSION_PROXY)
                        taken += proxy_feed(s, rest);
                else if (s->mode == MODE_DATA)
                        taken += data_feed(s, rest);
                else if (s->mode == MODE_BDAT)
                        taken += bdat_feed(s, rest);
                else
                        taken += line_feed(s, rest);
                if (s->is_draining)
                        smtp_session_drain(s);
        }
        /* What follows STARTTLS in plain text is not answered (RFC 3207 section 6), what follows QUIT is not read. */
        return s->want == SMTP_WANTS_TLS || s->want == SMTP_WANTS_CLOSE ? input.size : taken;
}

void smtp_session_answer(SmtpSession *s, const SmtpAnswer *a) {
        SmtpRequestKind kind = s->request.kind;

        assert(s->want == SMTP_WANTS_ANSWER);

        s->want = SMTP_WANTS_INPUT;
        s->request.kind = SMTP_REQUEST_NONE;
        switch (kind) {
        case SMTP_REQUEST_AUTH_KEY:
        case SMTP_REQUEST_AUTH_CRAM:
                auth_answered(s, a);
                break;
        case SMTP_REQUEST_RCPT:
                rcpt_answered(s, a);
                break;
        case SMTP_REQUEST_HOSTNAME:
                hostname_answered(s, a);
                break;
        case SMTP_REQUEST_SENDER:
                sender_answered(s, a);
                break;
        case SMTP_REQUEST_STORE:
                store_answered(s, a);
                break;
        default:
                assert(false);
        }
        if (s->is_draining)
                smtp_session_drain(s);
}

void smtp_session_secured(SmtpSession *s) {
        session_reset(s);
        session_set_credential(s, NULL);
        s->helo = mfree(s->helo);
        s->state = SESSION_WELCOME;
        s->uses_enhanced_codes = false;
        s->is_secure = true;
        s->want = SMTP_WANTS_INPUT;
        metric_count(smtp_metrics.tls_connections);
}

void smtp_session_timed_out(SmtpSession *s) {
        session_reply(s, 421, "4.4.2", "%s Timeout, closing connection", s->policy->hostname);
        session_close(s);
}

void smtp_session_drain(SmtpSession *s) {
        s->is_draining = true;
        if (s->want == SMTP_WANTS_ANSWER || s->want == SMTP_WANTS_CLOSE || s->mode == MODE_DATA ||
            s->mode == MODE_BDAT || s->state == SESSION_MAIL || s->state == SESSION_RCPT)
                return;
        if (s->state != SESSION_PROXY)
                session_reply(s, 421, "4.3.2", "%s Service shutting down", s->policy->hostname);
        session_close(s);
}

SmtpWant smtp_session_wants(const SmtpSession *s) {
        return s->want;
}

Buf *smtp_session_output(SmtpSession *s) {
        return &s->output;
}

const SmtpRequest *smtp_session_request(const SmtpSession *s) {
        return &s->request;
}

const char *smtp_session_id(const SmtpSession *s) {
        return s->id;
}

const SockAddr *smtp_session_client(const SmtpSession *s) {
        return &s->client;
}

bool smtp_session_has_client(const SmtpSession *s) {
        return s->state != SESSION_PROXY;
}

const SmtpCredential *smtp_session_credential(const SmtpSession *s) {
        return s->has_credential ? &s->credential : NULL;
}

bool smtp_session_is_secure(const SmtpSession *s) {
        return s->is_secure;
}

bool smtp_session_is_receiving(const SmtpSession *s) {
        return s->mode == MODE_DATA || s->mode == MODE_BDAT;
}

void smtp_session_mute(SmtpSession *s) {
        s->is_muted = true;
}
