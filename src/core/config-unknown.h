/* SPDX-License-Identifier: MIT */
#pragma once

/* Warnings about what stands in the file without being a setting. Like Ruby Postal we start in
 * spite of it; unlike Ruby Postal we say so, and guess what was meant. */

#include "core/config-yaml.h"

void config_report_unknown(const ConfigNode *root, const char *path, ConfigReport *report);
void config_report_unknown_legacy(const ConfigNode *root, const char *path, ConfigReport *report);
