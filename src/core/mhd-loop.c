/* SPDX-License-Identifier: MIT */
/* The daemon's own epoll is edge-triggered, so "timeout 0" means there is work left that no event will
 * announce: a deferred source, not a timer, calls it again. */
#include "core/clock.h"
#include "core/mhd-loop.h"

#define TIMER_ACCURACY_USEC USEC_PER_MSEC

struct MhdLoop {
        struct MHD_Daemon *daemon;
        sd_event_source *io;
        sd_event_source *timer;
        sd_event_source *again;
};

static void run(MhdLoop *l) {
        MHD_UNSIGNED_LONG_LONG timeout_msec;

        (void) MHD_run(l->daemon);
        if (MHD_get_timeout(l->daemon, &timeout_msec) != MHD_YES) {
                (void) sd_event_source_set_enabled(l->timer, SD_EVENT_OFF);
                return;
        }
        if (timeout_msec == 0) {
                (void) sd_event_source_set_enabled(l->again, SD_EVENT_ONESHOT);
                return;
        }
        (void) sd_event_source_set_time(l->timer, clock_monotonic() + timeout_msec * USEC_PER_MSEC);
        (void) sd_event_source_set_enabled(l->timer, SD_EVENT_ONESHOT);
}

static int on_io(_unused_ sd_event_source *s, _unused_ int fd, _unused_ uint32_t events, void *userdata) {
        run(userdata);
        return 0;
}

static int on_timer(_unused_ sd_event_source *s, _unused_ uint64_t usec, void *userdata) {
        run(userdata);
        return 0;
}

static int on_again(_unused_ sd_event_source *s, void *userdata) {
        run(userdata);
        return 0;
}

int mhd_loop_new(sd_event *event, struct MHD_Daemon *daemon, MhdLoop **ret) {
        _cleanup_(mhd_loop_freep) MhdLoop *l = calloc(1, sizeof(MhdLoop));
        const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
        int r;

        if (!l)
                return -ENOMEM;
        if (!info)
                return -EINVAL;
        l->daemon = daemon;
        r = sd_event_add_io(event, &l->io, info->epoll_fd, EPOLLIN, on_io, l);
        if (r < 0)
                return r;
        r = sd_event_add_time(event, &l->timer, CLOCK_MONOTONIC, USEC_INFINITY, TIMER_ACCURACY_USEC,
                              on_timer, l);
        if (r < 0)
                return r;
        r = sd_event_add_defer(event, &l->again, on_again, l);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(l);
        return 0;
}

MhdLoop *mhd_loop_free(MhdLoop *l) {
        if (!l)
                return NULL;
        sd_event_source_disable_unref(l->io);
        sd_event_source_disable_unref(l->timer);
        sd_event_source_disable_unref(l->again);
        return mfree(l);
}

void mhd_loop_kick(MhdLoop *l) {
        (void) sd_event_source_set_enabled(l->again, SD_EVENT_ONESHOT);
}
