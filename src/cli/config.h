/* SPDX-License-Identifier: MIT */
#pragma once

/* `postal config`: argv[0] is "config". Returns the exit status: EXIT_SUCCESS; EXIT_FAILURE when
 * the configuration does not load or the check found an error; EX_USAGE for arguments that make no
 * sense. */
int cli_config(int argc, char *argv[]);
