/* SPDX-License-Identifier: MIT */
#pragma once

/* What can be wrong with a configuration that loads: numbers out of range, missing files, secrets
 * that everybody can read, settings that contradict each other, names left as in the example.
 * Whether the databases can be reached is not looked at here. */

#include <sys/stat.h>

#include "core/config.h"

/* The file system as the checks see it, so that tests can make one up. */
typedef struct ConfigFs {
        /* As stat(2); returns 0 or a negative errno. */
        int (*stat)(void *userdata, const char *path, struct stat *ret);
        /* Opens for reading; returns a descriptor, which the checks close, or a negative errno. */
        int (*open)(void *userdata, const char *path);
        void *userdata;
} ConfigFs;

/* The one of the kernel. */
extern const ConfigFs config_fs_system;

/* Adds what it finds to the report, which may be the one of config_load(): what was only a warning
 * there becomes an error where it is one. Returns 0, perhaps with warnings; -EINVAL when there is
 * at least one error in the report; or -ENOMEM. */
int config_check(const Config *config, const ConfigFs *fs, ConfigReport *report);
