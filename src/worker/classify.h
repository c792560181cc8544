/* SPDX-License-Identifier: MIT */
#pragma once

/* What a server's reply means for a message, in the reference's words (postal-core 6.3 to 6.5). */

#include "basic/arena.h"
#include "model/settle.h"
#include "worker/smtp-client.h"

/* "192.0.2.1:25 (mx1.example.com)", and the source address if one was chosen. */
typedef struct SendRoute {
        const char *address;
        unsigned port;
        const char *host;
        const char *source; /* or NULL */
} SendRoute;

typedef struct SendOutcome {
        DeliveryStatus status;
        const char *details; /* in the arena */
        const char *output;  /* in the arena */
        bool retries;
        unsigned retry_sec; /* 0: by the schedule */
} SendOutcome;

/* The reply that decided a transaction. */
int classify_result(const SmtpResult *result, const SendRoute *route, const char *rcpt_to, Arena *arena,
                    SendOutcome *ret);
/* The connection broke, or the server was silent, before it could be said what became of the message. */
int classify_lost(const char *why, bool is_timeout, const SendRoute *route, Arena *arena, SendOutcome *ret);
/* No server could be reached. `hosts` are the names tried, each once; `errors` what went wrong with each. */
int classify_unreachable(const char *domain, const char *const *hosts, size_t host_count, const char *errors,
                         Arena *arena, SendOutcome *ret);
