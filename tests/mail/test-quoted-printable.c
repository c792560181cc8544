/* SPDX-License-Identifier: MIT */
#include "mail/quoted-printable.h"
#include "test.h"

TEST(pairs_of_digits) {
        CHECK_INT(hex_pair_value(SLICE("00")), 0);
        CHECK_INT(hex_pair_value(SLICE("aF0")), 0xaf);
        CHECK_INT(hex_pair_value(SLICE("9")), -1);
        CHECK_INT(hex_pair_value(SLICE("9g")), -1);
        CHECK_INT(hex_pair_value(SLICE(" 9")), -1);
        CHECK_INT(hex_pair_value(SLICE("")), -1);
}

TEST(decoding) {
        static const char *const CASES[][2] = {
                { "", "" },
                { "plain\r\ntext\n", "plain\r\ntext\n" },
                { "a=3Db=3db", "a=b=b" },
                { "soft=\r\nbreak=\nend=", "softbreakend" },
                { "soft= \t\r\nbreak", "softbreak" },
                { "space \t\r\nat the end ", "space\r\nat the end" },
                { "kept=20\r\n", "kept \r\n" },
                { "=zz=4=", "=zz=4" },
                { "==41", "=A" },
                { "=\r\n=\r\n", "" },
                { "=C3=\r\n=BC", "\xc3\xbc" },
        };

        for (size_t i = 0; i < ELEMENTSOF(CASES); i++) {
                _cleanup_(buf_done) Buf b = BUF_EMPTY;

                quoted_printable_decode(slice_from_string(CASES[i][0]), &b);
                CHECK_STR(buf_string(&b), CASES[i][1]);
        }
}
