/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>

#include "basic/buf.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/service.h"

struct Service {
        const char *name;
        ServiceHooks hooks;
        void *userdata;
        sd_event *event;
        sd_event_source *watchdog;
        sd_event_source *drain;
        uint64_t watchdog_usec;
        char *status;
        bool is_stopping;
        int exit_status;
};

static int on_drain_timeout(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata) {
        Service *s = userdata;

        log_warning(NO_FIELDS, "Not everything was finished in time, giving up the rest");
        if (s->hooks.stop_now)
                s->hooks.stop_now(s->userdata);
        else
                service_exit(s, EXIT_SUCCESS);
        return 0;
}

static int on_stop(_unused_ sd_event_source *source, const struct signalfd_siginfo *si, void *userdata) {
        Service *s = userdata;

        if (s->is_stopping)
                return 0;
        s->is_stopping = true;
        log_info(NO_FIELDS, "Received %s signal, shutting down.", si->ssi_signo == SIGINT ? "INT" : "TERM");
        (void) sd_notify(false, "STOPPING=1\nSTATUS=Finishing what has begun");
        (void) sd_event_add_time_relative(s->event, &s->drain, CLOCK_MONOTONIC, SERVICE_DRAIN_USEC, 0,
                                          on_drain_timeout, s);
        s->hooks.stop(s->userdata);
        return 0;
}

static int on_reload(_unused_ sd_event_source *source, _unused_ const struct signalfd_siginfo *si,
                     void *userdata) {
        Service *s = userdata;

        (void) sd_notifyf(false, "RELOADING=1\nMONOTONIC_USEC=%llu",
                          (unsigned long long) clock_monotonic());
        if (s->hooks.reload)
                s->hooks.reload(s->userdata);
        (void) sd_notify(false, "READY=1");
        return 0;
}

static int on_watchdog(sd_event_source *source, uint64_t usec, void *userdata) {
        Service *s = userdata;

        if (!s->hooks.is_alive || s->hooks.is_alive(s->userdata))
                (void) sd_notify(false, "WATCHDOG=1");
        (void) sd_event_source_set_time(source, usec + s->watchdog_usec / 3);
        (void) sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
        return 0;
}

static void raise_file_limit(void) {
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= limit.rlim_max)
                return;
        limit.rlim_cur = limit.rlim_max;
        (void) setrlimit(RLIMIT_NOFILE, &limit);
}

static int set_up_signals(Service *s) {
        sigset_t set;
        int r;

        (void) sigemptyset(&set);
        (void) sigaddset(&set, SIGTERM);
        (void) sigaddset(&set, SIGINT);
        (void) sigaddset(&set, SIGHUP);
        if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
                return -errno;
        (void) signal(SIGPIPE, SIG_IGN);
        r = sd_event_add_signal(s->event, NULL, SIGTERM, on_stop, s);
        if (r >= 0)
                r = sd_event_add_signal(s->event, NULL, SIGINT, on_stop, s);
        if (r >= 0)
                r = sd_event_add_signal(s->event, NULL, SIGHUP, on_reload, s);
        return r;
}

int service_new(const char *name, const ServiceHooks *hooks, void *userdata, Service **ret) {
        _cleanup_(service_freep) Service *s = calloc(1, sizeof(Service));
        int r;

        assert(hooks->stop);

        if (!s)
                return -ENOMEM;
        s->name = name;
        s->hooks = *hooks;
        s->userdata = userdata;
        r = sd_event_new(&s->event);
        if (r < 0)
                return r;
        r = set_up_signals(s);
        if (r < 0)
                return r;
        raise_file_limit();
        if (sd_watchdog_enabled(false, &s->watchdog_usec) > 0) {
                r = sd_event_add_time(s->event, &s->watchdog, CLOCK_MONOTONIC,
                                      clock_monotonic() + s->watchdog_usec / 3, 0, on_watchdog, s);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(s);
        return 0;
}

Service *service_free(Service *s) {
        if (!s)
                return NULL;
        sd_event_source_disable_unref(s->watchdog);
        sd_event_source_disable_unref(s->drain);
        sd_event_unref(s->event);
        free(s->status);
        return mfree(s);
}

sd_event *service_event(Service *s) {
        return s->event;
}

const char *service_name(const Service *s) {
        return s->name;
}

bool service_is_stopping(const Service *s) {
        return s->is_stopping;
}

void service_ready(_unused_ Service *s) {
        (void) sd_notify(false, "READY=1");
}

void service_status(Service *s, const char *format, ...) {
        _cleanup_(buf_done) Buf text = BUF_EMPTY;
        va_list ap;

        va_start(ap, format);
        buf_vprintf(&text, format, ap);
        va_end(ap);
        if (s->is_stopping || streq(buf_string(&text), strempty(s->status)))
                return;
        free(s->status);
        s->status = buf_take(&text);
        if (s->status)
                (void) sd_notifyf(false, "STATUS=%s", s->status);
}

int service_run(Service *s) {
        int r = sd_event_loop(s->event);

        if (r < 0) {
                log_error(FIELDS(FIELD_ERRNO(r)), "The event loop failed: %s", strerror(-r));
                return EXIT_FAILURE;
        }
        return s->exit_status;
}

void service_exit(Service *s, int status) {
        s->exit_status = status;
        (void) sd_event_exit(s->event, 0);
}
