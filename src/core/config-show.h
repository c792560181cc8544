/* SPDX-License-Identifier: MIT */
#pragma once

/* Every setting with its value in effect and where that came from. Secrets, and passwords within
 * relays, are shown as stars. */

#include "core/config.h"

/* Appends a table of three columns: setting, value, source. Errors stick in the buffer. */
void config_show_text(const Config *config, Buf *to);

/* Appends a JSON object, and a line feed:
 *     { "path": …, "root": …, "settings": { GROUP: { KEY: { "value": …, "source": … }, … }, … } }
 * The source is "default", "file", "legacy", "environment" or "dotenv"; with it come "line" and
 * "column", or "variable", or "legacy_key". Bytes that are no UTF-8 become U+FFFD. */
void config_show_json(const Config *config, Buf *to);
