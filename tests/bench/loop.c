/* SPDX-License-Identifier: MIT */

/* Level-triggered, one read per readiness: for short request-and-answer traffic that is one
 * epoll_wait for many sockets and no read that finds nothing. Waits have the kernel's full
 * resolution: an open-loop load that rounds to milliseconds would measure its own rounding. */

#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <time.h>

#include "bench/loop.h"

#define EVENTS_MAX 256

uint64_t clock_nsec(void) {
        struct timespec now;

        (void) clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t) now.tv_sec * NSEC_PER_SEC + (uint64_t) now.tv_nsec;
}

static void on_signal(Watch *w, uint32_t events) {
        Loop *l = container_of(w, Loop, signals);
        struct signalfd_siginfo info;

        (void) events;
        while (read(w->fd, &info, sizeof(info)) == sizeof(info))
                l->signalled(l, (int) info.ssi_signo);
}

int loop_init(Loop *l, void (*signalled)(Loop *l, int signal_number)) {
        sigset_t set;
        int r;

        *l = (Loop){ .signalled = signalled, .signals = { .fd = -EBADF, .ready = on_signal } };
        (void) prctl(PR_SET_TIMERSLACK, 1000UL);
        (void) sigemptyset(&set);
        (void) sigaddset(&set, SIGTERM);
        (void) sigaddset(&set, SIGINT);
        (void) sigaddset(&set, SIGUSR1);
        (void) sigprocmask(SIG_BLOCK, &set, NULL);
        l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        if (l->epoll_fd < 0)
                return -errno;
        l->signals.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
        r = l->signals.fd < 0 ? -errno : loop_watch(l, &l->signals, EPOLLIN);
        if (r < 0)
                loop_done(l);
        return r;
}

void loop_done(Loop *l) {
        l->signals.fd = safe_close(l->signals.fd);
        l->epoll_fd = safe_close(l->epoll_fd);
        heap_done(&l->timers);
}

int loop_watch(Loop *l, Watch *w, uint32_t events) {
        struct epoll_event e = { .events = events, .data.ptr = w };
        int operation = w->events == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;

        /* EPOLLET alone asks for nothing, but keeps errors and hang-ups from spinning. */
        if (events == 0)
                e.events = EPOLLET;
        if (w->events == e.events)
                return 0;
        if (epoll_ctl(l->epoll_fd, operation, w->fd, &e) < 0)
                return -errno;
        w->events = e.events;
        return 0;
}

void loop_unwatch(Loop *l, Watch *w) {
        if (w->events == 0)
                return;
        (void) epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, w->fd, NULL);
        w->events = 0;
}

void loop_set_timer(Loop *l, Timer *t, uint64_t at_nsec) {
        if (heap_put(&l->timers, &t->item, at_nsec) < 0)
                abort();
}

void loop_clear_timer(Loop *l, Timer *t) {
        heap_remove(&l->timers, &t->item);
}

/* Runs what is due; a timer that sets itself again for now waits for the next turn. */
static void fire_timers(Loop *l) {
        uint64_t now;
        HeapItem *item = heap_peek(&l->timers);

        if (!item)
                return;
        now = clock_nsec();
        while ((item = heap_peek(&l->timers)) && item->key < now && !l->stop) {
                Timer *t = container_of(item, Timer, item);

                heap_remove(&l->timers, item);
                t->fire(t);
        }
}

static int wait_for_events(Loop *l, struct epoll_event *events) {
        HeapItem *next = heap_peek(&l->timers);
        struct timespec wait = { 0 };
        uint64_t now, nsec = 0;
        long n;

        if (!next)
                return epoll_wait(l->epoll_fd, events, EVENTS_MAX, -1);
        now = clock_nsec();
        if (next->key > now)
                nsec = next->key - now;
        wait.tv_sec = (time_t) (nsec / NSEC_PER_SEC);
        wait.tv_nsec = (long) (nsec % NSEC_PER_SEC);
        /* Not every libc we build with has the function yet. */
        n = syscall(SYS_epoll_pwait2, l->epoll_fd, events, EVENTS_MAX, &wait, NULL, 0);
        if (n >= 0 || errno != ENOSYS)
                return (int) n;
        return epoll_wait(l->epoll_fd, events, EVENTS_MAX, (int) (nsec / NSEC_PER_MSEC) + 1);
}

int loop_run(Loop *l) {
        struct epoll_event events[EVENTS_MAX];

        while (!l->stop) {
                int n = wait_for_events(l, events);

                if (n < 0) {
                        if (errno == EINTR)
                                continue;
                        return -errno;
                }
                for (int i = 0; i < n; i++) {
                        Watch *w = events[i].data.ptr;

                        w->ready(w, events[i].events);
                }
                fire_timers(l);
        }
        return 0;
}
