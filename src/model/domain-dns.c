/* SPDX-License-Identifier: MIT */
#include <stdarg.h>

#include "core/signing-key.h"
#include "model/domain-dns.h"

void domain_records_done(DomainRecords *r) {
        for (size_t i = 0; i < r->count; i++) {
                free(r->items[i].name);
                free(r->items[i].value);
        }
        free(r->items);
        *r = (DomainRecords){ 0 };
}

/* Takes the two strings, each of which may be missing for want of memory. */
static int add(DomainRecords *r, const char *purpose, const char *type, char *name, char *value) {
        DomainRecord *items = realloc(r->items, (r->count + 1) * sizeof(*items));

        if (items)
                r->items = items;
        if (!items || !name || !value) {
                free(name);
                free(value);
                return -ENOMEM;
        }
        r->items[r->count++] =
                (DomainRecord){ .purpose = purpose, .type = type, .name = name, .value = value };
        return 0;
}

static _printf_(1, 2) char *format(const char *text, ...) {
        Buf b = BUF_EMPTY;
        va_list ap;

        va_start(ap, text);
        buf_vprintf(&b, text, ap);
        va_end(ap);
        return buf_take(&b);
}

static int add_dkim(DomainRecords *r, const Domain *d, const Config *config) {
        _cleanup_(signing_key_freep) SigningKey *key = NULL;
        _cleanup_free_ char *words = NULL;
        int error;

        error = signing_key_parse(slice_from_string(d->dkim_private_key), d->name, &key, &words);
        if (error < 0)
                return error == -ENOMEM ? error : -EBADMSG;
        return add(r, "dkim", "TXT",
                   format("%s-%s._domainkey.%s", config->dns.dkim_identifier,
                          strempty(d->dkim_identifier_string), d->name),
                   strdup(signing_key_dns_record(key)));
}

static int add_all(DomainRecords *to, const Domain *d, const Config *config) {
        int r = 0;

        if (!d->is_verified && streq_ptr(d->verification_method, "DNS"))
                r = add(to, "verification", "TXT", strdup(d->name),
                        format("%s %s", config->dns.domain_verify_prefix,
                               strempty(d->verification_token)));
        if (r >= 0)
                r = add(to, "spf", "TXT", strdup(d->name),
                        format("v=spf1 a mx include:%s ~all", config->dns.spf_include));
        if (r >= 0)
                r = add_dkim(to, d, config);
        if (r >= 0)
                r = add(to, "return_path", "CNAME",
                        format("%s.%s", config->dns.custom_return_path_prefix, d->name),
                        strdup(config->dns.return_path_domain));
        for (char **mx = config->dns.mx_records; r >= 0 && *mx; mx++)
                r = add(to, "mx", "MX", strdup(d->name), format("10 %s", *mx));
        return r;
}

int domain_records(const Domain *domain, const Config *config, DomainRecords *ret) {
        DomainRecords records = { 0 };
        int r;

        assert(domain && config && ret);

        r = add_all(&records, domain, config);
        if (r < 0) {
                domain_records_done(&records);
                return r;
        }
        *ret = records;
        return 0;
}
