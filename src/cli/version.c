/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/options.h"
#include "version.h"

int cli_version(int argc, char *argv[]) {
        static const CliSyntax syntax = {
                .command = "version",
                .help = "Prints the version, and nothing else.",
                .no_config = true,
        };
        CliArguments arguments;
        int status = cli_parse(&syntax, NULL, argc, argv, &arguments);

        if (status >= 0)
                return status;
        return puts(POSTAL_VERSION) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
