/* SPDX-License-Identifier: MIT */
#pragma once

/* Runs a libmicrohttpd daemon, started with MHD_USE_EPOLL and no thread of its own, in the event loop. */

#include <microhttpd.h>
#include <systemd/sd-event.h>

#include "basic/macro.h"

typedef struct MhdLoop MhdLoop;

/* Watches the daemon from now on. The daemon stays the caller's, and must outlive the MhdLoop. */
int mhd_loop_new(sd_event *event, struct MHD_Daemon *daemon, MhdLoop **ret);
MhdLoop *mhd_loop_free(MhdLoop *l);
DEFINE_CLEANUP(MhdLoop *, mhd_loop_free)

/* Lets the daemon work soon. To be called after MHD_resume_connection(). */
void mhd_loop_kick(MhdLoop *l);
