/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <sys/mman.h>
#include <sysexits.h>

#include "cli/config.h"
#include "core/file.h"
#include "test.h"

#define FIXTURE SOURCE_DIR "/tests/fixtures/postal.yml"

typedef struct Output {
        Buf out;
        Buf err;
        int status;
} Output;

static void output_done(Output *o) {
        buf_done(&o->out);
        buf_done(&o->err);
}

/* Puts an anonymous file in the place of a descriptor and returns what was there. */
static int divert(int fd) {
        int saved = dup(fd), file = memfd_create("output", MFD_CLOEXEC);

        CHECK(saved >= 0 && file >= 0);
        CHECK(dup2(file, fd) >= 0);
        CHECK_INT(close(file), 0);
        return saved;
}

static void restore(int fd, int saved, Buf *to) {
        int file = dup(fd);

        CHECK(file >= 0);
        CHECK(dup2(saved, fd) >= 0);
        CHECK_INT(close(saved), 0);
        CHECK_INT(lseek(file, 0, SEEK_SET), 0);
        CHECK_INT(file_read_fd(file, 1024 * 1024, to), 0);
        CHECK_INT(close(file), 0);
}

static void run(Output *o, const char *a, const char *b, const char *c, const char *d) {
        char *argv[] = { (char *) "config", (char *) a, (char *) b, (char *) c, (char *) d, NULL };
        int argc = 1, saved_out, saved_err;

        *o = (Output){ 0 };
        while (argv[argc])
                argc++;
        (void) fflush(stdout);
        saved_out = divert(STDOUT_FILENO);
        saved_err = divert(STDERR_FILENO);
        o->status = cli_config(argc, argv);
        (void) fflush(stdout);
        (void) fflush(stderr);
        restore(STDERR_FILENO, saved_err, &o->err);
        restore(STDOUT_FILENO, saved_out, &o->out);
}

TEST(show) {
        _cleanup_(output_done) Output o;

        run(&o, "show", "--config", FIXTURE, NULL);
        CHECK_INT(o.status, EXIT_SUCCESS);
        CHECK(strstr(buf_string(&o.out), "worker.default_health_server_port ") != NULL);
        CHECK(strstr(buf_string(&o.out), "postal.yml:11\n") != NULL);
        CHECK_STR(buf_string(&o.err), "Loading config from " FIXTURE "\n");
}

TEST(show_as_json_in_silence) {
        _cleanup_(output_done) Output o;

        CHECK_INT(setenv("SILENCE_POSTAL_CONFIG_MESSAGES", "true", true), 0);
        run(&o, "--json", "--config=" FIXTURE, "show", NULL);
        CHECK_INT(unsetenv("SILENCE_POSTAL_CONFIG_MESSAGES"), 0);
        CHECK_INT(o.status, EXIT_SUCCESS);
        CHECK(buf_string(&o.out)[0] == '{');
        CHECK_STR(buf_string(&o.err), "");
}

TEST(show_what_does_not_load) {
        _cleanup_(output_done) Output o;

        run(&o, "show", "--config", "/nonexistent", NULL);
        CHECK_INT(o.status, EXIT_FAILURE);
        CHECK_STR(buf_string(&o.out), "");
        CHECK(strstr(buf_string(&o.err), "/nonexistent: error: ") != NULL);
}

TEST(check) {
        _cleanup_(output_done) Output o;

        run(&o, "check", "--config", FIXTURE, NULL);
        CHECK_INT(o.status, EXIT_FAILURE);
        CHECK(strstr(buf_string(&o.out), "signing.key cannot be read") != NULL);
        CHECK(strstr(buf_string(&o.out), "postal.yml: 3 errors, ") != NULL);
        CHECK_STR(buf_string(&o.err), "Loading config from " FIXTURE "\n");
}

TEST(check_what_does_not_load) {
        _cleanup_(output_done) Output o;

        run(&o, "check", "--config", "/nonexistent", NULL);
        CHECK_INT(o.status, EXIT_FAILURE);
        CHECK(strstr(buf_string(&o.out), "The configuration does not load: 1 errors") != NULL);
}

TEST(help) {
        _cleanup_(output_done) Output o, long_one;

        run(&o, "-h", NULL, NULL, NULL);
        CHECK_INT(o.status, EXIT_SUCCESS);
        CHECK(strstr(buf_string(&o.out), "Usage: postal config show") == buf_string(&o.out));
        CHECK_STR(buf_string(&o.err), "");
        run(&long_one, "show", "--help", NULL, NULL);
        CHECK_INT(long_one.status, EXIT_SUCCESS);
        CHECK_STR(buf_string(&long_one.out), buf_string(&o.out));
}

TEST(arguments_that_make_no_sense) {
        static const char *const rows[][3] = {
                { NULL, NULL, NULL },         { "list", NULL, NULL },
                { "show", "more", NULL },     { "--what", "show", NULL },
                { "show", "--config", NULL }, { "check", "--json", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(output_done) Output o;

                run(&o, rows[i][0], rows[i][1], rows[i][2], NULL);
                CHECK_INT(o.status, EX_USAGE);
                CHECK_STR(buf_string(&o.out), "");
                CHECK(o.err.size > 0);
        }
}

TEST(output_that_cannot_be_written) {
        int saved = dup(STDOUT_FILENO), full = open("/dev/full", O_WRONLY | O_CLOEXEC);
        char *argv[] = { (char *) "config", (char *) "show", (char *) "--config", (char *) FIXTURE,
                         NULL };
        int status, saved_err;
        Buf err = BUF_EMPTY;

        CHECK(saved >= 0 && full >= 0);
        (void) fflush(stdout);
        saved_err = divert(STDERR_FILENO);
        CHECK(dup2(full, STDOUT_FILENO) >= 0);
        status = cli_config(4, argv);
        /* What could not be written is still in stdio's buffer. */
        CHECK(dup2(STDERR_FILENO, STDOUT_FILENO) >= 0);
        (void) fflush(stdout);
        clearerr(stdout);
        CHECK(dup2(saved, STDOUT_FILENO) >= 0);
        restore(STDERR_FILENO, saved_err, &err);
        (void) close(saved);
        (void) close(full);
        CHECK_INT(status, EXIT_FAILURE);
        buf_done(&err);
}
