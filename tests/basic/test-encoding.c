/* SPDX-License-Identifier: MIT */
#include "basic/encoding.h"
#include "basic/random.h"
#include "test.h"

TEST(base64_vectors_of_rfc_4648) {
        static const char *const vectors[][2] = {
                { "", "" },         { "f", "Zg==" },         { "fo", "Zm8=" },         { "foo", "Zm9v" },
                { "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" },
        };

        for (size_t i = 0; i < ELEMENTSOF(vectors); i++) {
                _cleanup_(buf_done) Buf text = BUF_EMPTY, data = BUF_EMPTY;

                base64_encode(&text, slice_from_string(vectors[i][0]));
                CHECK_STR(buf_string(&text), vectors[i][1]);
                CHECK_INT(base64_decode(&data, buf_slice(&text)), 0);
                CHECK_STR(buf_string(&data), vectors[i][0]);
        }
}

TEST(base64_strict_refuses) {
        static const char *const bad[] = { "Zg", "Zg=", "Z===", "Zg==Zg==", "Zm9!", "Zm 9", "====" };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_(buf_done) Buf data = BUF_EMPTY;

                CHECK_INT(base64_decode(&data, slice_from_string(bad[i])), -EBADMSG);
                CHECK_INT(data.size, 0);
        }
}

TEST(base64_lenient_reads_what_ruby_reads) {
        static const char *const vectors[][2] = {
                { "Zg", "f" },           { "Z g\r\n=", "f" }, { "!!!!", "" },     { "Zm9vYg", "foob" },
                { "Zm9v=YmFy", "foo" },  { "Zm-9v", "foo" },  { "Z", "" },        { "*", "" },
        };

        for (size_t i = 0; i < ELEMENTSOF(vectors); i++) {
                _cleanup_(buf_done) Buf data = BUF_EMPTY;

                base64_decode_lenient(&data, slice_from_string(vectors[i][0]));
                CHECK_STR(buf_string(&data), vectors[i][1]);
        }
}

TEST(base64_round_trip_of_random_bytes) {
        for (size_t size = 0; size < 300; size++) {
                _cleanup_(buf_done) Buf text = BUF_EMPTY, data = BUF_EMPTY;
                char bytes[300];

                random_bytes(bytes, size);
                base64_encode(&text, slice_make(bytes, size));
                CHECK_INT(base64_decode(&data, buf_slice(&text)), 0);
                CHECK(slice_equal(buf_slice(&data), slice_make(bytes, size)));
        }
}

TEST(base64_lines) {
        _cleanup_(buf_done) Buf text = BUF_EMPTY;

        base64_encode_lines(&text, SLICE("foobarfoo"), 5, "\r\n\t");
        CHECK_STR(buf_string(&text), "Zm9vY\r\n\tmFyZm\r\n\t9v");
}

TEST(hex) {
        _cleanup_(buf_done) Buf text = BUF_EMPTY;

        hex_encode(&text, SLICE("\x00\x7f\xff"));
        CHECK_STR(buf_string(&text), "007fff");
}
