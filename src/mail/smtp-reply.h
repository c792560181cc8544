/* SPDX-License-Identifier: MIT */
#pragma once

/* Replies of SMTP servers as the client reads them (RFC 5321 section 4.2), and what can be read out
 * of them.
 *
 *     SmtpReply reply = SMTP_REPLY_EMPTY;
 *     taken = smtp_reply_feed(&reply, bytes);
 *     if (reply.state == SMTP_REPLY_DONE)
 *             … reply.code, reply.enhanced, reply.text …
 *     smtp_reply_reset(&reply);           before the next one
 *     smtp_reply_done(&reply);
 */

#include "basic/buf.h"

/* RFC 5321 section 4.5.3.1.5 allows 512 bytes; real servers put more into a line. */
#define SMTP_REPLY_LINE_MAX 4096
/* All lines of a reply together. */
#define SMTP_REPLY_SIZE_MAX ((size_t) 64 * 1024)

typedef enum SmtpReplyState {
        SMTP_REPLY_MORE,   /* not complete yet */
        SMTP_REPLY_DONE,
        SMTP_REPLY_BROKEN, /* not SMTP, or over a limit: close the connection */
} SmtpReplyState;

/* class.subject.detail of RFC 3463; class 0 means that the reply has none. */
typedef struct SmtpEnhancedStatus {
        unsigned class;
        unsigned subject;
        unsigned detail;
} SmtpEnhancedStatus;

typedef struct SmtpReply {
        SmtpReplyState state;
        unsigned code; /* of the last line: where the lines disagree, it is the one that decides */
        SmtpEnhancedStatus enhanced; /* the first of the class that the code has */
        Buf text;                    /* the whole lines, codes included, LF between them; once
                                      * done, valid UTF-8, of control characters only TAB and LF */
        size_t line_start;           /* where the incomplete line begins in `text` */
} SmtpReply;

#define SMTP_REPLY_EMPTY ((SmtpReply){ 0 })

/* Frees the text and makes the reply empty. */
void smtp_reply_done(SmtpReply *r);
/* Makes it ready for the next reply. */
void smtp_reply_reset(SmtpReply *r);

/* Takes input up to the end of the reply. Returns how many bytes were taken: all, unless the state
 * is no longer SMTP_REPLY_MORE. Lines may end with a bare LF and may have no text. A reply is
 * broken by a line that begins with other than three digits, by one too long, by too many, and by
 * a lack of memory. */
size_t smtp_reply_feed(SmtpReply *r, Slice input);

/* What a server offers in its answer to EHLO (RFC 5321 section 4.1.1.1). */
typedef enum SmtpMechanism {
        SMTP_MECHANISM_PLAIN = 1 << 0,
        SMTP_MECHANISM_LOGIN = 1 << 1,
        SMTP_MECHANISM_CRAM_MD5 = 1 << 2,
        SMTP_MECHANISM_XOAUTH2 = 1 << 3,
} SmtpMechanism;

typedef struct SmtpCapabilities {
        bool has_size;            /* RFC 1870 */
        uint64_t size_max;        /* 0 where no limit is named */
        bool has_pipelining;      /* RFC 2920 */
        bool has_8bitmime;        /* RFC 6152 */
        bool has_smtputf8;        /* RFC 6531 */
        bool has_starttls;        /* RFC 3207 */
        bool has_enhanced_status; /* RFC 2034 */
        bool has_chunking;        /* RFC 3030 */
        bool has_auth;            /* RFC 4954, with any mechanism */
        SmtpMechanism mechanisms; /* those we know */
} SmtpCapabilities;

/* Reads the capabilities out of a complete reply. Its first line is a greeting and says nothing,
 * so a reply of one line offers nothing. Unknown keywords are passed over. */
SmtpCapabilities smtp_capabilities_parse(const SmtpReply *r);

/* What a reply with a time in its text puts on top of it before the next attempt. */
#define SMTP_RETRY_HINT_GRACE_SEC 10
/* The longest wait that a server can ask for. */
#define SMTP_RETRY_HINT_MAX_SEC (24 * 60 * 60)

/* Looks for a hint when to try again: a number followed by " seconds", otherwise one followed by
 * " minutes", as Postal does. Stores the seconds to wait, with the grace and within the limit. */
bool smtp_reply_retry_hint(Slice text, unsigned *ret_sec);
