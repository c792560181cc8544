/* SPDX-License-Identifier: MIT */

/* The text is made of a short list of words by a fixed generator: the same size gives the same body
 * in each run, so that runs can be compared and the sink's checksum foretold. Some lines begin with
 * a dot, which keeps the dot transparency of RFC 5321 section 4.5.2 in every measurement. */

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <time.h>

#include "basic/encoding.h"
#include "basic/time-format.h"
#include "bench/message.h"

#define LINE_LENGTH 76

static const char *const words[] = {
        "order",   "your",     "has",      "been",    "shipped",  "today",   "and",      "will",
        "arrive",  "within",   "three",    "working", "days",     "please",  "keep",     "this",
        "message", "for",      "records",  "the",     "invoice",  "is",      "attached", "below",
        "account", "settings", "change",   "at",      "any",      "time",    "if",       "you",
        "have",    "a",        "question", "reply",   "to",       "our",     "support",  "team",
        "we",      "are",      "happy",    "help",    "delivery", "address", "total",    "amount",
};

static uint32_t next_number(uint32_t *state) {
        *state = *state * 1664525 + 1013904223;
        return *state >> 16;
}

/* Appends exactly `length` columns of text, the last word cut where the line ends. */
static void append_line(Buf *b, uint32_t *state, size_t length) {
        size_t end = b->size + length;

        while (b->size < end) {
                buf_append_string(b, words[next_number(state) % ELEMENTSOF(words)]);
                buf_append_byte(b, next_number(state) % 12 == 0 ? ',' : ' ');
                if (buf_error(b) < 0)
                        return;
        }
        buf_truncate(b, end);
        if (length > 0 && b->data[end - 1] == ' ')
                b->data[end - 1] = '.';
}

/* Appends `size` bytes (at least 4) of body text, each line with CRLF, not stuffed. */
static void make_text(Buf *b, size_t size) {
        uint32_t state = 20240305;
        size_t line = 0;

        while (size > 0 && buf_error(b) == 0) {
                size_t length = MIN(size - 2, (size_t) LINE_LENGTH), start = b->size;

                if (line % 14 == 13 && size > 4)
                        length = 0;
                /* A last byte alone could not be a line. */
                if (size - 2 - length == 1)
                        length--;
                append_line(b, &state, length);
                if (line % 40 == 7 && length > 0)
                        b->data[start] = '.';
                buf_append_string(b, "\r\n");
                size -= length + 2;
                line++;
        }
}

/* The body as sent: a dot before each dot that begins a line, and the final dot. */
static void stuff(Slice text, Buf *to) {
        while (text.size > 0) {
                ssize_t end = slice_find_byte(text, '\n', 0);
                size_t length = end < 0 ? text.size : (size_t) end + 1;

                if (text.data[0] == '.')
                        buf_append_byte(to, '.');
                buf_append_slice(to, slice_first(text, length));
                text = slice_from(text, length);
        }
        buf_append_string(to, ".\r\n");
}

static void make_fixed(Buf *b) {
        char date[TIME_RFC5322_SIZE];
        struct timespec now;

        (void) clock_gettime(CLOCK_REALTIME, &now);
        time_format_rfc5322((uint64_t) now.tv_sec * USEC_PER_SEC, date);
        buf_printf(b, "Date: %s\r\n", date);
        buf_append_string(b, "Subject: Your order has been shipped and is on its way to you\r\n"
                             "MIME-Version: 1.0\r\n"
                             "Content-Type: text/plain; charset=utf-8\r\n"
                             "Content-Transfer-Encoding: 7bit\r\n"
                             "List-Unsubscribe: <https://shop.example.com/unsubscribe?c=12345>\r\n"
                             "X-Mailer: Example Shop 4.2\r\n"
                             "\r\n");
}

static int make_body(MessageSource *s) {
        _cleanup_(buf_done) Buf text = BUF_EMPTY, hex = BUF_EMPTY;
        uint8_t digest[32];

        make_text(&text, s->body_size);
        if (buf_error(&text) < 0)
                return buf_error(&text);
        assert(text.size == s->body_size);
        if (gnutls_hash_fast(GNUTLS_DIG_SHA256, text.data, text.size, digest) < 0)
                return -ENOMEM;
        hex_encode(&hex, slice_make(digest, sizeof(digest)));
        if (buf_error(&hex) < 0)
                return buf_error(&hex);
        memcpy(s->body_sha256, hex.data, sizeof(s->body_sha256));
        stuff(buf_slice(&text), &s->body);
        return buf_error(&s->body);
}

int message_source_init(MessageSource *s, const char *run, size_t size, const char *sample_from,
                        const char *sample_to) {
        _cleanup_(buf_done) Buf header = BUF_EMPTY;
        char id[MESSAGE_ID_SIZE];
        size_t length = strlen(run);
        int r;

        if (length == 0 || length > MESSAGE_RUN_MAX)
                return -EINVAL;
        for (size_t i = 0; i < length; i++)
                if (!ascii_is_alnum(run[i]))
                        return -EINVAL;
        *s = (MessageSource){ 0 };
        memcpy(s->run, run, length + 1);
        make_fixed(&s->fixed);
        message_source_header(s, message_source_id(s, 0, id), slice_from_string(sample_from),
                              slice_from_string(sample_to), &header);
        r = buf_error(&s->fixed) < 0 ? buf_error(&s->fixed) : buf_error(&header);
        if (r == 0) {
                s->body_size = size > header.size + 4 ? size - header.size : 4;
                r = make_body(s);
        }
        if (r < 0)
                message_source_done(s);
        return r;
}

void message_source_done(MessageSource *s) {
        buf_done(&s->fixed);
        buf_done(&s->body);
}

Slice message_source_id(const MessageSource *s, uint64_t number, char ret[static MESSAGE_ID_SIZE]) {
        int length =
                snprintf(ret, MESSAGE_ID_SIZE, "%s-%09llu", s->run, (unsigned long long) number);

        assert(length > 0 && length < MESSAGE_ID_SIZE);
        return slice_make(ret, (size_t) length);
}

void message_source_header(const MessageSource *s, Slice id, Slice from, Slice to, Buf *header) {
        buf_append_slice(header, SLICE("From: Example Shop <"));
        buf_append_slice(header, from);
        buf_append_slice(header, SLICE(">\r\nTo: "));
        buf_append_slice(header, to);
        buf_append_slice(header, SLICE("\r\nMessage-ID: <"));
        buf_append_slice(header, id);
        buf_append_slice(header, SLICE("@load.example.com>\r\nX-Load-Id: "));
        buf_append_slice(header, id);
        buf_append_slice(header, SLICE("\r\n"));
        buf_append_slice(header, buf_slice(&s->fixed));
}
