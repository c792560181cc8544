/* SPDX-License-Identifier: MIT */
/* Connecting, and the sentence for each failure. A connection is never reused after a loss: its
 * prepared statements and its transaction are gone, so everything is made anew. */
#include <errmsg.h>
#include <mysqld_error.h>

#include "db/statement.h"

/* Numbers that the client library's headers do not name on all targets. */
#define ER_WSREP_NOT_READY 1047
#define ER_CONNECTION_WAS_KILLED 1927
#define ER_CHECK_READ_CONFLICT 1020

/* One statement sets the session up. Times are UTC; a deadlocked or timed out statement rolls the whole
 * transaction back (innodb_rollback_on_timeout is off by default: the caller does it). */
static const char SQL_SESSION[] =
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED";
static const char SQL_SESSION_VARIABLES[] =
        "SET SESSION time_zone = '+00:00', innodb_lock_wait_timeout = 10, autocommit = 1, "
        "sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION'";

void db_library_init(void) {
        (void) mysql_library_init(0, NULL, NULL);
}

void db_library_end(void) {
        mysql_library_end();
}

void db_thread_init(void) {
        (void) mysql_thread_init();
}

void db_thread_end(void) {
        mysql_thread_end();
}

static int copy_string(char **to, const char *from) {
        if (from && !(*to = strdup(from)))
                return -ENOMEM;
        return 0;
}

int db_new(const DbOptions *o, Db **ret) {
        _cleanup_(db_freep) Db *db = calloc(1, sizeof(Db));

        assert(o && o->server_count > 0);
        assert(ret);

        if (!db)
                return -ENOMEM;
        db->io_timeout_sec = o->io_timeout_sec > 0 ? o->io_timeout_sec : DB_IO_TIMEOUT_SEC;
        db->servers = calloc(o->server_count, sizeof(DbServer));
        db->statements = hashmap_new();
        if (!db->servers || !db->statements || copy_string(&db->user, o->user) < 0 ||
            copy_string(&db->password, o->password) < 0 ||
            copy_string(&db->database, o->database) < 0 ||
            copy_string(&db->message_prefix, o->message_prefix) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < o->server_count; i++) {
                db->server_count = i + 1;
                db->servers[i].port = o->servers[i].port;
                if (copy_string((char **) &db->servers[i].host, o->servers[i].host) < 0 ||
                    copy_string((char **) &db->servers[i].socket, o->servers[i].socket) < 0)
                        return -ENOMEM;
        }
        *ret = TAKE_PTR(db);
        return 0;
}

int db_new_like(const Db *db, Db **ret) {
        const DbOptions options = {
                .servers = db->servers,
                .server_count = db->server_count,
                .user = db->user,
                .password = db->password,
                .database = db->database,
                .message_prefix = db->message_prefix,
                .io_timeout_sec = db->io_timeout_sec,
        };
        int r;

        r = db_new(&options, ret);
        if (r < 0)
                return r;
        (*ret)->server_next = db->server_next;
        return 0;
}

Db *db_free(Db *db) {
        if (!db)
                return NULL;
        db_disconnect(db);
        for (size_t i = 0; i < db->server_count; i++) {
                free((char *) db->servers[i].host);
                free((char *) db->servers[i].socket);
        }
        free(db->servers);
        free(db->user);
        if (db->password)
                explicit_bzero(db->password, strlen(db->password));
        free(db->password);
        free(db->database);
        free(db->message_prefix);
        hashmap_free(db->statements);
        buf_done(&db->error);
        return mfree(db);
}

int db_map_error(unsigned number) {
        switch (number) {
        case ER_DUP_ENTRY:
        case ER_TABLE_EXISTS_ERROR:
        case ER_DB_CREATE_EXISTS:
        case ER_DUP_KEYNAME:
        case ER_DUP_FIELDNAME:
                return -EEXIST;
        case ER_NO_SUCH_TABLE:
        case ER_BAD_DB_ERROR:
        case ER_DB_DROP_EXISTS:
        case ER_BAD_TABLE_ERROR:
        case ER_CANT_DROP_FIELD_OR_KEY:
        case ER_BAD_FIELD_ERROR:
        case ER_KEY_DOES_NOT_EXISTS:
                return -ENOENT;
        case ER_LOCK_DEADLOCK:
        case ER_LOCK_WAIT_TIMEOUT:
        case ER_CHECK_READ_CONFLICT:
                return -EAGAIN;
        case CR_SERVER_GONE_ERROR:
        case CR_SERVER_LOST:
        case CR_CONNECTION_ERROR:
        case CR_CONN_HOST_ERROR:
        case CR_UNKNOWN_HOST:
        case CR_COMMANDS_OUT_OF_SYNC:
        case CR_MALFORMED_PACKET:
        case ER_SERVER_SHUTDOWN:
        case ER_NORMAL_SHUTDOWN:
        case ER_CON_COUNT_ERROR:
        case ER_TOO_MANY_USER_CONNECTIONS:
        case ER_WSREP_NOT_READY:
        case ER_CONNECTION_WAS_KILLED:
        case ER_QUERY_INTERRUPTED:
        case ER_NET_READ_ERROR:
        case ER_NET_READ_INTERRUPTED:
        case ER_NET_ERROR_ON_WRITE:
        case ER_NET_WRITE_INTERRUPTED:
                return -ENOTCONN;
        case ER_ACCESS_DENIED_ERROR:
        case ER_DBACCESS_DENIED_ERROR:
        case ER_TABLEACCESS_DENIED_ERROR:
        case ER_SPECIFIC_ACCESS_DENIED_ERROR:
                return -EACCES;
        case ER_NET_PACKET_TOO_LARGE:
        case CR_NET_PACKET_TOO_LARGE:
        case ER_TOO_BIG_ROWSIZE:
                return -EMSGSIZE;
        case ER_DISK_FULL:
        case ER_RECORD_FILE_FULL:
                return -ENOSPC;
        case ER_TRUNCATED_WRONG_VALUE_FOR_FIELD:
                return -EILSEQ;
        case ER_DATA_TOO_LONG:
        case ER_WARN_DATA_OUT_OF_RANGE:
                return -EOVERFLOW;
        default:
                return -EIO;
        }
}

/* Some of the server's sentences quote the value, which may be an address or a key. */
static const char *without_values(unsigned number, const char *words) {
        if (number == ER_DUP_ENTRY)
                return "Duplicate entry for a unique key";
        if (number == ER_TRUNCATED_WRONG_VALUE_FOR_FIELD)
                return "A value is not valid text or of another type than its column";
        return strempty(words);
}

int db_failed(Db *db, const char *what, unsigned number, const char *words) {
        int r = db_map_error(number);
        const DbServer *s = &db->servers[db->server_next];

        buf_reset(&db->error, 4096);
        if (s->socket)
                buf_printf(&db->error, "%s on the database at %s: ", what, s->socket);
        else
                buf_printf(&db->error, "%s on the database at %s port %u: ", what, s->host, s->port);
        buf_printf(&db->error, "%s (error %u)", without_values(number, words), number);
        db->error_number = number;
        if (r == -ENOTCONN)
                db->is_lost = true;
        return r;
}

static int set_up_session(Db *db, MYSQL *handle) {
        if (mysql_set_character_set(handle, "utf8mb4") != 0 ||
            mysql_real_query(handle, SQL_SESSION, sizeof(SQL_SESSION) - 1) != 0 ||
            mysql_real_query(handle, SQL_SESSION_VARIABLES, sizeof(SQL_SESSION_VARIABLES) - 1) != 0)
                return db_failed(db, "Cannot set up the session", mysql_errno(handle),
                                 mysql_error(handle));
        return 0;
}

static int connect_to(Db *db, const DbServer *s) {
        const unsigned connect_timeout = DB_CONNECT_TIMEOUT_SEC, io_timeout = db->io_timeout_sec;
        const unsigned protocol = s->socket ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP;
        MYSQL *handle = mysql_init(NULL);
        int r;

        if (!handle)
                return -ENOMEM;
        (void) mysql_optionsv(handle, MYSQL_OPT_CONNECT_TIMEOUT, &connect_timeout);
        (void) mysql_optionsv(handle, MYSQL_OPT_READ_TIMEOUT, &io_timeout);
        (void) mysql_optionsv(handle, MYSQL_OPT_WRITE_TIMEOUT, &io_timeout);
        /* "localhost" means the library's default unix socket, as for every MariaDB client. */
        if (s->socket || !streq_ptr(s->host, "localhost"))
                (void) mysql_optionsv(handle, MYSQL_OPT_PROTOCOL, &protocol);
        if (!mysql_real_connect(handle, s->host, db->user, db->password,
                                db->is_without_database ? NULL : db->database, s->port, s->socket,
                                CLIENT_FOUND_ROWS)) {
                r = db_failed(db, "Cannot connect", mysql_errno(handle), mysql_error(handle));
                mysql_close(handle);
                return r;
        }
        r = set_up_session(db, handle);
        if (r < 0) {
                mysql_close(handle);
                return r;
        }
        db->handle = handle;
        db->is_lost = false;
        return 0;
}

int db_connect(Db *db) {
        int r = -ENOTCONN;

        if (db->is_lost && !db->in_transaction)
                db_disconnect(db);
        if (db->handle)
                return db->is_lost ? -ENOTCONN : 0;
        for (size_t i = 0; i < db->server_count; i++) {
                r = connect_to(db, &db->servers[db->server_next]);
                if (r >= 0)
                        return 0;
                db->server_next = (db->server_next + 1) % db->server_count;
        }
        return r;
}

void db_disconnect(Db *db) {
        db_statements_drop(db);
        if (db->handle)
                mysql_close(db->handle);
        db->handle = NULL;
        db->in_transaction = false;
        db->is_lost = false;
}

int db_ping(Db *db) {
        int r = db_connect(db);

        if (r < 0)
                return r;
        if (mysql_ping(db->handle) != 0)
                return db_failed(db, "No answer to a ping", mysql_errno(db->handle),
                                 mysql_error(db->handle));
        return 0;
}

void db_forget_error(Db *db) {
        buf_reset(&db->error, 4096);
        db->error_number = 0;
}

const char *db_error(const Db *db) {
        return buf_string(&db->error);
}

unsigned db_error_number(const Db *db) {
        return db->error_number;
}

const char *db_database(const Db *db) {
        return db->database;
}

const char *db_message_prefix(const Db *db) {
        return db->message_prefix;
}

const char *db_server_version(const Db *db) {
        return db->handle ? mysql_get_server_info(db->handle) : NULL;
}
