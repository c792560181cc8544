/* SPDX-License-Identifier: MIT */
#include "model/identifier.h"

static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
static const char LETTERS_AND_DIGITS[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/* U+00C0 to U+017F in ASCII, lower case: the letters with which European names are written. */
static const char *const LATIN[] = {
        "a", "a", "a",  "a",  "a", "a", "ae", "c", "e", "e",  "e",  "e",  "i", "i", "i",  "i",
        "d", "n", "o",  "o",  "o", "o", "o",  "x", "o", "u",  "u",  "u",  "u", "y", "th", "ss",
        "a", "a", "a",  "a",  "a", "a", "ae", "c", "e", "e",  "e",  "e",  "i", "i", "i",  "i",
        "d", "n", "o",  "o",  "o", "o", "o",  "-", "o", "u",  "u",  "u",  "u", "y", "th", "y",
        "a", "a", "a",  "a",  "a", "a", "c",  "c", "c", "c",  "c",  "c",  "c", "c", "d",  "d",
        "d", "d", "e",  "e",  "e", "e", "e",  "e", "e", "e",  "e",  "e",  "g", "g", "g",  "g",
        "g", "g", "g",  "g",  "h", "h", "h",  "h", "i", "i",  "i",  "i",  "i", "i", "i",  "i",
        "i", "i", "ij", "ij", "j", "j", "k",  "k", "k", "l",  "l",  "l",  "l", "l", "l",  "l",
        "l", "l", "l",  "n",  "n", "n", "n",  "n", "n", "-n", "ng", "ng", "o", "o", "o",  "o",
        "o", "o", "oe", "oe", "r", "r", "r",  "r", "r", "r",  "s",  "s",  "s", "s", "s",  "s",
        "s", "s", "t",  "t",  "t", "t", "t",  "t", "u", "u",  "u",  "u",  "u", "u", "u",  "u",
        "u", "u", "u",  "u",  "w", "w", "y",  "y", "y", "z",  "z",  "z",  "z", "z", "z",  "-",
};
#define LATIN_FIRST 0xC0

_Static_assert(ELEMENTSOF(LATIN) == 0x180 - LATIN_FIRST, "a row is wrong");

static char pick(const char *alphabet) {
        return alphabet[random_below(strlen(alphabet))];
}

void identifier_random(char *ret, size_t length, bool capitals_only) {
        assert(length >= 2);

        for (size_t i = 0; i < length; i++) {
                if (i == 0 || i == length - 1)
                        ret[i] = pick(LETTERS);
                else
                        ret[i] = capitals_only ? (char) ('A' + random_below(26))
                                               : pick(LETTERS_AND_DIGITS);
        }
        ret[length] = '\0';
}

void identifier_verification_code(char ret[static VERIFICATION_CODE_LENGTH + 1]) {
        int size =
                snprintf(ret, VERIFICATION_CODE_LENGTH + 1, "%u", (unsigned) random_below(999999));

        memset(ret + size, '0', (size_t) (VERIFICATION_CODE_LENGTH - size));
        ret[VERIFICATION_CODE_LENGTH] = '\0';
}

/* Takes one character of UTF-8 from the front; bytes that are none count one by one. */
static uint32_t take_character(Slice *s) {
        const unsigned char *p = (const unsigned char *) s->data;
        size_t size = p[0] < 0x80 ? 1 : p[0] < 0xC0 ? 1 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
        uint32_t c = size == 1 ? p[0] : p[0] & (0xFFu >> (size + 1));

        if (size > s->size || (p[0] >= 0x80 && p[0] < 0xC0)) {
                *s = slice_from(*s, 1);
                return UINT32_MAX;
        }
        for (size_t i = 1; i < size; i++) {
                if ((p[i] & 0xC0) != 0x80) {
                        *s = slice_from(*s, 1);
                        return UINT32_MAX;
                }
                c = c << 6 | (p[i] & 0x3F);
        }
        *s = slice_from(*s, size);
        return c;
}

static void append_or_dash(Buf *to, size_t begin, char c) {
        if (ascii_is_alnum(c) || c == '_')
                buf_append_byte(to, ascii_to_lower(c));
        else if (to->size > begin && to->data[to->size - 1] != '-')
                buf_append_byte(to, '-');
}

void identifier_permalink(const char *name, Buf *to) {
        Slice rest = slice_from_string(name);
        const size_t begin = to->size;

        while (rest.size > 0) {
                uint32_t c = take_character(&rest);

                if (c >= 0x300 && c < 0x370) /* an accent on the letter before it */
                        continue;
                if (c >= LATIN_FIRST && c < LATIN_FIRST + ELEMENTSOF(LATIN))
                        for (const char *p = LATIN[c - LATIN_FIRST]; *p; p++)
                                append_or_dash(to, begin, *p);
                else
                        append_or_dash(to, begin, c < 0x80 ? (char) c : '-');
        }
        if (to->size > begin && to->data[to->size - 1] == '-')
                buf_truncate(to, to->size - 1);
}

bool permalink_is_valid(const char *permalink) {
        for (const char *p = permalink; *p; p++)
                if (!ascii_is_digit(*p) && !(*p >= 'a' && *p <= 'z') && *p != '-')
                        return false;
        return true;
}
