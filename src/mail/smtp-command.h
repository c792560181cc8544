/* SPDX-License-Identifier: MIT */
#pragma once

/* SMTP command lines as the server takes them apart (RFC 5321 section 4.1.1). What is wrong with an
 * argument is a value, so that the session decides which reply it deserves. */

#include "mail/address.h"

typedef enum SmtpVerb {
        SMTP_QUIT,
        SMTP_STARTTLS,
        SMTP_EHLO,
        SMTP_HELO,
        SMTP_RSET,
        SMTP_NOOP,
        SMTP_AUTH_PLAIN,
        SMTP_AUTH_LOGIN,
        SMTP_AUTH_CRAM_MD5,
        SMTP_MAIL_FROM,
        SMTP_RCPT_TO,
        SMTP_DATA,
        SMTP_VRFY,
        SMTP_HELP,
        SMTP_EXPN,
        SMTP_BDAT,
        SMTP_VERB_UNKNOWN,
        _SMTP_VERB_MAX,
} SmtpVerb;

typedef struct SmtpCommand {
        SmtpVerb verb;
        Slice line;     /* all of it */
        Slice argument; /* what follows the words of the verb, as it is */
} SmtpCommand;

/* Takes a line, without its line end, apart. Verbs are matched as Postal does: case ignored, as a
 * prefix of the line, in the order of SmtpVerb. So "QUITTING" is QUIT with the argument "TING",
 * while "MAIL  FROM" and " NOOP" are unknown, and so is AUTH with a mechanism that is not listed.
 * VRFY, HELP, EXPN and BDAT, which Postal does not know, must end with the line or be followed by
 * a space. */
SmtpCommand smtp_command_parse(Slice line);

/* "MAIL FROM", and "(unknown)". */
const char *smtp_verb_to_string(SmtpVerb verb);

/* The name in an EHLO or HELO line: all that is behind the first space of the line, whose ends are
 * trimmed; SLICE_NULL without a space (RFC 5321 section 4.1.1.1). Not checked in any way. */
Slice smtp_helo_name(Slice line);

/* The argument of BDAT (RFC 3030 section 2): chunk-size [SP "LAST"]. Returns 0, or -EINVAL for
 * another syntax, or -ERANGE for a size that does not fit. */
int smtp_bdat_parse(Slice argument, uint64_t *ret_size, bool *ret_is_last);

typedef enum SmtpBody {
        SMTP_BODY_UNSPECIFIED,
        SMTP_BODY_7BIT,
        SMTP_BODY_8BITMIME,
        SMTP_BODY_BINARYMIME,
} SmtpBody;

typedef enum SmtpParameterError {
        SMTP_PARAMETER_OK,
        SMTP_PARAMETER_SYNTAX,    /* no esmtp-param */
        SMTP_PARAMETER_DUPLICATE, /* given twice */
        SMTP_PARAMETER_UNKNOWN,   /* a keyword not of this list: RET, ENVID and whatever else */
        SMTP_PARAMETER_SIZE,      /* SIZE without a number */
        SMTP_PARAMETER_BODY,      /* BODY with another value than those above */
        SMTP_PARAMETER_SMTPUTF8,  /* SMTPUTF8 with a value */
        SMTP_PARAMETER_AUTH,      /* AUTH with something else than xtext or "<>" */
} SmtpParameterError;

/* What the parameters of a MAIL FROM line say. Slices are parts of the line. */
typedef struct SmtpMailParameters {
        bool has_size;
        uint64_t size; /* RFC 1870; UINT64_MAX for numbers that do not fit */
        SmtpBody body; /* RFC 6152 and RFC 3030 */
        bool has_smtputf8;
        bool has_auth;
        Slice auth; /* RFC 4954, in xtext; empty for "<>" */
        /* The first thing that is wrong; the other parameters are good all the same. */
        SmtpParameterError error;
        Slice offender;
} SmtpMailParameters;

/* Reads the parameters of a MAIL FROM line: SIZE (RFC 1870), BODY (RFC 6152), SMTPUTF8 (RFC 6531)
 * and AUTH (RFC 4954). Postal accepts any: callers that do, too, ignore `error`. */
SmtpMailParameters smtp_mail_parameters(Slice line);
