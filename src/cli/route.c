/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/objects.h"
#include "cli/output.h"

static const CliField FIELDS[] = {
        { "ID", "id" },
        { "Address", "address" },
        { "Mode", "mode" },
        { "Endpoint", "endpoint" },
        { "More endpoints", "additional_endpoints" },
        { "Spam", "spam_mode" },
        { "Forward address", "forward_address" },
        { 0 },
};

static const CliSyntax CREATE = {
        .command = "route create",
        .help = "Creates a route for an address at a domain of a mail server.",
        .has_json = true,
};

typedef struct Given {
        const char *server;
        const char *domain;
        const char *mode;
        const char *endpoint;
        const char *spam_mode;
} Given;

/* "HTTPEndpoint#UUID", cut at the '#' into *type, which is the caller's to free. */
static int read_endpoint(const char *text, NewRoute *new, char **type) {
        const char *hash = strchr(text, '#');

        if (!hash || hash == text || !hash[1])
                return cli_misuse(&CREATE, "An endpoint is given as TYPE#UUID, such as "
                                           "HTTPEndpoint#8ed7bb50-….");
        *type = slice_dup(slice_make(text, (size_t) (hash - text)));
        if (!*type)
                return cli_out_of_memory();
        new->mode = ROUTE_ENDPOINT;
        new->endpoint_type = *type;
        new->endpoint_uuid = hash + 1;
        return -1;
}

static int read_options(const Given *given, NewRoute *new, char **type) {
        if (!given->mode == !given->endpoint)
                return cli_misuse(&CREATE, "Give --mode or --endpoint.");
        if (given->spam_mode &&
            (new->spam_mode = route_spam_mode_from_string(given->spam_mode)) < 0)
                return cli_misuse(&CREATE, "The spam mode is mark, quarantine or fail.");
        if (given->endpoint)
                return read_endpoint(given->endpoint, new, type);
        new->mode = route_mode_from_string(given->mode);
        if (new->mode < 0 || new->mode == ROUTE_ENDPOINT)
                return cli_misuse(&CREATE, "The mode is accept, hold, bounce or reject.");
        return -1;
}

static int find_domain(const CliContext *c, const Server *s, const char *name, uint64_t *ret) {
        _cleanup_(domain_freep) Domain *d = NULL;
        int r;

        if (!name)
                return -1;
        r = domain_find_by_name(c->main, DOMAIN_OF_SERVER, s->id, name, &d);
        if (r == -ENOENT)
                r = domain_find_by_name(c->main, DOMAIN_OF_ORGANIZATION, s->organization_id, name,
                                        &d);
        if (r == -ENOENT)
                return cli_fail("Neither %s/%s nor its organization has a domain '%s'.",
                                s->organization_permalink, s->permalink, name);
        if (r < 0)
                return cli_explain_database(c, r);
        *ret = d->id;
        return -1;
}

static int create_route(const CliContext *c, const NewRoute *new, bool as_json) {
        _cleanup_(problems_done) Problems problems = PROBLEMS_EMPTY;
        _cleanup_(route_freep) Route *route = NULL;
        uint64_t id;
        int r;

        r = route_create(c->main, new, &problems, &id);
        if (r >= 0 && problems.count > 0)
                return cli_put_problems("create the route", &problems);
        if (r >= 0) {
                cli_objects_changed();
                r = route_load(c->main, id, &route);
        }
        if (r < 0)
                return cli_explain_database(c, r);
        return cli_put_object(cli_route_json(route, c->config), FIELDS, as_json);
}

static int create(int argc, char *argv[]) {
        NewRoute new = { 0 };
        Given given = { 0 };
        const CliOption options[] = {
                { "server", "SERVER", "its mail server: ORGANIZATION/SERVER, UUID or id",
                  &given.server, NULL },
                { "name", "NAME", "what is before the @; * for all, or " ROUTE_RETURN_PATH,
                  &new.name, NULL },
                { "domain", "DOMAIN", "what is behind it; not for a return path", &given.domain,
                  NULL },
                { "mode", "MODE", "accept, hold, bounce or reject", &given.mode, NULL },
                { "endpoint", "TYPE#UUID", "or send it on, to HTTPEndpoint#..., SMTPEndpoint#...",
                  &given.endpoint, NULL },
                { "spam-mode", "MODE", "mark (the default), quarantine or fail", &given.spam_mode,
                  NULL },
                { 0 },
        };
        _cleanup_(server_freep) Server *s = NULL;
        _cleanup_(cli_context_done) CliContext context = { 0 };
        _cleanup_free_ char *type = NULL;
        CliArguments arguments;
        int status;

        status = cli_parse(&CREATE, options, argc, argv, &arguments);
        if (status < 0)
                status = cli_require(&CREATE, options,
                                     (const char *const[]){ "server", "name", NULL });
        if (status < 0)
                status = read_options(&given, &new, &type);
        if (status < 0)
                status = cli_open(&arguments, &context);
        if (status < 0)
                status = cli_find_server(&context, given.server, &s);
        if (status < 0)
                status = find_domain(&context, s, given.domain, &new.domain_id);
        if (status >= 0)
                return status;
        new.server_id = s->id;
        return create_route(&context, &new, arguments.as_json);
}

static int list(int argc, char *argv[]) {
        static const CliSyntax syntax = {
                .command = "route list",
                .help = "Lists the routes of a mail server.",
                .has_json = true,
        };
        const char *server = NULL;
        const CliOption options[] = {
                { "server", "SERVER", "the mail server: ORGANIZATION/SERVER, UUID or id", &server,
                  NULL },
                { 0 },
        };
        _cleanup_(server_freep) Server *s = NULL;
        _cleanup_(route_list_freep) Route **items = NULL;
        _cleanup_(cli_context_done) CliContext context = { 0 };
        CliArguments arguments;
        json_t *array;
        int status, r;

        status = cli_parse(&syntax, options, argc, argv, &arguments);
        if (status < 0)
                status = cli_require(&syntax, options, (const char *const[]){ "server", NULL });
        if (status < 0)
                status = cli_open(&arguments, &context);
        if (status < 0)
                status = cli_find_server(&context, server, &s);
        if (status >= 0)
                return status;
        r = route_list(context.main, s->id, &items);
        if (r < 0)
                return cli_explain_database(&context, r);
        array = json_array();
        for (Route **route = items; *route; route++)
                cli_json_append(&array, cli_route_json(*route, context.config));
        return cli_put_list(array, FIELDS, arguments.as_json);
}

int cli_route(int argc, char *argv[]) {
        static const CliVerb verbs[] = {
                { "create", "create a route", create },
                { "list", "list the routes of a mail server", list },
                { 0 },
        };

        return cli_run_verb("route", verbs, argc, argv);
}
