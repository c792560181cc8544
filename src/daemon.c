/* SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <sysexits.h>

#include "core/log.h"
#include "daemon.h"
#include "db/db.h"

static void print_usage(const DaemonCommand *c) {
        printf("Usage: postal %s [--config PATH]\n\n%s\n\n"
               "  --config PATH  The configuration file, in place of the one that $POSTAL_CONFIG_FILE_PATH\n"
               "                 names, /config/postal.yml or /etc/postal/postal.yml\n"
               "  -h, --help     This text\n",
               c->name, c->summary);
}

/* What there is to say about the configuration goes to stderr, as a person or the journal reads it. */
static void print_report(const ConfigReport *report) {
        _cleanup_(buf_done) Buf text = BUF_EMPTY;

        if (!report->is_silenced)
                config_report_format_announcements(report, &text);
        config_report_format(report, report->is_silenced ? CONFIG_ERROR : CONFIG_WARNING, &text);
        if (text.size > 0)
                (void) fputs(buf_string(&text), stderr);
}

static int run(const DaemonCommand *c, const char *path) {
        _cleanup_(config_report_done) ConfigReport report = CONFIG_REPORT_EMPTY;
        _cleanup_(config_freep) Config *config = NULL;
        int r = config_load(&(ConfigSources){ .path = path }, &config, &report);

        print_report(&report);
        if (r < 0)
                return EXIT_FAILURE;
        log_open(c->name, log_level_from_string(config->logging.level),
                 config->logging.enabled ? LOG_TARGET_AUTO : LOG_TARGET_NONE);
        db_library_init();
        r = c->run(config);
        db_library_end();
        return r;
}

int daemon_main(const DaemonCommand *c, int argc, char *argv[]) {
        static const struct option options[] = {
                { "config", required_argument, NULL, 'c' },
                { "help", no_argument, NULL, 'h' },
                { 0 },
        };
        const char *path = NULL;
        int option;

        while ((option = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
                if (option == 'c') {
                        path = optarg;
                } else if (option == 'h') {
                        print_usage(c);
                        return EXIT_SUCCESS;
                } else {
                        return EX_USAGE;
                }
        }
        return run(c, path);
}
