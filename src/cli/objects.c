/* SPDX-License-Identifier: MIT */
#include "cli/objects.h"
#include "cli/output.h"
#include "core/clock.h"

/* Steals the values; json_pack() frees them all when one is missing, and so is the result. */
json_t *cli_organization_json(const Organization *o) {
        return json_pack(
                "{s:I, s:o, s:o, s:o, s:o, s:I, s:I, s:o, s:o}", "id", (json_int_t) o->id, "uuid",
                cli_json_text(o->uuid), "name", cli_json_text(o->name), "permalink",
                cli_json_text(o->permalink), "time_zone", cli_json_text(o->time_zone), "owner_id",
                (json_int_t) o->owner_id, "servers", (json_int_t) o->server_count, "created_at",
                cli_json_time(o->created_usec), "suspended_at", cli_json_time(o->suspended_usec));
}

static json_t *number_or_null(int64_t number) {
        return number >= 0 ? json_integer(number) : json_null();
}

static json_t *path_json(const Server *s) {
        _cleanup_(buf_done) Buf path = BUF_EMPTY;

        buf_printf(&path, "%s/%s", s->organization_permalink, s->permalink);
        return cli_json_text(buf_string(&path));
}

json_t *cli_server_json(const Server *s) {
        return json_pack(
                "{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:b, s:b, "
                "s:f, s:f, s:o, s:o, s:o, s:o}",
                "id", (json_int_t) s->id, "uuid", cli_json_text(s->uuid), "path", path_json(s),
                "name", cli_json_text(s->name), "permalink", cli_json_text(s->permalink),
                "organization", cli_json_text(s->organization_permalink), "token",
                cli_json_text(s->token), "mode", server_mode_to_string(s->mode), "suspended",
                s->is_suspended, "suspension_reason", cli_json_text(s->suspension_reason),
                "ip_pool_id", cli_json_id(s->ip_pool_id), "send_limit",
                number_or_null(s->send_limit), "postmaster_address",
                cli_json_text(s->postmaster_address), "outbound_spam_threshold",
                s->has_outbound_spam_threshold ? json_real(s->outbound_spam_threshold)
                                               : json_null(),
                "allow_sender", s->allow_sender, "privacy_mode", s->privacy_mode, "spam_threshold",
                s->spam_threshold, "spam_failure_threshold", s->spam_failure_threshold,
                "message_retention_days", number_or_null(s->message_retention_days),
                "raw_message_retention_days", number_or_null(s->raw_message_retention_days),
                "raw_message_retention_size", number_or_null(s->raw_message_retention_size),
                "created_at", cli_json_time(s->created_usec));
}

json_t *cli_domain_json(const Domain *d) {
        return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:b, "
                         "s:o, s:o}",
                         "id", (json_int_t) d->id, "uuid", cli_json_text(d->uuid), "name",
                         cli_json_text(d->name), "owner_type",
                         cli_json_text(domain_owner_to_string(d->owner_type)), "owner_id",
                         cli_json_id(d->owner_id), "owner", cli_json_text(d->owner_path),
                         "verified", d->is_verified, "verified_at", cli_json_time(d->verified_usec),
                         "verification_method", cli_json_text(d->verification_method), "spf_status",
                         cli_json_text(d->spf_status), "dkim_status", cli_json_text(d->dkim_status),
                         "mx_status", cli_json_text(d->mx_status), "return_path_status",
                         cli_json_text(d->return_path_status), "use_for_any", d->use_for_any,
                         "dns_checked_at", cli_json_time(d->dns_checked_usec), "created_at",
                         cli_json_time(d->created_usec));
}

json_t *cli_credential_json(const Credential *c, bool with_key) {
        const bool is_network = c->type == CREDENTIAL_SMTP_IP;
        _cleanup_(buf_done) Buf key = BUF_EMPTY;

        if (with_key || is_network)
                buf_append_string(&key, c->key);
        else
                buf_printf(&key, "%.4s...", c->key);
        return json_pack("{s:I, s:o, s:I, s:o, s:o, s:o, s:b, s:o, s:o}", "id", (json_int_t) c->id,
                         "uuid", cli_json_text(c->uuid), "server_id", (json_int_t) c->server_id,
                         "type", cli_json_text(credential_type_to_string(c->type)), "name",
                         cli_json_text(c->name), "key", cli_json_text(buf_string(&key)), "hold",
                         c->hold, "last_used_at", cli_json_time(c->last_used_usec), "created_at",
                         cli_json_time(c->created_usec));
}

/* Of the route, and that it is reached by in any case. */
static json_t *address_json(const char *local, const char *domain) {
        _cleanup_(buf_done) Buf address = BUF_EMPTY;

        buf_printf(&address, domain ? "%s@%s" : "%s", local, domain);
        return cli_json_text(buf_string(&address));
}

json_t *cli_route_json(const Route *r, const Config *config) {
        return json_pack(
                "{s:I, s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:s, s:o}", "id",
                (json_int_t) r->id, "uuid", cli_json_text(r->uuid), "server_id",
                (json_int_t) r->server_id, "address",
                r->domain_name ? address_json(r->name, r->domain_name)
                               : cli_json_text(streq(r->name, ROUTE_RETURN_PATH) ? "Return Path"
                                                                                 : r->name),
                "name", cli_json_text(r->name), "domain", cli_json_text(r->domain_name),
                "forward_address", address_json(r->token, config->dns.route_domain), "mode",
                cli_json_text(route_mode_to_string(r->mode)), "endpoint_type",
                cli_json_text(r->endpoint_type), "endpoint_id", cli_json_id(r->endpoint_id),
                "endpoint", cli_json_text(r->endpoint_description), "additional_endpoints",
                (json_int_t) r->additional_endpoint_count, "spam_mode",
                route_spam_mode_to_string(r->spam_mode), "created_at",
                cli_json_time(r->created_usec));
}

json_t *cli_queue_entry_json(const QueueEntry *e) {
        _cleanup_(buf_done) Buf why = BUF_EMPTY, server = BUF_EMPTY;

        cli_explain_queue_entry(e, clock_realtime(), &why);
        if (e->server_permalink)
                buf_printf(&server, "%s/%s", strempty(e->organization_permalink),
                           e->server_permalink);
        return json_pack("{s:I, s:o, s:o, s:o, s:o, s:s, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
                         "s:b, s:o}",
                         "id", (json_int_t) e->id, "server_id", cli_json_id(e->server_id), "server",
                         cli_json_text(server.data), "message_id", cli_json_id(e->message_id),
                         "domain", cli_json_text(e->domain), "state",
                         queue_state_to_string(e->state), "attempts", (int) e->attempts,
                         "queued_at", cli_json_time(e->created_usec), "due_at",
                         cli_json_time(e->retry_after_usec), "leased_by",
                         cli_json_text(e->locked_by), "leased_at", cli_json_time(e->locked_usec),
                         "heartbeat_at", cli_json_time(e->heartbeat_usec), "ip_address",
                         cli_json_text(e->ip_address), "route_id", cli_json_id(e->route_id),
                         "manual", e->is_manual, "why", cli_json_text(buf_string(&why)));
}

int cli_find_organization(const CliContext *c, const char *what, Organization **ret) {
        int r = organization_find(c->main, what, ret);

        if (r == -ENOENT)
                return cli_fail("There is no organization '%s'.", what);
        return r < 0 ? cli_explain_database(c, r) : -1;
}

int cli_find_server(const CliContext *c, const char *what, Server **ret) {
        int r = server_find(c->main, what, ret);

        if (r == -ENOENT)
                return cli_fail("There is no mail server '%s'.", what);
        if (r == -ENOTUNIQ)
                return cli_fail("Several organizations have a mail server '%s': say which, as "
                                "ORGANIZATION/SERVER.",
                                what);
        return r < 0 ? cli_explain_database(c, r) : -1;
}

void cli_explain_queue_entry(const QueueEntry *e, uint64_t now, Buf *to) {
        char age[CLI_DURATION_SIZE];

        switch (e->state) {
        case QUEUE_LEASED:
                buf_printf(to, "Worker %s has it", e->locked_by);
                if (e->locked_usec > 0) {
                        cli_format_duration(now > e->locked_usec ? now - e->locked_usec : 0, age);
                        buf_printf(to, " since %s", age);
                }
                if (!e->is_lease_known) {
                        buf_append_string(to, "; no worker of that name is known");
                } else {
                        cli_format_duration(now > e->heartbeat_usec ? now - e->heartbeat_usec : 0,
                                            age);
                        buf_printf(to, ", which gave its last sign of life %s ago", age);
                }
                break;
        case QUEUE_WAITING:
                if (e->retry_after_usec > now) {
                        cli_format_duration(e->retry_after_usec - now, age);
                        buf_printf(to, "It is tried again in %s", age);
                } else {
                        buf_append_string(to, "It is due, and waits for the requeuer");
                }
                break;
        default:
                buf_append_string(to, "It is ready for the next worker");
                if (e->ip_address_id > 0)
                        buf_printf(to, " on a host that has the address %s",
                                   e->ip_address ? e->ip_address : "it was given, which is gone");
                break;
        }
        buf_append_byte(to, '.');
}
