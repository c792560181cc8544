/* SPDX-License-Identifier: MIT */
#pragma once

/* Asking somebody at the terminal, or who feeds the answers through a pipe. */

#include "basic/macro.h"

#define CLI_ANSWER_MAX 1024

/* Prints the label and reads a line without its end; what is longer than CLI_ANSWER_MAX is cut. On
 * a terminal, a secret shows as asterisks. The end of the input is an empty answer. -EINTR: Ctrl-C.
 */
int cli_ask(const char *label, bool is_secret, char ret[static CLI_ANSWER_MAX + 1]);
/* After the last question: from the first one on, Ctrl-C only ends the asking. */
void cli_ask_end(void);
