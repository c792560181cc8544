/* SPDX-License-Identifier: MIT */

/* UTF-8 and windows-1252 are decoded here, everything else by the C library's iconv, whose
 * converter modules a small installation may lack. The names it is asked for come from the table
 * below only: its rarer converters have a history of endless loops on hostile input. */

#include <iconv.h>

#include "mail/charset.h"

#define CHARSET_NAME_MAX 40

typedef enum CharsetKind {
        CHARSET_GUESS,
        CHARSET_UTF8,
        CHARSET_WINDOWS_1252,
        CHARSET_ICONV,
        CHARSET_ICONV_MARKED, /* big-endian unless a byte order mark says otherwise */
} CharsetKind;

typedef struct Charset {
        const char *name; /* in lower case */
        CharsetKind kind;
        const char *iconv;
        size_t unit; /* bytes to skip when they are no character */
} Charset;

#define VIA_ICONV(alias, converter) { alias, CHARSET_ICONV, converter, 1 }

static const Charset CHARSETS[] = {
        { "utf-8", CHARSET_UTF8, NULL, 1 },
        { "utf8", CHARSET_UTF8, NULL, 1 },
        { "us-ascii", CHARSET_GUESS, NULL, 1 },
        { "iso-8859-1", CHARSET_WINDOWS_1252, NULL, 1 },
        { "iso8859-1", CHARSET_WINDOWS_1252, NULL, 1 },
        { "iso_8859-1", CHARSET_WINDOWS_1252, NULL, 1 },
        { "latin1", CHARSET_WINDOWS_1252, NULL, 1 },
        { "windows-1252", CHARSET_WINDOWS_1252, NULL, 1 },
        { "cp1252", CHARSET_WINDOWS_1252, NULL, 1 },
        { "windows-1258", CHARSET_WINDOWS_1252, NULL, 1 },
        { "cp1258", CHARSET_WINDOWS_1252, NULL, 1 },
        VIA_ICONV("iso-8859-2", "ISO-8859-2"),
        VIA_ICONV("latin2", "ISO-8859-2"),
        VIA_ICONV("iso-8859-3", "ISO-8859-3"),
        VIA_ICONV("iso-8859-4", "ISO-8859-4"),
        VIA_ICONV("iso-8859-5", "ISO-8859-5"),
        VIA_ICONV("iso-8859-6", "ISO-8859-6"),
        VIA_ICONV("iso-8859-7", "ISO-8859-7"),
        VIA_ICONV("iso-8859-8", "ISO-8859-8"),
        VIA_ICONV("iso-8859-8-i", "ISO-8859-8"),
        VIA_ICONV("iso-8859-9", "CP1254"),
        VIA_ICONV("iso-8859-10", "ISO-8859-10"),
        VIA_ICONV("iso-8859-11", "CP874"),
        VIA_ICONV("iso-8859-13", "ISO-8859-13"),
        VIA_ICONV("iso-8859-14", "ISO-8859-14"),
        VIA_ICONV("iso-8859-15", "ISO-8859-15"),
        VIA_ICONV("iso-8859-16", "ISO-8859-16"),
        VIA_ICONV("windows-1250", "CP1250"),
        VIA_ICONV("cp1250", "CP1250"),
        VIA_ICONV("windows-1251", "CP1251"),
        VIA_ICONV("cp1251", "CP1251"),
        VIA_ICONV("windows-1253", "CP1253"),
        VIA_ICONV("windows-1254", "CP1254"),
        VIA_ICONV("windows-1255", "CP1255"),
        VIA_ICONV("windows-1256", "CP1256"),
        VIA_ICONV("windows-1257", "CP1257"),
        VIA_ICONV("windows-874", "CP874"),
        VIA_ICONV("tis-620", "CP874"),
        VIA_ICONV("koi8-r", "KOI8-R"),
        VIA_ICONV("koi8-u", "KOI8-U"),
        VIA_ICONV("macintosh", "MACINTOSH"),
        VIA_ICONV("ibm437", "CP437"),
        VIA_ICONV("cp437", "CP437"),
        VIA_ICONV("ibm850", "CP850"),
        VIA_ICONV("cp850", "CP850"),
        VIA_ICONV("ibm852", "CP852"),
        VIA_ICONV("ibm866", "CP866"),
        VIA_ICONV("cp866", "CP866"),
        VIA_ICONV("shift_jis", "CP932"),
        VIA_ICONV("shift-jis", "CP932"),
        VIA_ICONV("x-sjis", "CP932"),
        VIA_ICONV("windows-31j", "CP932"),
        VIA_ICONV("cp932", "CP932"),
        VIA_ICONV("euc-jp", "EUC-JP"),
        VIA_ICONV("iso-2022-jp", "ISO-2022-JP"),
        VIA_ICONV("euc-kr", "CP949"),
        VIA_ICONV("ks_c_5601-1987", "CP949"),
        VIA_ICONV("cp949", "CP949"),
        VIA_ICONV("iso-2022-kr", "ISO-2022-KR"),
        VIA_ICONV("gb2312", "GB18030"),
        VIA_ICONV("gbk", "GB18030"),
        VIA_ICONV("cp936", "GB18030"),
        VIA_ICONV("gb18030", "GB18030"),
        VIA_ICONV("big5", "BIG5-HKSCS"),
        VIA_ICONV("big5-hkscs", "BIG5-HKSCS"),
        VIA_ICONV("utf-7", "UTF-7"),
        VIA_ICONV("unicode-1-1-utf-7", "UTF-7"),
        { "utf-16", CHARSET_ICONV_MARKED, "UTF-16", 2 },
        { "utf-16be", CHARSET_ICONV, "UTF-16BE", 2 },
        { "utf-16le", CHARSET_ICONV, "UTF-16LE", 2 },
        { "utf-32", CHARSET_ICONV_MARKED, "UTF-32", 4 },
        { "utf-32be", CHARSET_ICONV, "UTF-32BE", 4 },
        { "utf-32le", CHARSET_ICONV, "UTF-32LE", 4 },
};

/* 0x80 to 0x9f; 0 is undefined. The rest is as in ISO-8859-1. */
static const uint16_t WINDOWS_1252[32] = {
        0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
        0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
        0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178,
};

/* How many bytes at the front are ASCII. */
static size_t ascii_prefix(Slice s) {
        size_t i = 0;

        for (; i + sizeof(uint64_t) <= s.size; i += sizeof(uint64_t)) {
                uint64_t word;

                memcpy(&word, s.data + i, sizeof(word));
                if ((word & UINT64_C(0x8080808080808080)) != 0)
                        break;
        }
        while (i < s.size && (uint8_t) s.data[i] < 0x80)
                i++;
        return i;
}

bool utf8_is_ascii(Slice s) {
        return ascii_prefix(s) == s.size;
}

/* The number of bytes that follow a lead byte, and the range of the first of them, which is what
 * excludes overlong forms, surrogates and too large values (RFC 3629 section 4). */
static size_t lead_byte(uint8_t lead, uint8_t *ret_low, uint8_t *ret_high) {
        *ret_low = 0x80;
        *ret_high = 0xbf;
        if (lead >= 0xc2 && lead <= 0xdf)
                return 1;
        if (lead >= 0xe0 && lead <= 0xef) {
                *ret_low = lead == 0xe0 ? 0xa0 : 0x80;
                *ret_high = lead == 0xed ? 0x9f : 0xbf;
                return 2;
        }
        if (lead >= 0xf0 && lead <= 0xf4) {
                *ret_low = lead == 0xf0 ? 0x90 : 0x80;
                *ret_high = lead == 0xf4 ? 0x8f : 0xbf;
                return 3;
        }
        return 0;
}

bool utf8_next(Slice *s, uint32_t *ret) {
        const uint8_t *p = (const uint8_t *) s->data;
        uint8_t low, high;
        size_t follow, used = 1;
        uint32_t value;

        if (s->size == 0)
                return false;
        if (p[0] < 0x80) {
                *ret = p[0];
                *s = slice_from(*s, 1);
                return true;
        }
        follow = lead_byte(p[0], &low, &high);
        value = p[0] & (0x3fu >> follow);
        while (used <= follow && used < s->size && p[used] >= low && p[used] <= high) {
                value = value << 6 | (p[used] & 0x3fu);
                low = 0x80;
                high = 0xbf;
                used++;
        }
        *ret = follow > 0 && used == follow + 1 ? value : UTF8_INVALID;
        *s = slice_from(*s, used);
        return true;
}

void utf8_append(uint32_t c, Buf *to) {
        char out[4];
        size_t n = 0;

        if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
                c = UTF8_REPLACEMENT_CHARACTER;
        if (c < 0x80) {
                out[n++] = (char) c;
        } else if (c < 0x800) {
                out[n++] = (char) (0xc0 | c >> 6);
                out[n++] = (char) (0x80 | (c & 0x3f));
        } else if (c < 0x10000) {
                out[n++] = (char) (0xe0 | c >> 12);
                out[n++] = (char) (0x80 | (c >> 6 & 0x3f));
                out[n++] = (char) (0x80 | (c & 0x3f));
        } else {
                out[n++] = (char) (0xf0 | c >> 18);
                out[n++] = (char) (0x80 | (c >> 12 & 0x3f));
                out[n++] = (char) (0x80 | (c >> 6 & 0x3f));
                out[n++] = (char) (0x80 | (c & 0x3f));
        }
        buf_append(to, out, n);
}

/* How many bytes at the front are valid. */
static size_t valid_prefix(Slice s) {
        Slice rest = s;

        for (;;) {
                Slice before;
                uint32_t c;

                rest = slice_from(rest, ascii_prefix(rest));
                before = rest;
                if (!utf8_next(&rest, &c))
                        return s.size;
                if (c == UTF8_INVALID)
                        return s.size - before.size;
        }
}

bool utf8_is_valid(Slice s) {
        return valid_prefix(s) == s.size;
}

void utf8_repair(Slice s, Buf *to) {
        for (;;) {
                size_t valid = valid_prefix(s);
                uint32_t c;

                buf_append(to, s.data, valid);
                s = slice_from(s, valid);
                if (!utf8_next(&s, &c))
                        return;
                utf8_append(UTF8_REPLACEMENT_CHARACTER, to);
        }
}

Slice utf8_truncate(Slice s, size_t characters) {
        Slice rest = s;
        uint32_t c;

        while (characters > 0 && utf8_next(&rest, &c))
                characters--;
        return slice_first(s, s.size - rest.size);
}

static void windows_1252_to_utf8(Slice s, Buf *to) {
        while (s.size > 0) {
                size_t ascii = ascii_prefix(s);
                uint32_t c;

                buf_append(to, s.data, ascii);
                s = slice_from(s, ascii);
                if (s.size == 0)
                        return;
                c = (uint8_t) s.data[0];
                if (c < 0xa0)
                        c = WINDOWS_1252[c - 0x80];
                utf8_append(c > 0 ? c : UTF8_REPLACEMENT_CHARACTER, to);
                s = slice_from(s, 1);
        }
}

void charset_guess_to_utf8(Slice text, Buf *to) {
        if (utf8_is_valid(text))
                buf_append_slice(to, text);
        else
                windows_1252_to_utf8(text, to);
}

static const Charset *charset_find(Slice name) {
        name = slice_trim(name);
        if (name.size > CHARSET_NAME_MAX)
                return NULL;
        for (size_t i = 0; i < ELEMENTSOF(CHARSETS); i++)
                if (slice_equal_ignore_case(name, slice_from_string(CHARSETS[i].name)))
                        return &CHARSETS[i];
        return NULL;
}

/* iconv takes UTF-16 and UTF-32 without a mark as the machine's own order. */
static const char *converter_name(const Charset *charset, Slice text) {
        static const char BIG[] = { '\xfe', '\xff' }, LITTLE[] = { '\xff', '\xfe' };
        size_t zeroes = charset->unit - sizeof(BIG); /* before the big-endian mark */

        if (charset->kind != CHARSET_ICONV_MARKED)
                return charset->iconv;
        if (text.size >= charset->unit && (memcmp(text.data + zeroes, BIG, sizeof(BIG)) == 0 ||
                                           memcmp(text.data, LITTLE, sizeof(LITTLE)) == 0))
                return charset->iconv;
        return charset->unit == 2 ? "UTF-16BE" : "UTF-32BE";
}

/* Converts all of `text`; false when there is no such converter, with nothing appended. */
static bool convert(const Charset *charset, Slice text, Buf *to) {
        iconv_t cd = iconv_open("UTF-8", converter_name(charset, text));
        char *in = (char *) text.data;
        size_t left = text.size;

        if (cd == (iconv_t) -1)
                return false;
        while (left > 0) {
                char out[4096], *end = out;
                size_t space = sizeof(out), before = left, n;
                int error;

                n = iconv(cd, &in, &left, &end, &space);
                error = n == (size_t) -1 ? errno : 0;
                buf_append(to, out, (size_t) (end - out));
                if (error == 0 || (error == E2BIG && left < before))
                        continue;
                utf8_append(UTF8_REPLACEMENT_CHARACTER, to);
                if (error != EILSEQ)
                        break; /* the text ends within a character */
                in += MIN(charset->unit, left);
                left -= MIN(charset->unit, left);
        }
        (void) iconv_close(cd);
        return true;
}

void charset_to_utf8(Slice text, Slice name, Buf *to) {
        _cleanup_(buf_done) Buf converted = BUF_EMPTY;
        const Charset *charset = charset_find(name);

        switch (charset ? charset->kind : CHARSET_GUESS) {
        case CHARSET_UTF8:
                utf8_repair(text, to);
                return;
        case CHARSET_WINDOWS_1252:
                windows_1252_to_utf8(text, to);
                return;
        case CHARSET_ICONV:
        case CHARSET_ICONV_MARKED:
                if (convert(charset, text, &converted)) {
                        /* Converters are foreign code: what leaves here is checked. */
                        utf8_repair(buf_slice(&converted), to);
                        if (buf_error(&converted) < 0)
                                to->error = buf_error(&converted);
                        return;
                }
                _fallthrough_;
        case CHARSET_GUESS:
                charset_guess_to_utf8(text, to);
        }
}
