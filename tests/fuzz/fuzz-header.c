/* SPDX-License-Identifier: MIT */

/* Header sections, read and collected. A byte in front chooses the size of the pieces. */

#include "fuzz.h"
#include "mail/charset.h"
#include "mail/header-collector.h"
#include "mail/header.h"

static void collect(Slice content, size_t piece, HeaderCollector *c) {
        while (content.size > 0)
                header_collector_feed(c, fuzz_piece(&content, piece));
        FUZZ_CHECK(header_collector_finish(c) == 0);
}

static void check_collector(Slice content, size_t piece) {
        _cleanup_(header_collector_done) HeaderCollector a = HEADER_COLLECTOR_EMPTY;
        _cleanup_(header_collector_done) HeaderCollector b = HEADER_COLLECTOR_EMPTY;
        size_t position = 0;
        Slice value;

        collect(content, content.size, &a);
        collect(content, piece, &b);
        FUZZ_CHECK(a.count == b.count && a.is_complete == b.is_complete);
        for (size_t i = 0; i < a.count; i++) {
                FUZZ_CHECK(slice_equal(a.fields[i].name, b.fields[i].name));
                FUZZ_CHECK(slice_equal(a.fields[i].value, b.fields[i].value));
        }
        while (header_collector_next(&a, SLICE("From"), &position, &value)) {
                FUZZ_CHECK(slice_find_byte(value, '\n', 0) < 0);
                FUZZ_CHECK(slice_find_byte(value, '\r', 0) < 0);
        }
        (void) header_count_received_by(&a, SLICE("a.b"));
}

static void check_line(Buf *line) {
        FUZZ_CHECK(utf8_is_valid(buf_slice(line)));
        FUZZ_CHECK(slice_find_byte(buf_slice(line), '\n', 0) < 0);
        FUZZ_CHECK(slice_find_byte(buf_slice(line), '\r', 0) < 0);
}

void fuzz_one(Slice input) {
        _cleanup_(buf_done) Buf subject = BUF_EMPTY, id = BUF_EMPTY;
        size_t piece = 1 + fuzz_byte(&input), sum = 0;
        Slice headers, body, rest;
        HeaderField f;

        check_collector(input, piece);
        if (!message_split(input, &headers, &body))
                FUZZ_CHECK(headers.size == input.size && !body.data);
        FUZZ_CHECK(fuzz_is_within(headers, input) && fuzz_is_within(body, input));
        for (rest = headers; header_next(&rest, &f); sum += f.raw.size) {
                _cleanup_(buf_done) Buf unfolded = BUF_EMPTY;

                FUZZ_CHECK(f.raw.data == headers.data + sum && f.raw.size > 0);
                FUZZ_CHECK(fuzz_is_within(f.name, f.raw) && fuzz_is_within(f.value, f.raw));
                header_unfold(f.value, &unfolded);
                FUZZ_CHECK(slice_find_byte(buf_slice(&unfolded), '\n', 0) < 0);
        }
        FUZZ_CHECK(sum + rest.size == headers.size);
        (void) header_subject(headers, &subject);
        check_line(&subject);
        (void) header_message_id(headers, &id);
        check_line(&id);
}
