/* SPDX-License-Identifier: MIT */
/* MAIL FROM and RCPT TO (RFC 5321 sections 4.1.1.2 and 4.1.1.3; postal-smtp 1.8). */
#include "smtp-server/session-private.h"

static bool fits(Slice address) {
        return address.size <= SMTP_ADDRESS_SIZE_MAX && address_is_sane(address);
}

void command_mail(SmtpSession *s, const SmtpCommand *c) {
        SmtpMailParameters p;
        Slice address;

        s->has_said_mail = true;
        if (s->state != SESSION_WELCOMED && s->state != SESSION_MAIL) {
                session_error(s, "mail-from-out-of-order", 503, "5.5.1", "EHLO/HELO first please");
                return;
        }
        session_reset(s);
        s->state = SESSION_WELCOMED; /* without a sender, should this one be refused */
        address = smtp_path_address(c->line, SMTP_PATH_MAIL);
        if (!fits(address)) {
                session_error(s, NULL, 501, "5.1.7", "Invalid MAIL FROM");
                return;
        }
        p = smtp_mail_parameters(c->line);
        if (p.has_size && p.size > s->policy->message_size_max) {
                session_error(s, "message-too-large", 552, "5.3.4", "Message too large (maximum size %lluMB)",
                              (unsigned long long) s->policy->message_size_mb);
                return;
        }
        if (p.body == SMTP_BODY_BINARYMIME) {
                session_error(s, NULL, 504, "5.5.4", "BINARYMIME is not supported");
                return;
        }
        s->mail_from = arena_dup(&s->arena, address);
        if (!s->mail_from) {
                session_fault(s, -ENOMEM);
                return;
        }
        s->state = SESSION_MAIL;
        session_reply(s, 250, "2.1.0", "OK");
}

void command_rcpt(SmtpSession *s, const SmtpCommand *c) {
        Slice address, local, domain;

        if ((s->state != SESSION_MAIL && s->state != SESSION_RCPT) || s->has_chunks) {
                session_error(s, "rcpt-to-out-of-order", 503, "5.5.1", "EHLO/HELO and MAIL FROM first please");
                return;
        }
        address = smtp_path_address(c->line, SMTP_PATH_RCPT);
        if (slice_trim(address).size == 0) {
                session_error(s, "empty-rcpt-to", 501, "5.1.3", "RCPT TO should not be empty");
                return;
        }
        address_split(address, &local, &domain);
        if (slice_trim(domain).size == 0 || !fits(address)) {
                session_error(s, "invalid-rcpt-to", 501, "5.1.3", "Invalid RCPT TO");
                return;
        }
        if (s->recipient_count >= s->policy->recipients_max) {
                session_reply(s, 452, "4.5.3", "Too many recipients");
                return;
        }
        arena_done(&s->request_arena);
        s->request.address = slice_from_string(arena_dup(&s->request_arena, address));
        if (!s->request.address.data) {
                session_fault(s, -ENOMEM);
                return;
        }
        session_ask(s, SMTP_REQUEST_RCPT);
}

/* Takes a copy of what the answer says into the transaction. */
static int add_recipient(SmtpSession *s, const SmtpRecipient *from) {
        SmtpRecipient to = *from;

        if (s->recipient_count == s->recipient_space) {
                size_t space = s->recipient_space > 0 ? s->recipient_space * 2 : 4;
                SmtpRecipient *recipients = reallocarray(s->recipients, space, sizeof(SmtpRecipient));

                if (!recipients)
                        return -ENOMEM;
                s->recipients = recipients;
                s->recipient_space = space;
        }
        to.address = arena_dup(&s->arena, slice_from_string(from->address));
        to.targets = arena_alloc(&s->arena, from->target_count * sizeof(SmtpTarget));
        if (!to.address || !to.targets)
                return -ENOMEM;
        memcpy(to.targets, from->targets, from->target_count * sizeof(SmtpTarget));
        for (size_t i = 0; i < to.target_count; i++) {
                SmtpTarget *t = &to.targets[i];

                if (t->endpoint_type && !(t->endpoint_type = arena_dup(&s->arena, slice_from_string(t->endpoint_type))))
                        return -ENOMEM;
        }
        s->recipients[s->recipient_count++] = to;
        return 0;
}

void rcpt_answered(SmtpSession *s, const SmtpAnswer *a) {
        int r;

        if (a->credential_is_gone)
                session_set_credential(s, NULL);
        if (a->credential)
                session_set_credential(s, a->credential);
        /* As in the reference, a recipient that was looked up moves the state on even if it is refused then, but one that
         * needs authentication does not. */
        if (a->verdict != SMTP_VERDICT_NO && a->verdict != SMTP_VERDICT_LATER)
                s->state = SESSION_RCPT;
        switch (a->verdict) {
        case SMTP_VERDICT_OK:
                r = add_recipient(s, &a->recipient);
                if (r < 0)
                        session_fault(s, r);
                else
                        session_reply(s, 250, "2.1.5", "OK");
                break;
        case SMTP_VERDICT_LATER:
                session_later(s);
                break;
        case SMTP_VERDICT_BAD_SERVER_TOKEN:
                session_error(s, "invalid-server-token", 550, "5.1.1", "Invalid server token");
                break;
        case SMTP_VERDICT_BAD_ROUTE_TOKEN:
                session_error(s, NULL, 550, "5.1.1", "Invalid route token");
                break;
        case SMTP_VERDICT_SUSPENDED:
                session_error(s, "server-suspended", 535, "5.7.1", "Mail server has been suspended");
                break;
        case SMTP_VERDICT_ROUTE_REJECTS:
                session_error(s, "route-rejected", 550, "5.7.1", "Route does not accept incoming messages");
                break;
        case SMTP_VERDICT_ADDRESS_REJECTS:
                session_error(s, "route-rejection", 550, "5.7.1", "Route does not accept incoming messages");
                break;
        default:
                if (!s->is_muted)
                        log_warning(SESSION_FIELDS(s), "Authentication failure for %s", s->client_text);
                session_error(s, "authentication-required", 530, "5.7.0", "Authentication required");
        }
}
