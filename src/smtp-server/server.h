/* SPDX-License-Identifier: MIT */
#pragma once

/* The SMTP server as a whole: listeners, connections, and what they share. All in the loop's thread. */

#include "core/address-matcher.h"
#include "core/config.h"
#include "core/dns.h"
#include "core/health.h"
#include "core/service.h"
#include "core/signal-file.h"
#include "core/stream.h"
#include "smtp-server/committer.h"
#include "smtp-server/resolver.h"

#define LISTENERS_MAX 32

typedef struct SmtpServer SmtpServer;

typedef struct Listener {
        SmtpServer *server;
        ReactorIo io;
        int fd;
        SmtpRole role;
} Listener;

struct SmtpServer {
        const Config *config;
        Service *service;
        Reactor *reactor;
        Pool *pool; /* look-ups */
        Directory *directory;
        Committer *committer;
        Throttle *throttle;
        Dns *dns;
        Health *health;
        TlsServer *tls; /* NULL: no TLS */
        AddressMatcher *muted_addresses;
        SignalWatch *watch;
        SmtpPolicy policy;
        ResolverRules rules;
        Listener listeners[LISTENERS_MAX];
        size_t listener_count;
        List connections;
        size_t receiving; /* connections on which a message is coming in */
        uint64_t accepted_messages;
        bool is_draining;
        ReactorTimer status_timer;
        struct timespec tls_changed; /* of the certificate's file, when it was loaded */
};

/* Takes the descriptor, also on failure. */
void connection_accept(SmtpServer *server, SmtpRole role, int fd, const SockAddr *peer);
/* Says 421 to all that are idle now, and to the others when their transaction ends. */
void connections_drain(SmtpServer *server);
/* Closes all, whatever they do. Those whose message is being stored go when that is done. */
void connections_close(SmtpServer *server);
/* Frees all that are closed; at the end, when the committer has ended too. */
void connections_free(SmtpServer *server);

/* Opens the sockets passed by systemd, or binds its own. Returns 0 or a negative errno, with the reason logged. */
int listeners_open(SmtpServer *server);
void listeners_close(SmtpServer *server);

/* Loads certificate and key, if TLS is enabled. What cannot be loaded is logged; then what was there stays. */
void tls_load(SmtpServer *server);
/* Loads again if the certificate's file has changed. */
void tls_check(SmtpServer *server);
