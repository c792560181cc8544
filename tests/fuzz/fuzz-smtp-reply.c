/* SPDX-License-Identifier: MIT */

/* A byte in front chooses the size of the pieces. */

#include "fuzz.h"
#include "mail/charset.h"
#include "mail/smtp-reply.h"

static size_t feed(SmtpReply *r, Slice input, size_t piece) {
        size_t taken = 0;

        while (input.size > 0 && r->state == SMTP_REPLY_MORE) {
                Slice next = fuzz_piece(&input, piece);
                size_t n = smtp_reply_feed(r, next);

                FUZZ_CHECK(n == next.size || r->state != SMTP_REPLY_MORE);
                taken += n;
        }
        return taken;
}

void fuzz_one(Slice input) {
        _cleanup_(smtp_reply_done) SmtpReply a = SMTP_REPLY_EMPTY, b = SMTP_REPLY_EMPTY;
        size_t piece = 1 + fuzz_byte(&input), taken;
        unsigned sec;

        taken = feed(&a, input, input.size);
        FUZZ_CHECK(feed(&b, input, piece) == taken || a.state == SMTP_REPLY_BROKEN);
        FUZZ_CHECK(a.state == b.state);
        if (smtp_reply_retry_hint(input, &sec))
                FUZZ_CHECK(sec >= SMTP_RETRY_HINT_GRACE_SEC && sec <= SMTP_RETRY_HINT_MAX_SEC);
        if (a.state != SMTP_REPLY_DONE)
                return;
        FUZZ_CHECK(slice_equal(buf_slice(&a.text), buf_slice(&b.text)));
        FUZZ_CHECK(a.code == b.code && a.code >= 100 && a.code <= 999);
        FUZZ_CHECK(utf8_is_valid(buf_slice(&a.text)));
        FUZZ_CHECK(slice_find_byte(buf_slice(&a.text), '\r', 0) < 0);
        (void) smtp_capabilities_parse(&a);
}
