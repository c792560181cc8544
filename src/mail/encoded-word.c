/* SPDX-License-Identifier: MIT */

/* encoded-word = "=?" charset ["*" language] "?" encoding "?" encoded-text "?="
 * (RFC 2047 section 2, with the language of RFC 2231 section 5).
 *
 * The decoder keeps the bytes of the words seen last in `run` for as long as words of the same
 * charset follow each other, and converts them when something else comes. Each byte of the input is
 * looked at a bounded number of times: a word is given up at the first byte it cannot have. */

#include "basic/encoding.h"
#include "mail/charset.h"
#include "mail/encoded-word.h"
#include "mail/quoted-printable.h"

typedef struct Word {
        Slice charset;
        char encoding; /* 'b' or 'q' */
        Slice text;
        size_t size; /* of the whole word */
} Word;

typedef struct Decoder {
        Buf *to;
        Buf run;       /* decoded bytes that wait for their conversion */
        Slice charset; /* of those bytes */
        bool after_word;
} Decoder;

/* token of RFC 2047 section 2: no space, no control character, no especials. */
static bool is_token(Slice s) {
        for (size_t i = 0; i < s.size; i++)
                if ((uint8_t) s.data[i] <= ' ' || (uint8_t) s.data[i] >= 0x7f ||
                    strchr("()<>@,;:\"/[]?.=", s.data[i]))
                        return false;
        return s.size > 0;
}

static bool is_base64(Slice s) {
        for (size_t i = 0; i < s.size; i++)
                if (!ascii_is_alnum(s.data[i]) && !strchr("+/= ", s.data[i]))
                        return false;
        return true;
}

/* Reads the word that `s` begins with; `s` begins with "=?". */
static bool word_parse(Slice s, Word *ret) {
        Slice rest = slice_from(s, 2), charset, encoding, text;

        charset = slice_split(&rest, '?');
        if (!is_token(charset))
                return false;
        encoding = slice_split(&rest, '?');
        if (encoding.size != 1 || !strchr("bBqQ", encoding.data[0]))
                return false;
        text = slice_split(&rest, '?');
        if (rest.size == 0 || rest.data[0] != '=')
                return false;
        *ret = (Word){
                .charset = slice_split(&charset, '*'),
                .encoding = ascii_to_lower(encoding.data[0]),
                .text = text,
                .size = (size_t) (rest.data + 1 - s.data),
        };
        return ret->encoding == 'q' || is_base64(text);
}

/* "=XX" is a byte and "_" a space (RFC 2047 section 4.2). A "=" that is neither stays. */
static void q_decode(Slice s, Buf *to) {
        for (size_t i = 0; i < s.size; i++) {
                int byte = s.data[i] == '=' ? hex_pair_value(slice_from(s, i + 1)) : -1;

                if (byte >= 0) {
                        buf_append_byte(to, (char) byte);
                        i += 2;
                } else {
                        buf_append_byte(to, s.data[i] == '_' ? ' ' : s.data[i]);
                }
        }
}

static void run_flush(Decoder *d) {
        charset_to_utf8(buf_slice(&d->run), d->charset, d->to);
        if (buf_error(&d->run) < 0)
                d->to->error = buf_error(&d->run);
        buf_truncate(&d->run, 0);
}

static void decode_word(Decoder *d, const Word *word) {
        if (!slice_equal_ignore_case(word->charset, d->charset))
                run_flush(d);
        d->charset = word->charset;
        if (word->encoding == 'b')
                base64_decode_lenient(&d->run, word->text);
        else
                q_decode(word->text, &d->run);
        d->after_word = true;
}

/* Text that is no encoded word. `before_word` says whether one follows. */
static void decode_literal(Decoder *d, Slice text, bool before_word) {
        if (d->after_word && before_word && slice_trim(text).size == 0)
                return;
        if (text.size == 0)
                return;
        run_flush(d);
        charset_guess_to_utf8(text, d->to);
        d->after_word = false;
}

void encoded_words_decode(Slice text, Buf *to) {
        Decoder d = { .to = to };
        size_t literal = 0, at = 0;

        while (at < text.size) {
                ssize_t mark = slice_find_byte(text, '=', at);
                Word word;

                if (mark < 0 || (size_t) mark + 1 >= text.size)
                        break;
                at = (size_t) mark;
                if (text.data[at + 1] != '?' || !word_parse(slice_from(text, at), &word)) {
                        at++;
                        continue;
                }
                decode_literal(&d, slice_make(text.data + literal, at - literal), true);
                decode_word(&d, &word);
                literal = at = at + word.size;
        }
        if (literal < text.size)
                decode_literal(&d, slice_from(text, literal), false);
        run_flush(&d);
        buf_done(&d.run);
}

#define WORD_BEGIN "=?UTF-8?%c?"
#define WORD_PAYLOAD_MAX (ENCODED_WORD_MAX - strlen("=?UTF-8?Q?") - strlen("?="))
/* A word begins on the current line if it has room for one character of four bytes in Q. */
#define WORD_PAYLOAD_MIN strlen("=F0=9F=92=A9")

/* What Q may leave as it is even in a phrase (RFC 2047 section 5, rule 3). */
static bool is_q_safe(char c) {
        return ascii_is_alnum(c) || (c != '\0' && strchr("!*+-/", c));
}

static size_t q_size(Slice s) {
        size_t size = 0;

        for (size_t i = 0; i < s.size; i++)
                size += is_q_safe(s.data[i]) || s.data[i] == ' ' ? 1 : 3;
        return size;
}

static size_t encoded_size(Slice s, char encoding) {
        return encoding == 'Q' ? q_size(s) : (s.size + 2) / 3 * 4;
}

static void q_encode(Slice s, Buf *to) {
        for (size_t i = 0; i < s.size; i++) {
                if (is_q_safe(s.data[i]))
                        buf_append_byte(to, s.data[i]);
                else if (s.data[i] == ' ')
                        buf_append_byte(to, '_');
                else
                        buf_printf(to, "=%02X", (uint8_t) s.data[i]);
        }
}

static void encode_words(Slice text, size_t column, Buf *to) {
        const char encoding = q_size(text) <= encoded_size(text, 'B') ? 'Q' : 'B';
        const size_t used = column + ENCODED_WORD_MAX - WORD_PAYLOAD_MAX;
        size_t room = used < ENCODED_WORD_LINE_MAX ? ENCODED_WORD_LINE_MAX - used : 0;

        room = MIN(room, WORD_PAYLOAD_MAX);
        if (room < WORD_PAYLOAD_MIN) {
                buf_append_string(to, "\r\n ");
                room = WORD_PAYLOAD_MAX;
        }
        while (text.size > 0) {
                Slice next = utf8_truncate(text, 1), word = next;

                while (next.size > 0 && encoded_size(next, encoding) <= room) {
                        word = next;
                        if (word.size == text.size)
                                break;
                        next.size += utf8_truncate(slice_from(text, next.size), 1).size;
                }
                buf_printf(to, WORD_BEGIN, encoding);
                if (encoding == 'Q')
                        q_encode(word, to);
                else
                        base64_encode(to, word);
                buf_append_string(to, "?=");
                text = slice_from(text, word.size);
                if (text.size > 0)
                        buf_append_string(to, "\r\n ");
                room = WORD_PAYLOAD_MAX;
        }
}

static bool needs_encoding(Slice s) {
        for (size_t i = 0; i < s.size; i++)
                if (s.data[i] < ' ' || s.data[i] > '~' ||
                    (s.data[i] == '=' && i + 1 < s.size && s.data[i + 1] == '?'))
                        return true;
        return false;
}

void encoded_words_encode(Slice text, size_t column, Buf *to) {
        _cleanup_(buf_done) Buf repaired = BUF_EMPTY;

        if (!needs_encoding(text)) {
                buf_append_slice(to, text);
                return;
        }
        utf8_repair(text, &repaired);
        if (buf_error(&repaired) < 0)
                to->error = buf_error(&repaired);
        encode_words(buf_slice(&repaired), column, to);
}
