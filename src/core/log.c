/* SPDX-License-Identifier: MIT */
/* Each entry is made whole in a buffer and written with one call, so that threads and processes that
 * share a stderr do not mix their lines. */
#include <stdarg.h>
#include <sys/stat.h>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "basic/buf.h"
#include "core/clock.h"
#include "core/log.h"

#define LOG_FIELDS_MAX 24

static const char *process_name = "postal";
static int level_max = LOG_INFO;
static LogTarget target = LOG_TARGET_AUTO;

static const struct {
        const char *name;
        int level;
} LEVELS[] = {
        { "error", LOG_ERR },   { "warning", LOG_WARNING }, { "notice", LOG_NOTICE },
        { "info", LOG_INFO },   { "debug", LOG_DEBUG },
};

int log_level_from_string(const char *name) {
        for (size_t i = 0; name && i < ELEMENTSOF(LEVELS); i++)
                if (streq(LEVELS[i].name, name))
                        return LEVELS[i].level;
        return -EINVAL;
}

static const char *level_to_string(int level) {
        for (size_t i = 0; i < ELEMENTSOF(LEVELS); i++)
                if (LEVELS[i].level == level)
                        return LEVELS[i].name;
        return "error";
}

bool log_wants(int level) {
        return level <= level_max && target != LOG_TARGET_NONE;
}

/* systemd tells in JOURNAL_STREAM which device and inode the journal's socket is; stderr may have
 * been redirected since. */
static bool stderr_is_journal(void) {
        const char *stream = getenv("JOURNAL_STREAM");
        unsigned long long device, inode;
        struct stat st;

        if (!stream || sscanf(stream, "%llu:%llu", &device, &inode) != 2)
                return false;
        return fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

static LogTarget resolved(LogTarget t) {
        if (t != LOG_TARGET_AUTO)
                return t;
        return stderr_is_journal() ? LOG_TARGET_JOURNAL
               : isatty(STDERR_FILENO) ? LOG_TARGET_TEXT
                                       : LOG_TARGET_JSON;
}

void log_open(const char *process, int level, LogTarget t) {
        process_name = process;
        level_max = level;
        target = resolved(t);
}

static void append_json_string(Buf *b, const char *s) {
        buf_append_byte(b, '"');
        for (; *s; s++) {
                if (*s == '"' || *s == '\\')
                        buf_append_byte(b, '\\');
                if ((unsigned char) *s < 0x20 || *s == 0x7f)
                        buf_printf(b, "\\u%04x", (unsigned char) *s);
                else
                        buf_append_byte(b, *s);
        }
        buf_append_byte(b, '"');
}

static void write_json(int level, const LogField *fields, const char *message) {
        _cleanup_(buf_done) Buf b = BUF_EMPTY;
        char now[TIME_RFC3339_SIZE];

        time_format_rfc3339(clock_realtime(), now);
        buf_printf(&b, "{\"time\":\"%s\",\"level\":\"%s\",\"process\":\"%s\",\"message\":", now,
                   level_to_string(level), process_name);
        append_json_string(&b, message);
        for (; fields && fields->name; fields++) {
                if (!fields->is_number && !fields->text)
                        continue;
                buf_printf(&b, ",\"%s\":", fields->name);
                if (fields->is_number)
                        buf_printf(&b, "%llu", (unsigned long long) fields->number);
                else
                        append_json_string(&b, fields->text);
        }
        buf_append_string(&b, "}\n");
        if (buf_error(&b) >= 0)
                (void) !write(STDERR_FILENO, b.data, b.size);
}

/* Control characters of what peers sent must not steer the terminal. */
static void append_printable(Buf *b, const char *s) {
        for (; *s; s++)
                buf_append_byte(b, (unsigned char) *s < 0x20 || *s == 0x7f ? '?' : *s);
}

static void write_text(int level, const LogField *fields, const char *message) {
        _cleanup_(buf_done) Buf b = BUF_EMPTY;
        char now[TIME_RFC3339_SIZE];

        time_format_rfc3339(clock_realtime(), now);
        buf_printf(&b, "%.23sZ %-7s ", now, level_to_string(level));
        append_printable(&b, message);
        for (; fields && fields->name; fields++) {
                if (!fields->is_number && !fields->text)
                        continue;
                buf_printf(&b, " %s=", fields->name);
                if (fields->is_number)
                        buf_printf(&b, "%llu", (unsigned long long) fields->number);
                else
                        append_printable(&b, fields->text);
        }
        buf_append_byte(&b, '\n');
        if (buf_error(&b) >= 0)
                (void) !write(STDERR_FILENO, b.data, b.size);
}

static void write_journal(int level, const LogField *fields, const char *message) {
        Buf lines[LOG_FIELDS_MAX + 3] = { 0 };
        struct iovec vectors[LOG_FIELDS_MAX + 3];
        size_t count = 0;

        buf_printf(&lines[count++], "MESSAGE=%s", message);
        buf_printf(&lines[count++], "PRIORITY=%d", level);
        buf_printf(&lines[count++], "POSTAL_PROCESS=%s", process_name);
        for (; fields && fields->name && count < ELEMENTSOF(lines); fields++) {
                if (fields->is_number)
                        buf_printf(&lines[count++], "%s=%llu", fields->name,
                                   (unsigned long long) fields->number);
                else if (fields->text)
                        buf_printf(&lines[count++], "%s=%s", fields->name, fields->text);
        }
        for (size_t i = 0; i < count; i++)
                vectors[i] = (struct iovec){ lines[i].data, lines[i].size };
        (void) sd_journal_sendv(vectors, (int) count);
        for (size_t i = 0; i < count; i++)
                buf_done(&lines[i]);
}

void log_write(int level, const LogField *fields, const char *format, ...) {
        _cleanup_(buf_done) Buf message = BUF_EMPTY;
        int saved = errno;
        va_list ap;

        va_start(ap, format);
        buf_vprintf(&message, format, ap);
        va_end(ap);
        switch (resolved(target)) {
        case LOG_TARGET_JOURNAL:
                write_journal(level, fields, buf_string(&message));
                break;
        case LOG_TARGET_JSON:
                write_json(level, fields, buf_string(&message));
                break;
        case LOG_TARGET_TEXT:
                write_text(level, fields, buf_string(&message));
                break;
        default:
                break;
        }
        errno = saved;
}
