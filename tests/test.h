/* SPDX-License-Identifier: MIT */
#pragma once

/* The test harness: TEST(name) { … } registers a function; the program runs all of them and prints TAP.
 * A failed check ends its test, says where and what, and the others go on. With arguments, only the
 * tests whose name contains one of them run. */

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include "basic/buf.h"

typedef struct TestCase {
        const char *name;
        void (*run)(void);
        struct TestCase *next;
} TestCase;

void test_register(TestCase *c);
_noreturn_ void test_fail(const char *file, int line, const char *format, ...) _printf_(3, 4);

#define TEST(test_name)                                                                            \
        static void test_##test_name(void);                                                        \
        static TestCase case_##test_name = { #test_name, test_##test_name, NULL };                 \
        __attribute__((__constructor__)) static void register_##test_name(void) {                  \
                test_register(&case_##test_name);                                                  \
        }                                                                                          \
        static void test_##test_name(void)

#define CHECK(condition)                                                                           \
        do {                                                                                       \
                if (!(condition))                                                                  \
                        test_fail(__FILE__, __LINE__, "%s", #condition);                           \
        } while (0)

/* Integers of any kind, compared and shown as long long. */
#define CHECK_INT(have, want)                                                                      \
        do {                                                                                       \
                long long have_ = (long long) (have), want_ = (long long) (want);                  \
                if (have_ != want_)                                                                \
                        test_fail(__FILE__, __LINE__, "%s is %lld, not %lld", #have, have_, want_); \
        } while (0)

/* Strings; NULL is equal to NULL only. */
#define CHECK_STR(have, want) test_check_string(__FILE__, __LINE__, #have, have, want)
/* A Slice against a string. */
#define CHECK_SLICE(have, want) test_check_slice(__FILE__, __LINE__, #have, have, slice_from_string(want))

void test_check_string(const char *file, int line, const char *what, const char *have, const char *want);
void test_check_slice(const char *file, int line, const char *what, Slice have, Slice want);
