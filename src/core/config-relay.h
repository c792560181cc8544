/* SPDX-License-Identifier: MIT */
#pragma once

/* The addresses of relays: `smtp://HOST[:PORT][?ssl_mode=MODE]`, a URI of RFC 3986 of which the
 * scheme does not matter. */

#include "core/config.h"

#define SMTP_RELAY_PORT 25
#define SMTP_RELAY_SSL_MODE "Auto"

/* Parses one relay; the strings are in the arena. Returns 1; 0 when it names no host; -EINVAL when
 * it is no URI; -ENOMEM. *reterr_text is then what is wrong, as a sentence, or NULL when the host
 * is blank, as in the file that old installations began with. */
int config_relay_parse(Arena *arena, const char *text, SmtpRelay *ret, const char **reterr_text);

/* Whether this is a TLS mode that senders know, `STARTLS` (as Ruby Postal spells it) among them. */
bool config_relay_knows_ssl_mode(const char *ssl_mode);
