/* SPDX-License-Identifier: MIT */
#pragma once

#include "core/config.h"

/* Runs the requeuer until it is told to stop. Returns the exit status. */
int requeuer_run(const Config *config);
