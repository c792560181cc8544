/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/objects.h"
#include "cli/output.h"
#include "model/user.h"

static const CliField FIELDS[] = {
        { "ID", "id" },
        { "Permalink", "permalink" },
        { "Name", "name" },
        { "Servers", "servers" },
        { "Created", "created_at" },
        { "Suspended", "suspended_at" },
        { 0 },
};

/* The user of that address; without one, the first administrator; 0 if there is none either. */
static int find_owner(const CliContext *c, const char *email, uint64_t *ret) {
        _cleanup_(user_freep) User *owner = NULL;
        int r;

        *ret = 0;
        if (email)
                r = user_find_by_email(c->main, email, &owner);
        else
                r = user_find_first_admin(c->main, &owner);
        if (r == -ENOENT && email)
                return cli_fail("There is no user '%s'.", email);
        if (r == -ENOENT)
                return cli_fail("There is no administrator yet to own it: run `postal make-user`.");
        if (r < 0)
                return cli_explain_database(c, r);
        *ret = owner->id;
        return -1;
}

static int put(const CliContext *c, uint64_t id, bool as_json) {
        _cleanup_(organization_freep) Organization *o = NULL;
        int r = organization_load(c->main, id, &o);

        if (r < 0)
                return cli_explain_database(c, r);
        return cli_put_object(cli_organization_json(o), FIELDS, as_json);
}

static int create(int argc, char *argv[]) {
        static const CliSyntax syntax = {
                .command = "organization create",
                .help = "Creates an organization.",
                .has_json = true,
        };
        NewOrganization new = { 0 };
        const char *owner = NULL;
        const CliOption options[] = {
                { "name", "NAME", "its name", &new.name, NULL },
                { "permalink", "PERMALINK", "its name in paths; else made of the name",
                  &new.permalink, NULL },
                { "owner", "ADDRESS", "a user; else the first administrator", &owner, NULL },
                { 0 },
        };
        _cleanup_(cli_context_done) CliContext context = { 0 };
        _cleanup_(problems_done) Problems problems = PROBLEMS_EMPTY;
        CliArguments arguments;
        uint64_t id;
        int status, r;

        status = cli_parse(&syntax, options, argc, argv, &arguments);
        if (status < 0)
                status = cli_require(&syntax, options, (const char *const[]){ "name", NULL });
        if (status < 0)
                status = cli_open(&arguments, &context);
        if (status < 0)
                status = find_owner(&context, owner, &new.owner_id);
        if (status >= 0)
                return status;
        r = organization_create(context.main, &new, &problems, &id);
        if (r < 0)
                return cli_explain_database(&context, r);
        if (problems.count > 0)
                return cli_put_problems("create the organization", &problems);
        cli_objects_changed();
        return put(&context, id, arguments.as_json);
}

static int list(int argc, char *argv[]) {
        static const CliSyntax syntax = {
                .command = "organization list",
                .help = "Lists all organizations.",
                .has_json = true,
        };
        _cleanup_(organization_list_freep) Organization **items = NULL;
        _cleanup_(cli_context_done) CliContext context = { 0 };
        CliArguments arguments;
        json_t *array;
        int status, r;

        status = cli_parse(&syntax, NULL, argc, argv, &arguments);
        if (status < 0)
                status = cli_open(&arguments, &context);
        if (status >= 0)
                return status;
        r = organization_list(context.main, &items);
        if (r < 0)
                return cli_explain_database(&context, r);
        array = json_array();
        for (Organization **o = items; *o; o++)
                cli_json_append(&array, cli_organization_json(*o));
        return cli_put_list(array, FIELDS, arguments.as_json);
}

int cli_organization(int argc, char *argv[]) {
        static const CliVerb verbs[] = {
                { "create", "create an organization", create },
                { "list", "list all organizations", list },
                { 0 },
        };

        return cli_run_verb("organization", verbs, argc, argv);
}
