/* SPDX-License-Identifier: MIT */
#pragma once

/* What the commands print. Objects are JSON objects first; as text, a list is a table, and one
 * object is a list of its fields. */

#include <jansson.h>

#include "basic/buf.h"

/* Colours, for a terminal only (and not with NO_COLOR set). */
typedef enum CliColour {
        CLI_RED,
        CLI_GREEN,
        CLI_BLUE,
        CLI_MAGENTA,
        CLI_ON_MAGENTA, /* as the background */
        CLI_COLOUR_MAX,
} CliColour;

/* The sequence that begins it and the one that ends all; "" where there are no colours. */
const char *cli_colour(FILE *to, CliColour colour);
const char *cli_colour_end(FILE *to);

/* "postal: …" on stderr. Returns EXIT_FAILURE. */
int cli_fail(const char *format, ...) _printf_(1, 2);
int cli_out_of_memory(void);

/* Appends the text with everything replaced that a terminal could take for a command: it may come
 * out of a message. */
void cli_append_printable(Buf *to, const char *text);

/* A column of a table or a field of an object: what it is called for people, and in JSON. */
typedef struct CliField {
        const char *title;
        const char *key;
} CliField;

/* Prints the list, or the object, on stdout, and takes the reference, which may be NULL for want of
 * memory. `fields` ends with one that has no title. Returns the exit status. */
int cli_put_list(json_t *list, const CliField *fields, bool as_json);
int cli_put_object(json_t *object, const CliField *fields, bool as_json);

/* Appends to an array, and takes the value; want of memory makes the array NULL. */
void cli_json_append(json_t **array, json_t *value);
/* A time as JSON: "2026-11-22T08:29:06.588649Z", or null for 0. */
json_t *cli_json_time(uint64_t usec);
/* A text as JSON: null for NULL; bytes that are not UTF-8 are replaced. */
json_t *cli_json_text(const char *text);
/* An id as JSON: null for 0. */
json_t *cli_json_id(uint64_t id);
/* "3 s", "5 min", "2 h", "4 days". */
#define CLI_DURATION_SIZE 32
void cli_format_duration(uint64_t usec, char ret[static CLI_DURATION_SIZE]);
