/* SPDX-License-Identifier: MIT */
#include "basic/encoding.h"

static const char ALPHABET[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int value_of(char c) {
        if (c >= 'A' && c <= 'Z')
                return c - 'A';
        if (c >= 'a' && c <= 'z')
                return c - 'a' + 26;
        if (c >= '0' && c <= '9')
                return c - '0' + 52;
        return c == '+' ? 62 : c == '/' ? 63 : -1;
}

void base64_encode(Buf *to, Slice data) {
        const uint8_t *p = (const uint8_t *) data.data;
        char *out;

        if (data.size > SIZE_MAX / 2) {
                to->error = -ENOBUFS;
                return;
        }
        out = buf_reserve(to, (data.size + 2) / 3 * 4);
        if (!out)
                return;
        for (size_t i = 0; i < data.size; i += 3) {
                size_t left = data.size - i;
                uint32_t v = (uint32_t) p[i] << 16;

                v |= left > 1 ? (uint32_t) p[i + 1] << 8 : 0;
                v |= left > 2 ? (uint32_t) p[i + 2] : 0;
                *out++ = ALPHABET[v >> 18];
                *out++ = ALPHABET[(v >> 12) & 63];
                *out++ = left > 1 ? ALPHABET[(v >> 6) & 63] : '=';
                *out++ = left > 2 ? ALPHABET[v & 63] : '=';
        }
        buf_extend(to, (size_t) (out - to->data) - to->size);
}

void base64_encode_lines(Buf *to, Slice data, size_t columns, const char *separator) {
        _cleanup_(buf_done) Buf whole = BUF_EMPTY;

        assert(columns > 0);

        base64_encode(&whole, data);
        if (buf_error(&whole) < 0)
                to->error = buf_error(&whole);
        for (size_t i = 0; i < whole.size; i += columns) {
                if (i > 0)
                        buf_append_string(to, separator);
                buf_append(to, whole.data + i, MIN(columns, whole.size - i));
        }
}

int base64_decode(Buf *to, Slice text) {
        size_t padding = 0;

        if (text.size % 4 != 0)
                return -EBADMSG;
        while (padding < 2 && padding < text.size && text.data[text.size - 1 - padding] == '=')
                padding++;
        for (size_t i = 0; i < text.size - padding; i++)
                if (value_of(text.data[i]) < 0)
                        return -EBADMSG;
        base64_decode_lenient(to, text);
        return 0;
}

void base64_decode_lenient(Buf *to, Slice text) {
        uint32_t bits = 0;
        unsigned count = 0;
        char *out = buf_reserve(to, text.size / 4 * 3 + 3);

        if (!out)
                return;
        for (size_t i = 0; i < text.size && text.data[i] != '='; i++) {
                int value = value_of(text.data[i]);

                if (value < 0)
                        continue;
                bits = bits << 6 | (uint32_t) value;
                count += 6;
                if (count >= 8) {
                        count -= 8;
                        *out++ = (char) (bits >> count & 0xff);
                }
        }
        buf_extend(to, (size_t) (out - to->data) - to->size);
}

void hex_encode(Buf *to, Slice data) {
        static const char DIGITS[16] = "0123456789abcdef";

        for (size_t i = 0; i < data.size; i++) {
                buf_append_byte(to, DIGITS[(uint8_t) data.data[i] >> 4]);
                buf_append_byte(to, DIGITS[(uint8_t) data.data[i] & 15]);
        }
}
