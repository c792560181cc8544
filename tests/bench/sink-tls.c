/* SPDX-License-Identifier: MIT */
#include <gnutls/x509.h>
#include <time.h>

#include "basic/random.h"
#include "bench/sink.h"

#define DAY (24 * 60 * 60)

static int sign_certificate(gnutls_x509_crt_t cert, gnutls_x509_privkey_t key, const char *name) {
        uint8_t serial[16];
        time_t now = time(NULL);

        random_bytes(serial, sizeof(serial));
        serial[0] &= 0x7f;
        serial[0] |= 0x01;
        if (gnutls_x509_crt_set_version(cert, 3) < 0 ||
            gnutls_x509_crt_set_serial(cert, serial, sizeof(serial)) < 0 ||
            gnutls_x509_crt_set_activation_time(cert, now - DAY) < 0 ||
            gnutls_x509_crt_set_expiration_time(cert, now + 30 * DAY) < 0 ||
            gnutls_x509_crt_set_dn_by_oid(cert, GNUTLS_OID_X520_COMMON_NAME, 0, name,
                                          (unsigned) strlen(name)) < 0 ||
            gnutls_x509_crt_set_subject_alt_name(cert, GNUTLS_SAN_DNSNAME, name,
                                                 (unsigned) strlen(name), GNUTLS_FSAN_SET) < 0 ||
            gnutls_x509_crt_set_key(cert, key) < 0 ||
            gnutls_x509_crt_sign2(cert, cert, key, GNUTLS_DIG_SHA256, 0) < 0)
                return -EPROTO;
        return 0;
}

/* An ECDSA key and a certificate that signs itself, for this run only. */
static int make_certificate(Sink *sink) {
        gnutls_x509_crt_t cert = NULL;
        gnutls_x509_privkey_t key = NULL;
        unsigned bits = GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1);
        int r = -EPROTO;

        if (gnutls_x509_crt_init(&cert) < 0)
                return -ENOMEM;
        if (gnutls_x509_privkey_init(&key) >= 0) {
                if (gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA, bits, 0) >= 0 &&
                    sign_certificate(cert, key, sink->options.name) == 0 &&
                    gnutls_certificate_set_x509_key(sink->credentials, &cert, 1, key) >= 0)
                        r = 0;
                gnutls_x509_privkey_deinit(key);
        }
        gnutls_x509_crt_deinit(cert);
        return r;
}

int sink_load_certificate(Sink *sink) {
        const SinkOptions *o = &sink->options;
        int r;

        if (!o->cert_path && !o->self_signed)
                return 0;
        if (gnutls_certificate_allocate_credentials(&sink->credentials) < 0)
                return -ENOMEM;
        if (o->self_signed)
                r = make_certificate(sink);
        else
                r = gnutls_certificate_set_x509_key_file(sink->credentials, o->cert_path,
                                                         o->key_path, GNUTLS_X509_FMT_PEM);
        if (r < 0) {
                (void) fprintf(stderr, "sink: cannot use the certificate\n");
                return -EPROTO;
        }
        return 0;
}
