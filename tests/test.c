/* SPDX-License-Identifier: MIT */
#include <stdarg.h>

#include "test.h"

static TestCase *cases, **tail = &cases;
static jmp_buf ended;
static const char *current;

void test_register(TestCase *c) {
        *tail = c;
        tail = &c->next;
}

void test_fail(const char *file, int line, const char *format, ...) {
        va_list ap;

        printf("# %s: %s:%d: ", current, file, line);
        va_start(ap, format);
        vprintf(format, ap);
        va_end(ap);
        putchar('\n');
        longjmp(ended, 1);
}

void test_check_string(const char *file, int line, const char *what, const char *have, const char *want) {
        if (!streq_ptr(have, want))
                test_fail(file, line, "%s is \"%s\", not \"%s\"", what, have ? have : "(null)",
                          want ? want : "(null)");
}

void test_check_slice(const char *file, int line, const char *what, Slice have, Slice want) {
        if (!slice_equal(have, want))
                test_fail(file, line, "%s is \"%.*s\", not \"%.*s\"", what, SLICE_FORMAT(have),
                          SLICE_FORMAT(want));
}

static bool selected(const char *name, int argc, char *argv[]) {
        for (int i = 1; i < argc; i++)
                if (strstr(name, argv[i]))
                        return true;
        return argc < 2;
}

int main(int argc, char *argv[]) {
        volatile unsigned number = 0, failed = 0;

        setvbuf(stdout, NULL, _IOLBF, 0);
        for (TestCase *volatile c = cases; c; c = c->next) {
                if (!selected(c->name, argc, argv))
                        continue;
                number++;
                current = c->name;
                if (setjmp(ended) == 0) {
                        c->run();
                        printf("ok %u %s\n", number, c->name);
                } else {
                        failed++;
                        printf("not ok %u %s\n", number, c->name);
                }
        }
        printf("1..%u\n", number);
        return failed > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
