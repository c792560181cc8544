/* SPDX-License-Identifier: MIT */
#pragma once

/* The log: a sentence for people, and the data in fields. Goes to the journal when the process was
 * started by it, as one JSON object a line to stderr in a container, as text to a terminal.
 *
 *     log_info(FIELDS(FIELD("POSTAL_SESSION", s->id), FIELD_U64("POSTAL_SERVER", server)),
 *              "Message %s accepted", token);
 *     log_error(NO_FIELDS, "Cannot open %s: %s", path, strerror(-r));
 *
 * Field names are those of design.md section 9. Bodies, passwords and whole keys are never logged;
 * local parts of recipients at debug only. May be called from any thread. */

#include <syslog.h>

#include "basic/macro.h"

typedef struct LogField {
        const char *name;
        const char *text; /* NULL: the field is left out, unless it is a number */
        uint64_t number;
        bool is_number;
} LogField;

#define FIELD(field_name, value) ((LogField){ .name = (field_name), .text = (value) })
#define FIELD_U64(field_name, value)                                                               \
        ((LogField){ .name = (field_name), .number = (uint64_t) (value), .is_number = true })
/* The errno of a failure, given as the negative number that functions return. */
#define FIELD_ERRNO(r) FIELD_U64("ERRNO", -(r))
#define FIELDS(...) ((const LogField[]){ __VA_ARGS__, { 0 } })
#define NO_FIELDS ((const LogField *) NULL)

typedef enum LogTarget {
        LOG_TARGET_AUTO, /* one of the next three, by what stderr is */
        LOG_TARGET_JOURNAL,
        LOG_TARGET_JSON,
        LOG_TARGET_TEXT,
        LOG_TARGET_NONE,
} LogTarget;

/* `process` is the value of POSTAL_PROCESS, such as "smtp-server"; kept, not copied. Entries less
 * important than `level_max` (LOG_ERR … LOG_DEBUG) are dropped. Before the first call, LOG_INFO and
 * the automatic target hold. */
void log_open(const char *process, int level_max, LogTarget target);
/* The name of a level, as in logging.level: "debug" … "error"; -EINVAL for others. */
int log_level_from_string(const char *name);
bool log_wants(int level);

void log_write(int level, const LogField *fields, const char *format, ...) _printf_(3, 4);

#define log_at(level, fields, ...)                                                                 \
        do {                                                                                       \
                if (log_wants(level))                                                              \
                        log_write(level, fields, __VA_ARGS__);                                     \
        } while (0)
#define log_debug(fields, ...) log_at(LOG_DEBUG, fields, __VA_ARGS__)
#define log_info(fields, ...) log_at(LOG_INFO, fields, __VA_ARGS__)
#define log_notice(fields, ...) log_at(LOG_NOTICE, fields, __VA_ARGS__)
#define log_warning(fields, ...) log_at(LOG_WARNING, fields, __VA_ARGS__)
#define log_error(fields, ...) log_at(LOG_ERR, fields, __VA_ARGS__)
