/* SPDX-License-Identifier: MIT */
#include "basic/random.h"
#include "core/config.h"
#include "db/database.h"
#include "db/statement.h"

#define RETRY_DELAY_USEC UINT64_C(2000)

/* One server's part of the configuration. */
typedef struct Side {
        DbHost *hosts;
        size_t count;
        const char *user;
        const char *password;
} Side;

static void side_done(Side *s) {
        db_hosts_free(s->hosts, s->count);
}

static int side_init(Side *s, const char *host, int64_t port, const char *user,
                     const char *password) {
        s->user = user;
        s->password = password;
        return config_parse_db_hosts(host, port, &s->hosts, &s->count);
}

static bool side_equal(const Side *a, const Side *b) {
        if (a->count != b->count || !streq_ptr(a->user, b->user) ||
            !streq_ptr(a->password, b->password))
                return false;
        for (size_t i = 0; i < a->count; i++)
                if (!streq_ptr(a->hosts[i].host, b->hosts[i].host) ||
                    !streq_ptr(a->hosts[i].socket_path, b->hosts[i].socket_path) ||
                    a->hosts[i].port != b->hosts[i].port)
                        return false;
        return true;
}

static int side_open(const Side *s, const char *database, const char *prefix,
                     unsigned io_timeout_sec, Db **ret) {
        _cleanup_free_ DbServer *servers = calloc(s->count, sizeof(DbServer));
        DbOptions options = {
                .servers = servers,
                .server_count = s->count,
                .user = s->user,
                .password = s->password,
                .database = database,
                .message_prefix = prefix,
                .io_timeout_sec = io_timeout_sec,
        };

        if (!servers)
                return -ENOMEM;
        for (size_t i = 0; i < s->count; i++)
                servers[i] = (DbServer){
                        .host = s->hosts[i].host,
                        .port = s->hosts[i].port,
                        .socket = s->hosts[i].socket_path,
                };
        return db_new(&options, ret);
}

int database_new_patient(const Config *config, unsigned io_timeout_sec, Database **ret) {
        _cleanup_(database_freep) Database *d = calloc(1, sizeof(Database));
        _cleanup_(side_done) Side main = { 0 }, message = { 0 };
        const char *prefix = config->message_db.database_name_prefix;
        int r;

        assert(ret);

        if (!d)
                return -ENOMEM;
        r = side_init(&main, config->main_db.host, config->main_db.port, config->main_db.username,
                      config->main_db.password);
        if (r >= 0)
                r = side_init(&message, config->message_db.host, config->message_db.port,
                              config->message_db.username, config->message_db.password);
        if (r >= 0)
                r = side_open(&main, config->main_db.database, prefix, io_timeout_sec, &d->main);
        if (r < 0)
                return r;
        d->is_shared = side_equal(&main, &message);
        if (d->is_shared)
                d->message = d->main;
        else
                r = side_open(&message, NULL, prefix, io_timeout_sec, &d->message);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(d);
        return 0;
}

int database_new(const Config *config, Database **ret) {
        return database_new_patient(config, 0, ret);
}

Database *database_free(Database *d) {
        if (!d)
                return NULL;
        if (d->message != d->main)
                db_free(d->message);
        db_free(d->main);
        return mfree(d);
}

static void forget_errors(Database *d) {
        db_forget_error(d->main);
        db_forget_error(d->message);
}

int database_connect(Database *d) {
        int r;

        forget_errors(d);
        r = db_connect(d->main);
        if (r < 0 || d->is_shared)
                return r;
        return db_connect(d->message);
}

const char *database_error(const Database *d) {
        const char *text = db_error(d->main);

        return *text ? text : db_error(d->message);
}

static int run_both(Database *d, database_body_t body, void *userdata) {
        int r;

        r = db_begin(d->message);
        if (r < 0)
                return r;
        r = db_begin(d->main);
        if (r >= 0)
                r = body(d, userdata);
        if (r >= 0)
                r = db_commit(d->message);
        if (r < 0) {
                db_rollback(d->message);
                db_rollback(d->main);
                return r;
        }
        r = db_commit(d->main);
        return r < 0 ? -ECONNABORTED : 0;
}

typedef struct SharedBody {
        Database *database;
        database_body_t body;
        void *userdata;
} SharedBody;

static int run_shared(Db *db, void *userdata) {
        SharedBody *b = userdata;

        (void) db;
        return b->body(b->database, b->userdata);
}

int database_transaction(Database *d, database_body_t body, void *userdata) {
        SharedBody shared = { d, body, userdata };
        uint64_t delay = RETRY_DELAY_USEC;
        int r = 0;

        assert(d && body);

        forget_errors(d);
        if (d->is_shared)
                return db_transaction(d->main, run_shared, &shared);
        for (int i = 0; i < DB_TRANSACTION_TRIES; i++) {
                if (i > 0 && r == -EAGAIN)
                        (void) usleep((useconds_t) random_below(delay));
                else if (i > 0 && database_connect(d) < 0)
                        return -ENOTCONN;
                r = run_both(d, body, userdata);
                if (r != -EAGAIN && r != -ENOTCONN)
                        break;
                delay *= 2;
        }
        return r;
}
