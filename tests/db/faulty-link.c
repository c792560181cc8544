/* SPDX-License-Identifier: MIT */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "db/faulty-link.h"
#include "db/test-database.h"

#define PAIRS_MAX 16

/* A COMMIT as the client library sends it: a packet of its own, which is read in one piece because
 * the client waits for the answer to the one before it. */
static const char COMMIT_PACKET[] = "\x07\0\0\0\x03"
                                    "COMMIT";
#define COMMIT_SIZE (sizeof(COMMIT_PACKET) - 1)

typedef struct Pair {
        int client;
        int server;
        bool loses_answer;
        /* What the client sends: its packets begin with three bytes of length and a number. */
        unsigned char header[4];
        size_t header_size;
        size_t packet_left;
} Pair;

static struct sockaddr_un own_address = { .sun_family = AF_UNIX };
static char directory[32];
static int listener = -EBADF;
static pthread_t thread;
static _Atomic Fault next_fault;
static _Atomic size_t largest_packet;
static Pair pairs[PAIRS_MAX];
static size_t pair_count;

static int connect_to_server(void) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        (void) snprintf(address.sun_path, sizeof(address.sun_path), "%s",
                        getenv("POSTAL_TEST_DB_SOCKET"));
        if (fd < 0 || connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0)
                abort();
        return fd;
}

static void send_all(int fd, Slice data) {
        while (data.size > 0) {
                ssize_t n = send(fd, data.data, data.size, MSG_NOSIGNAL);

                if (n <= 0)
                        return; /* the reader is told by the other direction */
                data = slice_from(data, (size_t) n);
        }
}

static void measure_packets(Pair *p, Slice data) {
        while (data.size > 0) {
                size_t n = MIN(p->packet_left, data.size);

                p->packet_left -= n;
                data = slice_from(data, n);
                if (data.size == 0)
                        return;
                p->header[p->header_size++] = (unsigned char) data.data[0];
                data = slice_from(data, 1);
                if (p->header_size < sizeof(p->header))
                        continue;
                p->header_size = 0;
                p->packet_left =
                        p->header[0] | (size_t) p->header[1] << 8 | (size_t) p->header[2] << 16;
                if (p->packet_left > largest_packet)
                        largest_packet = p->packet_left;
        }
}

/* Passes on what one side has said. False: the connection is to be closed. */
static bool forward(Pair *p, bool from_client) {
        static char buffer[65536];
        ssize_t n = recv(from_client ? p->client : p->server, buffer, sizeof(buffer), 0);

        if (n <= 0 || (!from_client && p->loses_answer))
                return false;
        if (from_client)
                measure_packets(p, slice_make(buffer, (size_t) n));
        if (from_client && n == COMMIT_SIZE && memcmp(buffer, COMMIT_PACKET, COMMIT_SIZE) == 0) {
                Fault fault = atomic_exchange(&next_fault, FAULT_NONE);

                if (fault == FAULT_COMMIT_LOST)
                        return false;
                p->loses_answer = fault == FAULT_ANSWER_LOST;
        }
        send_all(from_client ? p->server : p->client, slice_make(buffer, (size_t) n));
        return true;
}

static void close_pair(size_t i) {
        (void) safe_close(pairs[i].client);
        (void) safe_close(pairs[i].server);
        pairs[i] = pairs[--pair_count];
}

static void *run(_unused_ void *userdata) {
        for (;;) {
                struct pollfd fds[1 + 2 * PAIRS_MAX] = { { .fd = listener, .events = POLLIN } };

                for (size_t i = 0; i < pair_count; i++) {
                        fds[1 + 2 * i] = (struct pollfd){ pairs[i].client, POLLIN, 0 };
                        fds[2 + 2 * i] = (struct pollfd){ pairs[i].server, POLLIN, 0 };
                }
                if (poll(fds, 1 + 2 * pair_count, -1) < 0)
                        abort();
                /* From the end: the last pair moves into the place of one that is closed. */
                for (size_t i = pair_count; i-- > 0;)
                        if ((fds[1 + 2 * i].revents && !forward(&pairs[i], true)) ||
                            (fds[2 + 2 * i].revents && !forward(&pairs[i], false)))
                                close_pair(i);
                if (fds[0].revents & POLLIN) {
                        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

                        if (fd < 0)
                                return NULL; /* shut down */
                        if (pair_count == PAIRS_MAX)
                                abort();
                        pairs[pair_count++] = (Pair){ .client = fd, .server = connect_to_server() };
                }
        }
}

static void stop(void) {
        (void) shutdown(listener, SHUT_RDWR);
        (void) pthread_join(thread, NULL);
        while (pair_count > 0)
                close_pair(0);
        listener = safe_close(listener);
        (void) unlink(own_address.sun_path);
        (void) rmdir(directory);
}

static void start(void) {
        (void) snprintf(directory, sizeof(directory), "/tmp/postal-link-XXXXXX");
        if (!mkdtemp(directory))
                abort();
        (void) snprintf(own_address.sun_path, sizeof(own_address.sun_path), "%s/s.sock", directory);
        listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (listener < 0 ||
            bind(listener, (struct sockaddr *) &own_address, sizeof(own_address)) < 0 ||
            listen(listener, PAIRS_MAX) < 0 || pthread_create(&thread, NULL, run, NULL) != 0)
                abort();
        (void) atexit(stop);
}

Db *faulty_link_connect(void) {
        if (listener < 0) {
                (void) test_database();
                start();
        }
        return test_database_over(own_address.sun_path);
}

size_t faulty_link_largest_packet(void) {
        return atomic_exchange(&largest_packet, 0);
}

void faulty_link_set(Fault fault) {
        atomic_store(&next_fault, fault);
}
