/* SPDX-License-Identifier: MIT */
#pragma once

/* TLS over a non-blocking socket, by GnuTLS. */

#include "basic/buf.h"

typedef struct TlsServer TlsServer;
typedef struct TlsClient TlsClient;
typedef struct Tls Tls;

typedef struct TlsServerOptions {
        const char *certificate_path; /* PEM: the leaf first, then its chain */
        const char *key_path;         /* PEM, any kind of key, not encrypted */
        const char *ciphers;          /* OpenSSL cipher list for TLS up to 1.2, or NULL */
        const char *ssl_version;      /* smtp_server.ssl_version, or NULL */
} TlsServerOptions;

/* Certificate and key of a server. On failure (-ENOENT, -EACCES, -EBADMSG, …) the sentence for people is appended
 * to `reterr`. Shared by sessions: each holds a reference. */
int tls_server_load(const TlsServerOptions *options, TlsServer **ret, Buf *reterr);
TlsServer *tls_server_ref(TlsServer *s);
TlsServer *tls_server_unref(TlsServer *s);
DEFINE_CLEANUP(TlsServer *, tls_server_unref)

/* The certificates of the system, for verifying servers. */
int tls_client_new(TlsClient **ret);
TlsClient *tls_client_free(TlsClient *c);
DEFINE_CLEANUP(TlsClient *, tls_client_free)

typedef enum TlsVerify {
        TLS_VERIFY_NONE, /* encryption without knowing to whom: opportunistic */
        TLS_VERIFY_NAME, /* chain to a trusted root, and the host name (RFC 6125) */
} TlsVerify;

/* A session on a connected socket, which stays the caller's. The handshake is still to be made. */
int tls_accept(TlsServer *server, int fd, Tls **ret);
/* `host_name` goes into SNI, unless it is an address, and is what the certificate must be for. */
int tls_connect(TlsClient *client, int fd, const char *host_name, TlsVerify verify, Tls **ret);
/* Frees the session without a word to the peer. */
Tls *tls_free(Tls *t);
DEFINE_CLEANUP(Tls *, tls_free)

/* Gives bytes back that were read from the socket already and are the beginning of the handshake. To be
 * called before tls_handshake(). Returns 0 or -ENOMEM. */
int tls_unread(Tls *t, Slice data);

/* 0: done; -EAGAIN: call again when the socket is readable (writable if tls_wants_write()); -EPROTO: failed,
 * tls_error() says why; -EKEYREJECTED: the peer's certificate was refused. */
int tls_handshake(Tls *t);
bool tls_wants_write(const Tls *t);
const char *tls_error(const Tls *t);

/* As read() and write() on a non-blocking socket: count, 0 at the end (reading), or a negative errno. */
ssize_t tls_read(Tls *t, void *buffer, size_t size);
ssize_t tls_write(Tls *t, const void *data, size_t size);
/* Bytes that are decrypted already, for which the socket will not become readable. */
bool tls_has_pending(const Tls *t);
/* Says good-bye, if that can be done without waiting. */
void tls_bye(Tls *t);

/* "TLS1.3", and "TLS1.3 ECDHE-X25519 AES-256-GCM" for logs. */
const char *tls_version(const Tls *t);
void tls_describe(const Tls *t, Buf *to);

/* The GnuTLS priority string for OpenSSL's cipher list and version names. Words that have no counterpart are
 * named in `reterr_unknown`, separated by spaces; the rest is honoured. -EINVAL: the version is unknown. */
int tls_priority(const char *ciphers, const char *ssl_version, Buf *to, Buf *reterr_unknown);
