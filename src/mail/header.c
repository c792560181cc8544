/* SPDX-License-Identifier: MIT */
#include "mail/charset.h"
#include "mail/encoded-word.h"
#include "mail/header.h"

bool message_split(Slice message, Slice *ret_headers, Slice *ret_body) {
        const char *p = message.data, *end;

        assert(ret_headers);
        assert(ret_body);

        end = message.size > 0 ? p + message.size : p;
        while (p < end && (p = memchr(p, '\n', (size_t) (end - p)))) {
                const char *first = p, *second = p + 1;

                if (second < end && *second == '\r')
                        second++;
                if (second == end || *second != '\n') {
                        p++;
                        continue;
                }
                if (first > message.data && first[-1] == '\r')
                        first--;
                *ret_headers = slice_first(message, (size_t) (first - message.data));
                *ret_body = slice_from(message, (size_t) (second + 1 - message.data));
                return true;
        }
        *ret_headers = message;
        *ret_body = SLICE_NULL;
        return false;
}

/* The first line of `s` with its line end. */
static Slice first_line(Slice s) {
        ssize_t end = slice_find_byte(s, '\n', 0);

        return end >= 0 ? slice_first(s, (size_t) end + 1) : s;
}

static Slice without_line_end(Slice line) {
        if (line.size > 0 && line.data[line.size - 1] == '\n') {
                line.size--;
                if (line.size > 0 && line.data[line.size - 1] == '\r')
                        line.size--;
        }
        return line;
}

static bool is_folded(Slice s) {
        return s.size > 0 && (s.data[0] == ' ' || s.data[0] == '\t');
}

/* field-name = 1*ftext; ftext = %d33-57 / %d59-126 (RFC 5322 section 3.6.8). White space before
 * the colon is of the obsolete form (section 4.5.8). Stores the empty slice when that is not what
 * `line` begins with, and returns the size of all up to and with the colon. */
static size_t field_name(Slice line, Slice *ret) {
        ssize_t colon = slice_find_byte(line, ':', 0);
        size_t size = 0;

        *ret = slice_first(line, 0);
        if (colon < 0)
                return 0;
        while (size < (size_t) colon && line.data[size] > ' ' && line.data[size] <= '~')
                size++;
        if (slice_trim(slice_make(line.data + size, (size_t) colon - size)).size > 0)
                return 0;
        *ret = slice_first(line, size);
        return (size_t) colon + 1;
}

bool header_next(Slice *rest, HeaderField *ret) {
        Slice line = first_line(*rest), all = *rest, name;
        size_t size = line.size, value;

        if (without_line_end(line).size == 0)
                return false;
        value = is_folded(line) ? 0 : field_name(line, &name);
        while (is_folded(slice_from(all, size)))
                size += first_line(slice_from(all, size)).size;
        *rest = slice_from(all, size);
        *ret = (HeaderField){ .raw = slice_first(all, size) };
        if (value > 0 && name.size > 0) {
                ret->name = name;
                ret->value = without_line_end(slice_from(ret->raw, value));
                ret->is_field = true;
        }
        return true;
}

bool header_find_next(Slice *rest, Slice name, HeaderField *ret) {
        HeaderField field;

        while (header_next(rest, &field))
                if (field.is_field && slice_equal_ignore_case(field.name, name)) {
                        *ret = field;
                        return true;
                }
        return false;
}

bool header_find_last(Slice headers, Slice name, HeaderField *ret) {
        bool found = false;

        while (header_find_next(&headers, name, ret))
                found = true;
        return found;
}

void header_unfold(Slice value, Buf *to) {
        while (value.size > 0) {
                size_t plain = 0;

                while (plain < value.size && value.data[plain] != '\r' && value.data[plain] != '\n')
                        plain++;
                buf_append(to, value.data, plain);
                value = slice_from(value, plain);
                if (value.size > 1 && value.data[0] == '\r' && value.data[1] == '\n')
                        value = slice_from(value, 1);
                if (value.size == 0)
                        break;
                if (value.data[0] == '\r' || !is_folded(slice_from(value, 1)))
                        buf_append_byte(to, ' ');
                value = slice_from(value, 1);
        }
}

bool header_message_id(Slice headers, Buf *to) {
        _cleanup_(buf_done) Buf value = BUF_EMPTY;
        size_t start = to->size, kept = 0;
        HeaderField field;
        ssize_t at;
        Slice id;

        if (!header_find_last(headers, SLICE("Message-ID"), &field))
                return false;
        header_unfold(field.value, &value);
        for (size_t i = 0; i < value.size; i++)
                if ((uint8_t) value.data[i] >= ' ' && value.data[i] != 0x7f)
                        value.data[kept++] = value.data[i];
        buf_truncate(&value, kept);
        id = buf_slice(&value);
        at = slice_find_last_byte(id, '<');
        if (at >= 0)
                id = slice_from(id, (size_t) at + 1);
        at = slice_find_byte(id, '>', 0);
        if (at >= 0)
                id = slice_first(id, (size_t) at);
        charset_guess_to_utf8(slice_trim(id), to);
        if (buf_error(&value) < 0)
                to->error = buf_error(&value);
        return to->size > start;
}

bool header_subject(Slice headers, Buf *to) {
        _cleanup_(buf_done) Buf value = BUF_EMPTY, decoded = BUF_EMPTY;
        HeaderField field;
        Slice subject;

        if (!header_find_last(headers, SLICE("Subject"), &field))
                return false;
        header_unfold(field.value, &value);
        encoded_words_decode(buf_slice(&value), &decoded);
        for (size_t i = 0; i < decoded.size; i++)
                if ((uint8_t) decoded.data[i] < ' ' || decoded.data[i] == 0x7f)
                        decoded.data[i] = ' ';
        subject = utf8_truncate(slice_trim(buf_slice(&decoded)), HEADER_SUBJECT_MAX);
        buf_append_slice(to, subject);
        if (buf_error(&value) < 0 || buf_error(&decoded) < 0)
                to->error = -ENOMEM;
        return subject.size > 0;
}
