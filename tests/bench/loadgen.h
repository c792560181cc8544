/* SPDX-License-Identifier: MIT */
#pragma once

/* The load generator: many SMTP sessions in one process, each of which always has at most one
 * message under way. */

#include "basic/list.h"
#include "bench/addresses.h"
#include "bench/histogram.h"
#include "bench/message.h"
#include "bench/stream.h"

typedef enum AuthMethod {
        AUTH_NONE,
        AUTH_PLAIN,
        AUTH_LOGIN,
        AUTH_CRAM_MD5,
} AuthMethod;

typedef struct LoadOptions {
        const char *host, *port, *helo, *run;
        const char *from, *to, *user, *password, *ids_path;
        uint64_t connections, messages, recipients, to_numbers, messages_per_connection;
        uint64_t reconnect_delay, retry_delay; /* nsec */
        double timeout, grace;                 /* seconds */
        double seconds;                        /* 0: no limit */
        double rate;                           /* messages/s; 0: closed loop */
        size_t size;
        AuthMethod auth;
        bool starttls, implicit_tls, insecure, pipelining, tolerant, skip, even, idle, json;
        bool has_reconnect_delay;
} LoadOptions;

#define CODES_MAX 600

typedef struct LoadStats {
        uint64_t started, last_result; /* nsec; of the load, not of the program */
        uint64_t accepted, bytes;
        uint64_t refused[CODES_MAX]; /* attempts, by the code of the reply that decided */
        uint64_t refused_recipients[CODES_MAX]; /* of messages that went on without them */
        uint64_t failed;                        /* messages given up for good */
        uint64_t retries;
        uint64_t unknown; /* attempts whose final dot was sent and never answered */
        uint64_t connections, connect_errors, lost, timeouts, tls_errors, protocol_errors;
        uint64_t backlog; /* arrivals that were due but had no session until the end */
        Histogram connect, transaction, dot;
} LoadStats;

/* One message to be sent. */
typedef struct Job {
        bool is_set;
        uint64_t number;
        unsigned attempt;  /* from 1 */
        uint64_t intended; /* nsec: when it should have begun */
} Job;

typedef enum SessionState {
        SESSION_CLOSED, /* waits for its turn or its timer to connect */
        SESSION_CONNECTING,
        SESSION_TLS,
        SESSION_BANNER,
        SESSION_EHLO,
        SESSION_STARTTLS,
        SESSION_AUTH,
        SESSION_READY,  /* nothing under way */
        SESSION_PAUSED, /* a message waits to be sent again */
        SESSION_MAIL,
        SESSION_RCPT,
        SESSION_DATA,
        SESSION_DOT,
        SESSION_RSET,
        SESSION_QUIT,
} SessionState;

typedef struct Load Load;

typedef struct Session {
        Load *load;
        Stream stream;
        Timer timer;   /* the answer is late, or it is time to go on */
        ListNode node; /* in load->waiting */
        SessionState state;
        Job job;
        Buf out;             /* commands being made */
        Buf header;          /* of the message under way */
        Buf address;         /* for making them */
        uint64_t opened;     /* nsec: connect() */
        uint64_t dot_sent;   /* nsec; 0 while the message is not sent */
        uint64_t sent;       /* messages on this connection */
        uint64_t rcpt_left;  /* answers to RCPT still to come */
        uint64_t rcpt_taken; /* how many of them were yes */
        unsigned code;       /* the first reply that refused something, or 0 */
        Buf reason;          /* its text */
        unsigned auth_step;
        bool has_opened; /* its first connection is made, or has failed */
        bool can_pipeline, can_size, can_starttls, is_pipelined, is_mail_taken;
} Session;

struct Load {
        LoadOptions options;
        Loop loop;
        struct addrinfo *to;
        gnutls_certificate_credentials_t credentials;
        Addresses senders, recipients;
        MessageSource source;
        Session *sessions;
        uint64_t opening, opened; /* sessions making their first connection; that have made it */
        List waiting;             /* ready sessions, for the next arrival */
        Timer opener, arrival, end;
        uint64_t next_arrival, next_number, random;
        uint64_t running;  /* sessions with a message */
        uint64_t finished; /* messages with a final result */
        bool is_started, is_stopping, has_failed;
        int ids_fd;
        Buf line;
        LoadStats stats;
};

/* loadgen-options.c: exits on a mistake. */
void load_parse_options(LoadOptions *o, int argc, char *argv[]);

/* loadgen.c: which message when. */
/* The session is ready: gives it a message, or lets it wait. */
void load_session_ready(Session *s);
/* Its first connection is made, or failed. */
void load_session_opened(Session *s);
/* The session's job has its final result. */
void load_job_done(Session *s, bool is_accepted);
/* Something happened that ends the run as a failure; says what. */
void load_fail(Load *load, const char *what, Slice detail);

/* loadgen-session.c: the connection up to where messages can be sent. */
void session_init(Session *s, Load *load);
/* Says QUIT, closes, and frees what belongs to the session. */
void session_done(Session *s);
/* Waits in the new state for an answer, with a time limit. */
void session_expect(Session *s, SessionState state);
/* Writes what is in s->out and waits for the answer in the new state. */
void session_send(Session *s, SessionState state);
/* The connection can take a message, the one to be sent again or another. */
void session_ready(Session *s);
/* Waits before the message is sent again. */
void session_pause(Session *s);
/* Closes the connection; a new one follows after `delay` unless the run ends. */
void session_reopen(Session *s, uint64_t delay);
/* The connection failed: counts that, settles the message under way, and opens another if the run
 * goes on. */
void session_lost(Session *s, uint64_t *counter, const char *what);

/* loadgen-transaction.c: from MAIL to the answer to the final dot. */
void transaction_begin(Session *s);
void transaction_reply(Session *s, unsigned code, Slice text);
/* The connection ended, or the run does, with a job unfinished. Returns whether it is to be sent
 * again. */
bool transaction_lost(Session *s);

/* loadgen-report.c */
void load_report(const Load *load);
