/* SPDX-License-Identifier: MIT */
#include "mail/address.h"
#include "mail/charset.h"

/* Cuts the AUTH parameter off a MAIL line, with the white space before it. */
static Slice without_auth(Slice line) {
        static const char AUTH[] = "AUTH=";
        size_t at = line.size;
        const char *p;

        p = line.size > 0 ? memmem(line.data, line.size, AUTH, strlen(AUTH)) : NULL;
        if (p)
                at = (size_t) (p - line.data);
        for (size_t i = 1; i + strlen(AUTH) <= at; i++)
                if (ascii_is_space(line.data[i - 1]) &&
                    slice_starts_with_ignore_case(slice_from(line, i), SLICE("AUTH="))) {
                        at = i;
                        break;
                }
        if (at == line.size)
                return line;
        while (at > 0 && ascii_is_space(line.data[at - 1]))
                at--;
        return slice_first(line, at);
}

static Slice skip_space(Slice s) {
        while (s.size > 0 && ascii_is_space(s.data[0]))
                s = slice_from(s, 1);
        return s;
}

/* `line` without the command's words and the colon; all of it when they aren't there. */
static Slice without_command(Slice line, SmtpPathKind kind) {
        Slice words = kind == SMTP_PATH_MAIL ? SLICE("MAIL FROM") : SLICE("RCPT TO"), rest;

        if (!slice_starts_with_ignore_case(line, words))
                return line;
        rest = skip_space(slice_from(line, words.size));
        if (rest.size == 0 || rest.data[0] != ':')
                return line;
        return skip_space(slice_from(rest, 1));
}

/* What is between the last "<" and the first ">" behind it, either of which may be missing. Stores
 * where the ">" is, or NULL. */
static Slice between_brackets(Slice s, const char **ret_end) {
        ssize_t open = slice_find_last_byte(s, '<'), close;

        if (open >= 0)
                s = slice_from(s, (size_t) open + 1);
        close = slice_find_byte(s, '>', 0);
        *ret_end = close >= 0 ? s.data + close : NULL;
        return close >= 0 ? slice_first(s, (size_t) close) : s;
}

static Slice path_parse(Slice line, SmtpPathKind kind, const char **ret_end) {
        if (kind == SMTP_PATH_MAIL)
                line = without_auth(line);
        return slice_trim(between_brackets(without_command(line, kind), ret_end));
}

Slice smtp_path_address(Slice line, SmtpPathKind kind) {
        const char *end;

        return path_parse(line, kind, &end);
}

bool address_is_sane(Slice address) {
        for (size_t i = 0; i < address.size; i++)
                if ((uint8_t) address.data[i] < ' ' || address.data[i] == 0x7f)
                        return false;
        return address.size <= SMTP_ADDRESS_MAX && utf8_is_valid(address);
}

Slice smtp_path_parameters(Slice line, SmtpPathKind kind) {
        const char *end;

        (void) path_parse(line, kind, &end);
        return end ? slice_from(line, (size_t) (end + 1 - line.data)) : SLICE_NULL;
}

/* esmtp-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-") */
static bool is_keyword(Slice s) {
        for (size_t i = 0; i < s.size; i++)
                if (!ascii_is_alnum(s.data[i]) && (i == 0 || s.data[i] != '-'))
                        return false;
        return s.size > 0;
}

/* esmtp-value = 1*(%d33-60 / %d62-126 / UTF8-non-ascii) */
static bool is_parameter_value(Slice s) {
        for (size_t i = 0; i < s.size; i++)
                if ((uint8_t) s.data[i] <= ' ' || s.data[i] == '=' || s.data[i] == 0x7f)
                        return false;
        return s.size > 0 && utf8_is_valid(s);
}

bool smtp_parameters_next(Slice *rest, SmtpParameter *ret) {
        Slice s = skip_space(*rest), keyword;
        size_t size = 0;

        while (size < s.size && !ascii_is_space(s.data[size]))
                size++;
        if (size == 0)
                return false;
        *rest = slice_from(s, size);
        s = slice_first(s, size);
        keyword = slice_split(&s, '=');
        *ret = (SmtpParameter){
                .keyword = keyword,
                .value = s,
                .has_value = s.data != NULL,
                .is_valid = is_keyword(keyword) && (!s.data || is_parameter_value(s)),
        };
        return true;
}

static int capital_hex_value(char c) {
        return ascii_is_digit(c) ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int xtext_decode(Slice text, Buf *to) {
        size_t start = to->size;

        for (size_t i = 0; i < text.size; i++) {
                char c = text.data[i];

                if (c == '+' && i + 2 < text.size && capital_hex_value(text.data[i + 1]) >= 0 &&
                    capital_hex_value(text.data[i + 2]) >= 0) {
                        c = (char) (capital_hex_value(text.data[i + 1]) << 4 |
                                    capital_hex_value(text.data[i + 2]));
                        i += 2;
                } else if (c == '+' || c == '=' || c < '!' || c > '~') {
                        if (buf_error(to) == 0)
                                buf_truncate(to, start);
                        return -EBADMSG;
                }
                buf_append_byte(to, c);
        }
        return 0;
}

static void split_at(Slice s, char byte, Slice *ret_before, Slice *ret_after) {
        Slice rest = s;

        *ret_before = slice_split(&rest, byte);
        *ret_after = rest;
}

void address_split(Slice address, Slice *ret_local, Slice *ret_domain) {
        split_at(address, '@', ret_local, ret_domain);
}

Slice address_domain(Slice address) {
        ssize_t at = slice_find_last_byte(address, '@');

        return at >= 0 ? slice_from(address, (size_t) at + 1) : SLICE_NULL;
}

void address_split_tag(Slice local, Slice *ret_base, Slice *ret_tag) {
        split_at(local, '+', ret_base, ret_tag);
}

bool address_is_ascii(Slice address) {
        return utf8_is_ascii(address);
}

void header_address(Slice value, Buf *to) {
        _cleanup_(buf_done) Buf bare = BUF_EMPTY;
        const char *end;
        Slice s;

        s = between_brackets(value, &end);
        while (s.size > 0) {
                ssize_t open = slice_find_byte(s, '(', 0), close;

                close = open >= 0 ? slice_find_byte(s, ')', (size_t) open) : -1;
                if (close < 0) {
                        buf_append_slice(&bare, s);
                        break;
                }
                buf_append_slice(&bare, slice_first(s, (size_t) open));
                s = slice_from(s, (size_t) close + 1);
        }
        buf_append_slice(to, slice_trim(buf_slice(&bare)));
        if (buf_error(&bare) < 0)
                to->error = buf_error(&bare);
}
