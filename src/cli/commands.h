/* SPDX-License-Identifier: MIT */
#pragma once

/* The commands of `postal`. Each is one file; argv[0] is the name it was called by, and the result
 * is the exit status: EXIT_SUCCESS, EXIT_FAILURE, or EX_USAGE for arguments that make no sense. */

#include "basic/macro.h"

typedef enum CliSection {
        CLI_SERVERS, /* the daemons */
        CLI_SETUP,
        CLI_OBJECTS,
        CLI_TOOLS,
        CLI_SECTION_MAX,
} CliSection;

typedef struct CliCommand {
        const char *name;
        CliSection section;
        const char *help; /* "run the web server"; NULL: another name of one that has it */
        int (*run)(int argc, char *argv[]);
} CliCommand;

/* Those of this folder; ends with one that has no name. */
extern const CliCommand cli_commands[];
/* The daemons, which the program adds: the tools do not know them. Ends likewise; may be NULL. */
extern const CliCommand *cli_server_commands;

/* Looks in both. NULL: there is none of that name. */
const CliCommand *cli_find_command(const char *name);
/* The usage of `postal`, as Postal lays it out. */
void cli_put_usage(FILE *to);

int cli_credential(int argc, char *argv[]);
int cli_default_dkim_record(int argc, char *argv[]);
int cli_domain(int argc, char *argv[]);
int cli_help(int argc, char *argv[]);
int cli_initialize(int argc, char *argv[]);
int cli_make_user(int argc, char *argv[]);
int cli_message(int argc, char *argv[]);
int cli_organization(int argc, char *argv[]);
int cli_queue(int argc, char *argv[]);
int cli_route(int argc, char *argv[]);
int cli_server(int argc, char *argv[]);
int cli_test_app_smtp(int argc, char *argv[]);
int cli_upgrade(int argc, char *argv[]);
int cli_version(int argc, char *argv[]);
