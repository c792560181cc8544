/* SPDX-License-Identifier: MIT */
#pragma once

/* A connection to a server that talks in lines, for code that may block: jobs of the pool, and the
 * command line. One deadline holds for everything, also for finding the address. */

#include "basic/buf.h"
#include "core/tls.h"

#define LINE_CLIENT_LINE_MAX ((size_t) 4096)

typedef struct LineClient LineClient;

/* Connects to the first address of the host that accepts. `deadline_usec` is monotonic time. The
 * sentence for a failure is appended to `reterr`, here and below. -ETIMEDOUT: the deadline has
 * passed; other errors as they are. */
int line_client_connect(const char *host, unsigned port, uint64_t deadline_usec, LineClient **ret,
                        Buf *reterr);
LineClient *line_client_free(LineClient *c);
DEFINE_CLEANUP(LineClient *, line_client_free)

/* The next line without its end; valid until the next call. -EPIPE: the server hung up; -EMSGSIZE:
 * the line is too long. */
int line_client_read(LineClient *c, Slice *ret, Buf *reterr);
int line_client_write(LineClient *c, Slice data, Buf *reterr);

/* Begins TLS. -EPROTO when the server has said more than it was asked: that was not encrypted and
 * must not be taken for what comes later. `verify`: the certificate must be good for the host. */
int line_client_start_tls(LineClient *c, bool verify, Buf *reterr);
bool line_client_has_tls(const LineClient *c);
