/* SPDX-License-Identifier: MIT */
#pragma once

/* Puts values into the fields of a Config: the casts of postal.yml(5), ranges, null, relays and
 * networks. */

#include "core/config-origin.h"
#include "core/config-yaml.h"

/* A value that a source has for a setting: a node of the file, or a text. */
typedef struct ConfigOffer {
        ConfigSpot spot;
        const ConfigNode *node; /* NULL: the text counts */
        const char *text;       /* as in an environment variable */
} ConfigOffer;

/* Returns 1 when the setting has the value now; 0 when the next source is to be asked, because the
 * value means nothing for this setting (the report has a warning then); or -ENOMEM. A value with
 * which the installation must not start is an error in the report. */
int config_assign(Config *config, const ConfigKey *key, const ConfigOffer *offer,
                  ConfigReport *report);
