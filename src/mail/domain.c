/* SPDX-License-Identifier: MIT */

/* One label after the other goes through libidn2, which knows the tables of IDNA and UTS #46. What
 * it refuses gets a second chance here if it has emoji: the text between them is mapped by libidn2
 * all the same, piece by piece, and the whole is encoded as RFC 3492 section 6.3 says. */

#include <idn2.h>

#include "mail/charset.h"
#include "mail/domain.h"

#define IDN_FLAGS (IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL)

#define ZERO_WIDTH_JOINER 0x200d

/* RFC 3492 section 5. */
enum {
        PUNYCODE_BASE = 36,
        PUNYCODE_T_MIN = 1,
        PUNYCODE_T_MAX = 26,
        PUNYCODE_SKEW = 38,
        PUNYCODE_DAMP = 700,
        PUNYCODE_BIAS = 72,
        PUNYCODE_N = 128,
};

static bool is_dot(uint32_t c) {
        return c == '.' || c == 0x3002 || c == 0xff0e || c == 0xff61;
}

static bool is_emoji(uint32_t c) {
        return (c >= 0x2190 && c <= 0x2bff) ||   /* arrows to miscellaneous symbols */
               (c >= 0x1f000 && c <= 0x1faff) || /* the pictographs, flags and skin tones */
               (c >= 0xe0020 && c <= 0xe007f) || /* tags, in flags of regions */
               c == 0x203c || c == 0x2049 || c == 0x2122 || c == 0x2139 || c == 0x20e3 ||
               c == 0x3030 || c == 0x303d || c == 0x3297 || c == 0x3299;
}

/* Selectors of how a symbol is drawn: UTS #46 maps them to nothing. */
static bool is_variation_selector(uint32_t c) {
        return c == 0xfe0e || c == 0xfe0f;
}

static void append_lower(Slice s, Buf *to) {
        for (size_t i = 0; i < s.size; i++)
                buf_append_byte(to, ascii_to_lower(s.data[i]));
}

/* Appends the A-label of `label`, or with `unicode` its mapped form. Returns 0 or -EINVAL. */
static int idn_map(Slice label, bool unicode, Buf *to) {
        _cleanup_free_ char *text = slice_dup(label);
        char *ascii = NULL, *mapped = NULL;
        int r;

        if (!text) {
                to->error = -ENOMEM;
                return -ENOMEM;
        }
        r = idn2_to_ascii_8z(text, &ascii, IDN_FLAGS);
        if (r == IDN2_OK && unicode)
                r = idn2_to_unicode_8z8z(ascii, &mapped, 0);
        if (r == IDN2_OK)
                buf_append_string(to, unicode ? mapped : ascii);
        idn2_free(ascii);
        idn2_free(mapped);
        return r == IDN2_OK ? 0 : r == IDN2_MALLOC ? -ENOMEM : -EINVAL;
}

static uint32_t punycode_adapt(uint32_t delta, uint32_t points, bool first) {
        uint32_t k = 0;

        delta = first ? delta / PUNYCODE_DAMP : delta / 2;
        delta += delta / points;
        while (delta > (PUNYCODE_BASE - PUNYCODE_T_MIN) * PUNYCODE_T_MAX / 2) {
                delta /= PUNYCODE_BASE - PUNYCODE_T_MIN;
                k += PUNYCODE_BASE;
        }
        return k + (PUNYCODE_BASE - PUNYCODE_T_MIN + 1) * delta / (delta + PUNYCODE_SKEW);
}

/* Appends `delta` as a generalised variable-length integer (RFC 3492 section 3.3). */
static void punycode_integer(uint32_t delta, uint32_t bias, Buf *to) {
        static const char DIGITS[] = "abcdefghijklmnopqrstuvwxyz0123456789";

        for (uint32_t k = PUNYCODE_BASE;; k += PUNYCODE_BASE) {
                uint32_t t = k <= bias + PUNYCODE_T_MIN    ? PUNYCODE_T_MIN
                             : k >= bias + PUNYCODE_T_MAX ? PUNYCODE_T_MAX
                                                          : k - bias;

                if (delta < t) {
                        buf_append_byte(to, DIGITS[delta]);
                        return;
                }
                buf_append_byte(to, DIGITS[t + (delta - t) % (PUNYCODE_BASE - t)]);
                delta = (delta - t) / (PUNYCODE_BASE - t);
        }
}

/* Appends the Punycode of `count` code points, at most DOMAIN_LABEL_MAX: so few that no sum below
 * can overflow. */
static void punycode_encode(const uint32_t *points, uint32_t count, Buf *to) {
        uint32_t n = PUNYCODE_N, delta = 0, bias = PUNYCODE_BIAS, done = 0, basic;

        for (uint32_t i = 0; i < count; i++)
                if (points[i] < PUNYCODE_N) {
                        buf_append_byte(to, (char) points[i]);
                        done++;
                }
        basic = done;
        if (basic > 0)
                buf_append_byte(to, '-');
        while (done < count) {
                uint32_t next = UINT32_MAX;

                for (uint32_t i = 0; i < count; i++)
                        if (points[i] >= n && points[i] < next)
                                next = points[i];
                delta += (next - n) * (done + 1);
                n = next;
                for (uint32_t i = 0; i < count; i++) {
                        if (points[i] < n)
                                delta++;
                        if (points[i] != n)
                                continue;
                        punycode_integer(delta, bias, to);
                        bias = punycode_adapt(delta, done + 1, done == basic);
                        delta = 0;
                        done++;
                }
                delta++;
                n++;
        }
}

/* Appends the mapped form of text between emoji. */
static int map_text(Slice text, Buf *to) {
        if (!utf8_is_ascii(text))
                return idn_map(text, true, to);
        append_lower(text, to);
        return 0;
}

/* Appends the mapped form of a label with emoji. -EINVAL without one and for an invalid rest. */
static int emoji_label_map(Slice label, Buf *to) {
        Slice rest = label, text = slice_first(label, 0);
        bool has_emoji = false;
        uint32_t c;
        int r;

        for (Slice before = rest; utf8_next(&rest, &c); before = rest) {
                if (!is_emoji(c) && !is_variation_selector(c) && c != ZERO_WIDTH_JOINER)
                        continue;
                text.size = (size_t) (before.data - text.data);
                r = map_text(text, to);
                if (r < 0)
                        return r;
                if (!is_variation_selector(c))
                        utf8_append(c, to);
                has_emoji = has_emoji || is_emoji(c);
                text = slice_first(rest, 0);
        }
        text.size = (size_t) (rest.data - text.data);
        r = map_text(text, to);
        return r < 0 ? r : has_emoji ? 0 : -EINVAL;
}

static int emoji_label_to_ascii(Slice label, Buf *to) {
        _cleanup_(buf_done) Buf mapped = BUF_EMPTY;
        uint32_t points[DOMAIN_LABEL_MAX], count = 0, c;
        Slice rest;
        int r;

        r = emoji_label_map(label, &mapped);
        if (r < 0)
                return r;
        if (buf_error(&mapped) < 0)
                return buf_error(&mapped);
        rest = buf_slice(&mapped);
        while (utf8_next(&rest, &c)) {
                if (count == ELEMENTSOF(points))
                        return -EINVAL;
                points[count++] = c;
        }
        buf_append_string(to, "xn--");
        punycode_encode(points, count, to);
        return 0;
}

static int label_to_ascii(Slice label, Buf *to) {
        size_t start = to->size;
        int r = 0;

        if (utf8_is_ascii(label)) {
                append_lower(label, to);
        } else {
                r = idn_map(label, false, to);
                if (r == -EINVAL)
                        r = emoji_label_to_ascii(label, to);
        }
        if (r < 0 || buf_error(to) < 0)
                return r < 0 ? r : buf_error(to);
        if (to->size == start || to->size - start > DOMAIN_LABEL_MAX)
                return -EINVAL;
        for (size_t i = start; i < to->size; i++)
                if (!ascii_is_alnum(to->data[i]) && to->data[i] != '-' && to->data[i] != '_')
                        return -EINVAL;
        return 0;
}

static int labels_to_ascii(Slice domain, Buf *to) {
        Slice rest = domain, label = slice_first(domain, 0);
        uint32_t c;
        int r;

        for (Slice before = rest; utf8_next(&rest, &c); before = rest) {
                if (!is_dot(c))
                        continue;
                label.size = (size_t) (before.data - label.data);
                r = label_to_ascii(label, to);
                if (r < 0 || rest.size == 0) /* one dot may end the name */
                        return r;
                buf_append_byte(to, '.');
                label = slice_first(rest, 0);
        }
        label.size = (size_t) (rest.data - label.data);
        return label_to_ascii(label, to);
}

int domain_to_ascii(Slice domain, Buf *to) {
        size_t start = to->size;
        int r;

        assert(to);

        if (buf_error(to) < 0)
                return buf_error(to);
        if (domain.size == 0 || domain.size > DOMAIN_INPUT_MAX || !utf8_is_valid(domain))
                return -EINVAL;
        r = labels_to_ascii(domain, to);
        if (r >= 0 && to->size - start > DOMAIN_NAME_MAX)
                r = -EINVAL;
        if (r < 0)
                buf_truncate(to, start);
        return r;
}
