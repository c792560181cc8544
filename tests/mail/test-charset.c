/* SPDX-License-Identifier: MIT */
#include "mail/charset.h"
#include "prng.h"
#include "test.h"

#define REPLACED "\xef\xbf\xbd"

TEST(validity) {
        static const struct {
                const char *text;
                bool valid;
        } CASES[] = {
                { "", true },
                { "plain", true },
                { "gr\xc3\xbc\xc3\x9f", true },
                { "\xe2\x82\xac", true },
                { "\xf0\x9f\x92\xa9", true },
                { "\xf4\x8f\xbf\xbf", true },
                { "\xf4\x90\x80\x80", false }, /* over U+10FFFF */
                { "\xed\xa0\x80", false },     /* a surrogate */
                { "\xc0\x80", false },         /* overlong */
                { "\xe0\x9f\xbf", false },
                { "\xf0\x8f\xbf\xbf", false },
                { "\x80", false },
                { "a\xc3", false },
                { "\xe2\x82", false },
                { "eight bytes and more \xff", false },
                { "\xf8\x88\x80\x80\x80", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(CASES); i++)
                CHECK_INT(utf8_is_valid(slice_from_string(CASES[i].text)), CASES[i].valid);
        CHECK(utf8_is_ascii(SLICE("0123456789 ascii")));
        CHECK(!utf8_is_ascii(SLICE("0123456789 \x80")));
        CHECK(utf8_is_ascii(SLICE_NULL) && utf8_is_valid(SLICE_NULL));
}

TEST(repairing) {
        static const char *const CASES[][2] = {
                { "", "" },
                { "fine \xc3\xbc", "fine \xc3\xbc" },
                { "a\xff" "b", "a" REPLACED "b" },
                { "\xe2\x82", REPLACED },              /* one maximal subpart */
                { "\xe2\x82X", REPLACED "X" },
                { "\xc0\x80", REPLACED REPLACED },     /* no subpart begins with C0 */
                { "\xf0\x9f\x92", REPLACED },
                { "\xed\xa0\x80", REPLACED REPLACED REPLACED },
        };

        for (size_t i = 0; i < ELEMENTSOF(CASES); i++) {
                _cleanup_(buf_done) Buf b = BUF_EMPTY;

                utf8_repair(slice_from_string(CASES[i][0]), &b);
                CHECK_STR(buf_string(&b), CASES[i][1]);
        }
}

TEST(code_points) {
        static const struct {
                uint32_t code;
                const char *text;
        } CASES[] = {
                { 'a', "a" },
                { 0x7ff, "\xdf\xbf" },
                { 0x800, "\xe0\xa0\x80" },
                { 0xffff, "\xef\xbf\xbf" },
                { 0x10000, "\xf0\x90\x80\x80" },
                { 0x10ffff, "\xf4\x8f\xbf\xbf" },
                { 0xd800, REPLACED },
                { 0x110000, REPLACED },
        };

        for (size_t i = 0; i < ELEMENTSOF(CASES); i++) {
                _cleanup_(buf_done) Buf b = BUF_EMPTY;
                Slice s;
                uint32_t back;

                utf8_append(CASES[i].code, &b);
                CHECK_STR(buf_string(&b), CASES[i].text);
                s = buf_slice(&b);
                CHECK(utf8_next(&s, &back));
                CHECK(back == CASES[i].code || back == UTF8_REPLACEMENT_CHARACTER);
                CHECK(!utf8_next(&s, &back));
        }
}

TEST(truncation_counts_characters) {
        CHECK_SLICE(utf8_truncate(SLICE("abc"), 2), "ab");
        CHECK_SLICE(utf8_truncate(SLICE("abc"), 9), "abc");
        CHECK_SLICE(utf8_truncate(SLICE("\xc3\xbc\xe2\x82\xacx"), 2), "\xc3\xbc\xe2\x82\xac");
        CHECK_SLICE(utf8_truncate(SLICE("\xff\xffx"), 2), "\xff\xff");
        CHECK_SLICE(utf8_truncate(SLICE("abc"), 0), "");
}

TEST(charsets) {
        static const struct {
                const char *charset, *text, *want;
        } CASES[] = {
                { "utf-8", "\xc3\xbc\xff", "\xc3\xbc" REPLACED },
                { "UTF8", "\xc3\xbc", "\xc3\xbc" },
                { "iso-8859-1", "\xfc\x80", "\xc3\xbc\xe2\x82\xac" },
                { "Windows-1252", "\x93q\x94\x81", "\xe2\x80\x9cq\xe2\x80\x9d" REPLACED },
                { "windows-1258", "\xd2", "\xc3\x92" },
                { "iso-8859-15", "\xa4", "\xe2\x82\xac" },
                { "koi8-r", "\xf0\xd2\xc9", "\xd0\x9f\xd1\x80\xd0\xb8" },
                { "iso-2022-jp", "\x1b$B\x25\x46\x1b(B.", "\xe3\x83\x86." },
                { "shift_jis", "\x83\x65", "\xe3\x83\x86" },
                { "gb2312", "\xd6\xd0", "\xe4\xb8\xad" },
                { "utf-7", "Hi +AOQ-!", "Hi \xc3\xa4!" },
                { "us-ascii", "plain", "plain" },
                { "us-ascii", "\xc3\xbc", "\xc3\xbc" },
                { "us-ascii", "\xfc", "\xc3\xbc" },
                { "", "\xfc", "\xc3\xbc" },
                { "no-such-charset", "\xfc\x90", "\xc3\xbc" REPLACED },
                { "UTF-8//TRANSLIT", "\xfc", "\xc3\xbc" },
                { "../../etc/passwd", "x", "x" },
                { "euc-kr", "\xb0\xa1\xff", "\xea\xb0\x80" REPLACED },
                { "big5", "\xa4", REPLACED }, /* ends within a character */
        };

        for (size_t i = 0; i < ELEMENTSOF(CASES); i++) {
                _cleanup_(buf_done) Buf b = BUF_EMPTY;

                charset_to_utf8(slice_from_string(CASES[i].text),
                                slice_from_string(CASES[i].charset), &b);
                CHECK_INT(buf_error(&b), 0);
                CHECK_STR(buf_string(&b), CASES[i].want);
        }
}

TEST(byte_order_marks) {
        static const struct {
                const char *charset;
                Slice text;
                const char *want;
        } CASES[] = {
                { "utf-16", SLICE("\xff\xfe" "a\0"), "a" },
                { "utf-16", SLICE("\xfe\xff\0a"), "a" },
                { "utf-16", SLICE("\0a"), "a" },
                { "utf-16", SLICE("\0"), REPLACED },
                { "utf-16be", SLICE("\xd8\0\0a"), REPLACED "a" },
                { "utf-32", SLICE("\0\0\0a"), "a" },
                { "utf-32", SLICE("\xff\xfe\0\0a\0\0\0"), "a" },
                { "utf-32le", SLICE("a\0\0\0"), "a" },
        };

        for (size_t i = 0; i < ELEMENTSOF(CASES); i++) {
                _cleanup_(buf_done) Buf b = BUF_EMPTY;

                charset_to_utf8(CASES[i].text, slice_from_string(CASES[i].charset), &b);
                CHECK_STR(buf_string(&b), CASES[i].want);
        }
}

TEST(long_text_passes_the_converters_buffer) {
        _cleanup_(buf_done) Buf in = BUF_EMPTY, out = BUF_EMPTY;

        for (size_t i = 0; i < 10000; i++)
                buf_append_string(&in, "\xa4");
        charset_to_utf8(buf_slice(&in), SLICE("iso-8859-15"), &out);
        CHECK_INT(out.size, 30000);
        CHECK(utf8_is_valid(buf_slice(&out)));
}

TEST(whatever_comes_in_valid_utf8_comes_out) {
        static const char *const NAMES[] = { "utf-8",       "utf-7",  "utf-16",  "iso-2022-jp",
                                             "windows-1252", "gb2312", "euc-kr", "nonsense" };

        Prng prng = { 1 };

        for (unsigned round = 0; round < 500; round++) {
                char bytes[64];
                Slice s = slice_make(bytes, prng_below(&prng, sizeof(bytes)));
                _cleanup_(buf_done) Buf a = BUF_EMPTY, b = BUF_EMPTY;

                for (size_t i = 0; i < s.size; i++)
                        bytes[i] = (char) prng_next(&prng);
                charset_to_utf8(s, slice_from_string(NAMES[round % ELEMENTSOF(NAMES)]), &a);
                CHECK(utf8_is_valid(buf_slice(&a)));
                utf8_repair(s, &b);
                CHECK(utf8_is_valid(buf_slice(&b)));
                CHECK(utf8_is_valid(s) == slice_equal(s, buf_slice(&b)));
        }
}
