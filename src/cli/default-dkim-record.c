/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/output.h"
#include "core/signing-key.h"

int cli_default_dkim_record(int argc, char *argv[]) {
        static const CliSyntax syntax = {
                .command = "default-dkim-record",
                .help = "Prints the text of the DNS record of the installation's signing key. It "
                        "belongs at\n<dns.dkim_identifier>._domainkey.<dns.return_path_domain>.",
        };
        _cleanup_(cli_context_done) CliContext context = { 0 };
        _cleanup_(signing_key_freep) SigningKey *key = NULL;
        _cleanup_free_ char *text = NULL;
        CliArguments arguments;
        int status, r;

        status = cli_parse(&syntax, NULL, argc, argv, &arguments);
        if (status < 0)
                status = cli_load_config(&arguments, &context);
        if (status >= 0)
                return status;
        r = signing_key_load(context.config->postal.signing_key_path, &key, &text);
        if (r == -ENOMEM)
                return cli_out_of_memory();
        if (r < 0)
                return cli_fail("%s", text);
        return puts(signing_key_dns_record(key)) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
