/* SPDX-License-Identifier: MIT */
#include <sysexits.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "cron/cron.h"
#include "daemon.h"
#include "db/db.h"
#include "requeuer/requeuer.h"
#include "smtp-server/smtp-server.h"
#include "worker/main.h"

static const DaemonCommand DAEMONS[] = {
        { "smtp-server", "Receives mail from clients and from other servers.", smtp_server_run },
        { "worker", "Delivers what is queued.", worker_run },
        { "cron", "Does what is due at certain times.", cron_run },
        { "requeuer", "Brings messages back whose time for another attempt has come.",
          requeuer_run },
};

static int run_daemon(int argc, char *argv[]) {
        for (size_t i = 0; i < ELEMENTSOF(DAEMONS); i++)
                if (streq(DAEMONS[i].name, argv[0]))
                        return daemon_main(&DAEMONS[i], argc, argv);
        return EX_USAGE;
}

static const CliCommand SERVERS[] = {
        { "smtp-server", CLI_SERVERS, "run the SMTP server", run_daemon },
        { "worker", CLI_SERVERS, "run a worker", run_daemon },
        { "cron", CLI_SERVERS, "run the cron process", run_daemon },
        { "requeuer", CLI_SERVERS, "run the message requeuer", run_daemon },
        { 0 },
};

static int run_tool(const CliCommand *c, int argc, char *argv[]) {
        int status;

        db_library_init();
        status = c->run(argc, argv);
        db_library_end();
        return status;
}

int main(int argc, char *argv[]) {
        const char *name = argc > 1 ? argv[1] : NULL;
        const CliCommand *c;

        cli_server_commands = SERVERS;
        if (!name || streq(name, "-h") || streq(name, "--help")) {
                cli_put_usage(stdout);
                return EXIT_SUCCESS;
        }
        c = cli_find_command(streq(name, "--version") ? "version" : name);
        if (!c) {
                (void) cli_fail("There is no command '%s'. `postal help` lists them.", name);
                return EX_USAGE;
        }
        if (c->section == CLI_SERVERS)
                return c->run(argc - 1, argv + 1);
        return run_tool(c, argc - 1, argv + 1);
}
