/* SPDX-License-Identifier: MIT */
#include "cli/context.h"
#include "cli/output.h"
#include "core/signal-file.h"
#include "db/migrate.h"

void cli_context_done(CliContext *c) {
        database_free(c->database);
        config_free(c->config);
        *c = (CliContext){ 0 };
}

/* Ruby Postal says these too, and people are used to them. */
static void put_report(const ConfigReport *report, ConfigSeverity least) {
        _cleanup_(buf_done) Buf text = BUF_EMPTY;

        if (!report->is_silenced)
                config_report_format_announcements(report, &text);
        config_report_format(report, report->is_silenced ? CONFIG_ERROR : least, &text);
        (void) fputs(buf_string(&text), stderr);
}

int cli_load_config(const CliArguments *arguments, CliContext *ret) {
        const ConfigSources sources = { .path = arguments->config_path };
        _cleanup_(config_report_done) ConfigReport report = CONFIG_REPORT_EMPTY;
        int r;

        r = config_load(&sources, &ret->config, &report);
        put_report(&report, CONFIG_WARNING);
        if (r == -ENOMEM)
                return cli_out_of_memory();
        if (r < 0)
                return cli_fail(
                        "The configuration cannot be used. `postal config check` says more.");
        return -1;
}

int cli_explain_connection(const CliContext *c, int r, const char *text) {
        switch (r) {
        case -ENOENT:
                return cli_fail("The database '%s' does not exist: run `postal initialize`.",
                                c->config->main_db.database);
        case -EACCES:
                return cli_fail("%s. Check main_db.username and main_db.password, and those of "
                                "message_db, in the configuration.",
                                text);
        case -ENOTCONN:
                return cli_fail("%s. See whether MariaDB runs, and whether main_db.host and "
                                "main_db.port are right, and those of message_db.",
                                text);
        default:
                return cli_fail("%s.", *text ? text : strerror(-r));
        }
}

int cli_explain_database(const CliContext *c, int r) {
        const char *text = db_error(c->main);

        if (r == -ENOMEM)
                return cli_out_of_memory();
        if (!*text)
                text = db_error(c->database->message);
        return cli_fail("%s.", *text ? text : strerror(-r));
}

static int check_schema(const CliContext *c) {
        _cleanup_(buf_done) Buf words = BUF_EMPTY;
        SchemaState state;
        int r = schema_state(c->main, &state, &words);

        if (r < 0)
                return cli_explain_database(c, r);
        return state == SCHEMA_CURRENT ? -1 : cli_fail("%s", buf_string(&words));
}

int cli_open(const CliArguments *arguments, CliContext *ret) {
        int status = cli_load_config(arguments, ret), r;

        if (status >= 0)
                return status;
        r = database_new(ret->config, &ret->database);
        if (r < 0)
                return cli_fail("main_db.host or message_db.host cannot be used: %s.",
                                strerror(-r));
        ret->main = ret->database->main;
        r = database_connect(ret->database);
        if (r < 0)
                return cli_explain_connection(ret, r, database_error(ret->database));
        return check_schema(ret);
}

int cli_put_problems(const char *what, const Problems *problems) {
        (void) cli_fail("Cannot %s:", what);
        for (size_t i = 0; i < problems->count; i++)
                (void) fprintf(stderr, " * %s\n", problems->texts[i]);
        return EXIT_FAILURE;
}

void cli_objects_changed(void) {
        /* They notice by themselves within seconds, if this fails. */
        (void) signal_file_touch(SIGNAL_FILE_OBJECTS);
}
