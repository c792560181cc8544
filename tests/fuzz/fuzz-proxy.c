/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "mail/proxy-protocol.h"

/* How many shorter inputs are tried. */
#define PREFIXES_MAX 256

void fuzz_one(Slice input) {
        ProxyHeader whole = { 0 }, part = { 0 };
        ProxyStatus status = proxy_header_parse(input, &whole);

        FUZZ_CHECK(input.size < PROXY_V2_MAX || status != PROXY_NEED_MORE);
        if (status == PROXY_PARSED)
                FUZZ_CHECK(whole.size <= input.size && whole.size <= PROXY_V2_MAX);
        /* Less of it says the same, or that more is needed. */
        for (size_t size = 0; size < MIN(input.size, (size_t) PREFIXES_MAX); size++) {
                ProxyStatus early = proxy_header_parse(slice_first(input, size), &part);

                FUZZ_CHECK(early == PROXY_NEED_MORE || early == status);
                if (early == PROXY_PARSED)
                        FUZZ_CHECK(part.size == whole.size &&
                                   memcmp(&part.source, &whole.source, sizeof(part.source)) == 0);
        }
}
