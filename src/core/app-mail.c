/* SPDX-License-Identifier: MIT */
/* A small SMTP client (RFC 5321), with STARTTLS (RFC 3207) and AUTH (RFC 4954). */
#include <gnutls/crypto.h>

#include "basic/encoding.h"
#include "basic/random.h"
#include "core/app-mail.h"
#include "core/clock.h"
#include "core/line-client.h"

/* Lines of one reply; no server has more to say. */
#define REPLY_LINES_MAX 100
#define MD5_SIZE 16

typedef struct Talk {
        const Config *config;
        LineClient *client;
        Buf *reterr;
        bool offers_starttls;
        bool offers_auth;
        Buf reply; /* the text of the last reply, lines joined by spaces */
} Talk;

bool app_mail_address_is_valid(const char *address) {
        const char *at = strrchr(address, '@');

        if (!at || at == address || !at[1])
                return false;
        for (const char *p = address; *p; p++)
                if ((unsigned char) *p <= ' ' || *p == 127 || *p == '<' || *p == '>')
                        return false;
        return true;
}

/* What the server offers, from one line of the reply to EHLO. */
static void note_offer(Talk *t, Slice line) {
        Slice rest = line, word = slice_split(&rest, ' ');

        if (slice_equal_ignore_case(word, SLICE("STARTTLS")))
                t->offers_starttls = true;
        if (slice_equal_ignore_case(word, SLICE("AUTH")) ||
            slice_starts_with_ignore_case(line, SLICE("AUTH=")))
                t->offers_auth = true;
}

/* Reads a reply; its code, or a negative errno. */
static int read_reply(Talk *t) {
        buf_reset(&t->reply, 4096);
        for (unsigned i = 0; i < REPLY_LINES_MAX; i++) {
                uint64_t code;
                Slice line;
                int r = line_client_read(t->client, &line, t->reterr);

                if (r < 0)
                        return r;
                if (line.size < 3 || slice_to_u64(slice_first(line, 3), 599, &code) < 0 ||
                    code < 200 || (line.size > 3 && line.data[3] != ' ' && line.data[3] != '-')) {
                        buf_append_string(t->reterr, "The server does not talk SMTP.");
                        return -EBADMSG;
                }
                buf_append_string(&t->reply, i > 0 ? " " : "");
                buf_append_slice(&t->reply, line);
                if (line.size > 4)
                        note_offer(t, slice_from(line, 4));
                if (line.size == 3 || line.data[3] == ' ')
                        return (int) code;
        }
        buf_append_string(t->reterr, "The server does not come to an end.");
        return -EBADMSG;
}

/* Waits for a reply with this first digit. `what` names the step. */
static int expect(Talk *t, int digit, const char *what) {
        int code = read_reply(t);

        if (code < 0 || code / 100 == digit)
                return code;
        buf_printf(t->reterr, "The server refused %s: %s", what, buf_string(&t->reply));
        return -EBADMSG;
}

static int command(Talk *t, int digit, const char *what, const char *format, ...) _printf_(4, 5);
static int command(Talk *t, int digit, const char *what, const char *format, ...) {
        _cleanup_(buf_done) Buf line = BUF_EMPTY;
        va_list ap;
        int r;

        va_start(ap, format);
        buf_vprintf(&line, format, ap);
        va_end(ap);
        buf_append_string(&line, "\r\n");
        r = buf_error(&line);
        if (r >= 0)
                r = line_client_write(t->client, buf_slice(&line), t->reterr);
        if (line.data)
                explicit_bzero(line.data, line.size); /* it may hold the password */
        return r < 0 ? r : expect(t, digit, what);
}

static int greet(Talk *t) {
        t->offers_starttls = t->offers_auth = false;
        return command(t, 2, "EHLO", "EHLO %s", t->config->postal.smtp_hostname);
}

static int start_tls(Talk *t) {
        const bool must = t->config->smtp.enable_starttls;
        int r;

        if (!t->offers_starttls && must) {
                buf_append_string(t->reterr, "The server does not offer STARTTLS, which "
                                             "smtp.enable_starttls demands.");
                return -EBADMSG;
        }
        if (!t->offers_starttls || (!must && !t->config->smtp.enable_starttls_auto))
                return 0;
        r = command(t, 2, "STARTTLS", "STARTTLS");
        if (r >= 0)
                r = line_client_start_tls(t->client,
                                          !streq_ptr(t->config->smtp.openssl_verify_mode, "none"),
                                          t->reterr);
        return r < 0 ? r : greet(t);
}

static int auth_plain(Talk *t, const char *user, const char *password) {
        _cleanup_(buf_done) Buf plain = BUF_EMPTY, encoded = BUF_EMPTY;
        int r;

        buf_append_byte(&plain, '\0');
        buf_append_string(&plain, user);
        buf_append_byte(&plain, '\0');
        buf_append_string(&plain, password);
        base64_encode(&encoded, buf_slice(&plain));
        r = command(t, 2, "AUTH PLAIN", "AUTH PLAIN %s", buf_string(&encoded));
        explicit_bzero(plain.data, plain.size);
        explicit_bzero(encoded.data, encoded.size);
        return r;
}

static int auth_login(Talk *t, const char *user, const char *password) {
        _cleanup_(buf_done) Buf encoded_user = BUF_EMPTY, encoded = BUF_EMPTY;
        int r;

        base64_encode(&encoded_user, slice_from_string(user));
        base64_encode(&encoded, slice_from_string(password));
        r = command(t, 3, "AUTH LOGIN", "AUTH LOGIN");
        if (r >= 0)
                r = command(t, 3, "the user name", "%s", buf_string(&encoded_user));
        if (r >= 0)
                r = command(t, 2, "user name and password", "%s", buf_string(&encoded));
        if (encoded.data)
                explicit_bzero(encoded.data, encoded.size);
        return r;
}

/* RFC 2195: the user, a space, and the HMAC-MD5 of the challenge under the password, in hex. */
static int auth_cram_md5(Talk *t, const char *user, const char *password) {
        _cleanup_(buf_done) Buf challenge = BUF_EMPTY, answer = BUF_EMPTY, encoded = BUF_EMPTY;
        uint8_t digest[MD5_SIZE];
        int r;

        r = command(t, 3, "AUTH CRAM-MD5", "AUTH CRAM-MD5");
        if (r < 0)
                return r;
        if (t->reply.size > 4)
                base64_decode_lenient(&challenge, slice_from(buf_slice(&t->reply), 4));
        if (gnutls_hmac_fast(GNUTLS_MAC_MD5, password, strlen(password), buf_string(&challenge),
                             challenge.size, digest) < 0) {
                buf_append_string(t->reterr,
                                  "This system's crypto policy does not allow CRAM-MD5.");
                return -EINVAL;
        }
        buf_printf(&answer, "%s ", user);
        hex_encode(&answer, slice_make(digest, sizeof(digest)));
        base64_encode(&encoded, buf_slice(&answer));
        return command(t, 2, "user name and password", "%s", buf_string(&encoded));
}

static int authenticate(Talk *t) {
        const char *user = t->config->smtp.username, *type = t->config->smtp.authentication_type;
        const char *password = strempty(t->config->smtp.password);

        if (!user || !*user)
                return 0;
        if (!t->offers_auth) {
                buf_append_string(t->reterr, "The server does not offer authentication, but "
                                             "smtp.username is set.");
                return -EBADMSG;
        }
        if (streq_ptr(type, "plain"))
                return auth_plain(t, user, password);
        if (streq_ptr(type, "login"))
                return auth_login(t, user, password);
        if (streq_ptr(type, "cram_md5"))
                return auth_cram_md5(t, user, password);
        buf_printf(t->reterr, "smtp.authentication_type is '%s', not plain, login or cram_md5.",
                   strempty(type));
        return -EINVAL;
}

/* A text in a header: as it is when it is plain ASCII, else as an encoded word (RFC 2047). */
static void append_words(Buf *to, const char *text, bool quote) {
        bool is_plain = true;

        for (const char *p = text; *p; p++)
                is_plain &= *p >= ' ' && *p < 127 && (!quote || (*p != '"' && *p != '\\'));
        if (is_plain) {
                buf_printf(to, quote ? "\"%s\"" : "%s", text);
                return;
        }
        buf_append_string(to, "=?UTF-8?B?");
        base64_encode(to, slice_from_string(text));
        buf_append_string(to, "?=");
}

static void append_body(Buf *to, const char *text) {
        Slice rest = slice_from_string(text);

        while (rest.size > 0) {
                Slice line = slice_split(&rest, '\n');

                if (line.size > 0 && line.data[0] == '.')
                        buf_append_byte(to, '.');
                buf_append_slice(to, line);
                buf_append_string(to, "\r\n");
        }
}

static void build(const Config *config, const AppMail *mail, Buf *to) {
        char date[TIME_RFC5322_SIZE], uuid[UUID_LENGTH + 1];

        time_format_rfc5322(clock_realtime(), date);
        random_uuid(uuid);
        buf_printf(to, "Date: %s\r\nFrom: ", date);
        append_words(to, strempty(config->smtp.from_name), true);
        buf_printf(to,
                   " <%s>\r\nTo: %s\r\nMessage-ID: <%s@%s>\r\nSubject: ", config->smtp.from_address,
                   mail->to, uuid, config->dns.return_path_domain);
        append_words(to, mail->subject, false);
        buf_append_string(to, "\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\n"
                              "Content-Transfer-Encoding: 8bit\r\n\r\n");
        append_body(to, mail->text);
        buf_append_string(to, ".\r\n");
}

static int hand_over(Talk *t, const AppMail *mail) {
        _cleanup_(buf_done) Buf message = BUF_EMPTY;
        int r;

        build(t->config, mail, &message);
        r = buf_error(&message);
        if (r >= 0)
                r = command(t, 2, "the sender", "MAIL FROM:<%s>", t->config->smtp.from_address);
        if (r >= 0)
                r = command(t, 2, "the recipient", "RCPT TO:<%s>", mail->to);
        if (r >= 0)
                r = command(t, 3, "DATA", "DATA");
        if (r >= 0)
                r = line_client_write(t->client, buf_slice(&message), t->reterr);
        if (r >= 0)
                r = expect(t, 2, "the message");
        return r;
}

int app_mail_send(const Config *config, const AppMail *mail, uint64_t timeout_usec, Buf *reterr) {
        _cleanup_(line_client_freep) LineClient *client = NULL;
        _cleanup_(buf_done) Buf ignored = BUF_EMPTY;
        Talk t = { .config = config, .reterr = reterr };
        int r;

        assert(config && mail && reterr);

        if (!app_mail_address_is_valid(strempty(config->smtp.from_address)) ||
            !app_mail_address_is_valid(mail->to)) {
                buf_printf(reterr, "'%s' or '%s' is not an address that mail can be sent with.",
                           strempty(config->smtp.from_address), mail->to);
                return -EINVAL;
        }
        r = line_client_connect(config->smtp.host, (unsigned) config->smtp.port,
                                clock_monotonic() + timeout_usec, &client, reterr);
        if (r < 0)
                return r;
        t.client = client;
        r = expect(&t, 2, "the connection");
        if (r >= 0)
                r = greet(&t);
        if (r >= 0)
                r = start_tls(&t);
        if (r >= 0)
                r = authenticate(&t);
        if (r >= 0)
                r = hand_over(&t, mail);
        buf_done(&t.reply);
        if (r < 0)
                return r;
        /* The mail is the server's now, whatever becomes of the good-bye. */
        (void) line_client_write(client, SLICE("QUIT\r\n"), &ignored);
        return 0;
}
