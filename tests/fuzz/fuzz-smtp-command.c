/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "mail/smtp-command.h"

static void check_path(Slice line, SmtpPathKind kind) {
        Slice address = smtp_path_address(line, kind), rest = smtp_path_parameters(line, kind);
        SmtpParameter p;

        FUZZ_CHECK(fuzz_is_within(address, line));
        (void) address_is_sane(address);
        while (smtp_parameters_next(&rest, &p)) {
                _cleanup_(buf_done) Buf decoded = BUF_EMPTY;

                FUZZ_CHECK(fuzz_is_within(p.keyword, line) && fuzz_is_within(p.value, line));
                (void) xtext_decode(p.value, &decoded);
        }
}

void fuzz_one(Slice input) {
        SmtpCommand c = smtp_command_parse(input);
        SmtpMailParameters p;
        uint64_t size;
        bool is_last;

        FUZZ_CHECK(fuzz_is_within(c.argument, input));
        FUZZ_CHECK(fuzz_is_within(smtp_helo_name(input), input));
        (void) smtp_bdat_parse(c.argument, &size, &is_last);
        check_path(input, SMTP_PATH_MAIL);
        check_path(input, SMTP_PATH_RCPT);
        p = smtp_mail_parameters(input);
        FUZZ_CHECK(fuzz_is_within(p.auth, input) && fuzz_is_within(p.offender, input));
}
