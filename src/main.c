/* SPDX-License-Identifier: MIT */
#include "cli/config.h"
#include "cron/cron.h"
#include "daemon.h"
#include "requeuer/requeuer.h"
#include "smtp-server/smtp-server.h"
#include "worker/main.h"

static const DaemonCommand DAEMONS[] = {
        { "smtp-server", "Receives mail from clients and from other servers.", smtp_server_run },
        { "worker", "Delivers what is queued.", worker_run },
        { "cron", "Does what is due at certain times.", cron_run },
        { "requeuer", "Brings messages back whose time for another attempt has come.", requeuer_run },
};

int main(int argc, char *argv[]) {
        const char *command = argc > 1 ? argv[1] : "";

        for (size_t i = 0; i < ELEMENTSOF(DAEMONS); i++)
                if (streq(DAEMONS[i].name, command))
                        return daemon_main(&DAEMONS[i], argc - 1, argv + 1);
        if (streq(command, "config"))
                return cli_config(argc - 1, argv + 1);
        return 0;
}
