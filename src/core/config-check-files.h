/* SPDX-License-Identifier: MIT */
#pragma once

/* The part of config_check() that looks at files. */

#include "core/config-check.h"

void config_check_files(const Config *config, const ConfigFs *fs, ConfigReport *report);
