/* SPDX-License-Identifier: MIT */
#pragma once

/* Telling the other processes of this host that something happened, by touching a file in the
 * runtime directory (RUNTIME_DIRECTORY, else /run/postal), which they watch. Only the name says
 * something; the file is empty. Where there is no such directory, nobody is told: everything must
 * also work without, a little later. */

#include <systemd/sd-event.h>

#include "basic/macro.h"

#define SIGNAL_FILE_DIRECTORY "/run/postal"
/* Objects were changed: drop what was looked up. */
#define SIGNAL_FILE_OBJECTS "objects"
/* Work was queued. */
#define SIGNAL_FILE_WORK "work"

/* Returns 0, also without a runtime directory; or why the file cannot be written. */
int signal_file_touch(const char *name);

/* A file was touched, any number of times. The name is valid during the call. */
typedef void (*signal_file_t)(const char *name, void *userdata);

typedef struct SignalWatch SignalWatch;

/* Calls back when files of the runtime directory are touched. The directory may come and go: it is
 * waited for as long as its parent exists. If it cannot be watched (no inotify left, no parent),
 * that is no failure: nothing is ever called then. */
int signal_watch_new(sd_event *event, signal_file_t callback, void *userdata, SignalWatch **ret);
SignalWatch *signal_watch_free(SignalWatch *w);
DEFINE_CLEANUP(SignalWatch *, signal_watch_free)
/* Whether the directory is there and watched. */
bool signal_watch_is_active(const SignalWatch *w);
