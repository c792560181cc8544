/* SPDX-License-Identifier: MIT */
#include "mail/smtp-command.h"
#include "test.h"

TEST(verbs) {
        static const struct {
                const char *line;
                SmtpVerb verb;
                const char *argument;
        } CASES[] = {
                { "QUIT", SMTP_QUIT, "" },
                { "quit", SMTP_QUIT, "" },
                { "QUITTING time", SMTP_QUIT, "TING time" },
                { "STARTTLS foo", SMTP_STARTTLS, " foo" },
                { "EHLO x", SMTP_EHLO, " x" },
                { "HELO: x", SMTP_HELO, ": x" },
                { "RSET", SMTP_RSET, "" },
                { "nOoP", SMTP_NOOP, "" },
                { "AUTH PLAIN", SMTP_AUTH_PLAIN, "" },
                { "auth plain AHg=", SMTP_AUTH_PLAIN, " AHg=" },
                { "AUTH LOGIN", SMTP_AUTH_LOGIN, "" },
                { "AUTH CRAM-MD5 x", SMTP_AUTH_CRAM_MD5, " x" },
                { "MAIL FROM:<a@b>", SMTP_MAIL_FROM, ":<a@b>" },
                { "RCPT TO:<a@b>", SMTP_RCPT_TO, ":<a@b>" },
                { "DATA", SMTP_DATA, "" },
                { "DATAFOO", SMTP_DATA, "FOO" },
                { "VRFY postmaster", SMTP_VRFY, " postmaster" },
                { "EXPN", SMTP_EXPN, "" },
                { "help", SMTP_HELP, "" },
                { "BDAT 5 LAST", SMTP_BDAT, " 5 LAST" },
                { "MAIL  FROM:<a@b>", SMTP_VERB_UNKNOWN, NULL },
                { "MAIL", SMTP_VERB_UNKNOWN, NULL },
                { "AUTH  PLAIN", SMTP_VERB_UNKNOWN, NULL },
                { "AUTH", SMTP_VERB_UNKNOWN, NULL },
                { "AUTH XOAUTH2 abc", SMTP_VERB_UNKNOWN, NULL },
                { " NOOP", SMTP_VERB_UNKNOWN, NULL },
                { "HELPME", SMTP_VERB_UNKNOWN, NULL },
                { "BDATA", SMTP_VERB_UNKNOWN, NULL },
                { "", SMTP_VERB_UNKNOWN, NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(CASES); i++) {
                SmtpCommand c = smtp_command_parse(slice_from_string(CASES[i].line));

                CHECK_STR(smtp_verb_to_string(c.verb), smtp_verb_to_string(CASES[i].verb));
                CHECK_SLICE(c.argument, CASES[i].argument);
                CHECK_SLICE(c.line, CASES[i].line);
        }
        for (SmtpVerb v = 0; v < SMTP_VERB_UNKNOWN; v++)
                CHECK_INT(smtp_command_parse(slice_from_string(smtp_verb_to_string(v))).verb, v);
}

TEST(helo_names) {
        CHECK_SLICE(smtp_helo_name(SLICE("EHLO client.example.org")), "client.example.org");
        CHECK_SLICE(smtp_helo_name(SLICE("HELO: test.example.com ")), "test.example.com");
        CHECK_SLICE(smtp_helo_name(SLICE("EHLO [192.0.2.1] x")), "[192.0.2.1] x");
        CHECK_SLICE(smtp_helo_name(SLICE("EHLO   x")), "x");
        CHECK(!smtp_helo_name(SLICE("EHLO")).data);
        CHECK(!smtp_helo_name(SLICE("EHLO ")).data);
}

TEST(bdat) {
        static const struct {
                const char *argument;
                int want;
                uint64_t size;
                bool is_last;
        } CASES[] = {
                { " 5", 0, 5, false },
                { " 0 LAST", 0, 0, true },
                { " 5  last ", 0, 5, true },
                { " 18446744073709551615", 0, UINT64_MAX, false },
                { " 18446744073709551616", -ERANGE, 0, false },
                { "", -EINVAL, 0, false },
                { " LAST", -EINVAL, 0, false },
                { " -1", -EINVAL, 0, false },
                { " 5 LAST x", -EINVAL, 0, false },
                { " 5 x", -EINVAL, 0, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(CASES); i++) {
                uint64_t size = 0;
                bool is_last = false;

                CHECK_INT(smtp_bdat_parse(slice_from_string(CASES[i].argument), &size, &is_last),
                          CASES[i].want);
                CHECK(size == CASES[i].size);
                CHECK_INT(is_last, CASES[i].is_last);
        }
}

TEST(mail_parameters) {
        SmtpMailParameters p = smtp_mail_parameters(SLICE(
                "MAIL FROM:<a@b> SIZE=1000 body=8BitMime SMTPUTF8 AUTH=c+40d"));

        CHECK_INT(p.error, SMTP_PARAMETER_OK);
        CHECK(p.has_size && p.size == 1000);
        CHECK_INT(p.body, SMTP_BODY_8BITMIME);
        CHECK(p.has_smtputf8 && p.has_auth);
        CHECK_SLICE(p.auth, "c+40d");

        p = smtp_mail_parameters(SLICE("MAIL FROM:<a@b> AUTH=<>"));
        CHECK(p.has_auth && p.auth.size == 0 && p.error == SMTP_PARAMETER_OK);
        p = smtp_mail_parameters(SLICE("MAIL FROM:<a@b>"));
        CHECK(!p.has_size && !p.has_auth && !p.has_smtputf8 && p.error == SMTP_PARAMETER_OK);
        p = smtp_mail_parameters(SLICE("MAIL FROM:a@b SIZE=10"));
        CHECK(!p.has_size && p.error == SMTP_PARAMETER_OK);
        p = smtp_mail_parameters(SLICE("MAIL FROM:<a@b> SIZE=99999999999999999999"));
        CHECK(p.has_size && p.size == UINT64_MAX);
        p = smtp_mail_parameters(SLICE("MAIL FROM:<a@b> BODY=BINARYMIME"));
        CHECK_INT(p.body, SMTP_BODY_BINARYMIME);
        p = smtp_mail_parameters(SLICE("MAIL FROM:<a@b> BODY=7BIT"));
        CHECK_INT(p.body, SMTP_BODY_7BIT);
}

TEST(wrong_parameters) {
        static const struct {
                const char *text;
                SmtpParameterError error;
                const char *offender;
        } CASES[] = {
                { "SIZE", SMTP_PARAMETER_SIZE, "SIZE" },
                { "SIZE=", SMTP_PARAMETER_SIZE, "SIZE" },
                { "SIZE=-1", SMTP_PARAMETER_SIZE, "SIZE" },
                { "SIZE=999999999999999999999", SMTP_PARAMETER_SIZE, "SIZE" },
                { "BODY=9BIT", SMTP_PARAMETER_BODY, "BODY" },
                { "BODY", SMTP_PARAMETER_BODY, "BODY" },
                { "SMTPUTF8=yes", SMTP_PARAMETER_SMTPUTF8, "SMTPUTF8" },
                { "AUTH", SMTP_PARAMETER_AUTH, "AUTH" },
                { "AUTH=a=b", SMTP_PARAMETER_AUTH, "AUTH" },
                { "AUTH=+4x", SMTP_PARAMETER_AUTH, "AUTH" },
                { "SIZE=1 SIZE=2", SMTP_PARAMETER_DUPLICATE, "SIZE" },
                { "BODY=7BIT BODY=7BIT", SMTP_PARAMETER_DUPLICATE, "BODY" },
                { "SMTPUTF8 SMTPUTF8", SMTP_PARAMETER_DUPLICATE, "SMTPUTF8" },
                { "AUTH=<> AUTH=<>", SMTP_PARAMETER_DUPLICATE, "AUTH" },
                { "RET=FULL", SMTP_PARAMETER_UNKNOWN, "RET" },
                { "=x", SMTP_PARAMETER_SYNTAX, "" },
                { "RET=FULL SIZE=x", SMTP_PARAMETER_UNKNOWN, "RET" },
        };

        for (size_t i = 0; i < ELEMENTSOF(CASES); i++) {
                _cleanup_(buf_done) Buf line = BUF_EMPTY;
                SmtpMailParameters p;

                buf_printf(&line, "MAIL FROM:<a@b> %s BODY=8BITMIME", CASES[i].text);
                p = smtp_mail_parameters(buf_slice(&line));
                CHECK_INT(p.error, CASES[i].error);
                CHECK_SLICE(p.offender, CASES[i].offender);
        }
}
