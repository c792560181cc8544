/* SPDX-License-Identifier: MIT */
#include <fcntl.h>

#include "core/clock.h"
#include "core/log.h"
#include "test.h"

/* Runs `body` with stderr in a file and returns what was written. */
static const char *captured(void (*body)(void)) {
        static char text[4096];
        FILE *file = tmpfile();
        int saved = dup(STDERR_FILENO);
        ssize_t n;

        (void) dup2(fileno(file), STDERR_FILENO);
        body();
        (void) dup2(saved, STDERR_FILENO);
        close(saved);
        n = pread(fileno(file), text, sizeof(text) - 1, 0);
        text[n > 0 ? n : 0] = '\0';
        fclose(file);
        return text;
}

static void write_two(void) {
        log_debug(NO_FIELDS, "not shown");
        log_warning(FIELDS(FIELD("POSTAL_PEER", "192.0.2.1"), FIELD("POSTAL_NONE", NULL),
                           FIELD_U64("POSTAL_SERVER", 12)),
                    "A \"quoted\" %s\x1b[31m", "line\n");
}

TEST(json) {
        clock_set_fake(UINT64_C(1709640000123456), 0);
        log_open("test", LOG_INFO, LOG_TARGET_JSON);
        CHECK_STR(captured(write_two),
                  "{\"time\":\"2024-03-05T12:00:00.123456Z\",\"level\":\"warning\",\"process\":\"test\","
                  "\"message\":\"A \\\"quoted\\\" line\\u000a\\u001b[31m\",\"POSTAL_PEER\":\"192.0.2.1\","
                  "\"POSTAL_SERVER\":12}\n");
        clock_set_real();
}

TEST(text_cannot_steer_the_terminal) {
        clock_set_fake(UINT64_C(1709640000123456), 0);
        log_open("test", LOG_INFO, LOG_TARGET_TEXT);
        CHECK_STR(captured(write_two), "2024-03-05T12:00:00.123Z warning A \"quoted\" line??[31m "
                                       "POSTAL_PEER=192.0.2.1 POSTAL_SERVER=12\n");
        clock_set_real();
}

TEST(levels) {
        CHECK_INT(log_level_from_string("debug"), LOG_DEBUG);
        CHECK_INT(log_level_from_string("error"), LOG_ERR);
        CHECK_INT(log_level_from_string("loud"), -EINVAL);
        CHECK_INT(log_level_from_string(NULL), -EINVAL);
}
