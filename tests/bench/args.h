/* SPDX-License-Identifier: MIT */
#pragma once

/* Values on the command lines of the bench programs. A value that is wrong ends the program with a
 * message and status 64 (EX_USAGE). */

#include "basic/slice.h"

_noreturn_ void arg_fail(const char *format, ...) _printf_(1, 2);

/* `option` is the name in messages, without the dashes. */
uint64_t arg_number(const char *option, const char *text, uint64_t max);
/* A decimal fraction from 0 to `max`. */
double arg_fraction(const char *option, const char *text, double max);
/* Milliseconds, a fraction allowed, as nanoseconds. */
uint64_t arg_msec(const char *option, const char *text);

typedef enum ArgKind {
        ARG_FLAG,     /* bool */
        ARG_TEXT,     /* const char * */
        ARG_NUMBER,   /* uint64_t, up to `max` */
        ARG_FRACTION, /* double, up to `max` */
        ARG_MSEC,     /* uint64_t, given in milliseconds, kept in nanoseconds */
        ARG_CALL,     /* `call` does it */
} ArgKind;

/* An option: where its value goes in the structure of all of them. */
typedef struct Arg {
        const char *name;
        ArgKind kind;
        size_t offset;
        uint64_t max;
        void (*call)(void *target, const char *name, const char *value);
} Arg;

/* Reads a command line of long options into `target`; the table ends with a NULL name. --help
 * prints `usage` and ends the program. */
void args_parse(const Arg *table, void *target, const char *usage, int argc, char *argv[]);

/* Splits "ADDRESS:PORT" or "[ADDRESS]:PORT" into two strings the caller frees. */
void arg_endpoint(const char *option, const char *text, char **ret_address, char **ret_port);

/* Raises the soft limit of open files to the hard one. */
void raise_file_limit(void);

/* User and system time of this process so far, in seconds. */
double cpu_seconds(void);
