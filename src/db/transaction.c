/* SPDX-License-Identifier: MIT */
/* Transactions and text statements. A lost connection inside a transaction stays lost until the
 * transaction has ended: db_connect() must not make a new one half-way. */
#include "basic/random.h"
#include "db/statement.h"

/* Waited before trying again after a deadlock: this much at most the first time, then doubled. */
#define RETRY_DELAY_USEC UINT64_C(2000)

static int run_command(Db *db, const char *text, const char *what) {
        if (mysql_real_query(db->handle, text, strlen(text)) != 0)
                return db_failed(db, what, mysql_errno(db->handle), mysql_error(db->handle));
        return 0;
}

int db_run_text(Db *db, const char *sql, DbNames names) {
        _cleanup_(buf_done) Buf text = BUF_EMPTY;
        int r;

        r = db_connect(db);
        if (r < 0)
                return r;
        r = db_expand(db, sql, names, 1, &text);
        if (r < 0)
                return r;
        return run_command(db, text.data, "A statement failed");
}

int db_begin(Db *db) {
        int r;

        assert(!db->in_transaction);

        r = db_connect(db);
        if (r < 0)
                return r;
        r = run_command(db, "START TRANSACTION", "Cannot start a transaction");
        if (r < 0)
                return r;
        db->in_transaction = true;
        return 0;
}

int db_commit(Db *db) {
        int r;

        assert(db->in_transaction);

        db->in_transaction = false;
        if (db->is_lost)
                return -ENOTCONN;
        r = run_command(db, "COMMIT", "Cannot commit");
        return r == -ENOTCONN ? -ECONNABORTED : r;
}

void db_rollback(Db *db) {
        if (!db->in_transaction)
                return;
        db->in_transaction = false;
        if (!db->is_lost && run_command(db, "ROLLBACK", "Cannot roll back") < 0)
                db->is_lost = true;
}

static int try_once(Db *db, db_body_t body, void *userdata) {
        int r = db_begin(db);

        if (r < 0)
                return r;
        r = body(db, userdata);
        if (r < 0) {
                db_rollback(db);
                return r;
        }
        r = db_commit(db);
        return r < 0 ? r : 0;
}

int db_transaction(Db *db, db_body_t body, void *userdata) {
        uint64_t delay = RETRY_DELAY_USEC;
        int r = 0;

        for (int i = 0; i < DB_TRANSACTION_TRIES; i++) {
                r = try_once(db, body, userdata);
                if (r != -EAGAIN && r != -ENOTCONN)
                        return r;
                if (i + 1 == DB_TRANSACTION_TRIES)
                        break;
                /* Two that fell over each other should not meet again at once. */
                if (r == -EAGAIN)
                        (void) usleep((useconds_t) random_below(delay));
                else if (db_connect(db) < 0)
                        return -ENOTCONN;
                delay *= 2;
        }
        return r;
}
