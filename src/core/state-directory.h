/* SPDX-License-Identifier: MIT */
#pragma once

/* The directory that keeps a service's own files between its starts: STATE_DIRECTORY as systemd sets it, else
 * /var/lib/postal if it is there and can be written to. NULL: there is none, and nothing is kept. */
const char *state_directory(void);
