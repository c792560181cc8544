/* SPDX-License-Identifier: MIT */

/* A message on its way. What becomes of it is appended to the file of ids at the moment it is
 * known: "pending" before the final dot leaves, "accepted", "refused" or "unknown" afterwards, so
 * that a test that kills the server, or this program, can hold each message's fate against what was
 * promised. */

#include "bench/decimal.h"
#include "bench/loadgen.h"
#include "bench/record.h"

static void record(Session *s, const char *what, Slice text) {
        Load *load = s->load;
        char id[MESSAGE_ID_SIZE];

        if (load->ids_fd < 0)
                return;
        record_number(&load->line, wall_usec());
        record_column(&load->line, slice_from_string(what));
        record_column(&load->line, message_source_id(&load->source, s->job.number, id));
        record_number(&load->line, s->job.attempt);
        record_column(&load->line, text);
        buf_append_byte(&load->line, '\n');
        if (record_append(load->ids_fd, &load->line) < 0)
                load_fail(load, "cannot write the file of ids", SLICE_NULL);
}

static void append_rcpt(Session *s, uint64_t index) {
        const Load *load = s->load;

        buf_append_slice(&s->out, SLICE("RCPT TO:<"));
        addresses_append(&load->recipients, s->job.number * load->options.recipients + index,
                         &s->out);
        buf_append_slice(&s->out, SLICE(">\r\n"));
}

static void make_header(Session *s) {
        const Load *load = s->load;
        char id[MESSAGE_ID_SIZE];
        size_t split;

        /* Both addresses in one buffer: the sender, then the first recipient. */
        buf_truncate(&s->address, 0);
        buf_truncate(&s->header, 0);
        addresses_append(&load->senders, s->job.number, &s->address);
        split = s->address.size;
        addresses_append(&load->recipients, s->job.number * load->options.recipients, &s->address);
        message_source_header(&load->source, message_source_id(&load->source, s->job.number, id),
                              slice_make(s->address.data, split),
                              slice_from(buf_slice(&s->address), split), &s->header);
        buf_append_slice(&s->out, SLICE("MAIL FROM:<"));
        buf_append(&s->out, s->address.data, split);
        buf_append_byte(&s->out, '>');
        if (s->can_size) {
                buf_append_slice(&s->out, SLICE(" SIZE="));
                append_decimal(&s->out, s->header.size + load->source.body_size);
        }
        buf_append_slice(&s->out, SLICE("\r\n"));
}

void transaction_begin(Session *s) {
        uint64_t recipients = s->load->options.recipients;

        s->code = 0;
        s->dot_sent = 0;
        s->rcpt_left = recipients;
        s->rcpt_taken = 0;
        s->is_mail_taken = false;
        make_header(s);
        if (s->is_pipelined) {
                for (uint64_t i = 0; i < recipients; i++)
                        append_rcpt(s, i);
                buf_append_slice(&s->out, SLICE("DATA\r\n"));
        }
        session_send(s, SESSION_MAIL);
}

static void set_reason(Session *s, unsigned code, Slice text) {
        buf_truncate(&s->reason, 0);
        append_decimal(&s->reason, code);
        buf_append_byte(&s->reason, ' ');
        buf_append_slice(&s->reason, text);
}

/* Keeps the reply if it is the first that says no. */
static void note_refusal(Session *s, unsigned code, Slice text) {
        if (s->code != 0)
                return;
        s->code = code;
        set_reason(s, code, text);
}

/* Whether the job is to be sent again after an attempt that failed for now. */
static bool try_again(Session *s) {
        const Load *load = s->load;

        if (!load->options.tolerant || load->options.skip || load->is_stopping)
                return false;
        s->job.attempt++;
        s->load->stats.retries++;
        return true;
}

static void refused(Session *s, bool needs_reset) {
        Load *load = s->load;
        unsigned code = s->code;

        load->stats.refused[code]++;
        record(s, "refused", buf_slice(&s->reason));
        if (code >= 500 || !try_again(s)) {
                load_job_done(s, false);
                if (code < 500 && !load->options.tolerant) {
                        load_fail(load, "refused", buf_slice(&s->reason));
                        return;
                }
        }
        if (code == 421)
                session_reopen(s, load->options.reconnect_delay);
        else if (needs_reset) {
                buf_append_slice(&s->out, SLICE("RSET\r\n"));
                session_send(s, SESSION_RSET);
        } else if (s->job.is_set)
                session_pause(s);
        else
                session_ready(s);
}

static void send_content(Session *s) {
        const Load *load = s->load;
        struct iovec parts[] = {
                { s->header.data, s->header.size },
                { load->source.body.data, load->source.body.size },
        };

        assert(buf_error(&s->header) == 0);

        record(s, "pending", SLICE_NULL);
        session_expect(s, SESSION_DOT);
        s->dot_sent = clock_nsec();
        if (stream_writev(&s->stream, parts, ELEMENTSOF(parts)) < 0)
                session_lost(s, &s->load->stats.lost, "writing failed");
}

static void on_mail(Session *s, unsigned code, Slice text) {
        s->is_mail_taken = code / 100 == 2;
        if (!s->is_mail_taken)
                note_refusal(s, code, text);
        if (s->is_pipelined && code != 421) {
                s->state = SESSION_RCPT;
                return;
        }
        if (!s->is_mail_taken) {
                refused(s, false);
                return;
        }
        append_rcpt(s, 0);
        session_send(s, SESSION_RCPT);
}

static void on_rcpt(Session *s, unsigned code, Slice text) {
        uint64_t recipients = s->load->options.recipients;

        if (code / 100 == 2)
                s->rcpt_taken++;
        else {
                if (s->is_mail_taken)
                        s->load->stats.refused_recipients[code]++;
                note_refusal(s, code, text);
        }
        s->rcpt_left--;
        if (code == 421) {
                s->code = 0;
                note_refusal(s, code, text);
                refused(s, false);
        } else if (s->is_pipelined) {
                if (s->rcpt_left == 0)
                        s->state = SESSION_DATA;
        } else if (s->rcpt_left > 0) {
                append_rcpt(s, recipients - s->rcpt_left);
                session_send(s, SESSION_RCPT);
        } else if (s->rcpt_taken > 0) {
                buf_append_slice(&s->out, SLICE("DATA\r\n"));
                session_send(s, SESSION_DATA);
        } else
                refused(s, true);
}

static void on_data(Session *s, unsigned code, Slice text) {
        /* Recipients that were refused do not stop the message for the others. */
        if (s->rcpt_taken > 0)
                s->code = 0;
        if (code != 354) {
                note_refusal(s, code, text);
                refused(s, true);
        } else if (s->rcpt_taken > 0)
                send_content(s);
        else {
                /* The server waits for content that nobody would get. */
                buf_append_slice(&s->out, SLICE(".\r\n"));
                session_send(s, SESSION_DOT);
        }
}

static void on_dot(Session *s, unsigned code, Slice text) {
        Load *load = s->load;
        uint64_t now = clock_nsec();

        if (code / 100 != 2)
                note_refusal(s, code, text);
        if (s->dot_sent > 0)
                histogram_add(&load->stats.dot, now - s->dot_sent);
        if (s->code != 0) {
                refused(s, false);
                return;
        }
        set_reason(s, code, text);
        record(s, "accepted", buf_slice(&s->reason));
        histogram_add(&load->stats.transaction, now - s->job.intended);
        load->stats.accepted++;
        load->stats.bytes += s->header.size + load->source.body_size;
        s->sent++;
        load_job_done(s, true);
        session_ready(s);
}

void transaction_reply(Session *s, unsigned code, Slice text) {
        switch (s->state) {
        case SESSION_MAIL:
                on_mail(s, code, text);
                break;
        case SESSION_RCPT:
                on_rcpt(s, code, text);
                break;
        case SESSION_DATA:
                on_data(s, code, text);
                break;
        case SESSION_DOT:
                on_dot(s, code, text);
                break;
        default: /* RSET */
                if (code == 421)
                        session_reopen(s, s->load->options.reconnect_delay);
                else if (s->job.is_set)
                        session_pause(s);
                else
                        session_ready(s);
        }
}

bool transaction_lost(Session *s) {
        /* Before MAIL and after a refusal no attempt is under way that could have failed. */
        if (s->state < SESSION_MAIL || s->state > SESSION_DOT)
                return s->load->options.tolerant && !s->load->is_stopping;
        if (s->state == SESSION_DOT && s->dot_sent > 0) {
                s->load->stats.unknown++;
                record(s, "unknown", SLICE_NULL);
        }
        if (try_again(s))
                return true;
        return false;
}
