/* SPDX-License-Identifier: MIT */
#pragma once

/* What is wrong with an object that somebody wants to make or change: sentences for people, in the
 * words that Postal uses ("Name has already been taken"). Finding problems is a legitimate answer,
 * no error: a function that makes an object returns 0 and made nothing when there are any. */

#include "basic/macro.h"

typedef struct Problems {
        char **texts;
        size_t count;
        int error; /* -ENOMEM, sticky */
} Problems;

#define PROBLEMS_EMPTY ((Problems){ 0 })

void problems_done(Problems *p);
void problems_add(Problems *p, const char *format, ...) _printf_(2, 3);

/* The usual checks, with the label that the sentence begins with. Each returns whether all is well.
 * Presence: there is something else than white space. */
bool problems_check_presence(Problems *p, const char *label, const char *value);
/* The characters fit into a column of 255. NULL fits. */
bool problems_check_length(Problems *p, const char *label, const char *value);
