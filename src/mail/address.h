/* SPDX-License-Identifier: MIT */
#pragma once

/* Addresses as they stand in SMTP commands and, as far as who may send needs it, in header fields.
 *
 * The rules for commands are those of Postal, which are more forgiving than RFC 5321: what they
 * make of a line decides whose mail is accepted, so they are kept to the letter. mail/mailbox.h
 * has the real grammar of header fields, mail/domain.h what becomes of domains. */

#include "basic/buf.h"
#include "mail/domain.h"

/* Which command a line is: both have a path, and MAIL may have AUTH=. */
typedef enum SmtpPathKind {
        SMTP_PATH_MAIL,
        SMTP_PATH_RCPT,
} SmtpPathKind;

/* The address in a whole MAIL FROM or RCPT TO line without its line end (RFC 5321 sections 4.1.1.2
 * and 4.1.1.3); a part of `line`.
 *
 * 1. In MAIL, all from the first "AUTH=" on is cut off. So spelled in capitals it is looked for
 *    anywhere, as in Postal; in other spellings (RFC 5321 section 2.4 allows them) only behind
 *    white space, where it can be nothing but the parameter.
 * 2. The words of the command, white space, ":" and white space are cut off. Without the colon
 *    nothing is: then the line itself is the address ("RCPT TO" is an address without a domain).
 * 3. What is behind the last "<" and before the first ">" after that is left, without white space
 *    around it. Without brackets, parameters stay a part of the address.
 *
 * Empty for the null sender. No syntax is checked: see address_is_sane(). */
Slice smtp_path_address(Slice line, SmtpPathKind kind);

/* Whether an address can be stored, shown and sent on: no control characters (a NUL or a bare CR
 * among them), valid UTF-8, and no longer than a path may be (RFC 5321 section 4.5.3.1.3), twice
 * over. The null sender is. */
#define SMTP_ADDRESS_MAX 512
bool address_is_sane(Slice address);

/* One esmtp-param (RFC 5321 section 4.1.2). */
typedef struct SmtpParameter {
        Slice keyword;
        Slice value; /* SLICE_NULL without a "=" */
        bool has_value;
        bool is_valid; /* both are written with the characters that RFC 5321 (and 6531) allow */
} SmtpParameter;

/* What follows the ">" that ends the address of a line, to be read with smtp_parameters_next().
 * Empty without brackets. */
Slice smtp_path_parameters(Slice line, SmtpPathKind kind);

/* Takes the next parameter off the front of *rest; false when there is none left. */
bool smtp_parameters_next(Slice *rest, SmtpParameter *ret);

/* Appends the decoded form of xtext (RFC 3461 section 4: "+" and two capital hexadecimal digits).
 * Returns 0, or -EBADMSG with nothing appended. */
int xtext_decode(Slice text, Buf *to);

/* Splits at the first "@". Without one, all is local part and the domain is SLICE_NULL. */
void address_split(Slice address, Slice *ret_local, Slice *ret_domain);

/* What is behind the last "@"; SLICE_NULL without one. */
Slice address_domain(Slice address);

/* Splits a local part at the first "+". Without one the tag is SLICE_NULL. */
void address_split_tag(Slice local, Slice *ret_base, Slice *ret_tag);

/* Whether it can be sent without SMTPUTF8 (RFC 6531). */
bool address_is_ascii(Slice address);

/* Appends the address that Postal sees in a From or Sender value when it asks who may send so:
 * what is behind the last "<" and before the first ">" after it, without comments (each from a "("
 * to the next ")", so nested ones leave a rest) and white space around it. Nothing is decoded, and
 * of a list only the last address in brackets is left. `value` is unfolded. */
void header_address(Slice value, Buf *to);
