/* SPDX-License-Identifier: MIT */
/* AUTH PLAIN (RFC 4616), LOGIN and CRAM-MD5 (RFC 2195) as RFC 4954 puts them into SMTP, with the reference's
 * freedom: user names of PLAIN and LOGIN are ignored, base64 is read leniently, a later AUTH replaces an earlier
 * one and a failed one leaves none. */
#include "basic/encoding.h"
#include "basic/random.h"
#include "smtp-server/session-private.h"

#define CHALLENGE_NONCE_SIZE 10

static bool is_blank(Slice s) {
        return slice_trim(s).size == 0;
}

/* Behind a NUL byte nobody would look at the rest of it. */
static bool has_nul(Slice s) {
        return slice_find_byte(s, '\0', 0) >= 0;
}

static void failed(SmtpSession *s, const char *label, const char *text) {
        session_set_credential(s, NULL);
        session_error(s, label, 535, "5.7.8", "%s", text);
}

static void ask_key(SmtpSession *s, Slice key) {
        if (has_nul(key)) {
                failed(s, "invalid-credentials", "Invalid credential");
                return;
        }
        s->request.key = arena_dup(&s->request_arena, key);
        if (!s->request.key) {
                session_fault(s, -ENOMEM);
                return;
        }
        session_ask(s, SMTP_REQUEST_AUTH_KEY);
}

/* [authzid] NUL user NUL key. Trailing empty pieces are dropped first, as the reference's split does. */
static void plain_response(SmtpSession *s, Slice line) {
        _cleanup_(buf_done) Buf decoded = BUF_EMPTY;
        Slice text;
        ssize_t nul;

        base64_decode_lenient(&decoded, line);
        text = buf_slice(&decoded);
        while (text.size > 0 && text.data[text.size - 1] == '\0')
                text.size--;
        nul = slice_find_last_byte(text, '\0');
        if (nul < 0)
                failed(s, "missing-credentials", "Authenticated failed - protocol error");
        else
                ask_key(s, slice_from(text, (size_t) nul + 1));
        if (decoded.data)
                explicit_bzero(decoded.data, decoded.size);
}

static void login_response(SmtpSession *s, Slice line) {
        _cleanup_(buf_done) Buf decoded = BUF_EMPTY;

        base64_decode_lenient(&decoded, line);
        ask_key(s, buf_slice(&decoded));
        if (decoded.data)
                explicit_bzero(decoded.data, decoded.size);
}

static void cram_challenge(SmtpSession *s) {
        _cleanup_(buf_done) Buf nonce = BUF_EMPTY, encoded = BUF_EMPTY;
        char bytes[CHALLENGE_NONCE_SIZE];

        random_bytes(bytes, sizeof(bytes));
        hex_encode(&nonce, slice_make(bytes, sizeof(bytes)));
        (void) snprintf(s->challenge, sizeof(s->challenge), "<%s@%s>", buf_string(&nonce),
                        s->policy->hostname);
        base64_encode(&encoded, slice_from_string(s->challenge));
        session_reply(s, 334, NULL, "%s", buf_string(&encoded));
        s->mode = MODE_AUTH_CRAM;
}

/* user SP hexadecimal digest */
static void cram_response(SmtpSession *s, Slice line) {
        _cleanup_(buf_done) Buf decoded = BUF_EMPTY;
        Slice digest, user;

        base64_decode_lenient(&decoded, line);
        digest = buf_slice(&decoded);
        user = slice_split(&digest, ' ');
        digest = slice_trim(digest);
        if (user.size == 0 || digest.size == 0 || has_nul(buf_slice(&decoded))) {
                failed(s, "invalid-credentials", "Denied");
                return;
        }
        s->request.user = arena_dup(&s->request_arena, slice_trim(user));
        s->request.digest = arena_dup(&s->request_arena, digest);
        s->request.challenge = s->challenge;
        if (!s->request.user || !s->request.digest) {
                session_fault(s, -ENOMEM);
                return;
        }
        session_ask(s, SMTP_REQUEST_AUTH_CRAM);
}

void command_auth(SmtpSession *s, const SmtpCommand *c) {
        if (s->role == SMTP_ROLE_MX) {
                session_error(s, "invalid-command", 502, "5.5.1", "Invalid/unsupported command");
                return;
        }
        if (!session_offers_auth(s)) {
                session_error(s, NULL, 538, "5.7.11", "Encryption required for requested authentication mechanism");
                return;
        }
        arena_done(&s->request_arena);
        (void) snprintf(s->auth_method, sizeof(s->auth_method), "%s", smtp_verb_to_string(c->verb));
        metric_count(smtp_metrics.commands, s->auth_method);
        switch (c->verb) {
        case SMTP_AUTH_PLAIN:
                if (!is_blank(c->argument)) {
                        plain_response(s, c->argument);
                        return;
                }
                session_reply(s, 334, NULL, "%s", "");
                s->mode = MODE_AUTH_PLAIN;
                break;
        case SMTP_AUTH_LOGIN:
                if (is_blank(c->argument)) {
                        session_reply(s, 334, NULL, "VXNlcm5hbWU6");
                        s->mode = MODE_AUTH_LOGIN_USER;
                        break;
                }
                session_reply(s, 334, NULL, "UGFzc3dvcmQ6");
                s->mode = MODE_AUTH_LOGIN_PASSWORD;
                break;
        default:
                cram_challenge(s);
        }
}

void auth_response(SmtpSession *s, Slice line) {
        SessionMode mode = s->mode;

        s->mode = MODE_COMMAND;
        switch (mode) {
        case MODE_AUTH_PLAIN:
                plain_response(s, line);
                break;
        case MODE_AUTH_LOGIN_USER:
                session_reply(s, 334, NULL, "UGFzc3dvcmQ6");
                s->mode = MODE_AUTH_LOGIN_PASSWORD;
                break;
        case MODE_AUTH_LOGIN_PASSWORD:
                login_response(s, line);
                break;
        default:
                cram_response(s, line);
        }
}

void auth_answered(SmtpSession *s, const SmtpAnswer *a) {
        bool is_cram = s->request.user != NULL;

        s->request.key = s->request.user = s->request.digest = NULL;
        arena_done(&s->request_arena);
        switch (a->verdict) {
        case SMTP_VERDICT_OK:
                session_set_credential(s, a->credential);
                if (!s->has_credential) {
                        session_fault(s, -ENOMEM);
                        return;
                }
                session_debug(s, "Authenticated with credential %llu", (unsigned long long) a->credential->id);
                session_reply(s, 235, "2.7.0", "Granted for %s/%s", s->credential.organization_permalink,
                              s->credential.server_permalink);
                break;
        case SMTP_VERDICT_LATER:
                session_reply(s, 454, "4.7.0", "Temporary authentication failure");
                break;
        case SMTP_VERDICT_THROTTLED:
                log_warning(SESSION_FIELDS(s), "Too many authentication failures from %s", s->client_text);
                metric_count(smtp_metrics.client_errors, "throttled");
                session_reply(s, 421, "4.7.0", "%s Too many authentication failures, try again later",
                              s->policy->hostname);
                session_close(s);
                break;
        default:
                if (!s->is_muted)
                        log_warning(SESSION_FIELDS(s), "Authentication failure for %s", s->client_text);
                failed(s, "invalid-credentials", is_cram ? "Denied" : "Invalid credential");
        }
}
