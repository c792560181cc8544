/* SPDX-License-Identifier: MIT */
#pragma once

/* The client's side of SMTP (RFC 5321), without sockets and clock: replies go in, commands come out. One object a
 * connection, for one transaction after the other, each with one recipient.
 *
 * Content is not passed through here: when the server has said 354, the client wants SMTP_CLIENT_CONTENT, the caller
 * writes the encoded message and its final dot itself and says smtp_client_content_sent(). */

#include "mail/smtp-reply.h"

typedef enum SmtpClientTls {
        SMTP_CLIENT_TLS_AUTO,     /* STARTTLS when it is offered, without looking at the certificate */
        SMTP_CLIENT_TLS_REQUIRED, /* STARTTLS, or no mail; the certificate is verified */
        SMTP_CLIENT_TLS_IMPLICIT, /* TLS from the first byte; verified */
        SMTP_CLIENT_TLS_NONE,
} SmtpClientTls;

/* From an ssl_mode of relays and endpoints: "Auto", "STARTTLS" (also as the reference's constant misspells it),
 * "TLS", "None"; case is ignored; "" and what is unknown mean no TLS. */
SmtpClientTls smtp_client_tls_from_string(const char *ssl_mode);

typedef enum SmtpClientWant {
        SMTP_CLIENT_WANTS_REPLY,   /* feed it what comes */
        SMTP_CLIENT_WANTS_TLS,     /* a handshake, then smtp_client_secured() */
        SMTP_CLIENT_READY,         /* smtp_client_send(), or smtp_client_quit() */
        SMTP_CLIENT_WANTS_CONTENT, /* the message, then smtp_client_content_sent(); feed it what comes meanwhile */
        SMTP_CLIENT_HAS_RESULT,    /* smtp_client_result(), then smtp_client_next() */
        SMTP_CLIENT_FAILED,        /* the connection is of no use: smtp_client_error() */
        SMTP_CLIENT_ENDED,         /* the server has answered QUIT */
} SmtpClientWant;

/* What a reply was to; also selects the timeout that holds now. */
typedef enum SmtpStage {
        SMTP_STAGE_GREETING,
        SMTP_STAGE_EHLO,
        SMTP_STAGE_STARTTLS,
        SMTP_STAGE_MAIL,
        SMTP_STAGE_RCPT,
        SMTP_STAGE_DATA,
        SMTP_STAGE_CONTENT, /* the final dot */
        SMTP_STAGE_RSET,
        SMTP_STAGE_QUIT,
} SmtpStage;

const char *smtp_stage_to_string(SmtpStage stage);

/* Of one transaction; strings must stay until the result. */
typedef struct SmtpEnvelope {
        const char *mail_from; /* "" for bounces */
        const char *rcpt_to;
        uint64_t size;   /* about, for SIZE=; 0: unknown */
        bool is_8bit;    /* the content has 8-bit bytes */
} SmtpEnvelope;

typedef struct SmtpResult {
        SmtpStage stage; /* of the reply that decided */
        unsigned code;
        const char *text; /* the whole reply, lines joined with LF; valid until smtp_client_next() */
        bool is_own; /* the server was not asked: by what it offers, it cannot take the message; `text` says why */
} SmtpResult;

typedef struct SmtpClient SmtpClient;

/* `helo` is our own name; it must outlive the client. */
int smtp_client_new(const char *helo, SmtpClientTls tls, SmtpClient **ret);
SmtpClient *smtp_client_free(SmtpClient *c);
DEFINE_CLEANUP(SmtpClient *, smtp_client_free)

SmtpClientWant smtp_client_wants(const SmtpClient *c);
SmtpStage smtp_client_stage(const SmtpClient *c);
/* Takes input up to the end of a reply; the rest is to be fed again. */
size_t smtp_client_feed(SmtpClient *c, Slice input);
/* Commands to be sent; the caller empties it. */
Buf *smtp_client_output(SmtpClient *c);
void smtp_client_secured(SmtpClient *c);

/* Starts a transaction. With PIPELINING all three commands go at once (RFC 2920). */
void smtp_client_send(SmtpClient *c, const SmtpEnvelope *envelope);
void smtp_client_content_sent(SmtpClient *c);
void smtp_client_result(const SmtpClient *c, SmtpResult *ret);
/* Makes it ready for the next transaction, with RSET after one that failed. */
void smtp_client_next(SmtpClient *c);
void smtp_client_quit(SmtpClient *c);

/* Why it failed: the server's reply, or what is wrong with it. */
const char *smtp_client_error(const SmtpClient *c);
const SmtpCapabilities *smtp_client_capabilities(const SmtpClient *c);
