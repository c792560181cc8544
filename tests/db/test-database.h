/* SPDX-License-Identifier: MIT */
#pragma once

/* A database of its own for each test program, on the server that tests/with-mariadb names. */

#include "db/db.h"

/* A connection to the database of this program, which is made when it is first asked for and
 * dropped at the end. Message databases have the prefix test_database_prefix(). Exits when there is
 * no server. */
Db *test_database(void);
/* Another connection to it. */
Db *test_database_another(void);
/* The same by another socket than the server's own. */
Db *test_database_over(const char *socket);
const char *test_database_prefix(void);
/* Makes the empty message database of that server id, dropped at the end too. */
void test_message_database(uint64_t server_id);
/* Drops the database of this program and makes it anew, empty. Connections must not be in use. */
void test_database_reset(void);
/* Runs the statements of a file of recorded SQL, fixtures/db/NAME, in the database that was used
 * last. */
void test_sql_file(const char *file_name);
/* Runs SQL text that varies, for setting up. */
void test_sql(const char *format, ...) _printf_(1, 2);
/* The first column of the first row as text ("" for NULL or no row). Valid until the next call. */
const char *test_sql_value(const char *format, ...) _printf_(1, 2);
