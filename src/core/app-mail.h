/* SPDX-License-Identifier: MIT */
#pragma once

/* The platform's own mail (password resets, notices, test messages), handed to the SMTP server that
 * the `smtp` section of the configuration names. Blocks: for jobs of the pool, and the command
 * line. */

#include "basic/buf.h"
#include "core/config.h"

#define APP_MAIL_TIMEOUT_USEC (10 * UINT64_C(1000000))

typedef struct AppMail {
        const char *to;      /* one address */
        const char *subject; /* UTF-8, as the text */
        const char *text;    /* lines end with LF */
} AppMail;

/* Whether it can be written in an envelope: something on both sides of an @, and nothing that would
 * end the command. */
bool app_mail_address_is_valid(const char *address);

/* Sends the mail: returns 0 when the server has taken it. -ETIMEDOUT: not within the time;
 * -EBADMSG: the server refused; -EINVAL: the addresses or the settings cannot be used; or why the
 * connection failed. Then a sentence is appended to `reterr`, which never holds the password. */
int app_mail_send(const Config *config, const AppMail *mail, uint64_t timeout_usec, Buf *reterr);
