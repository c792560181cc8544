/* SPDX-License-Identifier: MIT */

/* The first line is the name of a charset, the rest is text. */

#include "fuzz.h"
#include "mail/charset.h"
#include "mail/encoded-word.h"

void fuzz_one(Slice input) {
        _cleanup_(buf_done) Buf converted = BUF_EMPTY, repaired = BUF_EMPTY, encoded = BUF_EMPTY;
        _cleanup_(buf_done) Buf decoded = BUF_EMPTY;
        Slice text = input, name = slice_split(&text, '\n'), cut;

        charset_to_utf8(text, name, &converted);
        FUZZ_CHECK(utf8_is_valid(buf_slice(&converted)));

        utf8_repair(text, &repaired);
        FUZZ_CHECK(utf8_is_valid(buf_slice(&repaired)));
        FUZZ_CHECK(utf8_is_valid(text) == slice_equal(text, buf_slice(&repaired)));
        cut = utf8_truncate(buf_slice(&repaired), 7);
        FUZZ_CHECK(utf8_is_valid(cut) && cut.size <= 4 * 7);

        encoded_words_encode(text, 0, &encoded);
        FUZZ_CHECK(utf8_is_ascii(buf_slice(&encoded)));
        encoded_words_decode(buf_slice(&encoded), &decoded);
        FUZZ_CHECK(slice_equal(buf_slice(&decoded), buf_slice(&repaired)));
}
