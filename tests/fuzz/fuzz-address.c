/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "mail/address.h"
#include "mail/charset.h"
#include "mail/mailbox.h"

static void check_domain(Slice domain) {
        _cleanup_(buf_done) Buf ascii = BUF_EMPTY, again = BUF_EMPTY;

        if (domain_to_ascii(domain, &ascii) < 0) {
                FUZZ_CHECK(ascii.size == 0);
                return;
        }
        FUZZ_CHECK(ascii.size > 0 && ascii.size <= DOMAIN_NAME_MAX);
        FUZZ_CHECK(utf8_is_ascii(buf_slice(&ascii)));
        FUZZ_CHECK(domain_to_ascii(buf_slice(&ascii), &again) == 0);
        FUZZ_CHECK(slice_equal(buf_slice(&ascii), buf_slice(&again)));
}

static void check_mailboxes(Slice value) {
        _cleanup_(arena_done) Arena arena = ARENA_EMPTY;
        MailboxList list;
        size_t count = 0;

        FUZZ_CHECK(mailbox_list_parse(&arena, value, &list) == 0);
        for (Mailbox *m = list.first; m; m = m->next) {
                FUZZ_CHECK(m->local.size > 0 && m->domain.size > 0);
                FUZZ_CHECK(m->address.size == m->local.size + 1 + m->domain.size);
                FUZZ_CHECK(utf8_is_valid(m->name));
                count++;
        }
        FUZZ_CHECK(count == list.count && count <= MAILBOX_LIST_MAX);
}

void fuzz_one(Slice input) {
        _cleanup_(buf_done) Buf address = BUF_EMPTY;
        Slice local, domain, base, tag;

        header_address(input, &address);
        address_split(buf_slice(&address), &local, &domain);
        address_split_tag(local, &base, &tag);
        FUZZ_CHECK(fuzz_is_within(domain, buf_slice(&address)) && fuzz_is_within(tag, local));
        FUZZ_CHECK(fuzz_is_within(address_domain(input), input));
        check_domain(input);
        check_mailboxes(input);
}
