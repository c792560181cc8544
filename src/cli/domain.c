/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/objects.h"
#include "cli/output.h"
#include "model/domain-dns.h"

static const CliField FIELDS[] = {
        { "ID", "id" },
        { "Name", "name" },
        { "Owner", "owner" },
        { "Verified", "verified_at" },
        { "SPF", "spf_status" },
        { "DKIM", "dkim_status" },
        { "MX", "mx_status" },
        { "Return path", "return_path_status" },
        { 0 },
};

typedef struct Owner {
        const char *server_name; /* as given */
        const char *organization_name;
        DomainOwner type;
        uint64_t id;
} Owner;

/* Which of the two was given, and what it is. */
static int find_owner(const CliContext *c, Owner *owner) {
        int status;

        if (owner->server_name) {
                _cleanup_(server_freep) Server *s = NULL;

                status = cli_find_server(c, owner->server_name, &s);
                if (status >= 0)
                        return status;
                owner->type = DOMAIN_OF_SERVER;
                owner->id = s->id;
        } else if (owner->organization_name) {
                _cleanup_(organization_freep) Organization *o = NULL;

                status = cli_find_organization(c, owner->organization_name, &o);
                if (status >= 0)
                        return status;
                owner->type = DOMAIN_OF_ORGANIZATION;
                owner->id = o->id;
        }
        return -1;
}

static json_t *records_json(const DomainRecords *records) {
        json_t *array = json_array();

        for (size_t i = 0; i < records->count; i++)
                cli_json_append(&array,
                                json_pack("{s:s, s:s, s:o, s:o}", "purpose",
                                          records->items[i].purpose, "type", records->items[i].type,
                                          "name", cli_json_text(records->items[i].name), "value",
                                          cli_json_text(records->items[i].value)));
        return array;
}

/* As they stand in a zone file, where one string of a TXT record has at most 255 bytes. */
static void put_records(const DomainRecords *records) {
        (void) puts("\nDNS records to publish:\n");
        for (size_t i = 0; i < records->count; i++) {
                const DomainRecord *r = &records->items[i];
                Slice rest = slice_from_string(r->value);

                printf("%s. %s", r->name, r->type);
                if (!streq(r->type, "TXT"))
                        printf(" %s.", r->value);
                while (streq(r->type, "TXT") && rest.size > 0) {
                        Slice part = slice_first(rest, MIN(rest.size, (size_t) 255));

                        printf(" \"%.*s\"", SLICE_FORMAT(part));
                        rest = slice_from(rest, part.size);
                }
                putchar('\n');
        }
}

/* The new domain, and what its owner is to publish for it. */
static int put(const CliContext *c, uint64_t id, bool as_json) {
        _cleanup_(domain_freep) Domain *d = NULL;
        DomainRecords records = { 0 };
        json_t *object;
        int status, r;

        r = domain_load(c->main, id, &d);
        if (r >= 0)
                r = domain_records(d, c->config, &records);
        if (r < 0)
                return cli_explain_database(c, r);
        object = cli_domain_json(d);
        if (as_json)
                (void) json_object_set_new(object, "dns_records", records_json(&records));
        status = cli_put_object(object, FIELDS, as_json);
        if (!as_json)
                put_records(&records);
        domain_records_done(&records);
        return status;
}

static const CliSyntax CREATE = {
        .command = "domain create",
        .help = "Adds a domain to a mail server, or to all servers of an organization, and prints "
                "the "
                "DNS records\nthat its owner is to publish.",
        .has_json = true,
};

static int create_domain(const CliContext *c, const NewDomain *new, bool as_json) {
        _cleanup_(problems_done) Problems problems = PROBLEMS_EMPTY;
        uint64_t id;
        int r = domain_create(c->main, new, &problems, &id);

        if (r < 0)
                return cli_explain_database(c, r);
        if (problems.count > 0)
                return cli_put_problems("create the domain", &problems);
        cli_objects_changed();
        return put(c, id, as_json);
}

static int create(int argc, char *argv[]) {
        NewDomain new = { 0 };
        Owner owner = { 0 };
        const CliOption options[] = {
                { "server", "SERVER", "its owner: ORGANIZATION/SERVER, UUID or id",
                  &owner.server_name, NULL },
                { "organization", "ORGANIZATION", "or this: permalink, UUID or id",
                  &owner.organization_name, NULL },
                { "name", "DOMAIN", "its name", &new.name, NULL },
                { "verification-method", "METHOD", "DNS (the default) or Email",
                  &new.verification_method, NULL },
                { "verified", NULL, "it needs no verification: the operator knows its owner", NULL,
                  &new.is_verified },
                { "use-for-any", NULL, "its server may send mail from any other domain through it",
                  NULL, &new.use_for_any },
                { 0 },
        };
        _cleanup_(cli_context_done) CliContext context = { 0 };
        CliArguments arguments;
        int status;

        status = cli_parse(&CREATE, options, argc, argv, &arguments);
        if (status < 0)
                status = cli_require(&CREATE, options, (const char *const[]){ "name", NULL });
        if (status < 0 && !owner.server_name == !owner.organization_name)
                status = cli_misuse(&CREATE, "Give --server or --organization.");
        if (status < 0)
                status = cli_open(&arguments, &context);
        if (status < 0)
                status = find_owner(&context, &owner);
        if (status >= 0)
                return status;
        new.owner_type = owner.type;
        new.owner_id = owner.id;
        return create_domain(&context, &new, arguments.as_json);
}

static int list(int argc, char *argv[]) {
        static const CliSyntax syntax = {
                .command = "domain list",
                .help = "Lists domains: of a mail server, of an organization itself, or all.",
                .has_json = true,
        };
        Owner owner = { 0 };
        const CliOption options[] = {
                { "server", "SERVER", "only those of this one", &owner.server_name, NULL },
                { "organization", "ORGANIZATION", "only those of this one",
                  &owner.organization_name, NULL },
                { 0 },
        };
        _cleanup_(domain_list_freep) Domain **items = NULL;
        _cleanup_(cli_context_done) CliContext context = { 0 };
        CliArguments arguments;
        json_t *array;
        int status, r;

        status = cli_parse(&syntax, options, argc, argv, &arguments);
        if (status < 0 && owner.server_name && owner.organization_name)
                status = cli_misuse(&syntax, "--server and --organization exclude each other.");
        if (status < 0)
                status = cli_open(&arguments, &context);
        if (status < 0)
                status = find_owner(&context, &owner);
        if (status >= 0)
                return status;
        r = domain_list(context.main, owner.type, owner.id, &items);
        if (r < 0)
                return cli_explain_database(&context, r);
        array = json_array();
        for (Domain **d = items; *d; d++)
                cli_json_append(&array, cli_domain_json(*d));
        return cli_put_list(array, FIELDS, arguments.as_json);
}

int cli_domain(int argc, char *argv[]) {
        static const CliVerb verbs[] = {
                { "create", "add a domain", create },
                { "list", "list domains", list },
                { 0 },
        };

        return cli_run_verb("domain", verbs, argc, argv);
}
