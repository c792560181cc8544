/* SPDX-License-Identifier: MIT */
#include <unistd.h>

#include "basic/macro.h"
#include "core/state-directory.h"

#define STATE_DIRECTORY_DEFAULT "/var/lib/postal"

const char *state_directory(void) {
        const char *directory = getenv("STATE_DIRECTORY");

        if (!directory || !*directory)
                directory = STATE_DIRECTORY_DEFAULT;
        return access(directory, W_OK | X_OK) == 0 ? directory : NULL;
}
