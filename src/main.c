/* SPDX-License-Identifier: MIT */
#include <sysexits.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "db/db.h"

static int dispatch(int argc, char *argv[]) {
        const char *name = argc > 1 ? argv[1] : NULL;
        const CliCommand *c;

        if (!name || streq(name, "-h") || streq(name, "--help")) {
                cli_put_usage(stdout);
                return EXIT_SUCCESS;
        }
        c = cli_find_command(streq(name, "--version") ? "version" : name);
        if (!c) {
                (void) cli_fail("There is no command '%s'. `postal help` lists them.", name);
                return EX_USAGE;
        }
        return c->run(argc - 1, argv + 1);
}

int main(int argc, char *argv[]) {
        int status;

        db_library_init();
        status = dispatch(argc, argv);
        db_library_end();
        return status;
}
