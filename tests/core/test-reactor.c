/* SPDX-License-Identifier: MIT */
#include <sys/eventfd.h>

#include "core/clock.h"
#include "core/reactor.h"
#include "test.h"

typedef struct Thing {
        ReactorIo io;
        ReactorTimer timer;
        ReactorTask task;
        Reactor *reactor;
        int fd;
        unsigned called;
        struct Thing *victim;
} Thing;

static sd_event *event;
static Reactor *reactor;

static void set_up(void) {
        CHECK(sd_event_new(&event) >= 0);
        CHECK_INT(reactor_new(event, &reactor), 0);
}

static void tear_down(void) {
        reactor = reactor_free(reactor);
        event = sd_event_unref(event);
}

static void turn(void) {
        CHECK(sd_event_run(event, 0) >= 0);
}

static void on_io(ReactorIo *io, uint32_t events) {
        Thing *t = container_of(io, Thing, io);

        CHECK(events & EPOLLIN);
        t->called++;
        if (t->victim) {
                reactor_remove(reactor, &t->victim->io);
                memset(&t->victim->io, 0xff, sizeof(t->victim->io)); /* as if freed */
                t->victim = NULL;
        }
}

static Thing *thing_new(void) {
        Thing *t = calloc(1, sizeof(Thing));

        t->fd = eventfd(1, EFD_NONBLOCK);
        CHECK_INT(reactor_add(reactor, &t->io, t->fd, EPOLLIN, on_io), 0);
        return t;
}

TEST(all_ready_sources_are_called_in_one_turn) {
        Thing *things[100];

        set_up();
        for (size_t i = 0; i < ELEMENTSOF(things); i++)
                things[i] = thing_new();
        CHECK_INT(reactor_source_count(reactor), 100);
        turn();
        for (size_t i = 0; i < ELEMENTSOF(things); i++) {
                CHECK_INT(things[i]->called, 1);
                reactor_remove(reactor, &things[i]->io);
                close(things[i]->fd);
                free(things[i]);
        }
        tear_down();
}

TEST(a_source_removed_by_another_is_not_called) {
        Thing *a, *b;

        set_up();
        a = thing_new();
        b = thing_new();
        a->victim = b;
        b->victim = a;
        turn();
        CHECK_INT(a->called + b->called, 1);
        if (a->called)
                reactor_remove(reactor, &a->io);
        else
                reactor_remove(reactor, &b->io);
        CHECK_INT(reactor_source_count(reactor), 0);
        close(a->fd);
        close(b->fd);
        free(a);
        free(b);
        tear_down();
}

static void on_timer(ReactorTimer *timer) {
        Thing *t = container_of(timer, Thing, timer);

        t->called++;
        if (t->victim)
                reactor_timer_clear(reactor, &t->victim->timer);
}

TEST(timers_fire_in_their_time_and_can_be_moved) {
        Thing a = { 0 }, b = { 0 }, c = { 0 };
        uint64_t now;

        set_up();
        now = clock_monotonic();
        CHECK_INT(reactor_timer_set(reactor, &a.timer, now, on_timer), 0);
        CHECK_INT(reactor_timer_set(reactor, &b.timer, now, on_timer), 0);
        CHECK_INT(reactor_timer_set(reactor, &b.timer, now + USEC_PER_HOUR, on_timer), 0);
        CHECK_INT(reactor_timer_set(reactor, &c.timer, now + 1, on_timer), 0);
        a.victim = &c;
        while (a.called == 0)
                CHECK(sd_event_run(event, 1000000) >= 0);
        turn();
        CHECK_INT(a.called, 1);
        CHECK_INT(b.called, 0);
        CHECK_INT(c.called, 0);
        reactor_timer_clear(reactor, &b.timer);
        tear_down();
}

static void on_task(ReactorTask *task) {
        Thing *t = container_of(task, Thing, task);

        if (++t->called < 3)
                reactor_post(reactor, &t->task, on_task);
        if (t->victim)
                reactor_unpost(&t->victim->task);
}

TEST(tasks_run_once_for_each_posting) {
        Thing a = { 0 }, b = { 0 };

        set_up();
        reactor_post(reactor, &a.task, on_task);
        reactor_post(reactor, &a.task, on_task);
        reactor_post(reactor, &b.task, on_task);
        a.victim = &b;
        turn();
        CHECK_INT(a.called, 1);
        CHECK_INT(b.called, 0);
        turn();
        turn();
        turn();
        CHECK_INT(a.called, 3);
        tear_down();
}
