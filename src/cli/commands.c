/* SPDX-License-Identifier: MIT */
#include <sysexits.h>

#include "cli/commands.h"
#include "cli/config.h"
#include "cli/output.h"

const CliCommand cli_commands[] = {
        { "initialize", CLI_SETUP, "create and load the DB schema", cli_initialize },
        { "upgrade", CLI_SETUP, "upgrade the DB schema", cli_upgrade },
        { "update", CLI_SETUP, NULL, cli_upgrade },

        { "organization", CLI_OBJECTS, "create and list organizations", cli_organization },
        { "server", CLI_OBJECTS, "create and list mail servers", cli_server },
        { "domain", CLI_OBJECTS, "create and list domains", cli_domain },
        { "credential", CLI_OBJECTS, "create and list credentials", cli_credential },
        { "route", CLI_OBJECTS, "create and list routes", cli_route },
        { "queue", CLI_OBJECTS, "look at the queue", cli_queue },
        { "message", CLI_OBJECTS, "look at a message", cli_message },

        { "version", CLI_TOOLS, "show the version", cli_version },
        { "make-user", CLI_TOOLS, "create a new global admin user", cli_make_user },
        { "default-dkim-record", CLI_TOOLS, "display the default DKIM record",
          cli_default_dkim_record },
        { "test-app-smtp", CLI_TOOLS, "send a test message through Postal", cli_test_app_smtp },
        { "config", CLI_TOOLS, "show and check the configuration", cli_config },
        { "help", CLI_TOOLS, "explain a command", cli_help },
        { 0 },
};

const CliCommand *cli_server_commands;

static const struct {
        const char *title;
        CliColour colour;
} SECTIONS[CLI_SECTION_MAX] = {
        [CLI_SERVERS] = { "Server components", CLI_MAGENTA },
        [CLI_SETUP] = { "Setup/upgrade tools", CLI_GREEN },
        [CLI_OBJECTS] = { "Objects", CLI_GREEN },
        [CLI_TOOLS] = { "Other tools", CLI_BLUE },
};

static const CliCommand *find(const CliCommand *commands, const char *name) {
        for (const CliCommand *c = commands; c && c->name; c++)
                if (streq(c->name, name))
                        return c;
        return NULL;
}

const CliCommand *cli_find_command(const char *name) {
        const CliCommand *c = find(cli_commands, name);

        return c ? c : find(cli_server_commands, name);
}

static void put_section(FILE *to, const CliCommand *commands, CliSection section) {
        bool is_first = true;

        for (const CliCommand *c = commands; c && c->name; c++) {
                if (c->section != section || !c->help)
                        continue;
                if (is_first)
                        (void) fprintf(to, "\n%s:\n\n", SECTIONS[section].title);
                is_first = false;
                (void) fprintf(to, " * %s%s%s - %s\n", cli_colour(to, SECTIONS[section].colour),
                               c->name, cli_colour_end(to), c->help);
        }
}

void cli_put_usage(FILE *to) {
        (void) fputs("Usage: postal [command]\n", to);
        put_section(to, cli_server_commands, CLI_SERVERS);
        for (int section = CLI_SERVERS + 1; section < CLI_SECTION_MAX; section++)
                put_section(to, cli_commands, section);
        (void) fputc('\n', to);
}

int cli_help(int argc, char *argv[]) {
        const CliCommand *c = argc > 1 ? cli_find_command(argv[1]) : NULL;
        char help[] = "--help";

        if (c && c->run != cli_help)
                return c->run(2, (char *[]){ argv[1], help, NULL });
        if (argc > 1 && !c) {
                (void) cli_fail("There is no command '%s'. `postal help` lists them.", argv[1]);
                return EX_USAGE;
        }
        cli_put_usage(stdout);
        return EXIT_SUCCESS;
}
