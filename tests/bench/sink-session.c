/* SPDX-License-Identifier: MIT */

/* One session. All input that is here is worked through, the replies are collected, and then sent
 * in one write: at once, or when the delay that was asked for is over. Until then nothing more is
 * read, so that --delay-reply is to the client what a long way to the server is. */

#include "bench/sink-session.h"

#define LINE_MAX_SIZE 4096

static void session_free(SinkSession *s) {
        stream_close(&s->stream);
        loop_clear_timer(&s->sink->loop, &s->timer);
        list_remove(&s->sink->sessions, &s->node);
        s->sink->stats.open--;
        buf_done(&s->replies);
        buf_done(&s->sender);
        buf_done(&s->recipients);
        buf_done(&s->chunks);
        free(s);
}

static size_t feed_line(SinkSession *s, Slice input) {
        ssize_t end = slice_find_byte(input, '\n', 0);
        Slice line;

        if (end < 0) {
                if (input.size > LINE_MAX_SIZE) {
                        sink_reply(s, "500 5.5.2 Line too long");
                        s->end = END_CLOSE;
                }
                return 0;
        }
        line = slice_trim(slice_first(input, (size_t) end));
        sink_run_line(s, line);
        return (size_t) end + 1;
}

static size_t feed_content(SinkSession *s, Slice input) {
        size_t total;
        ssize_t size = message_find_end(input, &s->position, &s->stuffed, &total);

        if (size >= 0) {
                sink_end_message(s, slice_first(input, (size_t) size));
                return total;
        }
        if (input.size > s->sink->options.size_max) {
                sink_reply(s, "552 5.3.4 Message too big");
                s->end = END_CLOSE;
        }
        return 0;
}

static size_t feed_chunk(SinkSession *s, Slice input) {
        size_t size = (size_t) MIN((uint64_t) input.size, s->chunk_left);

        if (s->chunks.size <= s->sink->options.size_max)
                buf_append(&s->chunks, input.data, size);
        s->chunk_left -= size;
        if (s->chunk_left == 0)
                sink_end_chunk(s);
        return size;
}

static size_t feed(SinkSession *s, Slice input) {
        size_t used = 0, n;

        while (s->end == END_NONE &&
               (used < input.size || (s->mode == MODE_CHUNK && !s->chunk_left))) {
                Slice rest = slice_from(input, used);

                if (s->mode == MODE_DEAF)
                        return input.size;
                if (s->mode == MODE_CHUNK) {
                        used += feed_chunk(s, rest);
                        continue;
                }
                n = s->mode == MODE_CONTENT ? feed_content(s, rest) : feed_line(s, rest);
                if (n == 0)
                        break;
                used += n;
        }
        return used;
}

/* Sends the replies and does what comes after them. Returns false when the session is gone. */
static bool send_replies(SinkSession *s) {
        int r = 0;

        s->delay = 0;
        if (s->replies.size > 0)
                r = stream_write(&s->stream, buf_slice(&s->replies));
        if (buf_error(&s->replies) < 0 || r < 0 || s->end == END_CLOSE) {
                session_free(s);
                return false;
        }
        buf_reset(&s->replies, 4096);
        if (s->end == END_TLS) {
                s->end = END_NONE;
                if (stream_start_tls(&s->stream, true, s->sink->credentials, NULL) < 0) {
                        session_free(s);
                        return false;
                }
        }
        return true;
}

/* Sends now, or later when a delay was asked for. Returns false when the session is gone. */
static bool finish_batch(SinkSession *s) {
        if (s->end == END_CUT) {
                session_free(s);
                return false;
        }
        if (s->replies.size == 0 && s->end == END_NONE)
                return true;
        s->delay = MAX(s->delay, s->sink->options.delay_reply);
        if (s->delay == 0)
                return send_replies(s);
        s->is_delayed = true;
        loop_set_timer(&s->sink->loop, &s->timer, clock_nsec() + s->delay);
        if (stream_pause(&s->stream, true) < 0) {
                session_free(s);
                return false;
        }
        return true;
}

static void on_timer(Timer *t) {
        SinkSession *s = container_of(t, SinkSession, timer);

        s->is_delayed = false;
        if (!send_replies(s))
                return;
        if (s->stream.state == STREAM_HANDSHAKE)
                s->stream.is_paused = false;
        else if (stream_pause(&s->stream, false) < 0)
                session_free(s);
}

static void on_readable(SinkSession *s) {
        do {
                Slice input;
                size_t used;
                int r = stream_read(&s->stream, &input);

                if (r == 0)
                        return;
                if (r < 0) {
                        session_free(s);
                        return;
                }
                used = feed(s, input);
                if (s->end == END_NONE && stream_keep(&s->stream, slice_from(input, used)) < 0) {
                        session_free(s);
                        return;
                }
                if (!finish_batch(s))
                        return;
        } while (!s->is_delayed && stream_has_more(&s->stream));
}

static void greet(SinkSession *s) {
        s->is_greeted = true;
        if (sink_passes(s, STAGE_CONNECT, SLICE_NULL))
                buf_printf(&s->replies, "220 %s ESMTP\r\n", s->sink->options.name);
        s->delay = s->sink->options.delay_banner;
        (void) finish_batch(s);
}

static void on_stream(Stream *stream, StreamEvent event) {
        SinkSession *s = container_of(stream, SinkSession, stream);

        switch (event) {
        case STREAM_READY: /* of a handshake */
                s->sink->stats.tls_connections++;
                if (!s->is_greeted)
                        greet(s);
                break;
        case STREAM_READABLE:
                on_readable(s);
                break;
        case STREAM_FAILED:
                if (stream->state == STREAM_HANDSHAKE)
                        s->sink->stats.failed_handshakes++;
                session_free(s);
                break;
        }
}

void sink_session_start(Sink *sink, int take_fd, bool is_tls) {
        SinkSession *s = calloc(1, sizeof(SinkSession));

        if (!s) {
                (void) safe_close(take_fd);
                return;
        }
        s->sink = sink;
        s->timer.fire = on_timer;
        stream_init(&s->stream, &sink->loop, on_stream);
        list_append(&sink->sessions, &s->node);
        sink->stats.connections++;
        sink->stats.open++;
        sink->stats.peak = MAX(sink->stats.peak, sink->stats.open);
        if (stream_accept(&s->stream, take_fd) < 0) {
                session_free(s);
                return;
        }
        if (sink->options.connections_max > 0 && sink->stats.open > sink->options.connections_max) {
                sink->stats.refused_connections++;
                if (!is_tls)
                        sink_reply(s, "421 4.7.0 Too many connections");
                s->end = END_CLOSE;
                (void) finish_batch(s);
        } else if (!is_tls)
                greet(s);
        else if (stream_start_tls(&s->stream, true, sink->credentials, NULL) < 0)
                session_free(s);
}

void sink_sessions_close(Sink *sink) {
        LIST_FOREACH(s, &sink->sessions, SinkSession, node)
                session_free(s);
}
