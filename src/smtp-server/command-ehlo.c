/* SPDX-License-Identifier: MIT */
/* EHLO, HELO (RFC 5321 section 4.1.1.1) and STARTTLS (RFC 3207). */
#include "smtp-server/session-private.h"

static void greeted(SmtpSession *s, const SmtpCommand *c) {
        Slice name = smtp_helo_name(c->line);

        session_reset(s);
        s->state = SESSION_WELCOMED;
        free(s->helo);
        s->helo = name.data ? slice_dup(name) : NULL;
}

void command_helo(SmtpSession *s, const SmtpCommand *c) {
        metric_count(smtp_metrics.commands, "HELO");
        greeted(s, c);
        s->uses_enhanced_codes = false;
        session_reply(s, 250, NULL, "%s", s->policy->hostname);
}

bool session_offers_auth(const SmtpSession *s) {
        return s->role != SMTP_ROLE_MX && (s->is_secure || !s->policy->auth_requires_tls);
}

static bool offers_tls(const SmtpSession *s) {
        return s->policy->has_tls && !s->is_secure;
}

/* The reference's answer, line by line, with what it does not know before the last. */
void command_ehlo(SmtpSession *s, const SmtpCommand *c) {
        Buf *out = &s->output;

        metric_count(smtp_metrics.commands, "EHLO");
        greeted(s, c);
        s->uses_enhanced_codes = true;
        buf_printf(out, "250-%s My capabilities are\r\n", s->policy->hostname);
        if (offers_tls(s))
                buf_append_string(out, "250-STARTTLS\r\n");
        buf_printf(out, "250-SIZE %llu\r\n",
                   (unsigned long long) (s->policy->message_size_max - SMTP_RECEIVED_SIZE_MAX));
        buf_append_string(out, "250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES\r\n");
        if (session_offers_auth(s))
                buf_append_string(out, "250-CHUNKING\r\n250 AUTH CRAM-MD5 PLAIN LOGIN\r\n");
        else
                buf_append_string(out, "250 CHUNKING\r\n");
        session_debug(s, "=> 250 (capabilities)");
}

void command_starttls(SmtpSession *s) {
        if (!offers_tls(s)) {
                session_error(s, "tls-unavailable", 502, "5.5.1", "TLS not available");
                return;
        }
        metric_count(smtp_metrics.commands, "STARTLS"); /* the reference's spelling, which dashboards know */
        session_reply(s, 220, "2.0.0", "Ready to start TLS");
        s->want = SMTP_WANTS_TLS;
}
