/* SPDX-License-Identifier: MIT */
#pragma once

/* The `.env` file: lines `NAME=value`, as shells read them, which count where the environment does
 * not have the variable. Quotes, `export`, comments, `NAME: value` and `${OTHER}` work as with Ruby
 * Postal; `$(command)` is not run, but stays as it is. */

#include "basic/arena.h"
#include "basic/hashmap.h"
#include "core/config-report.h"

#define DOTENV_SIZE_MAX ((size_t) 256 * 1024)
#define DOTENV_VALUE_SIZE_MAX ((size_t) 64 * 1024)
/* Of all values, which may be made of each other. */
#define DOTENV_TOTAL_MAX ((size_t) 1024 * 1024)

/* Where `${NAME}` is looked for before the file itself; NULL for a variable that is not set. */
typedef const char *(*DotenvLookup)(void *userdata, const char *name);

/* Puts the variables of the text into the map; the values are strings in the arena. Lines that
 * cannot be read are skipped, with a warning in the report. Returns 0 or -ENOMEM. */
int dotenv_parse(Arena *arena, const char *path, Slice text, DotenvLookup lookup, void *userdata,
                 ConfigReport *report, Hashmap *variables);
