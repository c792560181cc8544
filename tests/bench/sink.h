/* SPDX-License-Identifier: MIT */
#pragma once

/* The sink: an SMTP server that accepts everything, except what it was told to spoil. */

#include <gnutls/gnutls.h>

#include "basic/list.h"
#include "bench/stream.h"

/* The moments at which something can go wrong, in their order within a session. */
typedef enum Stage {
        STAGE_CONNECT,
        STAGE_EHLO,
        STAGE_MAIL,
        STAGE_RCPT,
        STAGE_DATA,
        STAGE_DOT,      /* the message is here, nothing is recorded yet */
        STAGE_ACCEPTED, /* the message is recorded, the 250 is not sent yet */
        _STAGE_MAX,
        _STAGE_INVALID = -EINVAL,
} Stage;

const char *stage_to_string(Stage stage);
Stage stage_from_string(Slice name);

/* --reply-for: what to answer at a stage where an address contains `substring`. */
typedef struct ReplyRule {
        char *substring;
        Stage stage;
        char *reply;
} ReplyRule;

typedef struct SinkOptions {
        const char *cert_path, *key_path;
        const char *ids_path, *store_path;
        const char *name;                               /* of the host, in the banner */
        uint64_t delay_banner, delay_reply, delay_data; /* nsec */
        Stage tarpit;                                   /* _STAGE_INVALID: none */
        Stage fail_at;
        double temp_rate, perm_rate;
        Stage disconnect_at; /* _STAGE_INVALID: none */
        double disconnect_rate;
        uint64_t seed;
        uint64_t size_max, connections_max; /* 0: no limit on connections */
        bool self_signed, implicit_tls, chunking, verify_size, json;
        ReplyRule *rules;
        size_t rule_count;
} SinkOptions;

typedef struct SinkStats {
        uint64_t messages, recipients, bytes, tls_messages;
        uint64_t connections, tls_connections, refused_connections, failed_handshakes;
        uint64_t open, peak;
        uint64_t dropped;         /* connections cut by --disconnect-at */
        uint64_t size_mismatches; /* --verify-size */
        uint64_t refused[_STAGE_MAX], temporary, permanent;
        uint64_t started, first, last; /* nsec: the program, the first and the last message */
        uint64_t *series;              /* messages of each second since the start */
        size_t series_count;
} SinkStats;

typedef struct Listener {
        Watch watch;
        struct Sink *sink;
        bool is_tls;
        char *where; /* as given; NULL once it listens */
} Listener;

typedef struct Sink {
        SinkOptions options;
        Loop loop;
        Listener *listeners;
        size_t listener_count;
        gnutls_certificate_credentials_t credentials; /* NULL: TLS is not offered */
        int ids_fd;
        uint64_t decisions[2]; /* how many were taken: by rate, and on cutting off */
        List sessions;
        SinkStats stats;
        Buf scratch, lines; /* of the message being recorded */
} Sink;

/* sink-options.c: reads the command line into sink->options and ->listeners; exits on a mistake. */
void sink_parse_options(Sink *sink, int argc, char *argv[]);
void sink_options_done(Sink *sink);

/* sink-tls.c: loads, or makes, the certificate. Returns 0 or a negative errno, with a message. */
int sink_load_certificate(Sink *sink);

/* sink-verdict.c: what happens at a stage. */
typedef enum VerdictKind {
        VERDICT_PASS,
        VERDICT_REPLY,
        VERDICT_DISCONNECT,
        VERDICT_TARPIT,
} VerdictKind;

typedef struct Verdict {
        VerdictKind kind;
        const char *reply; /* without CRLF; for VERDICT_REPLY */
} Verdict;

/* `addresses` is what --reply-for looks into: the sender, a recipient, or all recipients. */
Verdict sink_judge(Sink *sink, Stage stage, Slice addresses);

/* sink-session.c */
/* Takes ownership of the socket. */
void sink_session_start(Sink *sink, int take_fd, bool is_tls);
void sink_sessions_close(Sink *sink);

/* sink-message.c */
typedef struct Envelope {
        Slice sender;
        Slice recipients; /* separated, and ended, by '\n' */
        uint64_t recipient_count;
        uint64_t size_declared; /* 0: not declared */
        bool is_tls;
} Envelope;

/* Searches for the end of a message in `data` from *position on; `data` begins where the message
 * does. Returns the length of the content without the final dot, and in *ret_total the bytes it
 * took with the dot, or -EAGAIN when more bytes are needed, with *position moved on. Counts the
 * lines that begin with a stuffed dot. */
ssize_t message_find_end(Slice data, size_t *position, uint64_t *stuffed, size_t *ret_total);

/* Counts, stores and records a message, whose content may have stuffed dots. When this returns 0,
 * all of it is in the files. */
int sink_accept_message(Sink *sink, const Envelope *e, Slice content, uint64_t stuffed);

/* sink-report.c: prints the statistics, in one line with --json. */
void sink_report(Sink *sink);
