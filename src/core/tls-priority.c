/* SPDX-License-Identifier: MIT */
/* OpenSSL names whole suites, GnuTLS their parts. A list of suites becomes the union of its parts; what is
 * excluded with '!' or '-' is taken out at the end. TLS 1.3 is not governed by the list, as with OpenSSL. */
#include "core/tls.h"

typedef struct Word {
        const char *openssl;
        const char *gnutls; /* separated by colons, without their signs; "" has no effect here */
} Word;

/* Parts of suite names ("ECDHE-RSA-AES128-GCM-SHA256" is cut at these), and words that stand alone. */
static const Word WORDS[] = {
        { "ECDHE-RSA", "ECDHE-RSA" },
        { "ECDHE-ECDSA", "ECDHE-ECDSA" },
        { "DHE-RSA", "DHE-RSA" },
        { "EDH-RSA", "DHE-RSA" },
        { "kEECDH", "ECDHE-RSA:ECDHE-ECDSA" },
        { "kECDHE", "ECDHE-RSA:ECDHE-ECDSA" },
        { "EECDH", "ECDHE-RSA:ECDHE-ECDSA" },
        { "ECDHE", "ECDHE-RSA:ECDHE-ECDSA" },
        { "kDHE", "DHE-RSA" },
        { "kEDH", "DHE-RSA" },
        { "EDH", "DHE-RSA" },
        { "DHE", "DHE-RSA" },
        { "DH", "DHE-RSA" },
        { "kRSA", "RSA" },
        { "AES128-GCM", "AES-128-GCM:AEAD" },
        { "AES256-GCM", "AES-256-GCM:AEAD" },
        { "AES128-CCM8", "AES-128-CCM-8:AEAD" },
        { "AES256-CCM8", "AES-256-CCM-8:AEAD" },
        { "AES128-CCM", "AES-128-CCM:AEAD" },
        { "AES256-CCM", "AES-256-CCM:AEAD" },
        { "CHACHA20-POLY1305", "CHACHA20-POLY1305:AEAD" },
        { "CAMELLIA128", "CAMELLIA-128-CBC" },
        { "CAMELLIA256", "CAMELLIA-256-CBC" },
        { "CAMELLIA", "CAMELLIA-128-CBC:CAMELLIA-256-CBC" },
        { "DES-CBC3", "3DES-CBC" },
        { "3DES", "3DES-CBC" },
        { "AES128", "AES-128-CBC" },
        { "AES256", "AES-256-CBC" },
        { "AESGCM", "AES-128-GCM:AES-256-GCM:AEAD" },
        { "AES", "AES-128-GCM:AES-256-GCM:AES-128-CBC:AES-256-CBC:AEAD" },
        { "CHACHA20", "CHACHA20-POLY1305:AEAD" },
        { "RC4", "ARCFOUR-128" },
        { "SHA256", "SHA256" },
        { "SHA384", "SHA384" },
        { "SHA1", "SHA1" },
        { "SHA", "SHA1" },
        { "MD5", "MD5" },
        /* Never offered here: excluding them is satisfied already. */
        { "aNULL", "" }, { "eNULL", "" }, { "NULL", "" }, { "EXPORT", "" }, { "EXP", "" },
        { "LOW", "" }, { "DES", "" }, { "PSK", "" }, { "SRP", "" }, { "IDEA", "" },
        { "SEED", "" }, { "DSS", "" }, { "aDSS", "" }, { "ADH", "" }, { "AECDH", "" },
        { "MEDIUM", "" }, { "ECDH", "" }, { "aECDH", "" }, { "KRB5", "" }, { "SSLv2", "" },
        { "SSLv3", "" }, { "RC2", "" }, { "COMPLEMENTOFDEFAULT", "" },
};

static const Word VERSIONS[] = {
        { "SSLv23", "" },
        { "SSLv2", NULL }, /* nothing can speak it any more */
        { "SSLv3", "-VERS-ALL:+VERS-SSL3.0" },
        { "TLSv1", "-VERS-ALL:+VERS-TLS1.0" },
        { "TLSv1_1", "-VERS-ALL:+VERS-TLS1.1" },
        { "TLSv1_2", "-VERS-ALL:+VERS-TLS1.2" },
};

static void append_signed(Buf *to, char sign, const char *gnutls) {
        Slice rest = slice_from_string(gnutls);

        while (rest.size > 0) {
                Slice part = slice_split(&rest, ':');

                buf_printf(to, ":%c%.*s", sign, SLICE_FORMAT(part));
        }
}

/* Cuts a suite name into its known parts, the longest first. A suite without key exchange means RSA. */
static bool append_suite(Slice name, char sign, Buf *to) {
        _cleanup_(buf_done) Buf parts = BUF_EMPTY;
        bool is_suite = slice_find_byte(name, '-', 0) >= 0;

        while (name.size > 0) {
                const Word *best = NULL;
                size_t length = 0;

                for (size_t i = 0; i < ELEMENTSOF(WORDS); i++) {
                        Slice word = slice_from_string(WORDS[i].openssl);

                        if (word.size <= length || word.size > name.size ||
                            !slice_equal(slice_first(name, word.size), word))
                                continue;
                        if (word.size < name.size && name.data[word.size] != '-')
                                continue;
                        best = &WORDS[i];
                        length = word.size;
                }
                if (!best)
                        return false;
                append_signed(&parts, sign, best->gnutls);
                name = slice_from(name, MIN(length + 1, name.size));
        }
        if (is_suite && sign == '+' && !strstr(buf_string(&parts), "DHE-"))
                append_signed(&parts, sign, "RSA");
        /* To exclude one suite would take its parts from all others: only whole classes are excluded. */
        if (!is_suite || sign == '+')
                buf_append_slice(to, buf_slice(&parts));
        return true;
}

static bool is_default_word(Slice word) {
        static const char *const NAMES[] = { "HIGH", "ALL", "DEFAULT", "COMPLEMENTOFALL", "TLSv1.2", "FIPS" };

        for (size_t i = 0; i < ELEMENTSOF(NAMES); i++)
                if (slice_equal(word, slice_from_string(NAMES[i])))
                        return true;
        return false;
}

static void append_ciphers(const char *ciphers, Buf *to, Buf *reterr_unknown) {
        _cleanup_(buf_done) Buf included = BUF_EMPTY, excluded = BUF_EMPTY, list = BUF_EMPTY;
        bool has_default = false;
        Slice rest;

        for (const char *p = ciphers; *p; p++)
                buf_append_byte(&list, *p == ',' || *p == ' ' ? ':' : *p);
        rest = buf_slice(&list);
        while (rest.size > 0) {
                Slice word = slice_split(&rest, ':'), whole = word;
                char sign = '+';

                if (word.size == 0 || word.data[0] == '@')
                        continue; /* @STRENGTH and @SECLEVEL: the library orders by strength itself */
                if (word.data[0] == '!' || word.data[0] == '-')
                        sign = '-';
                if (sign == '-' || word.data[0] == '+')
                        word = slice_from(word, 1);
                if (sign == '+' && is_default_word(word)) {
                        has_default = true;
                        continue;
                }
                /* "kEECDH+AESGCM" is both at once. */
                while (word.size > 0) {
                        Slice part = slice_split(&word, '+');

                        if (!append_suite(part, sign, sign == '+' ? &included : &excluded)) {
                                buf_printf(reterr_unknown, "%s%.*s", reterr_unknown->size > 0 ? " " : "",
                                           SLICE_FORMAT(whole));
                                break;
                        }
                }
        }
        if (has_default || included.size == 0)
                buf_append_string(to, "NORMAL");
        else
                buf_append_string(to, "NONE:+VERS-ALL:-VERS-SSL3.0:-VERS-TLS1.0:-VERS-TLS1.1:+SIGN-ALL:"
                                      "+GROUP-ALL:+COMP-NULL:+AES-256-GCM:+AES-128-GCM:"
                                      "+CHACHA20-POLY1305:+AEAD");
        buf_append_slice(to, buf_slice(&included));
        buf_append_slice(to, buf_slice(&excluded));
}

int tls_priority(const char *ciphers, const char *ssl_version, Buf *to, Buf *reterr_unknown) {
        const char *version = NULL;
        Slice name = slice_from_string(ssl_version);

        for (size_t i = 0; i < 2; i++) {
                Slice suffix = i == 0 ? SLICE("_server") : SLICE("_client");

                if (name.size > suffix.size && slice_equal(slice_from(name, name.size - suffix.size), suffix))
                        name.size -= suffix.size;
        }
        if (name.size == 0)
                version = "";
        for (size_t i = 0; i < ELEMENTSOF(VERSIONS); i++)
                if (slice_equal(name, slice_from_string(VERSIONS[i].openssl)))
                        version = VERSIONS[i].gnutls;
        if (!version)
                return -EINVAL;
        if (ciphers && *ciphers)
                append_ciphers(ciphers, to, reterr_unknown);
        else
                buf_append_string(to, "NORMAL");
        if (*version)
                buf_printf(to, ":%s", version);
        return buf_error(to);
}
