/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <sysexits.h>

#include "cli/options.h"
#include "test.h"

static const CliSyntax SYNTAX = {
        .command = "thing show",
        .positional = "SERVER ID",
        .positional_count = 2,
        .help = "Shows a thing.",
        .has_json = true,
};

typedef struct Parsed {
        int status;
        CliArguments arguments;
        const char *name;
        bool is_raw;
} Parsed;

/* What is printed for people is not for the harness, which reads stdout. */
static int silence(void) {
        int saved = dup(STDOUT_FILENO), null = open("/dev/null", O_WRONLY | O_CLOEXEC);

        (void) fflush(stdout);
        (void) dup2(null, STDOUT_FILENO);
        (void) close(null);
        return saved;
}

static void speak(int saved) {
        (void) fflush(stdout);
        (void) dup2(saved, STDOUT_FILENO);
        (void) close(saved);
}

static Parsed parse(char *argv[]) {
        Parsed p = { 0 };
        const CliOption options[] = {
                { "name", "NAME", "its name", &p.name, NULL },
                { "raw", NULL, "as it is", NULL, &p.is_raw },
                { 0 },
        };
        int argc = 0, saved = silence();

        while (argv[argc])
                argc++;
        p.status = cli_parse(&SYNTAX, options, argc, argv, &p.arguments);
        if (p.status < 0)
                p.status = cli_require(&SYNTAX, options, (const char *const[]){ "name", NULL });
        speak(saved);
        return p;
}

#define PARSE(...) parse((char *[]){ (char *) "show", __VA_ARGS__, NULL })
#define A (char *)

TEST(options_and_arguments_in_any_order) {
        Parsed p = PARSE(A "main", A "--name=x", A "--json", A "7", A "--raw");

        CHECK_INT(p.status, -1);
        CHECK_STR(p.name, "x");
        CHECK(p.is_raw && p.arguments.as_json);
        CHECK_STR(p.arguments.positional[0], "main");
        CHECK_STR(p.arguments.positional[1], "7");
        CHECK_STR(p.arguments.config_path, NULL);
        p = PARSE(A "--config", A "/etc/x.yml", A "--name", A "y", A "--", A "main", A "--7");
        CHECK_INT(p.status, -1);
        CHECK_STR(p.arguments.config_path, "/etc/x.yml");
        CHECK_STR(p.arguments.positional[1], "--7");
        CHECK(!p.is_raw);
}

TEST(misuse_has_its_exit_status) {
        CHECK_INT(PARSE(A "main", A "7").status, EX_USAGE); /* --name is required */
        CHECK_INT(PARSE(A "main", A "--name", A "x").status, EX_USAGE);
        CHECK_INT(PARSE(A "main", A "7", A "8", A "--name", A "x").status, EX_USAGE);
        CHECK_INT(PARSE(A "main", A "7", A "--name").status, EX_USAGE);
        CHECK_INT(PARSE(A "main", A "7", A "--nome=x").status, EX_USAGE);
        CHECK_INT(PARSE(A "main", A "7", A "-x").status, EX_USAGE);
        CHECK_INT(PARSE(A "--raw=1", A "main", A "7", A "--name=x").status, EX_USAGE);
        CHECK_INT(PARSE(A "--help").status, EXIT_SUCCESS);
        CHECK_INT(PARSE(A "-h").status, EXIT_SUCCESS);
}

static int run(int argc, char *argv[]) {
        CHECK_STR(argv[0], "list");
        return 10 + argc;
}

static int run_verb(const char *name) {
        static const CliVerb verbs[] = { { "list", "list things", run }, { 0 } };
        char *argv[] = { A "thing", A name, A "x", NULL };
        int saved = silence(), status = cli_run_verb("thing", verbs, name ? 3 : 1, argv);

        speak(saved);
        return status;
}

TEST(verbs_are_found) {
        CHECK_INT(run_verb("list"), 12);
        CHECK_INT(run_verb("drop"), EX_USAGE);
        CHECK_INT(run_verb(NULL), EX_USAGE);
        CHECK_INT(run_verb("-h"), EXIT_SUCCESS);
}
