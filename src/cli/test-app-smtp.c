/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/output.h"
#include "core/app-mail.h"

static const char TEXT[] = "This is a test message sent by Postal.\n\n"
                           "If you have received this message your test has succeeded.\n";

/* As Postal reports it; but the password is nobody's business. */
static void put_failure(const Config *config, const char *text) {
        printf("%sMessage was not delivered successfully to SMTP server.%s\n",
               cli_colour(stdout, CLI_RED), cli_colour_end(stdout));
        printf("Error: %s\n\n", text);
        printf("  SMTP Host: %s\n", config->smtp.host);
        printf("  SMTP Port: %lld\n", (long long) config->smtp.port);
        printf("  SMTP Username: %s\n", strempty(config->smtp.username));
        printf("  SMTP Password: %s\n\n",
               config->smtp.password && *config->smtp.password ? "(set)" : "(not set)");
}

int cli_test_app_smtp(int argc, char *argv[]) {
        static const CliSyntax syntax = {
                .command = "test-app-smtp",
                .positional = "ADDRESS",
                .positional_count = 1,
                .help = "Sends a test message through the SMTP server that the platform's own mail "
                        "goes through.",
        };
        _cleanup_(cli_context_done) CliContext context = { 0 };
        _cleanup_(buf_done) Buf words = BUF_EMPTY;
        AppMail mail = { .subject = "Postal SMTP Test Message", .text = TEXT };
        CliArguments arguments;
        int status, r;

        if (argc < 2 || (argc == 2 && argv[1][0] != '-' && !strchr(argv[1], '@'))) {
                (void) puts("usage: postal test-app-smtp [email address]");
                return EXIT_FAILURE;
        }
        status = cli_parse(&syntax, NULL, argc, argv, &arguments);
        if (status < 0)
                status = cli_load_config(&arguments, &context);
        if (status >= 0)
                return status;
        mail.to = arguments.positional[0];
        r = app_mail_send(context.config, &mail, APP_MAIL_TIMEOUT_USEC, &words);
        if (r == -ETIMEDOUT)
                (void) puts("Sending timed out");
        else if (r < 0)
                put_failure(context.config, words.size > 0 ? words.data : strerror(-r));
        else
                printf("%sMessage has been sent successfully.%s\n", cli_colour(stdout, CLI_GREEN),
                       cli_colour_end(stdout));
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
