/* SPDX-License-Identifier: MIT */
#pragma once

/* Inside of the SMTP session: session.c has the line discipline, the command-*.c files one group of commands each. */

#include "basic/arena.h"
#include "core/log.h"
#include "mail/data-decoder.h"
#include "mail/smtp-command.h"
#include "smtp-server/metrics.h"
#include "smtp-server/session.h"

typedef enum SessionState {
        SESSION_PROXY,    /* waiting for the PROXY header */
        SESSION_WELCOME,  /* greeted */
        SESSION_WELCOMED, /* EHLO or HELO said */
        SESSION_MAIL,     /* MAIL FROM accepted */
        SESSION_RCPT,     /* and a RCPT TO seen */
} SessionState;

/* What the next bytes are. */
typedef enum SessionMode {
        MODE_COMMAND,
        MODE_SKIP_LINE,  /* the rest of a command line that is too long */
        MODE_AUTH_PLAIN, /* the response to 334, and so on */
        MODE_AUTH_LOGIN_USER,
        MODE_AUTH_LOGIN_PASSWORD,
        MODE_AUTH_CRAM,
        MODE_DATA,
        MODE_BDAT,
} SessionMode;

/* Why a message that is still coming in will be refused. */
typedef enum MessageFault {
        FAULT_NONE,
        FAULT_TOO_LARGE,
        FAULT_HEADER_TOO_LARGE,
        FAULT_NO_SPACE,
} MessageFault;

struct SmtpSession {
        const SmtpPolicy *policy;
        SmtpRole role;
        SockAddr client;
        char client_text[ADDRESS_TEXT_SIZE];
        char id[SMTP_SESSION_ID_SIZE];
        SessionState state;
        SessionMode mode;
        SmtpWant want;
        SmtpRequest request;
        Buf output;
        Buf line; /* the beginning of a line whose end has not come */
        unsigned errors;
        bool uses_enhanced_codes;
        bool is_secure;
        bool is_draining;
        bool is_muted;
        bool line_had_cr; /* the last command line ended with CRLF */
        bool has_said_mail; /* MAIL FROM, accepted or not, at any time */
        char *helo;       /* or NULL */

        bool has_credential;
        SmtpCredential credential;
        Arena credential_arena;
        char challenge[160]; /* CRAM-MD5 */
        char auth_method[16];

        /* The transaction. */
        Arena arena;
        Arena request_arena; /* for the request under way */
        char *mail_from;
        SmtpRecipient *recipients;
        size_t recipient_count;
        size_t recipient_space;
        DataDecoder decoder;
        HeaderCollector headers;
        Spool body;
        bool has_body;
        uint64_t size; /* of the message so far, our Received field included */
        MessageFault fault;
        uint64_t chunk_left;
        bool is_last_chunk;
        bool has_chunks; /* BDAT was used in this transaction: no DATA any more */
        bool chunk_refused;
        char *hostname; /* the client's, once it was asked for */
        bool has_hostname;
};

/* Log fields of this session, with up to two more. */
#define SESSION_FIELDS(s, ...)                                                                     \
        FIELDS(FIELD("POSTAL_SESSION", (s)->id), FIELD("POSTAL_PEER", (s)->client_text), ##__VA_ARGS__)

#define session_debug(s, ...)                                                                      \
        do {                                                                                       \
                if (!(s)->is_muted && log_wants(LOG_DEBUG))                                        \
                        log_write(LOG_DEBUG, SESSION_FIELDS(s), __VA_ARGS__);                      \
        } while (0)

/* One line of reply; `code` with its enhanced form ("2.1.0", or NULL where RFC 2034 has none). */
void session_reply(SmtpSession *s, int code, const char *enhanced, const char *format, ...) _printf_(4, 5);
/* The same, counted as an error under `label` (or NULL); too many of them end the session. */
void session_error(SmtpSession *s, const char *label, int code, const char *enhanced, const char *format, ...)
        _printf_(5, 6);
/* 451: the client should come again; the connection stays. */
void session_later(SmtpSession *s);
/* Ask, with the fields of s->request set: the session stops until smtp_session_answer(). */
void session_ask(SmtpSession *s, SmtpRequestKind kind);
/* Memory is short, or another fault of ours: 451. */
void session_fault(SmtpSession *s, int r);

/* Forgets the transaction, not the credential. */
void session_reset(SmtpSession *s);
void session_set_credential(SmtpSession *s, const SmtpCredential *c);
void session_close(SmtpSession *s);

void command_ehlo(SmtpSession *s, const SmtpCommand *c);
void command_helo(SmtpSession *s, const SmtpCommand *c);
void command_starttls(SmtpSession *s);

void command_auth(SmtpSession *s, const SmtpCommand *c);
/* A line that is the response to a 334. */
void auth_response(SmtpSession *s, Slice line);
void auth_answered(SmtpSession *s, const SmtpAnswer *a);
bool session_offers_auth(const SmtpSession *s);

void command_mail(SmtpSession *s, const SmtpCommand *c);
void command_rcpt(SmtpSession *s, const SmtpCommand *c);
void rcpt_answered(SmtpSession *s, const SmtpAnswer *a);

void command_data(SmtpSession *s);
void command_bdat(SmtpSession *s, const SmtpCommand *c);
size_t data_feed(SmtpSession *s, Slice input);
size_t bdat_feed(SmtpSession *s, Slice input);
void hostname_answered(SmtpSession *s, const SmtpAnswer *a);
void sender_answered(SmtpSession *s, const SmtpAnswer *a);
void store_answered(SmtpSession *s, const SmtpAnswer *a);
