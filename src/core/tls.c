/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <sys/socket.h>

#include "core/tls.h"

struct TlsServer {
        unsigned references;
        gnutls_certificate_credentials_t credentials;
        gnutls_priority_t priority;
};

struct TlsClient {
        gnutls_certificate_credentials_t credentials;
        gnutls_priority_t priority;
};

struct Tls {
        gnutls_session_t session;
        TlsServer *server;
        int fd;
        Buf unread;           /* see tls_unread(): from unread_offset on */
        size_t unread_offset;
        char *host_name; /* to verify, or NULL */
        int error;       /* of GnuTLS */
        unsigned verify_status;
};

static int load_pair(TlsServer *s, const TlsServerOptions *o, Buf *reterr) {
        int r;

        for (int i = 0; i < 2; i++) {
                const char *path = i == 0 ? o->certificate_path : o->key_path;

                if (!path || access(path, R_OK) < 0) {
                        r = path ? -errno : -ENOENT;
                        buf_printf(reterr, "Cannot read the TLS %s %s: %s", i == 0 ? "certificate" : "key",
                                   strempty(path), strerror(-r));
                        return r;
                }
        }
        r = gnutls_certificate_set_x509_key_file(s->credentials, o->certificate_path, o->key_path,
                                                 GNUTLS_X509_FMT_PEM);
        if (r < 0) {
                buf_printf(reterr, "Cannot use the TLS certificate %s with the key %s: %s",
                           o->certificate_path, o->key_path, gnutls_strerror(r));
                return -EBADMSG;
        }
        return 0;
}

static int load_priority(TlsServer *s, const TlsServerOptions *o, Buf *reterr) {
        _cleanup_(buf_done) Buf text = BUF_EMPTY, unknown = BUF_EMPTY;
        const char *at;
        int r;

        r = tls_priority(o->ciphers, o->ssl_version, &text, &unknown);
        if (r < 0) {
                buf_printf(reterr, "smtp_server.ssl_version is %s, which is no version known here",
                           strempty(o->ssl_version));
                return r;
        }
        r = gnutls_priority_init(&s->priority, buf_string(&text), &at);
        if (r < 0) {
                buf_printf(reterr, "smtp_server.tls_ciphers leaves nothing to negotiate: %s", gnutls_strerror(r));
                return -EINVAL;
        }
        return 0;
}

int tls_server_load(const TlsServerOptions *options, TlsServer **ret, Buf *reterr) {
        _cleanup_(tls_server_unrefp) TlsServer *s = calloc(1, sizeof(TlsServer));
        int r;

        if (!s)
                return -ENOMEM;
        s->references = 1;
        if (gnutls_certificate_allocate_credentials(&s->credentials) < 0)
                return -ENOMEM;
        r = load_pair(s, options, reterr);
        if (r >= 0)
                r = load_priority(s, options, reterr);
        if (r < 0)
                return r;
        (void) gnutls_certificate_set_known_dh_params(s->credentials, GNUTLS_SEC_PARAM_MEDIUM);
        *ret = TAKE_PTR(s);
        return 0;
}

TlsServer *tls_server_ref(TlsServer *s) {
        if (s)
                s->references++;
        return s;
}

TlsServer *tls_server_unref(TlsServer *s) {
        if (!s || --s->references > 0)
                return NULL;
        if (s->credentials)
                gnutls_certificate_free_credentials(s->credentials);
        if (s->priority)
                gnutls_priority_deinit(s->priority);
        return mfree(s);
}

int tls_client_new(TlsClient **ret) {
        _cleanup_(tls_client_freep) TlsClient *c = calloc(1, sizeof(TlsClient));

        if (!c)
                return -ENOMEM;
        if (gnutls_certificate_allocate_credentials(&c->credentials) < 0 ||
            gnutls_priority_init(&c->priority, "NORMAL", NULL) < 0)
                return -ENOMEM;
        /* No root installed at all: only verified connections fail then, each with its reason. */
        (void) gnutls_certificate_set_x509_system_trust(c->credentials);
        *ret = TAKE_PTR(c);
        return 0;
}

TlsClient *tls_client_free(TlsClient *c) {
        if (!c)
                return NULL;
        if (c->credentials)
                gnutls_certificate_free_credentials(c->credentials);
        if (c->priority)
                gnutls_priority_deinit(c->priority);
        return mfree(c);
}

static int session_new(unsigned flags, gnutls_certificate_credentials_t credentials,
                       gnutls_priority_t priority, int fd, Tls **ret) {
        _cleanup_(tls_freep) Tls *t = calloc(1, sizeof(Tls));

        if (!t)
                return -ENOMEM;
        if (gnutls_init(&t->session, flags | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL) < 0 ||
            gnutls_priority_set(t->session, priority) < 0 ||
            gnutls_credentials_set(t->session, GNUTLS_CRD_CERTIFICATE, credentials) < 0)
                return -ENOMEM;
        t->fd = fd;
        gnutls_transport_set_int(t->session, fd);
        gnutls_handshake_set_timeout(t->session, GNUTLS_INDEFINITE_TIMEOUT); /* the caller has its own */
        *ret = TAKE_PTR(t);
        return 0;
}

int tls_accept(TlsServer *server, int fd, Tls **ret) {
        Tls *t;
        int r = session_new(GNUTLS_SERVER, server->credentials, server->priority, fd, &t);

        if (r < 0)
                return r;
        t->server = tls_server_ref(server);
        *ret = t;
        return 0;
}

static bool is_address(const char *name) {
        struct in6_addr any;

        return inet_pton(AF_INET, name, &any) == 1 || inet_pton(AF_INET6, name, &any) == 1;
}

int tls_connect(TlsClient *client, int fd, const char *host_name, TlsVerify verify, Tls **ret) {
        _cleanup_(tls_freep) Tls *t = NULL;
        int r = session_new(GNUTLS_CLIENT, client->credentials, client->priority, fd, &t);

        if (r < 0)
                return r;
        if (host_name && !is_address(host_name))
                (void) gnutls_server_name_set(t->session, GNUTLS_NAME_DNS, host_name, strlen(host_name));
        if (verify == TLS_VERIFY_NAME) {
                t->host_name = strdup(strempty(host_name));
                if (!t->host_name)
                        return -ENOMEM;
        }
        *ret = TAKE_PTR(t);
        return 0;
}

Tls *tls_free(Tls *t) {
        if (!t)
                return NULL;
        if (t->session)
                gnutls_deinit(t->session);
        tls_server_unref(t->server);
        buf_done(&t->unread);
        free(t->host_name);
        return mfree(t);
}

static bool has_unread(const Tls *t) {
        return t->unread_offset < t->unread.size;
}

/* As GnuTLS's own functions want it. */
static gnutls_transport_ptr_t fd_pointer(const Tls *t) {
        return (gnutls_transport_ptr_t) (intptr_t) t->fd;
}

static ssize_t pull(gnutls_transport_ptr_t transport, void *to, size_t size) {
        Tls *t = transport;

        if (!has_unread(t))
                return recv(t->fd, to, size, 0);
        size = MIN(size, t->unread.size - t->unread_offset);
        memcpy(to, t->unread.data + t->unread_offset, size);
        t->unread_offset += size;
        if (!has_unread(t)) {
                buf_done(&t->unread);
                t->unread_offset = 0;
        }
        return (ssize_t) size;
}

static int pull_timeout(gnutls_transport_ptr_t transport, unsigned msec) {
        Tls *t = transport;

        return has_unread(t) ? 1 : gnutls_system_recv_timeout(fd_pointer(t), msec);
}

int tls_unread(Tls *t, Slice data) {
        if (data.size == 0)
                return 0;
        buf_append_slice(&t->unread, data);
        gnutls_transport_set_ptr2(t->session, t, fd_pointer(t));
        gnutls_transport_set_pull_function(t->session, pull);
        gnutls_transport_set_pull_timeout_function(t->session, pull_timeout);
        return buf_error(&t->unread);
}

static int map_error(Tls *t, ssize_t r) {
        if (r == GNUTLS_E_AGAIN || r == GNUTLS_E_INTERRUPTED)
                return -EAGAIN;
        t->error = (int) r;
        if (r == GNUTLS_E_PREMATURE_TERMINATION || r == GNUTLS_E_PULL_ERROR || r == GNUTLS_E_PUSH_ERROR)
                return -ECONNRESET;
        return -EPROTO;
}

int tls_handshake(Tls *t) {
        int r;

        do
                r = gnutls_handshake(t->session);
        while (r == GNUTLS_E_WARNING_ALERT_RECEIVED || r == GNUTLS_E_GOT_APPLICATION_DATA);
        if (r < 0) {
                r = map_error(t, r);
                return r == -ECONNRESET ? -EPROTO : r;
        }
        if (!t->host_name)
                return 0;
        r = gnutls_certificate_verify_peers3(t->session, t->host_name, &t->verify_status);
        if (r < 0 || t->verify_status != 0) {
                t->error = r < 0 ? r : GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR;
                return -EKEYREJECTED;
        }
        return 0;
}

bool tls_wants_write(const Tls *t) {
        return gnutls_record_get_direction(t->session) == 1;
}

const char *tls_error(const Tls *t) {
        if (t->verify_status & GNUTLS_CERT_UNEXPECTED_OWNER)
                return "the certificate is for another host";
        if (t->verify_status & GNUTLS_CERT_EXPIRED)
                return "the certificate has expired";
        if (t->verify_status != 0)
                return "the certificate is not signed by a trusted authority";
        if (t->error == GNUTLS_E_FATAL_ALERT_RECEIVED)
                return strempty(gnutls_alert_get_name(gnutls_alert_get(t->session)));
        return t->error != 0 ? gnutls_strerror(t->error) : "";
}

ssize_t tls_read(Tls *t, void *buffer, size_t size) {
        ssize_t n;

        do
                n = gnutls_record_recv(t->session, buffer, size);
        while (n == GNUTLS_E_WARNING_ALERT_RECEIVED);
        if (n >= 0)
                return n;
        /* A client that renegotiates is told no; TLS 1.3 has no such thing. */
        if (n == GNUTLS_E_REHANDSHAKE) {
                (void) gnutls_alert_send(t->session, GNUTLS_AL_WARNING, GNUTLS_A_NO_RENEGOTIATION);
                return -EAGAIN;
        }
        return map_error(t, n);
}

ssize_t tls_write(Tls *t, const void *data, size_t size) {
        ssize_t n = gnutls_record_send(t->session, data, size);

        return n >= 0 ? n : map_error(t, n);
}

bool tls_has_pending(const Tls *t) {
        return gnutls_record_check_pending(t->session) > 0 || has_unread(t);
}

void tls_bye(Tls *t) {
        (void) gnutls_bye(t->session, GNUTLS_SHUT_WR);
}

const char *tls_version(const Tls *t) {
        return strempty(gnutls_protocol_get_name(gnutls_protocol_get_version(t->session)));
}

void tls_describe(const Tls *t, Buf *to) {
        char *text = gnutls_session_get_desc(t->session);

        buf_append_string(to, text ? text : "TLS");
        gnutls_free(text);
}
