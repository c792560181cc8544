/* SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sysexits.h>

#include "bench/args.h"

#define ARGS_MAX 64

void arg_fail(const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        (void) fprintf(stderr, "%s: ", program_invocation_short_name);
        (void) vfprintf(stderr, format, ap);
        (void) fputc('\n', stderr);
        va_end(ap);
        exit(EX_USAGE);
}

uint64_t arg_number(const char *option, const char *text, uint64_t max) {
        uint64_t value;

        if (slice_to_u64(slice_from_string(text), max, &value) < 0)
                arg_fail("--%s: \"%s\" is not a number up to %llu", option, text,
                         (unsigned long long) max);
        return value;
}

double arg_fraction(const char *option, const char *text, double max) {
        char *end;
        double value;

        errno = 0;
        value = strtod(text, &end);
        if (errno != 0 || end == text || *end != '\0' || !(value >= 0 && value <= max))
                arg_fail("--%s: \"%s\" is not a number from 0 to %g", option, text, max);
        return value;
}

uint64_t arg_msec(const char *option, const char *text) {
        return (uint64_t) (arg_fraction(option, text, 86400e3) * 1e6);
}

static void take_value(const Arg *a, void *target, const char *value) {
        void *to = (char *) target + a->offset;

        switch (a->kind) {
        case ARG_FLAG:
                *(bool *) to = true;
                break;
        case ARG_TEXT:
                *(const char **) to = value;
                break;
        case ARG_NUMBER:
                *(uint64_t *) to = arg_number(a->name, value, a->max);
                break;
        case ARG_FRACTION:
                *(double *) to = arg_fraction(a->name, value, (double) a->max);
                break;
        case ARG_MSEC:
                *(uint64_t *) to = arg_msec(a->name, value);
                break;
        case ARG_CALL:
                a->call(target, a->name, value);
                break;
        }
}

void args_parse(const Arg *table, void *target, const char *usage, int argc, char *argv[]) {
        struct option options[ARGS_MAX] = { 0 };
        int count = 0, at = 0, r;

        for (; table[count].name; count++) {
                assert(count < ARGS_MAX - 2);
                options[count].name = table[count].name;
                options[count].has_arg =
                        table[count].kind == ARG_FLAG ? no_argument : required_argument;
        }
        options[count].name = "help";
        while ((r = getopt_long(argc, argv, "", options, &at)) != -1) {
                if (r != 0)
                        arg_fail("try --help");
                if (at == count) {
                        (void) fputs(usage, stdout);
                        exit(EXIT_SUCCESS);
                }
                take_value(&table[at], target, optarg);
        }
        if (optind < argc)
                arg_fail("\"%s\" is no option; try --help", argv[optind]);
}

void arg_endpoint(const char *option, const char *text, char **ret_address, char **ret_port) {
        Slice whole = slice_from_string(text), address;
        ssize_t colon = slice_find_last_byte(whole, ':');

        if (colon < 0)
                arg_fail("--%s: \"%s\" is not ADDRESS:PORT", option, text);
        address = slice_first(whole, (size_t) colon);
        if (address.size >= 2 && address.data[0] == '[' && address.data[address.size - 1] == ']')
                address = slice_make(address.data + 1, address.size - 2);
        *ret_address = slice_dup(address);
        *ret_port = slice_dup(slice_from(whole, (size_t) colon + 1));
        if (!*ret_address || !*ret_port)
                arg_fail("memory is short");
}

void raise_file_limit(void) {
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == limit.rlim_max)
                return;
        limit.rlim_cur = limit.rlim_max;
        (void) setrlimit(RLIMIT_NOFILE, &limit);
}

double cpu_seconds(void) {
        struct rusage usage;

        (void) getrusage(RUSAGE_SELF, &usage);
        return (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
               (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}
