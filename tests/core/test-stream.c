/* SPDX-License-Identifier: MIT */
/* Two streams talk over a socket pair: plain, then with TLS, in pieces of every size. */
#include "basic/random.h"
#include "core/stream.h"
#include "test.h"

typedef struct End {
        Stream stream;
        Buf received;
        size_t take_max;  /* of each on_data(), 0: all */
        bool pauses;      /* after each on_data() */
        bool starts_tls;  /* as a client, inside of on_data() */
        unsigned drained;
        unsigned secured;
        bool has_failed;
        int failure;
} End;

static sd_event *event;
static Reactor *reactor;

static void start_tls_server(End *e) {
        const char *folder = getenv("POSTAL_TEST_FIXTURES");
        _cleanup_free_ char *certificate = NULL, *key = NULL;
        _cleanup_(tls_server_unrefp) TlsServer *credentials = NULL;
        _cleanup_(buf_done) Buf error = BUF_EMPTY;

        CHECK(folder && asprintf(&certificate, "%s/tls/server.cert", folder) > 0);
        CHECK(asprintf(&key, "%s/tls/server.key", folder) > 0);
        CHECK_INT(tls_server_load(&(TlsServerOptions){ .certificate_path = certificate, .key_path = key },
                                  &credentials, &error), 0);
        CHECK_INT(stream_start_tls_server(&e->stream, credentials), 0);
}

static void start_tls_client(End *e, TlsVerify verify) {
        static TlsClient *trust;

        if (!trust)
                CHECK_INT(tls_client_new(&trust), 0);
        CHECK_INT(stream_start_tls_client(&e->stream, trust, "postal.example.com", verify), 0);
}

static void start_tls(End *server, End *client) {
        start_tls_server(server);
        start_tls_client(client, TLS_VERIFY_NONE);
}

static size_t on_data(Stream *s, Slice data) {
        End *e = container_of(s, End, stream);
        size_t n = e->take_max > 0 ? MIN(e->take_max, data.size) : data.size;

        buf_append(&e->received, data.data, n);
        if (e->pauses)
                stream_pause(s);
        if (e->starts_tls)
                start_tls_client(e, TLS_VERIFY_NONE);
        e->starts_tls = false;
        return n;
}

static void on_drained(Stream *s) {
        container_of(s, End, stream)->drained++;
}

static void on_secured(Stream *s) {
        container_of(s, End, stream)->secured++;
}

static void on_failed(Stream *s, int r) {
        End *e = container_of(s, End, stream);

        e->has_failed = true;
        e->failure = r;
        stream_close(s);
}

static const StreamHandler HANDLER = {
        .on_data = on_data, .on_drained = on_drained, .on_secured = on_secured, .on_failed = on_failed,
};

static void set_up(End *a, End *b) {
        int fds[2];

        memset(a, 0, sizeof(*a));
        memset(b, 0, sizeof(*b));
        CHECK(sd_event_new(&event) >= 0);
        CHECK_INT(reactor_new(event, &reactor), 0);
        CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
        CHECK_INT(stream_open(&a->stream, reactor, fds[0], &HANDLER), 0);
        CHECK_INT(stream_open(&b->stream, reactor, fds[1], &HANDLER), 0);
}

static void tear_down(End *a, End *b) {
        stream_close(&a->stream);
        stream_close(&b->stream);
        buf_done(&a->received);
        buf_done(&b->received);
        reactor = reactor_free(reactor);
        event = sd_event_unref(event);
}

static void turns(int n) {
        while (n-- > 0)
                CHECK(sd_event_run(event, 0) >= 0);
}

static void run_until(const size_t *have, size_t want) {
        while (*have < want)
                CHECK(sd_event_run(event, 2000000) > 0);
}

TEST(bytes_arrive_and_drained_is_told_once) {
        End a, b;

        set_up(&a, &b);
        CHECK_INT(stream_write(&a.stream, SLICE("one ")), 0);
        CHECK_INT(stream_write(&a.stream, SLICE("two")), 0);
        run_until(&b.received.size, 7);
        turns(3);
        CHECK_STR(buf_string(&b.received), "one two");
        CHECK_INT(a.drained, 1);
        tear_down(&a, &b);
}

TEST(what_was_not_taken_is_offered_again) {
        End a, b;

        set_up(&a, &b);
        b.take_max = 3;
        CHECK_INT(stream_write(&a.stream, SLICE("abcdefgh")), 0);
        run_until(&b.received.size, 3);
        turns(5);
        CHECK_STR(buf_string(&b.received), "abc");
        stream_resume(&b.stream);
        turns(3);
        CHECK_STR(buf_string(&b.received), "abcdef");
        CHECK_INT(stream_write(&a.stream, SLICE("ij")), 0);
        b.take_max = 0;
        stream_resume(&b.stream);
        run_until(&b.received.size, 10);
        CHECK_STR(buf_string(&b.received), "abcdefghij");
        tear_down(&a, &b);
}

TEST(the_end_is_told_after_what_was_kept) {
        End a, b;

        set_up(&a, &b);
        b.take_max = 1;
        CHECK_INT(stream_write(&a.stream, SLICE("xyz")), 0);
        turns(5);
        stream_close(&a.stream);
        turns(5);
        b.take_max = 0;
        if (!b.has_failed) { /* a closed peer may be noticed at once by its hang-up */
                stream_resume(&b.stream);
                turns(5);
                CHECK_STR(buf_string(&b.received), "xyz");
        }
        CHECK(b.has_failed);
        tear_down(&a, &b);
}

TEST(a_paused_stream_reads_on_when_resumed) {
        End a, b;

        set_up(&a, &b);
        b.pauses = true;
        CHECK_INT(stream_write(&a.stream, SLICE("one")), 0);
        run_until(&b.received.size, 3);
        CHECK_INT(stream_write(&a.stream, SLICE("two")), 0);
        turns(5);
        CHECK_INT(b.received.size, 3);
        stream_resume(&b.stream);
        run_until(&b.received.size, 6);
        tear_down(&a, &b);
}

TEST(too_much_unread_output_is_an_error) {
        static char block[65536];
        End a, b;
        int r = 0;

        set_up(&a, &b);
        for (int i = 0; r == 0 && i < 32; i++)
                r = stream_write(&a.stream, slice_make(block, sizeof(block)));
        CHECK_INT(r, -ENOBUFS);
        tear_down(&a, &b);
}

TEST(a_peer_that_keeps_sending_does_not_stop_the_writing) {
        static char block[400000];
        End a, b;

        set_up(&a, &b);
        stream_pause(&b.stream);
        CHECK_INT(stream_write(&a.stream, slice_make(block, sizeof(block))), 0);
        turns(5);
        CHECK(stream_unsent(&a.stream) > 0);
        stream_resume(&b.stream);
        /* There is something to read for `a` in each turn. */
        for (int i = 0; i < 10000 && a.drained == 0; i++) {
                CHECK_INT(write(b.stream.io.fd, "x", 1), 1);
                turns(1);
        }
        CHECK_INT(a.drained, 1);
        tear_down(&a, &b);
}

TEST(tls_carries_large_amounts_both_ways) {
        static char block[200000];
        End a, b;

        set_up(&a, &b);
        random_bytes(block, sizeof(block));
        start_tls(&a, &b);
        while (!a.secured || !b.secured)
                CHECK(sd_event_run(event, 2000000) > 0);
        CHECK(stream_is_secure(&a.stream) && stream_is_secure(&b.stream));
        CHECK_INT(stream_write(&a.stream, slice_make(block, sizeof(block))), 0);
        CHECK_INT(stream_write(&b.stream, slice_make(block, sizeof(block))), 0);
        run_until(&a.received.size, sizeof(block));
        run_until(&b.received.size, sizeof(block));
        CHECK(slice_equal(buf_slice(&a.received), slice_make(block, sizeof(block))));
        CHECK(slice_equal(buf_slice(&b.received), slice_make(block, sizeof(block))));
        tear_down(&a, &b);
}

TEST(tls_with_a_reader_that_stops_loses_nothing) {
        static char block[100000];
        End a, b;

        set_up(&a, &b);
        random_bytes(block, sizeof(block));
        start_tls(&a, &b);
        b.take_max = 7001;
        CHECK_INT(stream_write(&a.stream, SLICE("")), 0);
        while (!a.secured || !b.secured)
                CHECK(sd_event_run(event, 2000000) > 0);
        CHECK_INT(stream_write(&a.stream, slice_make(block, sizeof(block))), 0);
        while (b.received.size < sizeof(block)) {
                CHECK(sd_event_run(event, 10000) >= 0);
                stream_resume(&b.stream);
        }
        CHECK(slice_equal(buf_slice(&b.received), slice_make(block, sizeof(block))));
        tear_down(&a, &b);
}

TEST(a_client_that_is_told_to_start_tls_begins) {
        End a, b;

        set_up(&a, &b);
        b.starts_tls = true;
        CHECK_INT(stream_write(&a.stream, SLICE("220 Go ahead\r\n")), 0);
        while (a.drained == 0)
                CHECK(sd_event_run(event, 2000000) > 0);
        start_tls_server(&a);
        while (!a.secured || !b.secured)
                CHECK(sd_event_run(event, 2000000) > 0);
        tear_down(&a, &b);
}

/* A header in plain text in front of the handshake, both read at once. */
TEST(what_was_not_taken_begins_the_handshake) {
        End a, b;

        set_up(&a, &b);
        stream_pause(&a.stream);
        CHECK_INT(stream_write(&b.stream, SLICE("HEAD")), 0);
        while (b.drained == 0)
                CHECK(sd_event_run(event, 2000000) > 0);
        start_tls_client(&b, TLS_VERIFY_NONE);
        turns(5);
        a.take_max = 4;
        stream_resume(&a.stream);
        run_until(&a.received.size, 4);
        turns(5);
        CHECK_STR(buf_string(&a.received), "HEAD");
        CHECK(a.stream.in.size > 0);
        a.take_max = 0;
        start_tls_server(&a);
        while (!a.secured || !b.secured)
                CHECK(sd_event_run(event, 2000000) > 0);
        CHECK_INT(stream_write(&b.stream, SLICE("secret")), 0);
        run_until(&a.received.size, 10);
        CHECK_STR(buf_string(&a.received), "HEADsecret");
        tear_down(&a, &b);
}

TEST(what_was_not_taken_is_never_taken_as_secure) {
        End a, b;

        set_up(&a, &b);
        a.take_max = 4;
        CHECK_INT(stream_write(&b.stream, SLICE("HEADinjected")), 0);
        run_until(&a.received.size, 4);
        turns(5);
        a.take_max = 0;
        start_tls_server(&a);
        while (!a.has_failed)
                CHECK(sd_event_run(event, 2000000) > 0);
        CHECK_INT(a.failure, -EPROTO);
        CHECK_STR(buf_string(&a.received), "HEAD");
        tear_down(&a, &b);
}

TEST(a_certificate_nobody_signed_fails_verification) {
        End a, b;

        set_up(&a, &b);
        start_tls_server(&a);
        start_tls_client(&b, TLS_VERIFY_NAME);
        while (!b.has_failed)
                CHECK(sd_event_run(event, 2000000) > 0);
        CHECK_INT(b.failure, -EKEYREJECTED);
        tear_down(&a, &b);
}

TEST(plain_text_instead_of_a_handshake_fails) {
        End a, b;

        set_up(&a, &b);
        start_tls(&a, &b);
        stream_close(&b.stream);
        while (!a.has_failed)
                CHECK(sd_event_run(event, 2000000) > 0);
        CHECK_INT(a.failure, -EPROTO);
        tear_down(&a, &b);
}
