/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/objects.h"
#include "cli/output.h"
#include "core/clock.h"

#define LIMIT_DEFAULT 100
#define LIMIT_MAX 100000

static const CliField FIELDS[] = {
        { "ID", "id" },
        { "Server", "server" },
        { "Message", "message_id" },
        { "Domain", "domain" },
        { "State", "state" },
        { "Attempts", "attempts" },
        { "Queued", "queued_at" },
        { "Due", "due_at" },
        { "Leased by", "leased_by" },
        { 0 },
};

static const CliSyntax LIST = {
        .command = "queue list",
        .help = "Lists queued messages, those that were queued first.",
        .has_json = true,
};

static int read_filter(const char *state, const char *limit, QueueFilter *filter) {
        if (state && (filter->state = queue_state_from_string(state)) < 0)
                return cli_misuse(&LIST, "The state is ready, waiting or leased.");
        if (limit && (slice_to_u64(slice_from_string(limit), LIMIT_MAX, &filter->limit) < 0 ||
                      filter->limit == 0))
                return cli_misuse(&LIST, "The limit is a number up to %d.", LIMIT_MAX);
        return -1;
}

static int list(int argc, char *argv[]) {
        QueueFilter filter = { .state = QUEUE_STATE_INVALID, .limit = LIMIT_DEFAULT };
        const char *server = NULL, *state = NULL, *limit = NULL;
        const CliOption options[] = {
                { "server", "SERVER", "only those of this mail server", &server, NULL },
                { "state", "STATE", "only those that are ready, waiting or leased", &state, NULL },
                { "limit", "NUMBER", "so many at most; 100 if it is not said", &limit, NULL },
                { 0 },
        };
        _cleanup_(server_freep) Server *s = NULL;
        _cleanup_(queue_entry_list_freep) QueueEntry **items = NULL;
        _cleanup_(cli_context_done) CliContext context = { 0 };
        CliArguments arguments;
        json_t *array;
        int status, r;

        status = cli_parse(&LIST, options, argc, argv, &arguments);
        if (status < 0)
                status = read_filter(state, limit, &filter);
        if (status < 0)
                status = cli_open(&arguments, &context);
        if (status < 0 && server)
                status = cli_find_server(&context, server, &s);
        if (status >= 0)
                return status;
        filter.server_id = s ? s->id : 0;
        r = queue_entry_list(context.main, &filter, &items);
        if (r < 0)
                return cli_explain_database(&context, r);
        array = json_array();
        for (QueueEntry **e = items; *e; e++)
                cli_json_append(&array, cli_queue_entry_json(*e));
        return cli_put_list(array, FIELDS, arguments.as_json);
}

static const CliField STATS_FIELDS[] = {
        { "Server", "server" },
        { "Ready", "ready" },
        { "Waiting", "waiting" },
        { "Overdue", "overdue" },
        { "Leased", "leased" },
        { "Oldest", "oldest" },
        { "Oldest ready", "oldest_ready" },
        { "Next due", "next_due_at" },
        { 0 },
};

/* How long ago, as text, and (for JSON) as seconds. */
static void set_age(json_t *object, const char *key, const char *seconds_key, uint64_t usec,
                    uint64_t now) {
        char text[CLI_DURATION_SIZE];

        if (usec == 0) {
                (void) json_object_set_new(object, key, json_null());
                (void) json_object_set_new(object, seconds_key, json_null());
                return;
        }
        cli_format_duration(now > usec ? now - usec : 0, text);
        (void) json_object_set_new(object, key, json_string(text));
        (void) json_object_set_new(
                object, seconds_key,
                json_integer((json_int_t) ((now > usec ? now - usec : 0) / USEC_PER_SEC)));
}

static json_t *stats_json(const QueueStats *s, const char *name, uint64_t now) {
        json_t *object =
                json_pack("{s:o, s:I, s:I, s:I, s:I, s:o}", "server", cli_json_text(name), "ready",
                          (json_int_t) s->counts[QUEUE_READY], "waiting",
                          (json_int_t) s->counts[QUEUE_WAITING], "overdue", (json_int_t) s->overdue,
                          "leased", (json_int_t) s->counts[QUEUE_LEASED], "next_due_at",
                          cli_json_time(s->next_due_usec));

        set_age(object, "oldest", "oldest_seconds", s->oldest_usec, now);
        set_age(object, "oldest_ready", "oldest_ready_seconds", s->oldest_ready_usec, now);
        return object;
}

static uint64_t earlier(uint64_t a, uint64_t b) {
        return a == 0 ? b : b == 0 ? a : MIN(a, b);
}

static void add_to_total(QueueStats *total, const QueueStats *s) {
        for (int state = 0; state < QUEUE_STATE_MAX; state++)
                total->counts[state] += s->counts[state];
        total->overdue += s->overdue;
        total->oldest_usec = earlier(total->oldest_usec, s->oldest_usec);
        total->oldest_ready_usec = earlier(total->oldest_ready_usec, s->oldest_ready_usec);
        total->next_due_usec = earlier(total->next_due_usec, s->next_due_usec);
}

static int stats(int argc, char *argv[]) {
        static const CliSyntax syntax = {
                .command = "queue stats",
                .help = "Counts the queued messages of each mail server: ready to be taken, "
                        "waiting for "
                        "their time (and\noverdue), leased to a worker. Reads the whole queue.",
                .has_json = true,
        };
        _cleanup_(queue_stats_list_freep) QueueStats **items = NULL;
        _cleanup_(cli_context_done) CliContext context = { 0 };
        const uint64_t now = clock_realtime();
        QueueStats total = { 0 };
        CliArguments arguments;
        json_t *array;
        int status, r;

        status = cli_parse(&syntax, NULL, argc, argv, &arguments);
        if (status < 0)
                status = cli_open(&arguments, &context);
        if (status >= 0)
                return status;
        r = queue_stats_list(context.main, &items);
        if (r < 0)
                return cli_explain_database(&context, r);
        array = json_array();
        for (QueueStats **s = items; *s; s++) {
                _cleanup_(buf_done) Buf name = BUF_EMPTY;

                if ((*s)->server_permalink)
                        buf_printf(&name, "%s/%s", strempty((*s)->organization_permalink),
                                   (*s)->server_permalink);
                cli_json_append(&array, stats_json(*s, name.data, now));
                add_to_total(&total, *s);
        }
        cli_json_append(&array, stats_json(&total, "all", now));
        return cli_put_list(array, STATS_FIELDS, arguments.as_json);
}

int cli_queue(int argc, char *argv[]) {
        static const CliVerb verbs[] = {
                { "list", "list queued messages", list },
                { "stats", "count queued messages", stats },
                { 0 },
        };

        return cli_run_verb("queue", verbs, argc, argv);
}
