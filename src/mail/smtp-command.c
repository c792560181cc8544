/* SPDX-License-Identifier: MIT */
#include "mail/smtp-command.h"

/* The longest number that RFC 1870 allows for a size. */
#define SIZE_DIGITS_MAX 20

static const struct {
        const char *text;
        bool is_whole_word;
} VERBS[_SMTP_VERB_MAX] = {
        [SMTP_QUIT] = { "QUIT", false },
        [SMTP_STARTTLS] = { "STARTTLS", false },
        [SMTP_EHLO] = { "EHLO", false },
        [SMTP_HELO] = { "HELO", false },
        [SMTP_RSET] = { "RSET", false },
        [SMTP_NOOP] = { "NOOP", false },
        [SMTP_AUTH_PLAIN] = { "AUTH PLAIN", false },
        [SMTP_AUTH_LOGIN] = { "AUTH LOGIN", false },
        [SMTP_AUTH_CRAM_MD5] = { "AUTH CRAM-MD5", false },
        [SMTP_MAIL_FROM] = { "MAIL FROM", false },
        [SMTP_RCPT_TO] = { "RCPT TO", false },
        [SMTP_DATA] = { "DATA", false },
        [SMTP_VRFY] = { "VRFY", true },
        [SMTP_HELP] = { "HELP", true },
        [SMTP_EXPN] = { "EXPN", true },
        [SMTP_BDAT] = { "BDAT", true },
        [SMTP_VERB_UNKNOWN] = { "(unknown)", false },
};

SmtpCommand smtp_command_parse(Slice line) {
        for (SmtpVerb verb = 0; verb < SMTP_VERB_UNKNOWN; verb++) {
                Slice words = slice_from_string(VERBS[verb].text);

                if (!slice_starts_with_ignore_case(line, words))
                        continue;
                if (VERBS[verb].is_whole_word && line.size > words.size &&
                    line.data[words.size] != ' ')
                        continue;
                return (SmtpCommand){
                        .verb = verb,
                        .line = line,
                        .argument = slice_from(line, words.size),
                };
        }
        return (SmtpCommand){ .verb = SMTP_VERB_UNKNOWN, .line = line };
}

const char *smtp_verb_to_string(SmtpVerb verb) {
        assert(verb >= 0 && verb < _SMTP_VERB_MAX);

        return VERBS[verb].text;
}

Slice smtp_helo_name(Slice line) {
        Slice rest = slice_trim(line);

        (void) slice_split(&rest, ' ');
        return slice_trim(rest);
}

int smtp_bdat_parse(Slice argument, uint64_t *ret_size, bool *ret_is_last) {
        Slice rest = slice_trim(argument), number = slice_split(&rest, ' ');
        uint64_t size;
        int r;

        assert(ret_size);
        assert(ret_is_last);

        rest = slice_trim(rest);
        if (rest.size > 0 && !slice_equal_ignore_case(rest, SLICE("LAST")))
                return -EINVAL;
        r = slice_to_u64(number, UINT64_MAX, &size);
        if (r < 0)
                return r;
        *ret_size = size;
        *ret_is_last = rest.size > 0;
        return 0;
}

static SmtpParameterError size_parse(const SmtpParameter *p, SmtpMailParameters *to) {
        uint64_t size = UINT64_MAX;

        if (to->has_size)
                return SMTP_PARAMETER_DUPLICATE;
        if (p->value.size > SIZE_DIGITS_MAX || slice_to_u64(p->value, UINT64_MAX, &size) == -EINVAL)
                return SMTP_PARAMETER_SIZE;
        to->has_size = true;
        to->size = size;
        return SMTP_PARAMETER_OK;
}

static SmtpParameterError body_parse(const SmtpParameter *p, SmtpMailParameters *to) {
        if (to->body != SMTP_BODY_UNSPECIFIED)
                return SMTP_PARAMETER_DUPLICATE;
        if (slice_equal_ignore_case(p->value, SLICE("7BIT")))
                to->body = SMTP_BODY_7BIT;
        else if (slice_equal_ignore_case(p->value, SLICE("8BITMIME")))
                to->body = SMTP_BODY_8BITMIME;
        else if (slice_equal_ignore_case(p->value, SLICE("BINARYMIME")))
                to->body = SMTP_BODY_BINARYMIME;
        else
                return SMTP_PARAMETER_BODY;
        return SMTP_PARAMETER_OK;
}

static SmtpParameterError smtputf8_parse(const SmtpParameter *p, SmtpMailParameters *to) {
        if (to->has_smtputf8)
                return SMTP_PARAMETER_DUPLICATE;
        if (p->has_value)
                return SMTP_PARAMETER_SMTPUTF8;
        to->has_smtputf8 = true;
        return SMTP_PARAMETER_OK;
}

static SmtpParameterError auth_parse(const SmtpParameter *p, SmtpMailParameters *to) {
        bool is_nobody = slice_equal(p->value, SLICE("<>"));
        _cleanup_(buf_done) Buf decoded = BUF_EMPTY;

        if (to->has_auth)
                return SMTP_PARAMETER_DUPLICATE;
        if (p->value.size == 0 || (!is_nobody && xtext_decode(p->value, &decoded) < 0))
                return SMTP_PARAMETER_AUTH;
        to->has_auth = true;
        to->auth = is_nobody ? slice_first(p->value, 0) : p->value;
        return SMTP_PARAMETER_OK;
}

static SmtpParameterError parameter_parse(const SmtpParameter *p, SmtpMailParameters *to) {
        static const struct {
                Slice keyword;
                SmtpParameterError (*parse)(const SmtpParameter *p, SmtpMailParameters *to);
        } KNOWN[] = {
                { SLICE("SIZE"), size_parse },
                { SLICE("BODY"), body_parse },
                { SLICE("SMTPUTF8"), smtputf8_parse },
                { SLICE("AUTH"), auth_parse },
        };

        for (size_t i = 0; i < ELEMENTSOF(KNOWN); i++)
                if (slice_equal_ignore_case(p->keyword, KNOWN[i].keyword))
                        return KNOWN[i].parse(p, to);
        return p->is_valid ? SMTP_PARAMETER_UNKNOWN : SMTP_PARAMETER_SYNTAX;
}

SmtpMailParameters smtp_mail_parameters(Slice line) {
        Slice rest = smtp_path_parameters(line, SMTP_PATH_MAIL);
        SmtpMailParameters parameters = { 0 };
        SmtpParameter p;

        while (smtp_parameters_next(&rest, &p)) {
                SmtpParameterError error = parameter_parse(&p, &parameters);

                if (error != SMTP_PARAMETER_OK && parameters.error == SMTP_PARAMETER_OK) {
                        parameters.error = error;
                        parameters.offender = p.keyword;
                }
        }
        return parameters;
}
