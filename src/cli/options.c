/* SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <stdarg.h>
#include <sysexits.h>

#include "basic/buf.h"
#include "cli/options.h"

/* What getopt_long() returns for the options that every command has, and (from here on) its own. */
enum {
        OPTION_HELP = 'h',
        OPTION_JSON = 1000,
        OPTION_CONFIG,
        OPTION_OWN,
};

/* The left column: "--name ARGUMENT". */
static size_t left_width(const char *name, const char *argument) {
        return strlen(name) + (argument ? 1 + strlen(argument) : 0);
}

static void put_option(const char *name, const char *argument, const char *help, size_t width) {
        size_t left = left_width(name, argument);

        printf("  %s%s%s%*s%s\n", name, argument ? " " : "", strempty(argument),
               (int) (width - left + 2), "", help);
}

static void put_help(const CliSyntax *syntax, const CliOption *options) {
        size_t width = strlen("--config PATH");

        printf("Usage: postal %s%s%s%s\n\n%s\n\n", syntax->command,
               options || syntax->has_json || !syntax->no_config ? " [OPTION]..." : "",
               syntax->positional ? " " : "", strempty(syntax->positional), syntax->help);
        for (const CliOption *o = options; o && o->name; o++)
                width = MAX(width, 2 + left_width(o->name, o->argument));
        for (const CliOption *o = options; o && o->name; o++) {
                char name[64];

                (void) snprintf(name, sizeof(name), "--%s", o->name);
                put_option(name, o->argument, o->help, width);
        }
        if (syntax->has_json)
                put_option("--json", NULL, "print as JSON", width);
        if (!syntax->no_config)
                put_option("--config", "PATH", "the configuration file", width);
        put_option("-h, --help", NULL, "print this text", width);
}

static void misuse(const CliSyntax *syntax, const char *format, va_list ap) {
        (void) fprintf(stderr, "postal %s: ", syntax->command);
        (void) vfprintf(stderr, format, ap);
        (void) fprintf(stderr, "\nSee `postal %s --help`.\n", syntax->command);
}

int cli_misuse(const CliSyntax *syntax, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        misuse(syntax, format, ap);
        va_end(ap);
        return EX_USAGE;
}

static size_t make_table(const CliSyntax *syntax, const CliOption *options,
                         struct option table[static CLI_OPTIONS_MAX + 4]) {
        size_t n = 0;

        for (; options && options[n].name; n++) {
                assert(n < CLI_OPTIONS_MAX);
                table[n] = (struct option){
                        .name = options[n].name,
                        .has_arg = options[n].argument ? required_argument : no_argument,
                        .val = OPTION_OWN + (int) n,
                };
        }
        table[n++] = (struct option){ .name = "help", .val = OPTION_HELP };
        if (syntax->has_json)
                table[n++] = (struct option){ .name = "json", .val = OPTION_JSON };
        if (!syntax->no_config)
                table[n++] = (struct option){ .name = "config",
                                              .has_arg = required_argument,
                                              .val = OPTION_CONFIG };
        table[n] = (struct option){ 0 };
        return n;
}

static void take(const CliOption *o) {
        if (o->flag)
                *o->flag = true;
        if (o->text)
                *o->text = optarg;
}

int cli_parse(const CliSyntax *syntax, const CliOption *options, int argc, char *argv[],
              CliArguments *ret) {
        struct option table[CLI_OPTIONS_MAX + 4];
        CliArguments arguments = { 0 };
        int c;

        (void) make_table(syntax, options, table);
        optind = 0;
        opterr = 0;
        while ((c = getopt_long(argc, argv, ":h", table, NULL)) >= 0) {
                if (c >= OPTION_OWN)
                        take(&options[c - OPTION_OWN]);
                else if (c == OPTION_JSON)
                        arguments.as_json = true;
                else if (c == OPTION_CONFIG)
                        arguments.config_path = optarg;
                else if (c == OPTION_HELP) {
                        put_help(syntax, options);
                        return EXIT_SUCCESS;
                } else if (c == ':') {
                        return cli_misuse(syntax, "%s needs an argument.", argv[optind - 1]);
                } else {
                        return cli_misuse(syntax, "%s is no option of this command.",
                                          argv[optind - 1]);
                }
        }
        if ((unsigned) (argc - optind) < syntax->positional_count)
                return cli_misuse(syntax, "%s is missing.", syntax->positional);
        if ((unsigned) (argc - optind) > syntax->positional_count)
                return cli_misuse(syntax, "There are too many arguments.");
        arguments.positional = argv + optind;
        *ret = arguments;
        return -1;
}

int cli_require(const CliSyntax *syntax, const CliOption *options, const char *const *names) {
        for (; *names; names++)
                for (const CliOption *o = options; o->name; o++)
                        if (streq(o->name, *names) && o->text && !*o->text)
                                return cli_misuse(syntax, "--%s %s is missing.", o->name,
                                                  o->argument);
        return -1;
}

static void put_verbs(FILE *to, const char *command, const CliVerb *verbs) {
        for (const CliVerb *v = verbs; v->name; v++)
                (void) fprintf(to, "%s postal %s %s\n", v == verbs ? "Usage:" : "      ", command,
                               v->name);
}

int cli_run_verb(const char *command, const CliVerb *verbs, int argc, char *argv[]) {
        const char *name = argc > 1 ? argv[1] : NULL;

        if (name && (streq(name, "--help") || streq(name, "-h"))) {
                put_verbs(stdout, command, verbs);
                putchar('\n');
                for (const CliVerb *v = verbs; v->name; v++)
                        put_option(v->name, NULL, v->help, 10);
                return EXIT_SUCCESS;
        }
        for (const CliVerb *v = verbs; name && v->name; v++)
                if (streq(name, v->name))
                        return v->run(argc - 1, argv + 1);
        if (name)
                (void) fprintf(stderr, "postal %s: '%s' is not one of its commands.\n", command,
                               name);
        put_verbs(stderr, command, verbs);
        return EX_USAGE;
}
