/* SPDX-License-Identifier: MIT */
#pragma once

/* One connection to a MariaDB server and its prepared statements. This folder is the only place that
 * knows the client library.
 *
 * A Db belongs to one thread at a time and blocks: it is used in the pool and by the tools of the command
 * line, never in the event loop. It connects when it is first needed and again after a loss.
 *
 * SQL is constant text with `?` parameters. The few names that vary are written as
 *
 *     {m}          the message database of a mail server: `postal-server-12`
 *     {main}       the default database of the connection: `postal`
 *     {raw}        a table of raw messages: `raw-2026-11-22`
 *     {rows:(?,?)} the text behind the colon, once for each row
 *     {in}         one ? for each row
 *
 * and filled in from a DbNames, which can hold nothing else. A statement is prepared once for a
 * connection and kept (the least recently used are dropped at DB_STATEMENTS_MAX); it is known by the address
 * of its text, so the text must be a constant.
 *
 *     static const char SQL_NAMES[] = "SELECT id, name FROM servers WHERE organization_id = ?";
 *
 *     r = db_prepare(db, SQL_NAMES, DB_MAIN, 1, &st);
 *     if (r < 0)
 *             return r;
 *     db_bind_u64(st, organization_id);
 *     r = db_query(st);
 *     while (r >= 0 && (r = db_fetch(st)) > 0)
 *             use(db_u64(st, 0), db_slice(st, 1));
 *     db_end(st);
 *
 * All functions that can fail return a negative errno; db_map_error() tells which. db_error() has the
 * sentence for people. */

#include "basic/slice.h"

typedef struct Db Db;
typedef struct DbStatement DbStatement;

/* Where to connect, and as whom. Strings are copied. */
typedef struct DbServer {
        const char *host; /* name or address; NULL with a socket */
        unsigned port;
        const char *socket; /* path of a unix socket, or NULL */
} DbServer;

typedef struct DbOptions {
        const DbServer *servers; /* tried in turn, starting with the one that worked last */
        size_t server_count;
        const char *user;
        const char *password; /* may be NULL */
        const char *database; /* default database, or NULL */
        const char *message_prefix; /* {m} becomes <prefix>-server-<id> */
        unsigned io_timeout_sec; /* 0: DB_IO_TIMEOUT_SEC. For DDL on large tables more */
} DbOptions;

#define DB_STATEMENTS_MAX 512
#define DB_CONNECT_TIMEOUT_SEC 5
/* Reading and writing on the connection. Longer than any statement of the daemons takes. */
#define DB_IO_TIMEOUT_SEC 60
#define DB_LOCK_WAIT_TIMEOUT_SEC 10
/* Rows of one multi-row statement. */
#define DB_ROWS_MAX 64

typedef struct DbNames {
        uint64_t server_id; /* for {m} */
        const char *raw_table; /* for {raw}: "raw-" and a date */
} DbNames;

/* For statements without names of message databases. */
#define DB_MAIN ((DbNames){ 0 })
#define DB_MESSAGE(id) ((DbNames){ .server_id = (id) })
#define DB_RAW(id, table) ((DbNames){ .server_id = (id), .raw_table = (table) })

/* Before threads are started, and at the end. */
void db_library_init(void);
void db_library_end(void);
/* For each thread that uses a Db, but the first. */
void db_thread_init(void);
void db_thread_end(void);

/* Does not connect yet. Returns 0 or -ENOMEM. */
int db_new(const DbOptions *options, Db **ret);
/* Another connection to where this one goes. */
int db_new_like(const Db *db, Db **ret);
Db *db_free(Db *db);
DEFINE_CLEANUP(Db *, db_free)

/* Connects unless connected. -ENOTCONN: no server can be reached; -EACCES: refused; -ENOENT: the default database does not exist. */
int db_connect(Db *db);
/* Hangs up; the next use connects again. */
void db_disconnect(Db *db);
/* Says hello to the server if a connection stands; notices a lost one. */
int db_ping(Db *db);

/* The last failure as a sentence: what failed, on which server, and the server's words. Never NULL. Holds no parameter values. */
const char *db_error(const Db *db);
/* The server's number of the last failure, for the rare caller that must know; 0 if none. */
unsigned db_error_number(const Db *db);
/* The default database, and the prefix of the message databases. */
const char *db_database(const Db *db);
const char *db_message_prefix(const Db *db);
/* "10.11.6-MariaDB" of the current connection, or NULL. */
const char *db_server_version(const Db *db);

/* -EEXIST: duplicate key, or the thing to create exists; -ENOENT: no such table or database; -EAGAIN:
 * deadlock, lock wait timeout or certification conflict, the transaction is gone and may be tried again;
 * -ENOTCONN: connection lost, refused for now, or the node is not in the cluster; -EACCES: not allowed; -EMSGSIZE:
 * over max_allowed_packet; -ENOSPC: disk or table full; -EILSEQ: not valid in the column's
 * character set; -EOVERFLOW: too long or out of range for the column; -EIO: everything else. */
int db_map_error(unsigned mysql_errno);

/* Executes constant text that has no parameters and no result: DDL and settings. Names are filled in. */
int db_run_text(Db *db, const char *sql, DbNames names);

/* `rows` is for {rows:…} and {in}, at most DB_ROWS_MAX, else 1. The statement stays the Db's. */
int db_prepare(Db *db, const char *sql, DbNames names, unsigned rows, DbStatement **ret);

/* Parameters, in the order of the text. Bytes are not copied: they must stay until the statement has run. */
void db_bind_null(DbStatement *st);
void db_bind_u64(DbStatement *st, uint64_t value);
void db_bind_i64(DbStatement *st, int64_t value);
void db_bind_bool(DbStatement *st, bool value);
void db_bind_double(DbStatement *st, double value);
/* Text; the NULL pointer is NULL. */
void db_bind_string(DbStatement *st, const char *value);
void db_bind_slice(DbStatement *st, Slice value);
/* The same, with the empty string stored as NULL, as the reference does everywhere. */
void db_bind_presence(DbStatement *st, Slice value);
/* An id that is NULL when 0. */
void db_bind_id(DbStatement *st, uint64_t id);
/* A time as DECIMAL(18,6) seconds (message databases), or as DATETIME(6) UTC (main database). 0 is NULL. */
void db_bind_decimal_time(DbStatement *st, uint64_t usec);
void db_bind_datetime(DbStatement *st, uint64_t usec);
/* Bytes for a BLOB column, not looked at by any character set; the NULL pointer is NULL. */
void db_bind_blob(DbStatement *st, Slice value);

/* Gives the next piece of a large value: fills `buffer` and returns how much, 0 at the end, or a negative errno. */
typedef ssize_t (*db_read_t)(void *userdata, char *buffer, size_t size);
/* A BLOB that is sent in pieces of DB_STREAM_CHUNK and never held whole. Read once for each run. */
#define DB_STREAM_CHUNK ((size_t) 512 * 1024)
void db_bind_stream(DbStatement *st, db_read_t read, void *userdata);

/* Runs a statement without result. Outputs may be NULL. The statement's use ends here. */
int db_run(DbStatement *st, uint64_t *ret_affected, uint64_t *ret_insert_id);
/* Runs a statement with a result; then db_fetch() until it returns 0, and db_end() in any case. */
int db_query(DbStatement *st);
/* 1: a row; 0: no more rows. */
int db_fetch(DbStatement *st);
void db_end(DbStatement *st);

/* Columns of the current row. Slices are valid until the next db_fetch() or db_end(). NULL reads as 0 or SLICE_NULL. */
bool db_is_null(const DbStatement *st, unsigned column);
uint64_t db_u64(const DbStatement *st, unsigned column);
int64_t db_i64(const DbStatement *st, unsigned column);
double db_double(const DbStatement *st, unsigned column);
Slice db_slice(const DbStatement *st, unsigned column);
/* A DECIMAL(18,6) of seconds, or a DATETIME, in microseconds. */
uint64_t db_decimal_time(const DbStatement *st, unsigned column);
uint64_t db_datetime(const DbStatement *st, unsigned column);

/* A statement with one row and one number: -ENOENT without a row. */
int db_query_u64(DbStatement *st, uint64_t *ret);

/* Transactions. db_transaction() runs `body` between START TRANSACTION and COMMIT. When it fails with
 * -EAGAIN, or the connection was lost before COMMIT, all is rolled back and run again, at most
 * DB_TRANSACTION_TRIES times: `body` must be able to run again. Any other error rolls back.
 * -ECONNABORTED: the connection was lost while COMMIT was under way; nobody knows whether it happened. */
#define DB_TRANSACTION_TRIES 5
typedef int (*db_body_t)(Db *db, void *userdata);
int db_transaction(Db *db, db_body_t body, void *userdata);
int db_begin(Db *db);
int db_commit(Db *db);
void db_rollback(Db *db);
