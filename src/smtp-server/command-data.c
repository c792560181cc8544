/* SPDX-License-Identifier: MIT */
/* DATA (RFC 5321 section 4.1.1.4) and BDAT (RFC 3030), and what happens when a message is complete
 * (postal-smtp 1.9 to 1.12): size, loop, sender, store; one question to the caller after the other.
 *
 * The header section is kept in memory, the body goes to the spool as it comes. What comes after a message has
 * become too large is read and thrown away. */
#include "core/clock.h"
#include "mail/received.h"
#include "smtp-server/session-private.h"

/* "More than four of our own Received fields" is a loop. */
#define LOOP_MAX 4

static const char OUT_OF_ORDER[] = "HELO/EHLO, MAIL FROM and RCPT TO before sending data";

/* Content, decoded: the rest of the header section, then the body. */
static void take_content(SmtpSession *s, Slice content) {
        int r;

        s->size += content.size;
        if (s->fault == FAULT_NONE && s->size > s->policy->message_size_max) {
                s->fault = FAULT_TOO_LARGE;
                spool_done(&s->body);
        }
        if (s->fault != FAULT_NONE)
                return;
        if (!s->headers.is_complete) {
                size_t taken = header_collector_feed(&s->headers, content);

                if (s->headers.is_too_large) {
                        s->fault = FAULT_HEADER_TOO_LARGE;
                        return;
                }
                content = slice_from(content, taken);
                if (!s->headers.is_complete)
                        return;
                s->has_body = true;
        }
        r = spool_append(&s->body, content);
        if (r < 0) {
                log_error(SESSION_FIELDS(s, FIELD_ERRNO(r)), "Cannot keep a message that is coming in: %s",
                          strerror(-r));
                s->fault = FAULT_NO_SPACE;
        }
}

/* Our Received field is the first line of the message, and counts as a part of it. */
static void begin_content(SmtpSession *s) {
        _cleanup_(buf_done) Buf field = BUF_EMPTY;
        char date[TIME_RFC5322_SIZE];

        time_format_rfc5322(clock_realtime(), date);
        received_append(&(ReceivedField){ .is_private = s->has_credential && s->credential.privacy_mode,
                                          .helo = slice_from_string(s->helo),
                                          .hostname = slice_from_string(s->hostname ? s->hostname : s->client_text),
                                          .ip = slice_from_string(s->client_text),
                                          .by = slice_from_string(s->policy->hostname),
                                          .protocol = SLICE("SMTP"),
                                          .time = slice_from_string(date) },
                        &field);
        s->headers = HEADER_COLLECTOR_EMPTY;
        s->fault = buf_error(&field) < 0 ? FAULT_NO_SPACE : FAULT_NONE;
        take_content(s, buf_slice(&field));
}

/* Before the first byte of content: who is the client? Not asked when it will not be told. */
static bool needs_hostname(const SmtpSession *s) {
        return !s->has_hostname && !(s->has_credential && s->credential.privacy_mode);
}

static void go_ahead(SmtpSession *s) {
        begin_content(s);
        data_decoder_init(&s->decoder, s->line_had_cr);
        s->mode = MODE_DATA;
        session_reply(s, 354, NULL, "Go ahead");
}

void command_data(SmtpSession *s) {
        if (s->state != SESSION_RCPT || s->recipient_count == 0 || s->has_chunks) {
                session_error(s, "data-out-of-order", 503, "5.5.1", "%s", OUT_OF_ORDER);
                return;
        }
        if (needs_hostname(s))
                session_ask(s, SMTP_REQUEST_HOSTNAME);
        else
                go_ahead(s);
}

void hostname_answered(SmtpSession *s, const SmtpAnswer *a) {
        s->hostname = a->hostname ? strdup(a->hostname) : NULL;
        s->has_hostname = true;
        if (s->has_chunks) {
                begin_content(s);
                s->mode = MODE_BDAT;
                if (s->chunk_left == 0)
                        (void) bdat_feed(s, SLICE_NULL);
        } else {
                go_ahead(s);
        }
}

static void ask_store(SmtpSession *s) {
        s->request.headers = &s->headers;
        s->request.mail_from = s->mail_from;
        s->request.body = s->has_body ? &s->body : NULL;
        s->request.size = s->size;
        s->request.recipients = s->recipients;
        s->request.recipient_count = s->recipient_count;
        session_ask(s, SMTP_REQUEST_STORE);
}

static void end_transaction(SmtpSession *s) {
        session_reset(s);
        s->state = SESSION_WELCOMED;
}

/* Ends the transaction with a refusal. */
static void refuse(SmtpSession *s, const char *label, int code, const char *enhanced, const char *text) {
        end_transaction(s);
        session_error(s, label, code, enhanced, "%s", text);
}

static bool refuse_fault(SmtpSession *s) {
        char text[80];

        switch (s->fault) {
        case FAULT_NONE:
                return false;
        case FAULT_TOO_LARGE:
                (void) snprintf(text, sizeof(text), "Message too large (maximum size %lluMB)",
                                (unsigned long long) s->policy->message_size_mb);
                refuse(s, "message-too-large", 552, "5.3.4", text);
                return true;
        case FAULT_HEADER_TOO_LARGE:
                refuse(s, "message-too-large", 552, "5.3.4", "Message header too large");
                return true;
        default:
                end_transaction(s);
                session_reply(s, 452, "4.3.1", "Insufficient system storage");
                return true;
        }
}

/* All bytes are here. */
static void message_complete(SmtpSession *s) {
        int r;

        s->mode = MODE_COMMAND;
        if (refuse_fault(s))
                return;
        r = header_collector_finish(&s->headers);
        if (r < 0) {
                end_transaction(s);
                session_fault(s, r);
                return;
        }
        if (s->headers.is_too_large) { /* too many fields, of which only the first were collected */
                s->fault = FAULT_HEADER_TOO_LARGE;
                (void) refuse_fault(s);
                return;
        }
        if (header_count_received_by(&s->headers, slice_from_string(s->policy->hostname)) > LOOP_MAX) {
                refuse(s, "loop-detected", 550, "5.4.6", "Loop detected");
                return;
        }
        arena_done(&s->request_arena);
        if (s->has_credential) {
                s->request.headers = &s->headers;
                session_ask(s, SMTP_REQUEST_SENDER);
        } else {
                ask_store(s);
        }
}

size_t data_feed(SmtpSession *s, Slice input) {
        Buf content = { .limit = 0 };
        bool drop = s->fault != FAULT_NONE;
        size_t taken = data_decoder_feed(&s->decoder, input, drop ? NULL : &content);

        if (buf_error(&content) < 0)
                s->fault = FAULT_NO_SPACE;
        else if (!drop)
                take_content(s, buf_slice(&content));
        buf_done(&content);
        if (s->decoder.is_done) {
                if (s->decoder.saw_bare_lf)
                        log_warning(SESSION_FIELDS(s), "Detected line with invalid line ending (missing <CR>)");
                message_complete(s);
        }
        return taken;
}

void command_bdat(SmtpSession *s, const SmtpCommand *c) {
        uint64_t size;
        bool is_last;
        int r = smtp_bdat_parse(c->argument, &size, &is_last);

        if (!s->has_said_mail) { /* no client sends a chunk now: the next line is a command */
                session_error(s, "invalid-command", 502, "5.5.1", "Invalid/unsupported command");
                return;
        }
        if (r < 0) {
                /* Where the chunk ends is unknown, so nothing after it could be understood. */
                session_error(s, NULL, 501, "5.5.4", "Invalid BDAT size");
                session_close(s);
                return;
        }
        s->chunk_left = size;
        s->is_last_chunk = is_last;
        s->chunk_refused = s->state != SESSION_RCPT || s->recipient_count == 0;
        s->mode = MODE_BDAT;
        if (!s->chunk_refused && !s->has_chunks) {
                s->has_chunks = true;
                if (needs_hostname(s)) {
                        s->mode = MODE_COMMAND;
                        session_ask(s, SMTP_REQUEST_HOSTNAME);
                        return;
                }
                begin_content(s);
        }
        if (s->chunk_left == 0)
                (void) bdat_feed(s, SLICE_NULL);
}

size_t bdat_feed(SmtpSession *s, Slice input) {
        size_t part = (size_t) MIN((uint64_t) input.size, s->chunk_left);

        s->chunk_left -= part;
        if (!s->chunk_refused)
                take_content(s, slice_first(input, part));
        if (s->chunk_left > 0)
                return part;
        s->mode = MODE_COMMAND;
        if (s->chunk_refused)
                session_error(s, "data-out-of-order", 503, "5.5.1", "%s", OUT_OF_ORDER);
        else if (s->is_last_chunk)
                message_complete(s);
        else if (!refuse_fault(s))
                session_reply(s, 250, "2.0.0", "OK");
        return part;
}

void sender_answered(SmtpSession *s, const SmtpAnswer *a) {
        switch (a->verdict) {
        case SMTP_VERDICT_OK:
                for (size_t i = 0; i < s->recipient_count; i++)
                        for (size_t k = 0; k < s->recipients[i].target_count; k++)
                                if (!s->recipients[i].targets[k].is_incoming)
                                        s->recipients[i].targets[k].domain_id = a->domain_id;
                ask_store(s);
                break;
        case SMTP_VERDICT_NO:
                refuse(s, "from-name-invalid", 530, "5.7.1", "From/Sender name is not valid");
                break;
        default:
                end_transaction(s);
                session_later(s);
        }
}

void store_answered(SmtpSession *s, const SmtpAnswer *a) {
        for (size_t i = 0; a->verdict == SMTP_VERDICT_OK && i < s->recipient_count; i++)
                metric_count(smtp_metrics.messages, s->recipients[i].kind, s->is_secure ? "yes" : "no");
        end_transaction(s);
        switch (a->verdict) {
        case SMTP_VERDICT_OK:
                session_reply(s, 250, "2.0.0", "Ok: queued as %s", a->token);
                break;
        case SMTP_VERDICT_REFUSED:
                session_error(s, NULL, 554, "5.6.0", "Message cannot be stored");
                break;
        default:
                session_later(s);
        }
}
