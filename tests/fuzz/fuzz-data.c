/* SPDX-License-Identifier: MIT */

/* The data decoder on anything, and on what the encoder makes of it. Two bytes in front choose the
 * sizes of the pieces. */

#include "fuzz.h"
#include "mail/data-decoder.h"
#include "mail/data-encoder.h"

static size_t decode(Slice input, bool after_crlf, size_t piece, Buf *to, DataDecoder *d) {
        Slice rest = input;
        size_t taken = 0;

        data_decoder_init(d, after_crlf);
        while (rest.size > 0 && !d->is_done) {
                Slice next = fuzz_piece(&rest, piece);
                size_t n = data_decoder_feed(d, next, to);

                FUZZ_CHECK(n == next.size || d->is_done);
                taken += n;
        }
        FUZZ_CHECK(d->content_size == to->size);
        return taken;
}

static void check_decoder(Slice input, bool after_crlf, size_t piece) {
        _cleanup_(buf_done) Buf whole = BUF_EMPTY, parts = BUF_EMPTY;
        DataDecoder a, b;

        FUZZ_CHECK(decode(input, after_crlf, input.size, &whole, &a) ==
                   decode(input, after_crlf, piece, &parts, &b));
        FUZZ_CHECK(slice_equal(buf_slice(&whole), buf_slice(&parts)));
        FUZZ_CHECK(a.is_done == b.is_done && a.state == b.state);
        FUZZ_CHECK(a.saw_8bit == b.saw_8bit && a.saw_bare_lf == b.saw_bare_lf);
}

static void encode(Slice content, size_t piece, size_t space, Buf *to) {
        DataEncoder e = DATA_ENCODER_INIT;
        char out[256 + DATA_ENCODER_SPACE_MIN];

        while (content.size > 0) {
                Slice next = fuzz_piece(&content, piece);

                while (next.size > 0) {
                        size_t n = data_encoder_step(&e, &next, out, space);

                        FUZZ_CHECK(n <= space);
                        buf_append(to, out, n);
                }
        }
        buf_append_slice(to, data_encoder_terminator(&e));
}

/* CRLF for each line end of any kind, and one at the end. */
static void normalise(Slice s, Buf *to) {
        for (size_t i = 0; i < s.size; i++) {
                if (s.data[i] != '\r' && s.data[i] != '\n') {
                        buf_append_byte(to, s.data[i]);
                        continue;
                }
                buf_append_string(to, "\r\n");
                if (s.data[i] == '\r' && i + 1 < s.size && s.data[i + 1] == '\n')
                        i++;
        }
        if (to->size > 0 && to->data[to->size - 1] != '\n')
                buf_append_string(to, "\r\n");
}

static void check_encoder(Slice content, size_t piece, size_t space) {
        _cleanup_(buf_done) Buf whole = BUF_EMPTY, parts = BUF_EMPTY, back = BUF_EMPTY;
        _cleanup_(buf_done) Buf want = BUF_EMPTY;
        DataEncoder e = DATA_ENCODER_INIT;
        DataDecoder d;

        data_encoder_feed(&e, content, &whole);
        buf_append_slice(&whole, data_encoder_terminator(&e));
        encode(content, piece, space, &parts);
        FUZZ_CHECK(slice_equal(buf_slice(&whole), buf_slice(&parts)));
        FUZZ_CHECK(decode(buf_slice(&whole), true, piece, &back, &d) == whole.size);
        FUZZ_CHECK(d.is_done && !d.saw_bare_lf);
        normalise(content, &want);
        FUZZ_CHECK(slice_equal(buf_slice(&back), buf_slice(&want)));
}

void fuzz_one(Slice input) {
        unsigned piece = fuzz_byte(&input), space = fuzz_byte(&input);

        check_decoder(input, piece & 1, 1 + piece / 2);
        check_encoder(input, 1 + piece, DATA_ENCODER_SPACE_MIN + space);
}
