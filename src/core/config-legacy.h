/* SPDX-License-Identifier: MIT */
#pragma once

/* The file format of Postal 1 and 2, whose keys have other names. The names are in the column
 * `legacy` of the table; here is what the table cannot say. */

#include "core/config-table.h"
#include "core/config-yaml.h"

/* The value of a setting in a legacy file, or NULL when it is not there or null, for then the next
 * source counts. Relays, which were mappings there, come as the addresses they are today. */
int config_legacy_find(Arena *arena, const ConfigNode *root, const ConfigKey *key,
                       const ConfigNode **ret);

/* Whether this path was a setting once, but has no effect any more. */
bool config_legacy_is_retired(const char *path);
