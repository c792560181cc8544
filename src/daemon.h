/* SPDX-License-Identifier: MIT */
#pragma once

#include "core/config.h"

/* The commands that run a daemon: `postal smtp-server` and its like. */
typedef struct DaemonCommand {
        const char *name;
        const char *summary;
        int (*run)(const Config *config);
} DaemonCommand;

/* Reads the options, loads the configuration, opens the log, and runs the daemon. Returns the exit status. */
int daemon_main(const DaemonCommand *command, int argc, char *argv[]);
