/* SPDX-License-Identifier: MIT */
#pragma once

/* Parts of the scripts that peers go by, and the rig with one peer. */

#include "rig.h"

#define HELLO "220 mx", "< EHLO me.example", "250 mx"
#define ENVELOPE "< MAIL FROM:<me@rp.example>*", "250 ok", "< RCPT TO:<jo@*>", "250 ok", "< DATA", "354 go"
#define MESSAGE ENVELOPE, "<<", "250 taken"
#define MESSAGES "mark", MESSAGE, "loop"

#define SENT_BY(address, port, host) "Sent|Message for jo@a.example accepted by " address ":" port " (" host ")|250 taken"
#define SENT SENT_BY("127.0.0.1", "A", "mx.example")
#define LOST(reason) "SoftFail 300|An error occurred while sending the message to 127.0.0.1:A (mx.example)|" reason
#define TEMPORARY(reason)                                                                                            \
        "SoftFail 300|Temporary SMTP delivery error when sending to 127.0.0.1:A (mx.example)|" reason
#define PERMANENT(reason)                                                                                            \
        "HardFail|Permanent SMTP delivery error when sending to 127.0.0.1:A (mx.example)|" reason
#define UNREACHABLE(hosts, reason)                                                                                   \
        "SoftFail 300|No SMTP servers were available for a.example. " hosts "|" reason

/* The only server of every domain. */
static inline Peer *one_peer(const char *const *script) {
        Peer *p = rig_peer("127.0.0.1", false);

        peer_script(p, script);
        rig_hosts({ .name = "mx.example", .peer = p });
        return p;
}
