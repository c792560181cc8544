/* SPDX-License-Identifier: MIT */
#include "core/clock.h"
#include "core/reactor.h"

struct Reactor {
        sd_event *event;
        sd_event_source *io_source;
        sd_event_source *timer_source;
        sd_event_source *task_source;
        int epoll_fd;
        Heap timers;
        uint64_t armed_usec; /* when timer_source goes off; USEC_INFINITY: never */
        List tasks[2];
        List *posted; /* the one that new tasks go into */
        size_t sources;
        /* The events of this turn that have not been dispatched yet. */
        struct epoll_event *pending;
        int pending_count;
};

static void take_out(ReactorTask *task) {
        list_remove(task->list, &task->node);
        task->list = NULL;
}

static int on_tasks(sd_event_source *s, void *userdata) {
        Reactor *r = userdata;
        List *due = r->posted;

        /* What is posted meanwhile goes into the other list, for the next turn. */
        r->posted = due == &r->tasks[0] ? &r->tasks[1] : &r->tasks[0];
        while (due->first) {
                ReactorTask *task = LIST_ITEM(due->first, ReactorTask, node);

                take_out(task);
                task->callback(task);
        }
        if (!r->posted->first)
                (void) sd_event_source_set_enabled(s, SD_EVENT_OFF);
        return 0;
}

static int on_io(_unused_ sd_event_source *s, _unused_ int fd, _unused_ uint32_t revents, void *userdata) {
        Reactor *r = userdata;
        struct epoll_event events[REACTOR_EVENTS_MAX];
        int n;

        n = epoll_wait(r->epoll_fd, events, REACTOR_EVENTS_MAX, 0);
        if (n < 0)
                return errno == EINTR ? 0 : -errno;
        for (int i = 0; i < n; i++) {
                ReactorIo *io = events[i].data.ptr;

                r->pending = events + i + 1;
                r->pending_count = n - i - 1;
                if (io)
                        io->callback(io, events[i].events);
        }
        r->pending_count = 0;
        return 0;
}

static void arm_timer(Reactor *r) {
        HeapItem *first = heap_peek(&r->timers);

        /* Armed for an earlier time, it wakes up once in vain: cheaper than setting it again whenever
         * the first of many timeouts is moved. */
        if (!first || first->key >= r->armed_usec)
                return;
        r->armed_usec = first->key;
        (void) sd_event_source_set_time(r->timer_source, first->key);
        (void) sd_event_source_set_enabled(r->timer_source, SD_EVENT_ONESHOT);
}

static int on_timer(_unused_ sd_event_source *s, _unused_ uint64_t usec, void *userdata) {
        Reactor *r = userdata;
        uint64_t now = clock_monotonic();
        HeapItem *first;

        r->armed_usec = USEC_INFINITY;
        while ((first = heap_peek(&r->timers)) && first->key <= now) {
                ReactorTimer *timer = container_of(first, ReactorTimer, item);

                heap_remove(&r->timers, first);
                timer->callback(timer);
        }
        arm_timer(r);
        return 0;
}

int reactor_new(sd_event *event, Reactor **ret) {
        _cleanup_(reactor_freep) Reactor *r = calloc(1, sizeof(Reactor));
        int k;

        assert(event && ret);

        if (!r)
                return -ENOMEM;
        r->event = sd_event_ref(event);
        r->armed_usec = USEC_INFINITY;
        r->posted = &r->tasks[0];
        r->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        if (r->epoll_fd < 0)
                return -errno;
        k = sd_event_add_io(event, &r->io_source, r->epoll_fd, EPOLLIN, on_io, r);
        if (k < 0)
                return k;
        k = sd_event_add_time(event, &r->timer_source, CLOCK_MONOTONIC, USEC_INFINITY,
                              REACTOR_TIMER_ACCURACY_USEC, on_timer, r);
        if (k < 0)
                return k;
        k = sd_event_source_set_enabled(r->timer_source, SD_EVENT_OFF);
        if (k < 0)
                return k;
        k = sd_event_add_defer(event, &r->task_source, on_tasks, r);
        if (k < 0)
                return k;
        k = sd_event_source_set_enabled(r->task_source, SD_EVENT_OFF);
        if (k < 0)
                return k;
        *ret = TAKE_PTR(r);
        return 0;
}

Reactor *reactor_free(Reactor *r) {
        if (!r)
                return NULL;
        assert(r->sources == 0);
        sd_event_source_unref(r->io_source);
        sd_event_source_unref(r->timer_source);
        sd_event_source_unref(r->task_source);
        sd_event_unref(r->event);
        (void) safe_close(r->epoll_fd);
        heap_done(&r->timers);
        return mfree(r);
}

int reactor_add(Reactor *r, ReactorIo *io, int fd, uint32_t events, reactor_io_t callback) {
        struct epoll_event e = { .events = events, .data.ptr = io };

        assert(!io->is_active);

        if (epoll_ctl(r->epoll_fd, EPOLL_CTL_ADD, fd, &e) < 0)
                return -errno;
        *io = (ReactorIo){ .callback = callback, .fd = fd, .events = events, .is_active = true };
        r->sources++;
        return 0;
}

int reactor_modify(Reactor *r, ReactorIo *io, uint32_t events) {
        struct epoll_event e = { .events = events, .data.ptr = io };

        assert(io->is_active);

        if (io->events == events)
                return 0;
        if (epoll_ctl(r->epoll_fd, EPOLL_CTL_MOD, io->fd, &e) < 0)
                return -errno;
        io->events = events;
        return 0;
}

void reactor_remove(Reactor *r, ReactorIo *io) {
        if (!io->is_active)
                return;
        (void) epoll_ctl(r->epoll_fd, EPOLL_CTL_DEL, io->fd, NULL);
        io->is_active = false;
        r->sources--;
        for (int i = 0; i < r->pending_count; i++)
                if (r->pending[i].data.ptr == io)
                        r->pending[i].data.ptr = NULL;
}

int reactor_timer_set(Reactor *r, ReactorTimer *timer, uint64_t usec, reactor_timer_t callback) {
        int k;

        timer->callback = callback;
        k = heap_put(&r->timers, &timer->item, usec);
        if (k < 0)
                return k;
        arm_timer(r);
        return 0;
}

void reactor_timer_clear(Reactor *r, ReactorTimer *timer) {
        heap_remove(&r->timers, &timer->item);
}

void reactor_post(Reactor *r, ReactorTask *task, reactor_task_t callback) {
        task->callback = callback;
        if (task->list)
                return;
        task->list = r->posted;
        list_append(r->posted, &task->node);
        (void) sd_event_source_set_enabled(r->task_source, SD_EVENT_ON);
}

void reactor_unpost(ReactorTask *task) {
        if (task->list)
                take_out(task);
}

size_t reactor_source_count(const Reactor *r) {
        return r->sources;
}
