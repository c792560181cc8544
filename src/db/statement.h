/* SPDX-License-Identifier: MIT */
#pragma once

/* Inside of src/db: how a Db keeps its prepared statements. */

#include <mysql.h>
#undef list_pop /* the client library's header takes this name of basic/list.h */

#include "basic/buf.h"
#include "basic/hashmap.h"
#include "basic/list.h"
#include "basic/time-format.h"
#include "db/db.h"

/* What a statement is known by; compared byte for byte. */
typedef struct StatementKey {
        const char *sql;
        uint64_t server_id;
        uint64_t rows;
        char raw_table[16];
} StatementKey;

typedef struct DbColumn {
        char *data;
        unsigned long length;
        size_t space;
        my_bool is_null;
        int64_t number; /* integer columns arrive here */
} DbColumn;

/* Room beside a parameter for the values that are not the caller's bytes. */
typedef union DbScratch {
        uint64_t number;
        double real;
        char text[TIME_SQL_SIZE];
} DbScratch;

struct DbStatement {
        ListNode node; /* in Db.by_use */
        Db *db;
        StatementKey key;
        MYSQL_STMT *handle;
        unsigned param_count;
        unsigned bound; /* parameters bound so far */
        MYSQL_BIND *params;
        unsigned long *lengths;
        DbScratch *scratch;
        db_read_t stream; /* at most one a statement */
        void *stream_userdata;
        unsigned stream_param;
        unsigned column_count;
        MYSQL_BIND *results;
        DbColumn *columns;
        bool has_result; /* a result is open */
};

struct Db {
        MYSQL *handle; /* NULL while not connected */
        DbServer *servers;
        size_t server_count;
        size_t server_next; /* the server to try first */
        char *user;
        char *password;
        char *database;
        bool is_without_database; /* connect as if there were no default database */
        char *message_prefix;
        unsigned io_timeout_sec;
        Hashmap *statements; /* by StatementKey */
        List by_use;
        List failed; /* out of the cache, freed with the next db_prepare() */
        Buf error;
        unsigned error_number;
        bool in_transaction;
        bool is_lost; /* the connection broke: hang up before it is used again */
};

/* Writes the text with its names filled in. -EINVAL for a name that does not fit its pattern. */
int db_expand(const Db *db, const char *sql, DbNames names, unsigned rows, Buf *to);

/* Remembers the failure and returns its errno. */
int db_failed(Db *db, const char *what, unsigned number, const char *words);
/* So that db_error() tells only of what comes now. */
void db_forget_error(Db *db);

void db_statements_drop(Db *db);
