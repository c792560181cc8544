/* SPDX-License-Identifier: MIT */
#pragma once

/* What loading or checking the configuration found: a list of findings, each saying what is wrong,
 * where, and what to do. Nothing here prints; callers show or log what they like.
 *
 * Errors of the report itself stick, as in Buf: config_report_add() never fails, config_load() and
 * config_check() return report->error at the end. */

#include "basic/buf.h"

/* Findings beyond this many are only counted. */
#define CONFIG_FINDINGS_MAX 200
/* Longer texts are cut, so that a file of rubbish makes no rubbish log. */
#define CONFIG_FINDING_TEXT_MAX 1000

typedef enum ConfigSeverity {
        CONFIG_INFO,
        CONFIG_WARNING,
        CONFIG_ERROR,
        CONFIG_SEVERITY_MAX,
        CONFIG_SEVERITY_INVALID = -EINVAL,
} ConfigSeverity;

/* Where a finding is: a file with line and column (from 1; 0 when it is about the whole file), or
 * "environment", or nowhere (NULL). */
typedef struct ConfigPlace {
        const char *path;
        unsigned line;
        unsigned column;
        const char *key; /* "smtp_server.default_port", or NULL when it is about no single key */
} ConfigPlace;

typedef struct ConfigFinding {
        ConfigSeverity severity;
        char *path;
        unsigned line;
        unsigned column;
        char *key;
        char *text;           /* may have several lines; no other control characters */
        bool is_announcement; /* a line that Ruby Postal writes to stderr too, to be shown bare */
} ConfigFinding;

typedef struct ConfigReport {
        ConfigFinding *findings;
        size_t count;
        size_t totals[CONFIG_SEVERITY_MAX]; /* of each severity, with those left out of the list */
        bool is_silenced; /* SILENCE_POSTAL_CONFIG_MESSAGES is `true`: print errors only */
        int error;        /* -ENOMEM, sticky */
} ConfigReport;

#define CONFIG_REPORT_EMPTY ((ConfigReport){ 0 })

/* Frees the findings; the report is empty afterwards. */
void config_report_done(ConfigReport *report);

/* Adds a finding. One with the same place and text is not repeated, but takes the graver severity
 * of the two. Control characters in the text (they may come from the file) are replaced. */
void config_report_add(ConfigReport *report, ConfigSeverity severity, ConfigPlace place,
                       const char *format, ...) _printf_(4, 5);
/* Adds one of the messages that Ruby Postal also gives, word for word. */
void config_report_announce(ConfigReport *report, ConfigSeverity severity, const char *format, ...)
        _printf_(3, 4);

/* Appends the finding and a line feed: `PATH:LINE:COLUMN: error: KEY: TEXT`, without the parts that
 * it does not have; announcements as their bare text. */
void config_finding_format(const ConfigFinding *finding, Buf *to);
/* The same for all findings at least this grave that are no announcements, and how many were left
 * out. */
void config_report_format(const ConfigReport *report, ConfigSeverity least, Buf *to);
/* The announcements, in the same form. */
void config_report_format_announcements(const ConfigReport *report, Buf *to);

/* "info", "warning", "error". */
const char *config_severity_to_string(ConfigSeverity severity);
