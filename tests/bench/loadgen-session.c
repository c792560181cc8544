/* SPDX-License-Identifier: MIT */

/* A session of the load: connects, greets, starts TLS, logs in, and hands the replies of
 * transactions on. A connection that fails is made again from a timer, never from within the
 * failure, so that a server that is down costs no recursion. */

#include <gnutls/crypto.h>

#include "basic/encoding.h"
#include "bench/loadgen.h"

#define REPLY_LINE_MAX 8192

static void session_open(Session *s);

void session_expect(Session *s, SessionState state) {
        uint64_t limit = (uint64_t) (s->load->options.timeout * 1e9);

        s->state = state;
        loop_set_timer(&s->load->loop, &s->timer, clock_nsec() + limit);
}

void session_send(Session *s, SessionState state) {
        int r;

        assert(buf_error(&s->out) == 0);

        session_expect(s, state);
        r = stream_write(&s->stream, buf_slice(&s->out));
        buf_truncate(&s->out, 0);
        if (r < 0)
                session_lost(s, &s->load->stats.lost, "writing failed");
}

static void send_text(Session *s, SessionState state, const char *text) {
        buf_append_string(&s->out, text);
        session_send(s, state);
}

static void send_ehlo(Session *s) {
        s->can_pipeline = s->can_size = s->can_starttls = false;
        buf_printf(&s->out, "EHLO %s\r\n", s->load->options.helo);
        session_send(s, SESSION_EHLO);
}

static void start_tls(Session *s) {
        const LoadOptions *o = &s->load->options;

        session_expect(s, SESSION_TLS);
        if (stream_start_tls(&s->stream, false, s->load->credentials,
                             o->insecure ? NULL : o->host) < 0)
                session_lost(s, &s->load->stats.tls_errors, "TLS cannot start");
}

static void append_plain(Session *s) {
        const LoadOptions *o = &s->load->options;
        _cleanup_(buf_done) Buf secret = BUF_EMPTY;

        buf_append_byte(&secret, '\0');
        buf_append_string(&secret, o->user);
        buf_append_byte(&secret, '\0');
        buf_append_string(&secret, o->password);
        base64_encode(&s->out, buf_slice(&secret));
}

/* RFC 2195: the user and the challenge's HMAC under the password. */
static void append_cram_md5(Session *s, Slice challenge64) {
        const LoadOptions *o = &s->load->options;
        _cleanup_(buf_done) Buf challenge = BUF_EMPTY, answer = BUF_EMPTY;
        uint8_t digest[16] = { 0 };

        (void) base64_decode(&challenge, challenge64);
        (void) gnutls_hmac_fast(GNUTLS_MAC_MD5, o->password, strlen(o->password),
                                buf_string(&challenge), challenge.size, digest);
        buf_printf(&answer, "%s ", o->user);
        hex_encode(&answer, slice_make(digest, sizeof(digest)));
        base64_encode(&s->out, buf_slice(&answer));
}

/* Sends the next line of the dialogue; `challenge` is the text of a 334. */
static void send_auth(Session *s, Slice challenge) {
        const LoadOptions *o = &s->load->options;
        unsigned step = s->auth_step++;

        if (step == 0) {
                static const char *const first[] = {
                        [AUTH_PLAIN] = "AUTH PLAIN ",
                        [AUTH_LOGIN] = "AUTH LOGIN",
                        [AUTH_CRAM_MD5] = "AUTH CRAM-MD5",
                };

                buf_append_string(&s->out, first[o->auth]);
                if (o->auth == AUTH_PLAIN)
                        append_plain(s);
        } else if (o->auth == AUTH_CRAM_MD5)
                append_cram_md5(s, challenge);
        else
                base64_encode(&s->out, slice_from_string(step == 1 ? o->user : o->password));
        send_text(s, SESSION_AUTH, "\r\n");
}

static void on_auth_reply(Session *s, unsigned code, Slice text) {
        if (code == 334 && s->auth_step < 3)
                send_auth(s, text);
        else if (code == 235)
                session_ready(s);
        else if (code / 100 == 4)
                session_lost(s, &s->load->stats.lost, "AUTH was put off");
        else
                load_fail(s->load, "AUTH refused", text);
}

static void after_ehlo(Session *s) {
        const LoadOptions *o = &s->load->options;

        s->auth_step = 0;
        if (o->starttls && !s->stream.tls) {
                if (s->can_starttls)
                        send_text(s, SESSION_STARTTLS, "STARTTLS\r\n");
                else
                        load_fail(s->load, "STARTTLS is not offered", SLICE_NULL);
        } else if (o->auth != AUTH_NONE)
                send_auth(s, SLICE_NULL);
        else
                session_ready(s);
}

static void note_extension(Session *s, Slice text) {
        Slice name = slice_split(&text, ' ');

        s->can_pipeline |= slice_equal_ignore_case(name, SLICE("PIPELINING"));
        s->can_size |= slice_equal_ignore_case(name, SLICE("SIZE"));
        s->can_starttls |= slice_equal_ignore_case(name, SLICE("STARTTLS"));
}

void session_ready(Session *s) {
        Load *load = s->load;

        loop_clear_timer(&load->loop, &s->timer);
        s->state = SESSION_READY;
        s->is_pipelined = load->options.pipelining && s->can_pipeline;
        if (!s->has_opened)
                load_session_opened(s);
        if (load->options.idle)
                return;
        if (load->options.messages_per_connection > 0 &&
            s->sent >= load->options.messages_per_connection)
                send_text(s, SESSION_QUIT, "QUIT\r\n");
        else if (s->job.is_set)
                transaction_begin(s);
        else
                load_session_ready(s);
}

void session_pause(Session *s) {
        s->state = SESSION_PAUSED;
        loop_set_timer(&s->load->loop, &s->timer, clock_nsec() + s->load->options.retry_delay);
}

static uint64_t delay_after_quit(const LoadOptions *o) {
        return o->has_reconnect_delay ? o->reconnect_delay : 0;
}

static void on_reply(Session *s, unsigned code, Slice text) {
        Load *load = s->load;

        switch (s->state) {
        case SESSION_BANNER:
                if (code != 220) {
                        session_lost(s, &load->stats.connect_errors, "the banner is not 220");
                        break;
                }
                histogram_add(&load->stats.connect, clock_nsec() - s->opened);
                send_ehlo(s);
                break;
        case SESSION_EHLO:
                if (code == 250)
                        after_ehlo(s);
                else
                        session_lost(s, &load->stats.lost, "EHLO was refused");
                break;
        case SESSION_STARTTLS:
                if (code == 220)
                        start_tls(s);
                else
                        session_lost(s, &load->stats.lost, "STARTTLS was refused");
                break;
        case SESSION_AUTH:
                on_auth_reply(s, code, text);
                break;
        case SESSION_MAIL:
        case SESSION_RCPT:
        case SESSION_DATA:
        case SESSION_DOT:
        case SESSION_RSET:
                transaction_reply(s, code, text);
                break;
        case SESSION_QUIT:
                session_reopen(s, delay_after_quit(&load->options));
                break;
        default:
                /* Nobody asked: a 421 before the server closes. */
                session_lost(s, &load->stats.lost, "an answer came unasked");
        }
}

/* Takes one line off the input. Returns 1, 0 when there is no whole line, or -EBADMSG. */
static int feed_line(Session *s, Slice *input) {
        ssize_t end = slice_find_byte(*input, '\n', 0);
        Slice line, text;
        unsigned code;

        if (end < 0)
                return input->size > REPLY_LINE_MAX ? -EBADMSG : 0;
        line = slice_trim(slice_first(*input, (size_t) end));
        *input = slice_from(*input, (size_t) end + 1);
        if (line.size < 3 || !ascii_is_digit(line.data[0]) || !ascii_is_digit(line.data[1]) ||
            !ascii_is_digit(line.data[2]))
                return -EBADMSG;
        code = (unsigned) (line.data[0] - '0') * 100 + (unsigned) (line.data[1] - '0') * 10 +
               (unsigned) (line.data[2] - '0');
        if (code < 200 || code >= CODES_MAX)
                return -EBADMSG;
        text = line.size > 4 ? slice_from(line, 4) : SLICE_NULL;
        if (s->state == SESSION_EHLO)
                note_extension(s, text);
        if (line.size == 3 || line.data[3] != '-')
                on_reply(s, code, text);
        return 1;
}

static void on_readable(Session *s) {
        Load *load = s->load;

        do {
                Slice input = SLICE_NULL;
                int r = stream_read(&s->stream, &input);

                if (r == 0)
                        return;
                if (r < 0) {
                        session_lost(s, &load->stats.lost, "the connection ended");
                        return;
                }
                /* A reply may close the connection or start TLS; the rest is then void. */
                do
                        r = feed_line(s, &input);
                while (r > 0 && s->stream.state == STREAM_OPEN && !load->loop.stop);
                if (r < 0)
                        session_lost(s, &load->stats.protocol_errors, "the answer is not SMTP");
                else if (s->stream.state == STREAM_OPEN && stream_keep(&s->stream, input) < 0)
                        session_lost(s, &load->stats.lost, "memory is short");
        } while (stream_has_more(&s->stream));
}

static void on_stream(Stream *stream, StreamEvent event) {
        Session *s = container_of(stream, Session, stream);
        Load *load = s->load;

        switch (event) {
        case STREAM_READY:
                if (s->state == SESSION_CONNECTING && load->options.implicit_tls)
                        start_tls(s);
                else if (s->state == SESSION_CONNECTING || load->options.implicit_tls)
                        session_expect(s, SESSION_BANNER);
                else
                        send_ehlo(s);
                break;
        case STREAM_READABLE:
                on_readable(s);
                break;
        case STREAM_FAILED:
                if (s->state == SESSION_CONNECTING)
                        session_lost(s, &load->stats.connect_errors, strerror(-stream->error));
                else if (s->state == SESSION_TLS)
                        session_lost(s, &load->stats.tls_errors, "the TLS handshake failed");
                else
                        session_lost(s, &load->stats.lost, "writing failed");
                break;
        }
}

static void session_open(Session *s) {
        int r;

        s->opened = clock_nsec();
        s->sent = 0;
        session_expect(s, SESSION_CONNECTING);
        r = stream_connect(&s->stream, s->load->to);
        if (r < 0)
                session_lost(s, &s->load->stats.connect_errors, strerror(-r));
        else
                s->load->stats.connections++;
}

void session_reopen(Session *s, uint64_t delay) {
        Load *load = s->load;

        stream_close(&s->stream);
        list_remove(&load->waiting, &s->node);
        loop_clear_timer(&load->loop, &s->timer);
        buf_reset(&s->out, 65536);
        s->state = SESSION_CLOSED;
        if (!load->is_stopping)
                loop_set_timer(&load->loop, &s->timer, clock_nsec() + delay);
}

void session_lost(Session *s, uint64_t *counter, const char *what) {
        Load *load = s->load;
        const LoadOptions *o = &load->options;
        bool was_quitting = s->state == SESSION_QUIT;

        if (!was_quitting)
                *counter += 1;
        if (s->job.is_set && !transaction_lost(s))
                load_job_done(s, false);
        session_reopen(s, was_quitting ? delay_after_quit(o) : o->reconnect_delay);
        if (!s->has_opened)
                load_session_opened(s);
        if (was_quitting || o->tolerant || load->is_stopping)
                return;
        if (o->idle)
                loop_clear_timer(&load->loop, &s->timer);
        else
                load_fail(load, what, SLICE_NULL);
}

static void on_timer(Timer *t) {
        Session *s = container_of(t, Session, timer);

        if (s->state == SESSION_CLOSED)
                session_open(s);
        else if (s->state == SESSION_PAUSED)
                transaction_begin(s);
        else
                session_lost(s, &s->load->stats.timeouts, "no answer in time");
}

void session_init(Session *s, Load *load) {
        *s = (Session){ .load = load, .timer.fire = on_timer };
        stream_init(&s->stream, &load->loop, on_stream);
}

void session_done(Session *s) {
        if (s->state == SESSION_READY)
                (void) stream_write(&s->stream, SLICE("QUIT\r\n"));
        stream_close(&s->stream);
        loop_clear_timer(&s->load->loop, &s->timer);
        buf_done(&s->out);
        buf_done(&s->address);
        buf_done(&s->header);
        buf_done(&s->reason);
}
