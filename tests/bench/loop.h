/* SPDX-License-Identifier: MIT */
#pragma once

/* The event loop of the bench programs: epoll for sockets, a heap for timers, one thread. Times are
 * nanoseconds of the monotonic clock. */

#include <sys/epoll.h>

#include "basic/heap.h"

#define NSEC_PER_SEC UINT64_C(1000000000)
#define NSEC_PER_MSEC UINT64_C(1000000)
#define NSEC_PER_USEC UINT64_C(1000)

typedef struct Watch {
        int fd; /* -EBADF while there is none */
        uint32_t events;
        void (*ready)(struct Watch *w, uint32_t events);
} Watch;

typedef struct Timer {
        HeapItem item;
        void (*fire)(struct Timer *t);
} Timer;

typedef struct Loop {
        int epoll_fd;
        Heap timers;
        Watch signals;
        void (*signalled)(struct Loop *l, int signal_number);
        bool stop; /* set to end loop_run() after the current turn */
} Loop;

uint64_t clock_nsec(void);

/* Returns 0 or a negative errno. Blocks SIGTERM, SIGINT and SIGUSR1 and hands them to `signalled`
 * from within the loop. */
int loop_init(Loop *l, void (*signalled)(Loop *l, int signal_number));
void loop_done(Loop *l);

/* Starts to watch w->fd, or changes the events. Returns 0 or a negative errno. */
int loop_watch(Loop *l, Watch *w, uint32_t events);
/* To be called before the descriptor is closed. The Watch must stay in memory until the callback
 * that runs now has returned; only a watch's own callback or a timer may free it. */
void loop_unwatch(Loop *l, Watch *w);

/* Sets or moves the timer. Memory that is short ends the program. */
void loop_set_timer(Loop *l, Timer *t, uint64_t at_nsec);
void loop_clear_timer(Loop *l, Timer *t);

/* Runs until l->stop. Returns 0 or a negative errno. */
int loop_run(Loop *l);
