/* SPDX-License-Identifier: MIT */
#pragma once

/* The sockets of a daemon: one epoll of its own, watched by sd-event as a single source, because
 * sd-event dispatches one ready source a turn and slows down with many. Takes up to
 * REACTOR_EVENTS_MAX events a turn. Timeouts live in one heap behind one sd-event timer.
 *
 * ReactorIo and ReactorTimer are members of the caller's objects; zeroed memory is a valid, inactive
 * one. A callback may remove and free any object, its own included: events of a removed source that are
 * still waiting in the same turn are dropped. All of it belongs to the loop's thread. */

#include <sys/epoll.h>
#include <systemd/sd-event.h>

#include "basic/heap.h"
#include "basic/list.h"

#define REACTOR_EVENTS_MAX 256
/* Timers may be this late: those due close together are then one wake-up. */
#define REACTOR_TIMER_ACCURACY_USEC UINT64_C(10000)

typedef struct Reactor Reactor;
typedef struct ReactorIo ReactorIo;
typedef struct ReactorTimer ReactorTimer;
typedef struct ReactorTask ReactorTask;

/* `events` are EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR. */
typedef void (*reactor_io_t)(ReactorIo *io, uint32_t events);
typedef void (*reactor_timer_t)(ReactorTimer *timer);
typedef void (*reactor_task_t)(ReactorTask *task);

struct ReactorIo {
        reactor_io_t callback;
        int fd;
        uint32_t events;
        bool is_active;
};

struct ReactorTimer {
        HeapItem item; /* by monotonic time */
        reactor_timer_t callback;
};

struct ReactorTask {
        ListNode node;
        List *list; /* the one it waits in, or NULL */
        reactor_task_t callback;
};

/* Attaches to the loop. Returns 0 or a negative errno. */
int reactor_new(sd_event *event, Reactor **ret);
/* Sources and timers must have been removed. */
Reactor *reactor_free(Reactor *r);
DEFINE_CLEANUP(Reactor *, reactor_free)

/* Watches `fd`, which stays the caller's, level-triggered. */
int reactor_add(Reactor *r, ReactorIo *io, int fd, uint32_t events, reactor_io_t callback);
/* Nothing happens when `events` are those it has. */
int reactor_modify(Reactor *r, ReactorIo *io, uint32_t events);
void reactor_remove(Reactor *r, ReactorIo *io);

/* Calls back once at or after the monotonic time; replaces an earlier time. */
int reactor_timer_set(Reactor *r, ReactorTimer *timer, uint64_t usec, reactor_timer_t callback);
void reactor_timer_clear(Reactor *r, ReactorTimer *timer);

/* Calls back once in the next turn of the loop; posting again before that does nothing. */
void reactor_post(Reactor *r, ReactorTask *task, reactor_task_t callback);
void reactor_unpost(ReactorTask *task);

/* How many sources are watched. */
size_t reactor_source_count(const Reactor *r);
