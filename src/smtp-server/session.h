/* SPDX-License-Identifier: MIT */
#pragma once

/* The SMTP server's side of one conversation (RFC 5321), without sockets, database or clock: bytes go in, replies
 * come out, and whenever the answer depends on something else, the session stops and says what it wants.
 *
 *     smtp_session_start(s);
 *     taken = smtp_session_feed(s, input);
 *     … write out and empty smtp_session_output(s) …
 *     switch (smtp_session_wants(s)) …
 *
 * Replies are those of Postal (spec 1.16). Enhanced status codes (RFC 2034) are added once the client has said
 * EHLO, so that who said HELO, or nothing, reads the very same texts. */

#include "core/socket.h"
#include "core/spool.h"
#include "mail/header-collector.h"

/* Longest command line, as RFC 4954 section 4 wants it for AUTH. */
#define SMTP_LINE_MAX ((size_t) 12288)
/* Longest address, as the columns that hold it have room for. */
#define SMTP_ADDRESS_SIZE_MAX ((size_t) 255)
/* What our own Received field may add to a message. */
#define SMTP_RECEIVED_SIZE_MAX ((size_t) 1024)
#define SMTP_SESSION_ID_SIZE 9

typedef enum SmtpRole {
        SMTP_ROLE_ANY,         /* what Postal's one port does: mail from everywhere, and AUTH */
        SMTP_ROLE_MX,          /* mail from other servers only: no AUTH */
        SMTP_ROLE_SUBMISSION,  /* authenticated clients only */
        SMTP_ROLE_SUBMISSIONS, /* the same, with TLS from the first byte */
        _SMTP_ROLE_MAX,
        _SMTP_ROLE_INVALID = -EINVAL,
} SmtpRole;

/* From the name of a socket: "mx", "submission", "submissions"; all others are SMTP_ROLE_ANY. */
SmtpRole smtp_role_from_string(const char *name);
const char *smtp_role_to_string(SmtpRole role);

/* The settings that matter to a session; shared by all, must outlive them. */
typedef struct SmtpPolicy {
        const char *hostname;
        uint64_t message_size_max; /* bytes */
        uint64_t message_size_mb;  /* the same as the reply says it */
        unsigned recipients_max;
        unsigned errors_max;
        bool has_tls;
        bool auth_requires_tls;
        bool has_proxy_protocol;
        const char *spool_directory; /* or NULL */
} SmtpPolicy;

typedef enum SmtpWant {
        SMTP_WANTS_INPUT,  /* everything fed was taken; more, please */
        SMTP_WANTS_ANSWER, /* see smtp_session_request() */
        SMTP_WANTS_TLS,    /* when all output is written: a handshake, then smtp_session_secured() */
        SMTP_WANTS_CLOSE,  /* when all output is written: the end */
} SmtpWant;

/* Who has authenticated. */
typedef struct SmtpCredential {
        uint64_t id;
        uint64_t server_id;
        const char *organization_permalink;
        const char *server_permalink;
        bool privacy_mode;
        bool log_smtp_data;
} SmtpCredential;

/* Where mail for an accepted recipient goes: one or, with additional endpoints, several messages. */
typedef struct SmtpTarget {
        uint64_t server_id;
        bool is_incoming;
        bool is_bounce;
        bool owns_body; /* see StoreRecipient */
        uint64_t credential_id;
        uint64_t route_id;
        uint64_t domain_id;
        uint64_t endpoint_id;
        const char *endpoint_type;
} SmtpTarget;

typedef enum SmtpRequestKind {
        SMTP_REQUEST_NONE,
        SMTP_REQUEST_AUTH_KEY,  /* is there an SMTP credential with `key`? */
        SMTP_REQUEST_AUTH_CRAM, /* does `digest` match a credential of the server `user`? */
        SMTP_REQUEST_RCPT,      /* may `address` be sent to, by whom, where does it go? */
        SMTP_REQUEST_HOSTNAME,  /* the client's name in the DNS */
        SMTP_REQUEST_SENDER,    /* which verified domain of the credential's server do the From fields name? */
        SMTP_REQUEST_STORE,     /* store the message */
} SmtpRequestKind;

typedef struct SmtpRecipient {
        const char *address; /* as it is stored: rewritten for addresses of the route domain */
        SmtpTarget *targets;
        size_t target_count;
        const char *kind; /* "outgoing", "bounce", "incoming": a label of the metrics */
} SmtpRecipient;

typedef struct SmtpRequest {
        SmtpRequestKind kind;
        const char *key;       /* AUTH_KEY */
        const char *user;      /* AUTH_CRAM: "org/server" or "org_server" */
        const char *challenge; /* AUTH_CRAM: decoded */
        const char *digest;    /* AUTH_CRAM: as the client wrote it */
        Slice address;         /* RCPT */
        const HeaderCollector *headers; /* SENDER, STORE */
        /* STORE: */
        const char *mail_from;
        const Spool *body; /* NULL: none */
        uint64_t size;
        const SmtpRecipient *recipients;
        size_t recipient_count;
} SmtpRequest;

typedef enum SmtpVerdict {
        SMTP_VERDICT_OK,
        SMTP_VERDICT_NO,               /* AUTH, SENDER: refused; RCPT: authentication required */
        SMTP_VERDICT_LATER,            /* the database is away or overloaded: 451 */
        SMTP_VERDICT_THROTTLED,        /* AUTH: too many failures from this address */
        SMTP_VERDICT_BAD_SERVER_TOKEN, /* RCPT, and so on */
        SMTP_VERDICT_BAD_ROUTE_TOKEN,
        SMTP_VERDICT_SUSPENDED,
        SMTP_VERDICT_ROUTE_REJECTS,   /* by its token */
        SMTP_VERDICT_ADDRESS_REJECTS, /* by its address */
        SMTP_VERDICT_REFUSED,         /* STORE: this message cannot be stored, ever */
} SmtpVerdict;

/* Everything in it is copied. */
typedef struct SmtpAnswer {
        SmtpVerdict verdict;
        const SmtpCredential *credential; /* AUTH; RCPT: by the client's address */
        bool credential_is_gone;          /* RCPT: it was revoked meanwhile */
        SmtpRecipient recipient;          /* RCPT */
        const char *hostname;             /* HOSTNAME: or NULL */
        uint64_t domain_id;               /* SENDER */
        const char *token;                /* STORE: of the first recipient's message */
} SmtpAnswer;

typedef struct SmtpSession SmtpSession;

/* `client` is the peer, for logs and Received; with PROXY protocol it becomes the address told there. */
int smtp_session_new(const SmtpPolicy *policy, SmtpRole role, const SockAddr *client, SmtpSession **ret);
SmtpSession *smtp_session_free(SmtpSession *s);
DEFINE_CLEANUP(SmtpSession *, smtp_session_free)

/* Greets, unless a PROXY header comes first. */
void smtp_session_start(SmtpSession *s);
/* Takes input, as far as it is wanted now; the rest is to be fed again. */
size_t smtp_session_feed(SmtpSession *s, Slice input);
SmtpWant smtp_session_wants(const SmtpSession *s);
/* Replies to be sent. The caller empties it. */
Buf *smtp_session_output(SmtpSession *s);
/* What is asked, while SMTP_WANTS_ANSWER. Valid until it is answered. */
const SmtpRequest *smtp_session_request(const SmtpSession *s);
void smtp_session_answer(SmtpSession *s, const SmtpAnswer *answer);
/* The handshake is done: a new session begins (RFC 3207 section 4.2). */
void smtp_session_secured(SmtpSession *s);
/* Says 421 and closes: the client was silent for too long. */
void smtp_session_timed_out(SmtpSession *s);
/* Says 421 and closes as soon as no transaction is under way: the server stops. */
void smtp_session_drain(SmtpSession *s);

/* "A1B2C3D4", as the greeting shows it. */
const char *smtp_session_id(const SmtpSession *s);
const SockAddr *smtp_session_client(const SmtpSession *s);
/* Whether the client is between the PROXY header (if any) and the end: for the limits that need its real address. */
bool smtp_session_has_client(const SmtpSession *s);
const SmtpCredential *smtp_session_credential(const SmtpSession *s);
bool smtp_session_is_secure(const SmtpSession *s);
/* A message is being received: another timeout holds. */
bool smtp_session_is_receiving(const SmtpSession *s);
/* No log lines of this conversation below warnings (log_ip_address_exclusion_matcher). */
void smtp_session_mute(SmtpSession *s);
