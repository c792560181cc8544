/* SPDX-License-Identifier: MIT */
#include "core/clock.h"
#include "core/file.h"
#include "core/log.h"
#include "model/credential.h"
#include "model/domain-key.h"
#include "worker/delivery.h"
#include "worker/mailroom.h"

#define OBJECTS_MAX 2000
#define BODIES_MAX 32
#define SIGNING_KEY_SIZE_MAX ((size_t) 64 * 1024)

static void free_server(void *value) {
        server_free(value);
}

static void free_domain(void *value) {
        SenderDomain *d = value;

        domain_free(d->domain);
        dkim_key_free(d->key);
        dkim_key_free(d->ed25519_key);
        free(d->selector);
        free(d->ed25519_selector);
        free(d);
}

static void free_credential(void *value) {
        credential_free(value);
}

static void free_route(void *value) {
        route_free(value);
}

static void free_body(void *value) {
        shared_body_unref(value);
}

Mailroom *mailroom_new(const Config *config, const DkimKey *installation_key) {
        _cleanup_(mailroom_freep) Mailroom *m = calloc(1, sizeof(Mailroom));

        if (!m)
                return NULL;
        m->config = config;
        m->installation_key = installation_key;
        m->servers = cache_new(OBJECTS_MAX, MAILROOM_TTL_USEC, free_server);
        m->domains = cache_new(OBJECTS_MAX, MAILROOM_TTL_USEC, free_domain);
        m->credentials = cache_new(OBJECTS_MAX, MAILROOM_TTL_USEC, free_credential);
        m->routes = cache_new(OBJECTS_MAX, MAILROOM_TTL_USEC, free_route);
        m->bodies = cache_new(BODIES_MAX, MAILROOM_TTL_USEC, free_body);
        if (database_new(config, &m->database) < 0 || !m->servers || !m->domains || !m->credentials ||
            !m->routes || !m->bodies)
                return NULL;
        return TAKE_PTR(m);
}

Mailroom *mailroom_free(Mailroom *m) {
        if (!m)
                return NULL;
        cache_free(m->servers);
        cache_free(m->domains);
        cache_free(m->credentials);
        cache_free(m->routes);
        cache_free(m->bodies);
        database_free(m->database);
        return mfree(m);
}

int mailroom_server(Mailroom *m, uint64_t id, const Server **ret) {
        uint64_t now = clock_monotonic();
        Server *s = cache_get(m->servers, SLICE_OF(id), now);
        int r;

        if (!s) {
                r = server_load(m->database->main, id, &s);
                if (r >= 0)
                        r = cache_put(m->servers, SLICE_OF(id), s, now);
                if (r < 0)
                        return r;
        }
        *ret = s;
        return 0;
}

int mailroom_route(Mailroom *m, uint64_t id, const Route **ret) {
        uint64_t now = clock_monotonic();
        Route *route = cache_get(m->routes, SLICE_OF(id), now);
        int r;

        if (!route) {
                r = route_load(m->database->main, id, &route);
                if (r >= 0)
                        r = cache_put(m->routes, SLICE_OF(id), route, now);
                if (r < 0)
                        return r;
        }
        *ret = route;
        return 0;
}

int mailroom_credential_holds(Mailroom *m, uint64_t id, bool *ret) {
        uint64_t now = clock_monotonic();
        Credential *c = cache_get(m->credentials, SLICE_OF(id), now);
        int r;

        if (!c) {
                r = credential_load(m->database->main, id, &c);
                if (r >= 0)
                        r = cache_put(m->credentials, SLICE_OF(id), c, now);
                if (r < 0)
                        return r;
        }
        *ret = c->hold;
        return 0;
}

/* A key that cannot be read is as good as none: the installation's signs. */
static int load_keys(Mailroom *m, SenderDomain *s) {
        const Domain *d = s->domain;
        _cleanup_(domain_key_freep) DomainKey *second = NULL;
        int r;

        if (!d->dkim_status_ok || !d->dkim_private_key || !d->dkim_identifier_string)
                return 0;
        r = dkim_key_new_from_pem(slice_from_string(d->dkim_private_key), &s->key);
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                log_warning(FIELDS(FIELD_U64("POSTAL_DOMAIN", d->id)),
                            "The DKIM key of %s cannot be used, the installation's key signs instead", d->name);
                return 0;
        }
        if (asprintf(&s->selector, "%s-%s", m->config->dns.dkim_identifier, d->dkim_identifier_string) < 0)
                return -ENOMEM;
        r = domain_key_load(m->database->main, d->id, &second);
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        r = dkim_key_new_from_pem(slice_from_string(second->private_key), &s->ed25519_key);
        if (r < 0)
                return r == -ENOMEM ? r : 0;
        s->ed25519_selector = strdup(second->selector);
        return s->ed25519_selector ? 0 : -ENOMEM;
}

int mailroom_domain(Mailroom *m, uint64_t id, const SenderDomain **ret) {
        uint64_t now = clock_monotonic();
        SenderDomain *s = cache_get(m->domains, SLICE_OF(id), now);
        int r;

        if (!s) {
                s = calloc(1, sizeof(SenderDomain));
                if (!s)
                        return -ENOMEM;
                r = domain_load(m->database->main, id, &s->domain);
                if (r >= 0)
                        r = load_keys(m, s);
                if (r < 0) {
                        free_domain(s);
                        return r;
                }
                r = cache_put(m->domains, SLICE_OF(id), s, now);
                if (r < 0)
                        return r;
        }
        *ret = s;
        return 0;
}

int installation_key_load(const Config *config, DkimKey **ret, Buf *reterr) {
        const char *path = config->postal.signing_key_path;
        _cleanup_(buf_done) Buf pem = BUF_EMPTY;
        int r = file_read(path, SIGNING_KEY_SIZE_MAX, &pem);

        if (r >= 0)
                r = dkim_key_new_from_pem(buf_slice(&pem), ret);
        if (r < 0)
                buf_printf(reterr, "Cannot use the signing key %s: %s", path,
                           r == -EINVAL ? "it is not an unencrypted private key in PEM" : strerror(-r));
        if (pem.data)
                explicit_bzero(pem.data, pem.size);
        return r;
}
