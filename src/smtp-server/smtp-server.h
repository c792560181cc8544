/* SPDX-License-Identifier: MIT */
#pragma once

#include "core/config.h"

/* Runs the SMTP server until it is told to stop. Returns the exit status. */
int smtp_server_run(const Config *config);
