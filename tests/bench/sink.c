/* SPDX-License-Identifier: MIT */

/* sink: the receiving end of tests and measurements; see sink --help. */

#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>

#include "bench/args.h"
#include "bench/record.h"
#include "bench/sink.h"

#define ACCEPTS_A_TURN 64

static void on_listener(Watch *w, uint32_t events) {
        Listener *l = container_of(w, Listener, watch);

        (void) events;
        for (unsigned i = 0; i < ACCEPTS_A_TURN; i++) {
                int fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

                if (fd < 0)
                        return;
                sink_session_start(l->sink, fd, l->is_tls);
        }
}

static void on_signal(Loop *loop, int signal_number) {
        Sink *sink = container_of(loop, Sink, loop);

        if (signal_number == SIGUSR1)
                sink_report(sink);
        else
                loop->stop = true;
}

static void print_address(int fd) {
        struct sockaddr_storage a;
        socklen_t length = sizeof(a);
        char host[NI_MAXHOST], port[NI_MAXSERV];

        if (getsockname(fd, (struct sockaddr *) &a, &length) < 0 ||
            getnameinfo((struct sockaddr *) &a, length, host, sizeof(host), port, sizeof(port),
                        NI_NUMERICHOST | NI_NUMERICSERV) != 0)
                return;
        (void) printf(a.ss_family == AF_INET6 ? "listening [%s]:%s\n" : "listening %s:%s\n", host,
                      port);
}

static int bind_listener(const struct addrinfo *to) {
        _cleanup_close_ int fd = -EBADF;
        int on = 1;

        fd = socket(to->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return -errno;
        (void) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        if (to->ai_family == AF_INET6)
                (void) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
        if (bind(fd, to->ai_addr, to->ai_addrlen) < 0 || listen(fd, SOMAXCONN) < 0)
                return -errno;
        return TAKE_FD(fd);
}

static int start_listener(Sink *sink, Listener *l) {
        struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
                                  .ai_flags = AI_PASSIVE | AI_NUMERICHOST };
        _cleanup_free_ char *address = NULL, *port = NULL;
        struct addrinfo *to = NULL;
        int fd;

        arg_endpoint("listen", l->where, &address, &port);
        if (getaddrinfo(address, port, &hints, &to) != 0)
                arg_fail("--listen: \"%s\" is no address and port", l->where);
        fd = bind_listener(to);
        freeaddrinfo(to);
        if (fd < 0) {
                (void) fprintf(stderr, "sink: cannot listen at %s: %s\n", l->where, strerror(-fd));
                return fd;
        }
        l->sink = sink;
        l->watch = (Watch){ .fd = fd, .ready = on_listener };
        print_address(fd);
        return loop_watch(&sink->loop, &l->watch, EPOLLIN);
}

static int run(Sink *sink) {
        int r = loop_init(&sink->loop, on_signal);

        if (r < 0)
                return r;
        r = sink_load_certificate(sink);
        if (r == 0 && sink->options.ids_path) {
                sink->ids_fd = record_open(sink->options.ids_path);
                r = MIN(sink->ids_fd, 0);
        }
        sink->stats.started = clock_nsec();
        for (size_t i = 0; r == 0 && i < sink->listener_count; i++)
                r = start_listener(sink, &sink->listeners[i]);
        if (r == 0) {
                (void) puts("ready");
                (void) fflush(stdout);
                r = loop_run(&sink->loop);
        }
        return r;
}

int main(int argc, char *argv[]) {
        Sink sink = { .ids_fd = -EBADF };
        int r;

        sink_parse_options(&sink, argc, argv);
        raise_file_limit();
        r = run(&sink);
        if (r < 0)
                (void) fprintf(stderr, "sink: %s\n", strerror(-r));
        else
                sink_report(&sink);
        sink_sessions_close(&sink);
        for (size_t i = 0; i < sink.listener_count; i++)
                sink.listeners[i].watch.fd = safe_close(sink.listeners[i].watch.fd);
        loop_done(&sink.loop);
        if (sink.credentials)
                gnutls_certificate_free_credentials(sink.credentials);
        (void) safe_close(sink.ids_fd);
        buf_done(&sink.scratch);
        buf_done(&sink.lines);
        free(sink.stats.series);
        sink_options_done(&sink);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
