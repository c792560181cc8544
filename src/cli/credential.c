/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/objects.h"
#include "cli/output.h"

static const CliField FIELDS[] = {
        { "ID", "id" },
        { "Type", "type" },
        { "Name", "name" },
        { "Key", "key" },
        { "Hold", "hold" },
        { "Last used", "last_used_at" },
        { "Created", "created_at" },
        { 0 },
};

static const CliSyntax CREATE = {
        .command = "credential create",
        .help = "Creates a credential of a mail server and prints its key.",
        .has_json = true,
};

static int put(const CliContext *c, uint64_t id, bool as_json) {
        _cleanup_(credential_freep) Credential *credential = NULL;
        int r = credential_load(c->main, id, &credential);

        if (r < 0)
                return cli_explain_database(c, r);
        return cli_put_object(cli_credential_json(credential, true), FIELDS, as_json);
}

static int create(int argc, char *argv[]) {
        NewCredential new = { 0 };
        const char *server = NULL, *type = NULL;
        const CliOption options[] = {
                { "server", "SERVER", "its mail server: ORGANIZATION/SERVER, UUID or id", &server,
                  NULL },
                { "type", "TYPE", "SMTP, API, or SMTP-IP: who comes from a network", &type, NULL },
                { "name", "NAME", "its name", &new.name, NULL },
                { "key", "NETWORK", "of SMTP-IP: an address, or ADDRESS/PREFIX", &new.key, NULL },
                { "hold", NULL, "hold all messages that come in with it", NULL, &new.hold },
                { 0 },
        };
        _cleanup_(server_freep) Server *s = NULL;
        _cleanup_(cli_context_done) CliContext context = { 0 };
        _cleanup_(problems_done) Problems problems = PROBLEMS_EMPTY;
        CliArguments arguments;
        uint64_t id;
        int status, r;

        status = cli_parse(&CREATE, options, argc, argv, &arguments);
        if (status < 0)
                status = cli_require(&CREATE, options,
                                     (const char *const[]){ "server", "type", "name", NULL });
        if (status < 0 && (new.type = credential_type_from_string(type)) < 0)
                status = cli_misuse(&CREATE, "The type is SMTP, API or SMTP-IP.");
        if (status < 0 && new.key &&new.type != CREDENTIAL_SMTP_IP)
                status = cli_misuse(&CREATE, "Only SMTP-IP takes a key: others get one made.");
        if (status < 0)
                status = cli_open(&arguments, &context);
        if (status < 0)
                status = cli_find_server(&context, server, &s);
        if (status >= 0)
                return status;
        new.server_id = s->id;
        r = credential_create(context.main, &new, &problems, &id);
        if (r < 0)
                return cli_explain_database(&context, r);
        if (problems.count > 0)
                return cli_put_problems("create the credential", &problems);
        cli_objects_changed();
        return put(&context, id, arguments.as_json);
}

static int list(int argc, char *argv[]) {
        static const CliSyntax syntax = {
                .command = "credential list",
                .help = "Lists the credentials of a mail server.",
                .has_json = true,
        };
        const char *server = NULL;
        bool with_keys = false;
        const CliOption options[] = {
                { "server", "SERVER", "the mail server: ORGANIZATION/SERVER, UUID or id", &server,
                  NULL },
                { "show-keys", NULL, "print the whole keys", NULL, &with_keys },
                { 0 },
        };
        _cleanup_(server_freep) Server *s = NULL;
        _cleanup_(credential_list_freep) Credential **items = NULL;
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
        r = credential_list(context.main, s->id, &items);
        if (r < 0)
                return cli_explain_database(&context, r);
        array = json_array();
        for (Credential **c = items; *c; c++)
                cli_json_append(&array, cli_credential_json(*c, with_keys));
        return cli_put_list(array, FIELDS, arguments.as_json);
}

int cli_credential(int argc, char *argv[]) {
        static const CliVerb verbs[] = {
                { "create", "create a credential", create },
                { "list", "list the credentials of a mail server", list },
                { 0 },
        };

        return cli_run_verb("credential", verbs, argc, argv);
}
