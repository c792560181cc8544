/* SPDX-License-Identifier: MIT */
/* `postal initialize` and `postal upgrade`: the main database, what this program adds to it, and
 * all message databases. What is said about Postal's part is what Postal says. */
#include <signal.h>

#include "cli/commands.h"
#include "cli/context.h"
#include "cli/output.h"
#include "core/clock.h"
#include "db/limits.h"
#include "model/server.h"

/* Changing the table of messages of a large installation may take as long. */
#define STATEMENT_TIMEOUT_SEC (24 * 60 * 60)
#define RULE_WIDTH 75
#define MIB ((uint64_t) 1024 * 1024)

typedef struct Upgrade {
        CliContext context;
        MigrateHooks hooks;
        uint64_t step_begin;
        bool has_waited;
        unsigned missing; /* message databases */
} Upgrade;

static volatile sig_atomic_t is_interrupted;

static void interrupt(int number) {
        (void) number;
        is_interrupted = 1;
}

static void put_rule(const MigrateEvent *e, const char *what) {
        char text[200];
        int size = snprintf(text, sizeof(text), "%llu %s: %s", (unsigned long long) e->version,
                            e->name, what);

        printf("== %s ", text);
        for (int i = size; i < RULE_WIDTH; i++)
                putchar('=');
        putchar('\n');
}

static void put_step(Upgrade *u, const MigrateEvent *e) {
        char what[64];

        if (e->target == MIGRATE_MESSAGE) {
                if (e->type == MIGRATE_STEP)
                        printf("%s++ Migrating %s (%llu)%s\n", cli_colour(stdout, CLI_ON_MAGENTA),
                               e->name, (unsigned long long) e->version, cli_colour_end(stdout));
                return;
        }
        if (e->type == MIGRATE_STEP) {
                u->step_begin = clock_monotonic();
                put_rule(e, "migrating");
                return;
        }
        (void) snprintf(what, sizeof(what), "migrated (%.4fs)",
                        (double) (clock_monotonic() - u->step_begin) / (double) USEC_PER_SEC);
        put_rule(e, what);
        putchar('\n');
}

static int progress(void *userdata, const MigrateEvent *e) {
        Upgrade *u = userdata;

        switch (e->type) {
        case MIGRATE_STEP:
        case MIGRATE_STEP_DONE:
                put_step(u, e);
                break;
        case MIGRATE_WAITING:
                if (!u->has_waited)
                        (void) puts("Waiting for another upgrade, or for a table that is in use");
                u->has_waited = true;
                break;
        case MIGRATE_OFFLINE:
                (void) puts("   This table cannot be changed while it is written to: others wait");
                break;
        default:
                break;
        }
        (void) fflush(stdout);
        return is_interrupted ? -ECANCELED : 0;
}

/* The end of a failed upgrade. It can always be run again. */
static int explain(const CliContext *c, int r, const Buf *words) {
        if (r == -ECANCELED)
                return cli_fail("Interrupted. Run it again to go on.");
        if (words->size > 0)
                return cli_fail("%s%s", words->data,
                                words->data[words->size - 1] == '.' ? "" : ".");
        return cli_explain_database(c, r);
}

static int upgrade_main(Upgrade *u) {
        _cleanup_(buf_done) Buf words = BUF_EMPTY;
        _cleanup_free_ MigrateStepName *names = NULL;
        size_t count = 0;
        int r;

        r = migrate_pending(u->context.main, MIGRATE_MAIN, 0, &names, &count);
        if (r < 0)
                return cli_explain_database(&u->context, r);
        if (count == 1 && names[0].version == 0)
                (void) puts("No schema migrations exist. Loading schema with db:schema:load");
        else
                (void) puts(
                        "Database schema is already loaded. Running migrations with db:migrate");
        (void) fflush(stdout);
        r = migrate_main(u->context.main, &u->hooks, &words);
        if (r >= 0)
                r = migrate_own(u->context.main, &u->hooks, &words);
        return r < 0 ? explain(&u->context, r, &words) : -1;
}

static void say_missing(Upgrade *u, const Server *s) {
        if (s->is_deleted) {
                (void) puts("Nothing to do: the server is being deleted and has no database");
                return;
        }
        u->missing++;
        (void) cli_fail(
                "The message database '%s-server-%llu' of %s/%s does not exist. If making this "
                "server was interrupted, run `postal server create` again with its name; "
                "else restore the database from a backup.",
                db_message_prefix(u->context.database->message), (unsigned long long) s->id,
                s->organization_permalink, s->permalink);
}

static int upgrade_server(Upgrade *u, const Server *s) {
        Db *db = u->context.database->message;
        _cleanup_(buf_done) Buf words = BUF_EMPTY;
        const uint64_t latest = migrate_message_version_latest();
        uint64_t version;
        int r;

        printf("Running migrations for %s/%s (ID: %llu)\n", s->organization_permalink, s->permalink,
               (unsigned long long) s->id);
        r = migrate_message_version(db, s->id, &version);
        if (r == -ENOENT) {
                say_missing(u, s);
                return -1;
        }
        if (r >= 0 && version >= latest) {
                (void) puts("Nothing to do");
                return -1;
        }
        if (r >= 0) {
                printf("%sMigrating %s-server-%llu from version %llu => %llu%s\n",
                       cli_colour(stdout, CLI_GREEN), db_message_prefix(db),
                       (unsigned long long) s->id, (unsigned long long) version,
                       (unsigned long long) latest, cli_colour_end(stdout));
                r = migrate_message(db, s->id, &u->hooks, &words);
        }
        return r < 0 ? explain(&u->context, r, &words) : -1;
}

static int upgrade_message(Upgrade *u) {
        _cleanup_(server_list_freep) Server **servers = NULL;
        int status = -1, r;

        r = server_list_all(u->context.main, &servers);
        if (r < 0)
                return cli_explain_database(&u->context, r);
        for (Server **s = servers; *s && status < 0; s++)
                status = upgrade_server(u, *s);
        return status < 0 && u->missing > 0 ? EXIT_FAILURE : status;
}

/* Limits do not stop the upgrade: they matter when messages come. */
static void warn_of_limits(const CliContext *c) {
        const uint64_t size = (uint64_t) c->config->smtp_server.max_message_size * MIB;
        _cleanup_(buf_done) Buf report = BUF_EMPTY;

        (void) db_check_limits(c->main, size, &report);
        if (!c->database->is_shared)
                (void) db_check_limits(c->database->message, size, &report);
        for (Slice rest = buf_slice(&report); rest.size > 0;) {
                Slice line = slice_split(&rest, '\n');

                (void) fprintf(stderr, "postal: warning: %.*s\n", SLICE_FORMAT(line));
        }
}

static int upgrade_all(Upgrade *u) {
        int status;

        u->hooks = (MigrateHooks){ progress, u };
        (void) signal(SIGINT, interrupt);
        (void) signal(SIGTERM, interrupt);
        status = upgrade_main(u);
        if (status < 0)
                status = upgrade_message(u);
        warn_of_limits(&u->context);
        cli_objects_changed();
        return status < 0 ? EXIT_SUCCESS : status;
}

static int open_databases(const CliArguments *arguments, CliContext *c) {
        int status = cli_load_config(arguments, c), r;

        if (status >= 0)
                return status;
        r = database_new_patient(c->config, STATEMENT_TIMEOUT_SEC, &c->database);
        if (r < 0)
                return cli_fail("main_db.host or message_db.host cannot be used: %s.",
                                strerror(-r));
        c->main = c->database->main;
        return -1;
}

static int create_main(CliContext *c, bool *ret_created) {
        _cleanup_(buf_done) Buf words = BUF_EMPTY;
        int r = migrate_main_create(c->main, ret_created, &words);

        if (r < 0)
                return cli_explain_connection(c, r, buf_string(&words));
        r = database_connect(c->database);
        return r < 0 ? cli_explain_connection(c, r, database_error(c->database)) : -1;
}

int cli_initialize(int argc, char *argv[]) {
        static const CliSyntax syntax = {
                .command = "initialize",
                .help = "Creates the main database and its tables. What is there already is kept "
                        "and brought up to date.",
        };
        Upgrade u = { 0 };
        CliArguments arguments;
        bool created = false;
        int status;

        status = cli_parse(&syntax, NULL, argc, argv, &arguments);
        if (status >= 0)
                return status;
        (void) puts("Initializing database");
        (void) fflush(stdout);
        status = open_databases(&arguments, &u.context);
        if (status < 0)
                status = create_main(&u.context, &created);
        if (status < 0) {
                (void) fprintf(created ? stdout : stderr,
                               created ? "Created database '%s'\n"
                                       : "Database '%s' already exists\n",
                               db_database(u.context.main));
                (void) fflush(stdout);
                status = upgrade_all(&u);
        }
        cli_context_done(&u.context);
        return status;
}

static int put_pending(const CliContext *c) {
        _cleanup_(server_list_freep) Server **servers = NULL;
        static const struct {
                MigrateTarget target;
                const char *title;
        } parts[] = {
                { MIGRATE_MAIN, "Main database" },
                { MIGRATE_OWN, "Main database, our part" },
        };
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(parts); i++) {
                _cleanup_free_ MigrateStepName *names = NULL;
                size_t count = 0;

                r = migrate_pending(c->main, parts[i].target, 0, &names, &count);
                if (r < 0)
                        return cli_explain_database(c, r);
                printf("%s:%s\n", parts[i].title, count > 0 ? "" : " nothing to do");
                for (size_t k = 0; k < count; k++)
                        printf("  %llu %s\n", (unsigned long long) names[k].version, names[k].name);
        }
        if (server_list_all(c->main, &servers) < 0)
                return EXIT_SUCCESS; /* there is no such table yet, or it is too old to be read */
        for (Server **s = servers; *s; s++) {
                uint64_t version;

                r = migrate_message_version(c->database->message, (*s)->id, &version);
                printf("%s-server-%llu of %s/%s: ", db_message_prefix(c->main),
                       (unsigned long long) (*s)->id, (*s)->organization_permalink,
                       (*s)->permalink);
                if (r < 0)
                        (void) puts("does not exist");
                else if (version >= migrate_message_version_latest())
                        (void) puts("nothing to do");
                else
                        printf("version %llu => %llu\n", (unsigned long long) version,
                               (unsigned long long) migrate_message_version_latest());
        }
        return EXIT_SUCCESS;
}

int cli_upgrade(int argc, char *argv[]) {
        static const CliSyntax syntax = {
                .command = "upgrade",
                .help = "Brings the main database and all message databases up to date. It may be "
                        "interrupted and run\nagain, and run while the daemons work.",
        };
        bool is_dry_run = false;
        const CliOption options[] = {
                { "dry-run", NULL, "only say what would be done", NULL, &is_dry_run },
                { 0 },
        };
        Upgrade u = { 0 };
        CliArguments arguments;
        int status, r;

        status = cli_parse(&syntax, options, argc, argv, &arguments);
        if (status < 0)
                status = open_databases(&arguments, &u.context);
        if (status < 0) {
                r = database_connect(u.context.database);
                if (r < 0)
                        status = cli_explain_connection(&u.context, r,
                                                        database_error(u.context.database));
        }
        if (status < 0)
                status = is_dry_run ? put_pending(&u.context) : upgrade_all(&u);
        cli_context_done(&u.context);
        return status;
}
