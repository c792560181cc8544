/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/objects.h"
#include "cli/output.h"

static const CliField FIELDS[] = {
        { "ID", "id" },
        { "Server", "path" },
        { "Name", "name" },
        { "Mode", "mode" },
        { "Token", "token" },
        { "Send limit", "send_limit" },
        { "Suspended", "suspended" },
        { "Created", "created_at" },
        { 0 },
};

static int put(const CliContext *c, uint64_t id, bool as_json) {
        _cleanup_(server_freep) Server *s = NULL;
        int r = server_load(c->main, id, &s);

        if (r < 0)
                return cli_explain_database(c, r);
        return cli_put_object(cli_server_json(s), FIELDS, as_json);
}

static const CliSyntax CREATE = {
        .command = "server create",
        .help = "Creates a mail server with its message database. If that was interrupted, the "
                "same "
                "command\ncompletes it.",
        .has_json = true,
};

/* What was given as text. */
static int read_options(const char *mode, const char *pool, NewServer *new) {
        if (mode)
                new->mode = server_mode_from_string(mode);
        if (new->mode < 0)
                return cli_misuse(&CREATE, "The mode is live or development.");
        if (pool && slice_to_u64(slice_from_string(pool), INT32_MAX, &new->ip_pool_id) < 0)
                return cli_misuse(&CREATE, "An IP pool is given by its id.");
        return -1;
}

static int create_server(const CliContext *c, NewServer *new, bool as_json) {
        _cleanup_(problems_done) Problems problems = PROBLEMS_EMPTY;
        _cleanup_(buf_done) Buf words = BUF_EMPTY;
        bool completed = false;
        uint64_t id;
        int r;

        new->spam_threshold = c->config->postal.default_spam_threshold;
        new->spam_failure_threshold = c->config->postal.default_spam_failure_threshold;
        r = server_create(c->database, new, NULL, &problems, &id, &completed, &words);
        if (r < 0)
                return cli_fail("%s. Run the command again to complete the server.",
                                words.size > 0 ? words.data : strerror(-r));
        if (problems.count > 0)
                return cli_put_problems("create the mail server", &problems);
        if (completed)
                (void) fprintf(stderr,
                               "postal: The server was there; its database has been completed.\n");
        cli_objects_changed();
        return put(c, id, as_json);
}

static int create(int argc, char *argv[]) {
        NewServer new = { .mode = SERVER_LIVE };
        const char *organization = NULL, *mode = NULL, *pool = NULL;
        const CliOption options[] = {
                { "organization", "ORGANIZATION", "its organization: permalink, UUID or id",
                  &organization, NULL },
                { "name", "NAME", "its name", &new.name, NULL },
                { "permalink", "PERMALINK", "its name in paths; else made of the name",
                  &new.permalink, NULL },
                { "mode", "MODE", "live (the default), or development: mail is held", &mode, NULL },
                { "ip-pool", "ID", "the pool of addresses it sends from", &pool, NULL },
                { 0 },
        };
        _cleanup_(organization_freep) Organization *o = NULL;
        _cleanup_(cli_context_done) CliContext context = { 0 };
        CliArguments arguments;
        int status;

        status = cli_parse(&CREATE, options, argc, argv, &arguments);
        if (status < 0)
                status = cli_require(&CREATE, options,
                                     (const char *const[]){ "organization", "name", NULL });
        if (status < 0)
                status = read_options(mode, pool, &new);
        if (status < 0)
                status = cli_open(&arguments, &context);
        if (status < 0)
                status = cli_find_organization(&context, organization, &o);
        if (status >= 0)
                return status;
        new.organization_id = o->id;
        return create_server(&context, &new, arguments.as_json);
}

static int list(int argc, char *argv[]) {
        static const CliSyntax syntax = {
                .command = "server list",
                .help = "Lists mail servers.",
                .has_json = true,
        };
        const char *organization = NULL;
        const CliOption options[] = {
                { "organization", "ORGANIZATION", "only those of this one", &organization, NULL },
                { 0 },
        };
        _cleanup_(organization_freep) Organization *o = NULL;
        _cleanup_(server_list_freep) Server **items = NULL;
        _cleanup_(cli_context_done) CliContext context = { 0 };
        CliArguments arguments;
        json_t *array;
        int status, r;

        status = cli_parse(&syntax, options, argc, argv, &arguments);
        if (status < 0)
                status = cli_open(&arguments, &context);
        if (status < 0 && organization)
                status = cli_find_organization(&context, organization, &o);
        if (status >= 0)
                return status;
        r = server_list(context.main, o ? o->id : 0, &items);
        if (r < 0)
                return cli_explain_database(&context, r);
        array = json_array();
        for (Server **s = items; *s; s++)
                cli_json_append(&array, cli_server_json(*s));
        return cli_put_list(array, FIELDS, arguments.as_json);
}

int cli_server(int argc, char *argv[]) {
        static const CliVerb verbs[] = {
                { "create", "create a mail server", create },
                { "list", "list mail servers", list },
                { 0 },
        };

        return cli_run_verb("server", verbs, argc, argv);
}
