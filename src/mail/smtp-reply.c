/* SPDX-License-Identifier: MIT */

/* Reply-line = *( Reply-code "-" [ textstring ] CRLF ) Reply-code [ SP textstring ] CRLF (RFC 5321
 * section 4.2). The text is gathered in the form that it is kept in; the incomplete line is at its
 * end. */

#include "mail/charset.h"
#include "mail/smtp-reply.h"

#define CODE_SIZE 3

void smtp_reply_done(SmtpReply *r) {
        buf_done(&r->text);
        *r = SMTP_REPLY_EMPTY;
}

void smtp_reply_reset(SmtpReply *r) {
        Buf text = r->text;

        buf_reset(&text, SMTP_REPLY_LINE_MAX);
        *r = (SmtpReply){ .text = text };
}

/* Reads at most three digits off the front of *s. */
static bool status_number(Slice *s, unsigned *ret) {
        size_t digits = 0;
        unsigned value = 0;

        while (digits < s->size && digits < 3 && ascii_is_digit(s->data[digits]))
                value = value * 10 + (unsigned) (s->data[digits++] - '0');
        *s = slice_from(*s, digits);
        *ret = value;
        return digits > 0;
}

static bool skip_byte(Slice *s, char byte) {
        if (s->size == 0 || s->data[0] != byte)
                return false;
        *s = slice_from(*s, 1);
        return true;
}

/* status-code = ("2" / "4" / "5") "." 1*3digit "." 1*3digit (RFC 3463 section 2), followed by a
 * space or nothing, and of the class that the code has (RFC 2034 section 4). */
static bool enhanced_parse(Slice text, unsigned code, SmtpEnhancedStatus *ret) {
        SmtpEnhancedStatus status;

        if (!status_number(&text, &status.class) || !skip_byte(&text, '.') ||
            !status_number(&text, &status.subject) || !skip_byte(&text, '.') ||
            !status_number(&text, &status.detail))
                return false;
        if (text.size > 0 && !ascii_is_space(text.data[0]))
                return false;
        if (status.class != code / 100 ||
            (status.class != 2 && status.class != 4 && status.class != 5))
                return false;
        *ret = status;
        return true;
}

/* Makes the text fit to be stored and shown. */
static void clean(SmtpReply *r) {
        Buf repaired = BUF_EMPTY;

        for (size_t i = 0; i < r->text.size; i++) {
                char *c = &r->text.data[i];

                if (((uint8_t) *c < ' ' && *c != '\t' && *c != '\n') || *c == 0x7f)
                        *c = ' ';
        }
        if (utf8_is_valid(buf_slice(&r->text)))
                return;
        utf8_repair(buf_slice(&r->text), &repaired);
        buf_done(&r->text);
        r->text = repaired;
}

/* Reads the line at the end of the text, from which the LF is missing. */
static SmtpReplyState line_parse(SmtpReply *r) {
        Slice line;

        if (r->text.size > r->line_start && r->text.data[r->text.size - 1] == '\r')
                buf_truncate(&r->text, r->text.size - 1);
        line = slice_from(buf_slice(&r->text), r->line_start);
        if (line.size < CODE_SIZE || line.data[0] == '0' || !status_number(&line, &r->code) ||
            r->code < 100 || (line.size > 0 && ascii_is_digit(line.data[0])))
                return SMTP_REPLY_BROKEN;
        if (r->enhanced.class == 0 && line.size > 1)
                (void) enhanced_parse(slice_from(line, 1), r->code, &r->enhanced);
        if (line.size == 0 || line.data[0] != '-') {
                clean(r);
                return SMTP_REPLY_DONE;
        }
        buf_append_byte(&r->text, '\n');
        r->line_start = r->text.size;
        return SMTP_REPLY_MORE;
}

size_t smtp_reply_feed(SmtpReply *r, Slice input) {
        size_t taken = 0;

        while (r->state == SMTP_REPLY_MORE && taken < input.size) {
                Slice rest = slice_from(input, taken), part = rest;
                ssize_t end = slice_find_byte(rest, '\n', 0);

                if (end >= 0)
                        part = slice_first(rest, (size_t) end);
                if (r->text.size - r->line_start + part.size > SMTP_REPLY_LINE_MAX ||
                    r->text.size + part.size > SMTP_REPLY_SIZE_MAX) {
                        r->state = SMTP_REPLY_BROKEN;
                        break;
                }
                buf_append_slice(&r->text, part);
                taken += part.size + (end >= 0 ? 1 : 0);
                if (end >= 0 && buf_error(&r->text) == 0)
                        r->state = line_parse(r);
                if (buf_error(&r->text) < 0)
                        r->state = SMTP_REPLY_BROKEN;
        }
        return taken;
}

static SmtpMechanism mechanisms_parse(Slice rest) {
        static const struct {
                Slice name;
                SmtpMechanism mechanism;
        } KNOWN[] = {
                { SLICE("PLAIN"), SMTP_MECHANISM_PLAIN },
                { SLICE("LOGIN"), SMTP_MECHANISM_LOGIN },
                { SLICE("CRAM-MD5"), SMTP_MECHANISM_CRAM_MD5 },
                { SLICE("XOAUTH2"), SMTP_MECHANISM_XOAUTH2 },
        };
        SmtpMechanism mechanisms = 0;

        while (rest.size > 0) {
                Slice name = slice_trim(slice_split(&rest, ' '));

                for (size_t i = 0; i < ELEMENTSOF(KNOWN); i++)
                        if (slice_equal_ignore_case(name, KNOWN[i].name))
                                mechanisms |= KNOWN[i].mechanism;
        }
        return mechanisms;
}

static void capability_parse(Slice line, SmtpCapabilities *c) {
        const struct {
                Slice keyword;
                bool *flag;
        } FLAGS[] = {
                { SLICE("PIPELINING"), &c->has_pipelining },
                { SLICE("8BITMIME"), &c->has_8bitmime },
                { SLICE("SMTPUTF8"), &c->has_smtputf8 },
                { SLICE("STARTTLS"), &c->has_starttls },
                { SLICE("ENHANCEDSTATUSCODES"), &c->has_enhanced_status },
                { SLICE("CHUNKING"), &c->has_chunking },
        };
        Slice rest = slice_trim(line), keyword;

        /* "AUTH=LOGIN" is what old clients wanted to see; the rest of the line is as usual. */
        if (slice_starts_with_ignore_case(rest, SLICE("AUTH="))) {
                c->has_auth = true;
                c->mechanisms |= mechanisms_parse(slice_from(rest, strlen("AUTH=")));
                return;
        }
        keyword = slice_split(&rest, ' ');
        for (size_t i = 0; i < ELEMENTSOF(FLAGS); i++)
                if (slice_equal_ignore_case(keyword, FLAGS[i].keyword))
                        *FLAGS[i].flag = true;
        if (slice_equal_ignore_case(keyword, SLICE("AUTH"))) {
                c->has_auth = true;
                c->mechanisms |= mechanisms_parse(rest);
        } else if (slice_equal_ignore_case(keyword, SLICE("SIZE"))) {
                c->has_size = true;
                if (slice_to_u64(slice_trim(rest), UINT64_MAX, &c->size_max) < 0)
                        c->size_max = 0;
        }
}

SmtpCapabilities smtp_capabilities_parse(const SmtpReply *r) {
        Slice rest = buf_slice(&r->text);
        SmtpCapabilities c = { 0 };

        (void) slice_split(&rest, '\n');
        while (rest.size > 0) {
                Slice line = slice_split(&rest, '\n');

                if (line.size > CODE_SIZE + 1)
                        capability_parse(slice_from(line, CODE_SIZE + 1), &c);
        }
        return c;
}

/* The number before the first `unit` that has one, as seconds and with the grace, within the
 * limit. */
static bool hint_parse(Slice text, Slice unit, unsigned unit_sec, unsigned *ret_sec) {
        Slice rest = text;
        const char *p;

        while (rest.size > 0 && (p = memmem(rest.data, rest.size, unit.data, unit.size))) {
                size_t end = (size_t) (p - text.data), start = end;
                uint64_t number = SMTP_RETRY_HINT_MAX_SEC;

                while (start > 0 && ascii_is_digit(text.data[start - 1]))
                        start--;
                rest = slice_from(text, end + unit.size);
                if (start == end)
                        continue;
                (void) slice_to_u64(slice_make(text.data + start, end - start),
                                    SMTP_RETRY_HINT_MAX_SEC, &number);
                number = number * unit_sec + SMTP_RETRY_HINT_GRACE_SEC;
                *ret_sec = (unsigned) MIN(number, (uint64_t) SMTP_RETRY_HINT_MAX_SEC);
                return true;
        }
        return false;
}

bool smtp_reply_retry_hint(Slice text, unsigned *ret_sec) {
        return hint_parse(text, SLICE(" seconds"), 1, ret_sec) ||
               hint_parse(text, SLICE(" minutes"), 60, ret_sec);
}
