/* SPDX-License-Identifier: MIT */
#pragma once

/* What most commands begin with: the configuration, and the databases. Failures are said on stderr,
 * one sentence each with what to do about it. */

#include "cli/options.h"
#include "core/config.h"
#include "db/database.h"
#include "model/problems.h"

typedef struct CliContext {
        Config *config;
        Database *database;
        Db *main; /* of database */
} CliContext;

void cli_context_done(CliContext *c);

/* Each returns -1 when the command is to go on, else the exit status. */
int cli_load_config(const CliArguments *arguments, CliContext *ret);
/* The configuration and connections, to databases whose schema is up to date. */
int cli_open(const CliArguments *arguments, CliContext *ret);

/* Says why a connection failed (`text` are the database's words), and what to do. Returns
 * EXIT_FAILURE. */
int cli_explain_connection(const CliContext *c, int r, const char *text);
/* Says what failed in the database. Returns EXIT_FAILURE. */
int cli_explain_database(const CliContext *c, int r);
/* Lists the problems on stderr: "postal: Cannot create the user:" and a line for each. Returns
 * EXIT_FAILURE. */
int cli_put_problems(const char *what, const Problems *problems);

/* Lets the daemons of this host know that objects changed. */
void cli_objects_changed(void);
