/* SPDX-License-Identifier: MIT */
#pragma once

/* What one value in the file or the environment means: first what YAML 1.1 makes of a plain scalar
 * (as Ruby's parser does it: `yes` is true, `017` is fifteen, `1:30:00` is a number), then the
 * casts to the type of a setting, which differ from that. Both are those of Ruby Postal, so
 * that a file has the same meaning under both. */

#include "basic/buf.h"

typedef enum ScalarKind {
        SCALAR_NULL,
        SCALAR_BOOLEAN,
        SCALAR_INTEGER,
        SCALAR_FLOAT,
        SCALAR_STRING,
} ScalarKind;

typedef struct ConfigScalar {
        ScalarKind kind;
        Slice text;      /* as written; belongs to the caller */
        bool boolean;    /* SCALAR_BOOLEAN */
        int64_t integer; /* SCALAR_INTEGER; the nearest one when it does not fit */
        bool is_huge;    /* … because it did not */
        double number;   /* SCALAR_FLOAT */
        bool is_refused; /* SCALAR_STRING here, but a date or symbol to Ruby, which refuses such a
                            file */
} ConfigScalar;

/* A plain (unquoted) YAML scalar. */
ConfigScalar config_scalar_plain(Slice text);
/* A quoted YAML scalar or an environment variable: a string, whatever it looks like. */
ConfigScalar config_scalar_string(Slice text);

/* Null, or the empty string, which casts to null. The casts below want anything else. */
bool config_scalar_is_null(const ConfigScalar *scalar);

/* Appends the string: numbers in their shortest form (`017` gives 15, `1.50` gives 1.5). */
void config_scalar_to_string(const ConfigScalar *scalar, Buf *to);
/* true is 1; strings count as far as they begin with a number ("25abc" is 25, "abc" is 0). */
int64_t config_scalar_to_integer(const ConfigScalar *scalar);
/* A YAML true, or what is written `true`, `1` or `1.0` as a string. All else is false. */
bool config_scalar_to_boolean(const ConfigScalar *scalar);
