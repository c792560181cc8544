/* SPDX-License-Identifier: MIT */
#pragma once

#include "core/config.h"

/* Runs a worker until it is told to stop. Returns the exit status. */
int worker_run(const Config *config);
