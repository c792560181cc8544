/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/objects.h"
#include "cli/output.h"
#include "core/clock.h"
#include "model/message-view.h"

static const CliField FIELDS[] = {
        { "ID", "id" },
        { "Token", "token" },
        { "Direction", "scope" },
        { "Status", "status" },
        { "From", "mail_from" },
        { "To", "rcpt_to" },
        { "Subject", "subject" },
        { "Message-ID", "message_id" },
        { "Tag", "tag" },
        { "Size", "size" },
        { "Received", "timestamp" },
        { "With TLS", "received_with_ssl" },
        { "Last attempt", "last_delivery_attempt" },
        { "Held until", "held_until" },
        { "Spam", "spam" },
        { "Why", "why" },
        { 0 },
};

static const CliField DELIVERY_FIELDS[] = {
        { "Time", "timestamp" },  { "Status", "status" }, { "TLS", "sent_with_ssl" },
        { "Details", "details" }, { "Output", "output" }, { 0 },
};

typedef struct View {
        MessageView *message;
        DeliveryView **deliveries;
        QueueEntry **queue;
} View;

static void view_done(View *v) {
        message_view_free(v->message);
        delivery_view_list_free(v->deliveries);
        queue_entry_list_free(v->queue);
}

/* What happens next, and why: from the queue, else from the status. */
static void append_why(const View *v, Buf *to) {
        const char *status = strempty(v->message->status);
        char left[CLI_DURATION_SIZE];
        uint64_t now = clock_realtime();

        for (QueueEntry **e = v->queue; *e; e++) {
                buf_append_string(to, e == v->queue ? "" : " ");
                cli_explain_queue_entry(*e, now, to);
        }
        if (v->queue[0])
                return;
        if (v->message->is_held && v->message->hold_expiry_usec > now) {
                cli_format_duration(v->message->hold_expiry_usec - now, left);
                buf_printf(to, "It is held until somebody releases it; the hold ends in %s.", left);
        } else if (v->message->is_held) {
                buf_append_string(to, "It is held, and the hold has expired.");
        } else if (streq(status, "Pending") || streq(status, "SoftFail") ||
                   streq(status, "Error")) {
                buf_append_string(to, "It is not in the queue any more: nothing will happen.");
        } else {
                buf_append_string(to, "It is finished.");
        }
}

static json_t *delivery_json(const DeliveryView *d) {
        return json_pack("{s:I, s:o, s:o, s:o, s:o, s:b, s:o, s:o}", "id", (json_int_t) d->id,
                         "status", cli_json_text(d->status), "details", cli_json_text(d->details),
                         "output", cli_json_text(d->output), "log_id", cli_json_text(d->log_id),
                         "sent_with_ssl", d->sent_with_tls, "timestamp",
                         cli_json_time(d->timestamp_usec), "time",
                         d->has_time ? json_real(d->time) : json_null());
}

static json_t *message_json(const MessageView *m, const char *why) {
        return json_pack(
                "{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:o, s:b, s:o, s:b, s:o, s:b, "
                "s:b, s:f, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o}",
                "id", (json_int_t) m->id, "token", cli_json_text(m->token), "scope",
                cli_json_text(m->scope), "status", cli_json_text(m->status), "mail_from",
                cli_json_text(m->mail_from), "rcpt_to", cli_json_text(m->rcpt_to), "subject",
                cli_json_text(m->subject), "message_id", cli_json_text(m->message_id), "tag",
                cli_json_text(m->tag), "size", (json_int_t) m->size, "timestamp",
                cli_json_time(m->timestamp_usec), "received_with_ssl", m->received_with_tls,
                "last_delivery_attempt", cli_json_time(m->last_attempt_usec), "held", m->is_held,
                "held_until", cli_json_time(m->is_held ? m->hold_expiry_usec : 0), "inspected",
                m->is_inspected, "spam", m->is_spam, "spam_score", m->spam_score, "threat",
                m->is_threat, "threat_details", cli_json_text(m->threat_details), "route_id",
                cli_json_id(m->route_id), "domain_id", cli_json_id(m->domain_id), "credential_id",
                cli_json_id(m->credential_id), "endpoint_type", cli_json_text(m->endpoint_type),
                "endpoint_id", cli_json_id(m->endpoint_id), "bounce_for_id",
                cli_json_id(m->bounce_for_id), "bounce", m->is_bounce, "why", cli_json_text(why));
}

static int put(const View *v, bool as_json) {
        _cleanup_(buf_done) Buf why = BUF_EMPTY;
        json_t *message, *deliveries = json_array(), *queue = json_array();
        int status;

        append_why(v, &why);
        message = message_json(v->message, buf_string(&why));
        for (DeliveryView **d = v->deliveries; *d; d++)
                cli_json_append(&deliveries, delivery_json(*d));
        for (QueueEntry **e = v->queue; *e; e++)
                cli_json_append(&queue, cli_queue_entry_json(*e));
        if (as_json) {
                (void) json_object_set_new(message, "deliveries", deliveries);
                (void) json_object_set_new(message, "queue", queue);
                return cli_put_object(message, NULL, true);
        }
        json_decref(queue);
        status = cli_put_object(message, FIELDS, false);
        if (status == EXIT_SUCCESS && v->deliveries[0]) {
                (void) puts("");
                return cli_put_list(deliveries, DELIVERY_FIELDS, false);
        }
        json_decref(deliveries);
        return status;
}

static int put_raw(const CliContext *c, const Server *s, const MessageView *m) {
        _cleanup_(buf_done) Buf raw = BUF_EMPTY;
        int r = message_view_raw(c->database->message, s->id, m, &raw);

        if (r == -ENODATA)
                return cli_fail("The content of this message was removed.");
        if (r < 0)
                return cli_explain_database(c, r);
        if (fwrite(buf_string(&raw), 1, raw.size, stdout) != raw.size || fflush(stdout) != 0)
                return cli_fail("Cannot write the output.");
        return EXIT_SUCCESS;
}

static int load(const CliContext *c, const Server *s, uint64_t id, View *v) {
        Db *db = c->database->message;
        int r = message_view_load(db, s->id, id, &v->message);

        if (r == -ENOENT)
                return cli_fail("%s/%s has no message %llu.", s->organization_permalink,
                                s->permalink, (unsigned long long) id);
        if (r >= 0)
                r = delivery_view_list(db, s->id, id, &v->deliveries);
        if (r >= 0)
                r = queue_entry_of_message(c->main, s->id, id, &v->queue);
        return r < 0 ? cli_explain_database(c, r) : -1;
}

static int show(int argc, char *argv[]) {
        static const CliSyntax syntax = {
                .command = "message show",
                .positional = "SERVER ID",
                .positional_count = 2,
                .help = "Shows a message of a mail server: its envelope, what was done with it, "
                        "and "
                        "what happens next.",
                .has_json = true,
        };
        bool is_raw = false;
        const CliOption options[] = {
                { "raw", NULL, "print the message itself", NULL, &is_raw },
                { 0 },
        };
        _cleanup_(server_freep) Server *s = NULL;
        _cleanup_(cli_context_done) CliContext context = { 0 };
        _cleanup_(view_done) View view = { 0 };
        CliArguments arguments;
        uint64_t id = 0;
        int status;

        status = cli_parse(&syntax, options, argc, argv, &arguments);
        if (status < 0 &&
            slice_to_u64(slice_from_string(arguments.positional[1]), INT32_MAX, &id) < 0)
                status =
                        cli_misuse(&syntax, "'%s' is no id of a message.", arguments.positional[1]);
        if (status < 0 && is_raw && arguments.as_json)
                status = cli_misuse(&syntax, "--raw and --json exclude each other.");
        if (status < 0)
                status = cli_open(&arguments, &context);
        if (status < 0)
                status = cli_find_server(&context, arguments.positional[0], &s);
        if (status < 0)
                status = load(&context, s, id, &view);
        if (status >= 0)
                return status;
        return is_raw ? put_raw(&context, s, view.message) : put(&view, arguments.as_json);
}

int cli_message(int argc, char *argv[]) {
        static const CliVerb verbs[] = {
                { "show", "show a message", show },
                { 0 },
        };

        return cli_run_verb("message", verbs, argc, argv);
}
