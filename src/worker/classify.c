/* SPDX-License-Identifier: MIT */
#include "basic/buf.h"
#include "mail/smtp-reply.h"
#include "worker/classify.h"

static int fill(Buf *details, const char *output, Arena *arena, SendOutcome *o) {
        o->details = arena_dup(arena, buf_slice(details));
        o->output = arena_dup(arena, slice_from_string(strempty(output)));
        return buf_error(details) < 0 || !o->details || !o->output ? -ENOMEM : 0;
}

static void append_route(Buf *to, const SendRoute *r) {
        buf_printf(to, "%s:%u (%s)", r->address, r->port, r->host);
}

/* A bad sequence of commands or bad syntax (50x), and missing authentication (53x), say more about the two servers than
 * about the message: those are temporary, as in the reference. So is whatever refuses DATA itself. */
static bool is_permanent(const SmtpResult *result) {
        unsigned code = result->code;

        if (result->stage == SMTP_STAGE_DATA)
                return false;
        return code >= 500 && code < 600 && !(code < 510) && !(code >= 530 && code < 540);
}

static int classify_failure(const SmtpResult *result, const SendRoute *route, Arena *arena, SendOutcome *ret) {
        _cleanup_(buf_done) Buf details = BUF_EMPTY, output = BUF_EMPTY;
        bool permanent = is_permanent(result);

        ret->status = permanent ? DELIVERY_HARD_FAIL : DELIVERY_SOFT_FAIL;
        buf_printf(&details, "%s SMTP delivery error when sending to ", permanent ? "Permanent" : "Temporary");
        append_route(&details, route);
        if (result->stage == SMTP_STAGE_DATA)
                buf_printf(&output, "could not get 3xx (%u: %s)", result->code, result->text);
        else
                buf_append_string(&output, result->text);
        if (!permanent) {
                ret->retries = true;
                if (!smtp_reply_retry_hint(slice_from_string(result->text), &ret->retry_sec))
                        ret->retry_sec = 0;
        }
        return fill(&details, buf_string(&output), arena, ret);
}

int classify_result(const SmtpResult *result, const SendRoute *route, const char *rcpt_to, Arena *arena,
                    SendOutcome *ret) {
        _cleanup_(buf_done) Buf details = BUF_EMPTY;

        *ret = (SendOutcome){ 0 };
        if (result->is_own) {
                ret->status = DELIVERY_HARD_FAIL;
                buf_append_string(&details, "Permanent SMTP delivery error when sending to ");
                append_route(&details, route);
                return fill(&details, result->text, arena, ret);
        }
        if (result->stage != SMTP_STAGE_CONTENT || result->code < 200 || result->code >= 300)
                return classify_failure(result, route, arena, ret);
        ret->status = DELIVERY_SENT;
        buf_printf(&details, "Message for %s accepted by ", rcpt_to);
        append_route(&details, route);
        if (route->source)
                buf_printf(&details, " (from %s)", route->source);
        return fill(&details, result->text, arena, ret);
}

int classify_lost(const char *why, bool is_timeout, const SendRoute *route, Arena *arena, SendOutcome *ret) {
        _cleanup_(buf_done) Buf details = BUF_EMPTY;

        *ret = (SendOutcome){ .status = DELIVERY_SOFT_FAIL, .retries = true };
        buf_append_string(&details, is_timeout ? "Temporary SMTP delivery error when sending to "
                                               : "An error occurred while sending the message to ");
        append_route(&details, route);
        return fill(&details, why, arena, ret);
}

int classify_unreachable(const char *domain, const char *const *hosts, size_t host_count, const char *errors,
                         Arena *arena, SendOutcome *ret) {
        _cleanup_(buf_done) Buf details = BUF_EMPTY;

        *ret = (SendOutcome){ .status = DELIVERY_SOFT_FAIL, .retries = true };
        buf_printf(&details, "No SMTP servers were available for %s.", domain);
        if (host_count == 0)
                buf_append_string(&details, " No hosts to try.");
        for (size_t i = 0; i < host_count; i++) {
                /* "a", "a and b", "a, b, and c" */
                const char *before = i == 0                  ? " Tried "
                                     : host_count == 2       ? " and "
                                     : i + 1 == host_count   ? ", and "
                                                             : ", ";

                buf_printf(&details, "%s%s%s", before, hosts[i], i + 1 == host_count ? "." : "");
        }
        return fill(&details, errors, arena, ret);
}
