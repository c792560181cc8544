/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "mail/charset.h"
#include "mail/header.h"
#include "mail/mime.h"

static void check_value(const MimeValue *v) {
        size_t count = 0;

        for (const MimeParameter *p = v->parameters; p; p = p->next) {
                FUZZ_CHECK(utf8_is_valid(p->value));
                count++;
        }
        FUZZ_CHECK(count <= MIME_PARAMETERS_MAX);
}

void fuzz_one(Slice input) {
        _cleanup_(arena_done) Arena arena = ARENA_EMPTY;
        Slice headers, body;
        MimeMessage m;
        size_t count = 0;

        (void) message_split(input, &headers, &body);
        FUZZ_CHECK(mime_parse(&arena, headers, body, &m) == 0);
        for (const MimePart *part = m.root; part; part = mime_next(part)) {
                _cleanup_(buf_done) Buf decoded = BUF_EMPTY, text = BUF_EMPTY;

                FUZZ_CHECK(part->depth <= MIME_DEPTH_MAX);
                FUZZ_CHECK(fuzz_is_within(part->headers, input));
                FUZZ_CHECK(fuzz_is_within(part->body, input));
                FUZZ_CHECK(!part->parent || fuzz_is_within(part->body, part->parent->body));
                check_value(&part->type);
                check_value(&part->disposition);
                mime_part_decode(part, &decoded);
                FUZZ_CHECK(decoded.size <= part->body.size);
                mime_part_text(part, &text);
                FUZZ_CHECK(utf8_is_valid(buf_slice(&text)));
                count++;
        }
        FUZZ_CHECK(count == m.count && count <= MIME_PARTS_MAX);
        (void) mime_find_body(&m, SLICE("text/plain"));
}
