/* SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <sysexits.h>

#include "cli/config.h"
#include "core/config-check.h"
#include "core/config-show.h"

typedef struct Arguments {
        const char *path;
        bool as_json;
} Arguments;

static const char usage[] =
        "Usage: postal config show [--json] [--config PATH]\n"
        "       postal config check [--config PATH]\n\n"
        "Shows all settings with their values and where these come from, or checks them.\n\n"
        "  --json         Show as JSON\n"
        "  --config PATH  The configuration file, in place of the one that "
        "$POSTAL_CONFIG_FILE_PATH\n"
        "                 names, /config/postal.yml or /etc/postal/postal.yml\n"
        "  -h, --help     This text\n";

static int put(FILE *to, const Buf *text) {
        if (buf_error(text) < 0 || fwrite(strempty(text->data), 1, text->size, to) != text->size ||
            fflush(to) != 0) {
                (void) fprintf(stderr, "postal: Cannot write the output.\n");
                return EXIT_FAILURE;
        }
        return EXIT_SUCCESS;
}

/* What Ruby Postal would say goes to stderr, so that stdout holds nothing but the answer. */
static void put_announcements(const ConfigReport *report) {
        _cleanup_(buf_done) Buf text = BUF_EMPTY;

        if (report->is_silenced)
                return;
        config_report_format_announcements(report, &text);
        (void) put(stderr, &text);
}

static int put_memory_error(int error) {
        if (error == -ENOMEM)
                (void) fprintf(stderr, "postal: Out of memory.\n");
        return EXIT_FAILURE;
}

static int show(const Arguments *arguments) {
        const ConfigSources sources = { .path = arguments->path };
        _cleanup_(config_report_done) ConfigReport report = CONFIG_REPORT_EMPTY;
        _cleanup_(config_freep) Config *config = NULL;
        _cleanup_(buf_done) Buf findings = BUF_EMPTY, text = BUF_EMPTY;
        int r;

        r = config_load(&sources, &config, &report);
        put_announcements(&report);
        config_report_format(&report, report.is_silenced ? CONFIG_ERROR : CONFIG_INFO, &findings);
        (void) put(stderr, &findings);
        if (r < 0)
                return put_memory_error(r);
        if (arguments->as_json)
                config_show_json(config, &text);
        else
                config_show_text(config, &text);
        return put(stdout, &text);
}

static int check(const Arguments *arguments) {
        const ConfigSources sources = { .path = arguments->path };
        _cleanup_(config_report_done) ConfigReport report = CONFIG_REPORT_EMPTY;
        _cleanup_(config_freep) Config *config = NULL;
        _cleanup_(buf_done) Buf text = BUF_EMPTY;
        int r;

        r = config_load(&sources, &config, &report);
        put_announcements(&report);
        if (r >= 0)
                r = config_check(config, &config_fs_system, &report);
        if (r == -ENOMEM)
                return put_memory_error(r);
        config_report_format(&report, CONFIG_INFO, &text);
        buf_printf(&text, "%s: %zu errors, %zu warnings.\n",
                   config ? config->config_path : "The configuration does not load",
                   report.totals[CONFIG_ERROR], report.totals[CONFIG_WARNING]);
        if (put(stdout, &text) != EXIT_SUCCESS)
                return EXIT_FAILURE;
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int refuse(const char *text) {
        (void) fprintf(stderr, "postal config: %s\nSee \"postal config --help\".\n", text);
        return EX_USAGE;
}

int cli_config(int argc, char *argv[]) {
        static const struct option options[] = {
                { "json", no_argument, NULL, 'j' },
                { "config", required_argument, NULL, 'c' },
                { "help", no_argument, NULL, 'h' },
                { 0 },
        };
        Arguments arguments = { 0 };
        const char *command;
        int option;

        optind = 0; /* as the dispatcher may have used getopt too */
        while ((option = getopt_long(argc, argv, "h", options, NULL)) >= 0)
                switch (option) {
                case 'j':
                        arguments.as_json = true;
                        break;
                case 'c':
                        arguments.path = optarg;
                        break;
                case 'h':
                        return fputs(usage, stdout) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
                default:
                        return EX_USAGE;
                }
        if (optind != argc - 1)
                return refuse(optind < argc ? "There are too many arguments."
                                            : "The command is missing.");
        command = argv[optind];
        if (streq(command, "show"))
                return show(&arguments);
        if (!streq(command, "check"))
                return refuse("This command is not known.");
        if (arguments.as_json)
                return refuse("The check does not come as JSON.");
        return check(&arguments);
}
