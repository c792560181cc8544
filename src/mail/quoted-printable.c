/* SPDX-License-Identifier: MIT */
#include "mail/quoted-printable.h"

static int digit_value(char c) {
        if (ascii_is_digit(c))
                return c - '0';
        c = ascii_to_lower(c);
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int hex_pair_value(Slice s) {
        int high, low;

        if (s.size < 2)
                return -1;
        high = digit_value(s.data[0]);
        low = digit_value(s.data[1]);
        return high >= 0 && low >= 0 ? high << 4 | low : -1;
}

/* Appends one line, without its line end. */
static void decode_line(Slice line, Buf *to) {
        while (line.size > 0) {
                ssize_t mark = slice_find_byte(line, '=', 0);
                size_t plain = mark >= 0 ? (size_t) mark : line.size;
                int byte;

                buf_append(to, line.data, plain);
                line = slice_from(line, plain);
                if (line.size == 0)
                        return;
                byte = hex_pair_value(slice_from(line, 1));
                line = slice_from(line, byte >= 0 ? 3 : 1);
                buf_append_byte(to, byte >= 0 ? (char) byte : '=');
        }
}

void quoted_printable_decode(Slice text, Buf *to) {
        while (text.size > 0) {
                ssize_t lf = slice_find_byte(text, '\n', 0);
                size_t size = lf >= 0 ? (size_t) lf + 1 : text.size, end = size;
                Slice line, line_end;

                if (lf >= 0)
                        end -= lf > 0 && text.data[lf - 1] == '\r' ? 2 : 1;
                line = slice_first(text, end);
                line_end = slice_make(text.data + end, size - end);
                while (line.size > 0 &&
                       (line.data[line.size - 1] == ' ' || line.data[line.size - 1] == '\t'))
                        line.size--;
                if (line.size > 0 && line.data[line.size - 1] == '=') {
                        line.size--; /* a soft line break */
                        line_end = SLICE_NULL;
                }
                decode_line(line, to);
                buf_append_slice(to, line_end);
                text = slice_from(text, size);
        }
}
