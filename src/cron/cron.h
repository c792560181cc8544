/* SPDX-License-Identifier: MIT */
#pragma once

#include "core/config.h"

/* Runs cron until it is told to stop. Returns the exit status. */
int cron_run(const Config *config);
