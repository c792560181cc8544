/* SPDX-License-Identifier: MIT */
#include <fnmatch.h>

#include "peer.h"
#include "test.h"

static void run_script(PeerConnection *c);

static void complain(PeerConnection *c, const char *what, Slice have) {
        if (c->peer->complaint.size == 0)
                buf_printf(&c->peer->complaint, "%s, but \"%.*s\" came", what, SLICE_FORMAT(have));
}

static void hang_up(PeerConnection *c) {
        if (!c->is_open)
                return;
        c->is_open = false;
        c->peer->open_count--;
        stream_close(&c->stream);
        buf_done(&c->input);
}

static void reset(PeerConnection *c) {
        const struct linger now = { .l_onoff = 1, .l_linger = 0 };

        (void) setsockopt(c->stream.io.fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
        hang_up(c);
}

/* Takes the next line; false when it is not there yet. */
static bool take_line(PeerConnection *c, Buf *to) {
        ssize_t end = slice_find_byte(buf_slice(&c->input), '\n', 0);

        if (end < 0)
                return false;
        buf_append(to, c->input.data, end > 0 && c->input.data[end - 1] == '\r' ? (size_t) end - 1 : (size_t) end);
        buf_consume(&c->input, (size_t) end + 1);
        buf_append_slice(&c->peer->lines, buf_slice(to));
        buf_append_byte(&c->peer->lines, '\n');
        return true;
}

static void say(PeerConnection *c, const char *text) {
        CHECK_INT(stream_write(&c->stream, slice_from_string(text)), 0);
        CHECK_INT(stream_write(&c->stream, SLICE("\r\n")), 0);
}

/* True when the script may go on. */
static bool await_line(PeerConnection *c, const char *pattern) {
        _cleanup_(buf_done) Buf line = BUF_EMPTY;

        if (!take_line(c, &line))
                return false;
        if (streq(buf_string(&line), "QUIT")) {
                c->has_quit = true;
                say(c, "221 bye");
                return false;
        }
        if (fnmatch(pattern, buf_string(&line), 0) != 0)
                complain(c, pattern, buf_slice(&line));
        return true;
}

static bool await_lines(PeerConnection *c, const char *count) {
        unsigned lines = (unsigned) strtoul(count, NULL, 10), have = 0;

        for (size_t i = 0; i < c->input.size; i++)
                have += c->input.data[i] == '\n';
        if (have < lines)
                return false;
        while (lines-- > 0) {
                _cleanup_(buf_done) Buf line = BUF_EMPTY;

                (void) take_line(c, &line);
        }
        return true;
}

static void keep_message(PeerConnection *c, size_t size) {
        PeerMessage *m = calloc(1, sizeof(PeerMessage));

        buf_append(&m->content, c->input.data, size);
        m->is_secure = c->is_secure;
        list_append(&c->peer->messages, &m->node);
        buf_consume(&c->input, size);
}

static bool await_content(PeerConnection *c, const char *count) {
        Slice in = buf_slice(&c->input);
        size_t from;
        char *end;

        if (*count) {
                size_t size = strtoul(count, NULL, 10);

                if (in.size < size)
                        return false;
                keep_message(c, size);
                return true;
        }
        if (in.size >= 3 && memcmp(in.data, ".\r\n", 3) == 0) {
                keep_message(c, 3);
                return true;
        }
        from = MIN(c->searched, in.size);
        end = in.data ? memmem(in.data + from, in.size - from, "\r\n.\r\n", 5) : NULL;
        c->searched = end || in.size < 4 ? 0 : in.size - 4;
        if (end)
                keep_message(c, (size_t) (end - in.data) + 5);
        return end != NULL;
}

static bool start_tls(PeerConnection *c) {
        if (c->is_secure)
                return true;
        if (c->stream.is_handshaking)
                return false;
        if (stream_unsent(&c->stream) > 0)
                return false; /* on_drained() comes back */
        CHECK(c->peer->tls);
        CHECK_INT(stream_start_tls_server(&c->stream, c->peer->tls), 0);
        return false;
}

static bool hold(PeerConnection *c) {
        c->is_held = true;
        stream_pause(&c->stream);
        return false;
}

/* True when the next step may come. */
static bool run_step(PeerConnection *c, const char *step) {
        if (ascii_is_digit(*step))
                say(c, step);
        else if (strncmp(step, "<<", 2) == 0)
                return await_content(c, step[2] ? step + 3 : "");
        else if (strncmp(step, "<,", 2) == 0)
                return await_lines(c, step + 3);
        else if (*step == '<')
                return await_line(c, step + 2);
        else if (streq(step, "tls"))
                return start_tls(c);
        else if (streq(step, "hold"))
                return hold(c);
        else if (streq(step, "mark"))
                c->mark = c->step;
        else if (streq(step, "loop"))
                c->step = c->mark;
        else if (streq(step, "reset"))
                reset(c);
        else if (streq(step, "close"))
                hang_up(c);
        else
                test_fail(__FILE__, __LINE__, "no such step: %s", step);
        return true;
}

static void run_script(PeerConnection *c) {
        while (c->is_open && !c->is_held && c->script[c->step]) {
                const char *step = c->script[c->step];

                /* What was said must be on its way before the connection ends. */
                if ((streq(step, "close") || streq(step, "reset")) && stream_unsent(&c->stream) > 0)
                        return;
                if (!run_step(c, step))
                        return;
                c->step++;
        }
        while (c->is_open && !c->is_held && await_line(c, "nothing"))
                ;
}

static size_t on_data(Stream *s, Slice data) {
        PeerConnection *c = container_of(s, PeerConnection, stream);

        buf_append_slice(&c->input, data);
        run_script(c);
        return data.size;
}

static void on_drained(Stream *s) {
        run_script(container_of(s, PeerConnection, stream));
}

static void on_secured(Stream *s) {
        PeerConnection *c = container_of(s, PeerConnection, stream);

        c->is_secure = true;
        run_script(c);
}

static void on_failed(Stream *s, _unused_ int r) {
        hang_up(container_of(s, PeerConnection, stream));
}

static const StreamHandler HANDLER = {
        .on_data = on_data, .on_drained = on_drained, .on_secured = on_secured, .on_failed = on_failed,
};

static void on_connection(ReactorIo *io, _unused_ uint32_t events) {
        Peer *p = container_of(io, Peer, io);
        int fd;

        while ((fd = accept4(p->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
                PeerConnection *c = &p->connections[p->connection_count];
                size_t n = MIN(p->connection_count, p->script_count - 1);

                CHECK(p->connection_count < PEER_CONNECTIONS_MAX && p->script_count > 0);
                *c = (PeerConnection){ .peer = p, .script = p->scripts[n], .is_open = true };
                p->connection_count++;
                p->open_count++;
                p->open_max = MAX(p->open_max, p->open_count);
                CHECK_INT(stream_open(&c->stream, p->reactor, fd, &HANDLER), 0);
                run_script(c);
        }
}

void peer_start(Peer *p, Reactor *reactor, const char *address, TlsServer *tls) {
        const int buffer_size = 16384; /* so that what is not read does not all lie in the kernel */

        *p = (Peer){ .reactor = reactor, .tls = tls };
        p->fd = socket_listen(address, 0);
        CHECK(p->fd >= 0);
        (void) setsockopt(p->fd, SOL_SOCKET, SO_RCVBUF, &buffer_size, sizeof(buffer_size));
        p->port = (unsigned) socket_port(p->fd);
        (void) snprintf(p->address, sizeof(p->address), "%s", address);
        CHECK_INT(reactor_add(reactor, &p->io, p->fd, EPOLLIN, on_connection), 0);
}

void peer_stop(Peer *p) {
        for (size_t i = 0; i < p->connection_count; i++)
                hang_up(&p->connections[i]);
        LIST_FOREACH(m, &p->messages, PeerMessage, node) {
                buf_done(&m->content);
                free(m);
        }
        if (p->reactor)
                reactor_remove(p->reactor, &p->io);
        (void) safe_close(p->fd);
        buf_done(&p->lines);
        buf_done(&p->complaint);
}

void peer_script(Peer *p, const char *const *script) {
        CHECK(p->script_count < PEER_SCRIPTS_MAX);
        p->scripts[p->script_count++] = script;
}

void peer_go_on(Peer *p) {
        for (size_t i = 0; i < p->connection_count; i++) {
                PeerConnection *c = &p->connections[i];

                if (!c->is_held)
                        continue;
                c->is_held = false;
                c->step++;
                if (!c->is_open)
                        continue;
                stream_resume(&c->stream);
                run_script(c);
        }
}

const PeerMessage *peer_message(const Peer *p, size_t n) {
        LIST_FOREACH(m, &p->messages, PeerMessage, node)
                if (n-- == 0)
                        return m;
        return NULL;
}
