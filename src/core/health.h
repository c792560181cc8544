/* SPDX-License-Identifier: MIT */
#pragma once

/* The health port of a daemon: GET /health says OK, /metrics gives the metrics, / names the process. */

#include <systemd/sd-event.h>

#include "basic/macro.h"

typedef struct Health Health;

/* Listens on address and port ("smtp-server" is the name that / shows). A port in use is no failure of
 * the process: it is logged, *ret is NULL and 0 is returned, as with port 0. */
int health_new(sd_event *event, const char *name, const char *address, unsigned port, Health **ret);
Health *health_free(Health *h);
DEFINE_CLEANUP(Health *, health_free)
