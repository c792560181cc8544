/* SPDX-License-Identifier: MIT */
#pragma once

/* The arguments of a command. What a command takes is a table, from which its help is made too. */

#include "basic/macro.h"

typedef struct CliOption {
        const char *name;     /* "email" of --email */
        const char *argument; /* "ADDRESS"; NULL: a flag */
        const char *help;     /* without the final dot; a capital only for names */
        const char **text;    /* gets the argument */
        bool *flag;           /* is set */
} CliOption;

#define CLI_OPTIONS_MAX 20

typedef struct CliSyntax {
        const char *command;    /* "domain create" */
        const char *positional; /* "SERVER ID", or NULL */
        unsigned positional_count;
        const char *help; /* what the command does: a sentence or two */
        bool has_json;    /* takes --json */
        bool no_config;   /* does not take --config */
} CliSyntax;

/* What every command has. */
typedef struct CliArguments {
        const char *config_path;
        bool as_json;
        char **positional; /* as many as the syntax says */
} CliArguments;

/* Reads the arguments (argv[0] is not looked at). `options` ends with one that has no name; NULL:
 * none of its own. Returns -1 when the command is to go on, else the exit status: --help was
 * printed (EXIT_SUCCESS), or something was wrong, which was said on stderr (EX_USAGE). */
int cli_parse(const CliSyntax *syntax, const CliOption *options, int argc, char *argv[],
              CliArguments *ret);

/* "postal COMMAND: …" and a hint at --help, on stderr. Returns EX_USAGE. */
int cli_misuse(const CliSyntax *syntax, const char *format, ...) _printf_(2, 3);
/* Says which of the options is missing, if one is; returns -1 or EX_USAGE. */
int cli_require(const CliSyntax *syntax, const CliOption *options, const char *const *names);

/* A command whose first argument is a verb. */
typedef struct CliVerb {
        const char *name;
        const char *help;
        int (*run)(int argc, char *argv[]);
} CliVerb;

/* Runs the verb that argv[1] names. `verbs` ends with one that has no name. */
int cli_run_verb(const char *command, const CliVerb *verbs, int argc, char *argv[]);
