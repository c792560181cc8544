/* SPDX-License-Identifier: MIT */
#include <gnutls/gnutls.h>

#include "core/tls.h"
#include "test.h"

TEST(lists_become_priorities_that_the_library_takes) {
        static const struct {
                const char *ciphers;
                const char *version;
                const char *contains;
                const char *unknown;
        } cases[] = {
                { NULL, NULL, "NORMAL", "" },
                { NULL, "SSLv23", "NORMAL", "" },
                { NULL, "TLSv1_2_server", "NORMAL:-VERS-ALL:+VERS-TLS1.2", "" },
                { "HIGH:!aNULL:!MD5:!3DES", "SSLv23", "NORMAL:-MD5:-3DES-CBC", "" },
                { "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384", NULL,
                  ":+ECDHE-RSA:+AES-128-GCM:+AEAD:+SHA256:+ECDHE-RSA:+AES-256-GCM:+AEAD:+SHA384", "" },
                { "AES128-SHA", NULL, ":+AES-128-CBC:+SHA1:+RSA", "" },
                { "EECDH+AESGCM:EDH+AESGCM", NULL, "+ECDHE-ECDSA:+AES-128-GCM", "" },
                { "HIGH:FROBNICATE:!aNULL", NULL, "NORMAL", "FROBNICATE" },
                { "ECDHE-ECDSA-CHACHA20-POLY1305 DHE-RSA-AES256-SHA256 @STRENGTH", NULL,
                  "+CHACHA20-POLY1305", "" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(buf_done) Buf text = BUF_EMPTY, unknown = BUF_EMPTY;
                gnutls_priority_t p;
                const char *at;

                CHECK_INT(tls_priority(cases[i].ciphers, cases[i].version, &text, &unknown), 0);
                if (!strstr(buf_string(&text), cases[i].contains))
                        CHECK_STR(buf_string(&text), cases[i].contains);
                CHECK_STR(buf_string(&unknown), cases[i].unknown);
                CHECK_INT(gnutls_priority_init(&p, buf_string(&text), &at), 0);
                gnutls_priority_deinit(p);
        }
}

TEST(unknown_versions_are_refused) {
        _cleanup_(buf_done) Buf text = BUF_EMPTY, unknown = BUF_EMPTY;

        CHECK_INT(tls_priority(NULL, "TLSv1_3", &text, &unknown), -EINVAL);
        CHECK_INT(tls_priority(NULL, "SSLv2", &text, &unknown), -EINVAL);
}
