/* SPDX-License-Identifier: MIT */
#pragma once

/* A name server in the test's own loop, for libunbound to ask: UDP, on a loopback port that the kernel chooses. What it has is a
 * table; what is not in it does not exist. */

#include <systemd/sd-event.h>

#include "core/dns.h"

typedef enum ZoneAction {
        ZONE_ANSWER,
        ZONE_SERVFAIL,
        ZONE_SILENT,
} ZoneAction;

typedef struct ZoneRecord {
        const char *name;
        DnsType type;
        const char *data;      /* MX: "10 mx.example"; addresses and names as text */
        ZoneAction action;     /* for this name and type */
} ZoneRecord;

typedef struct DnsServer {
        sd_event_source *source;
        int fd;
        char resolv_conf[64]; /* the path of a file that names this server */
        const ZoneRecord *zone;
        size_t count;
        unsigned queries; /* answered or not */
} DnsServer;

/* Ends the test when it cannot. */
void dns_server_start(DnsServer *s, sd_event *event, const ZoneRecord *zone, size_t count);
void dns_server_stop(DnsServer *s);
