/* SPDX-License-Identifier: MIT */
#pragma once

/* What every daemon has in common: the event loop, signals, and the talk with systemd (readiness, status,
 * watchdog, reload, stop). */

#include <systemd/sd-event.h>

#include "basic/time-format.h"

/* After SIGTERM a daemon finishes what it has begun, but no longer than this: a container is killed after
 * ten seconds. */
#define SERVICE_DRAIN_USEC (8 * USEC_PER_SEC)

typedef struct Service Service;

typedef struct ServiceHooks {
        /* SIGTERM or SIGINT came: start no new work, and call service_exit() when all is finished. Called once. */
        void (*stop)(void *userdata);
        /* SERVICE_DRAIN_USEC are over: give up what is left and call service_exit() at once. May be NULL. */
        void (*stop_now)(void *userdata);
        /* SIGHUP. May be NULL. */
        void (*reload)(void *userdata);
        /* Does the work get on? Asked before each watchdog message. May be NULL. */
        bool (*is_alive)(void *userdata);
} ServiceHooks;

/* Takes over SIGTERM, SIGINT and SIGHUP, ignores SIGPIPE, raises the limit of open files. To be called before
 * threads start. `name` is kept. */
int service_new(const char *name, const ServiceHooks *hooks, void *userdata, Service **ret);
Service *service_free(Service *s);
DEFINE_CLEANUP(Service *, service_free)

sd_event *service_event(Service *s);
const char *service_name(const Service *s);
bool service_is_stopping(const Service *s);

/* Tells systemd that the daemon is ready. */
void service_ready(Service *s);
/* One line for `systemctl status`; sent only when it changed. */
void service_status(Service *s, const char *format, ...) _printf_(2, 3);

/* Runs the loop until service_exit(). Returns the exit status. */
int service_run(Service *s);
void service_exit(Service *s, int status);
