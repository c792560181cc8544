/* SPDX-License-Identifier: MIT */
#include "core/config-report.h"

static void finding_done(ConfigFinding *finding) {
        free(finding->path);
        free(finding->key);
        free(finding->text);
}

void config_report_done(ConfigReport *report) {
        for (size_t i = 0; i < report->count; i++)
                finding_done(&report->findings[i]);
        free(report->findings);
        *report = CONFIG_REPORT_EMPTY;
}

const char *config_severity_to_string(ConfigSeverity severity) {
        static const char *const names[CONFIG_SEVERITY_MAX] = {
                [CONFIG_INFO] = "info",
                [CONFIG_WARNING] = "warning",
                [CONFIG_ERROR] = "error",
        };

        assert(severity >= 0 && severity < CONFIG_SEVERITY_MAX);
        return names[severity];
}

/* Keys and values from the file get into texts, and texts onto terminals: no escape sequence may
 * come through. That is the C0 set but the line feed, DEL, and the C1 set in its UTF-8 form. */
static void make_printable(char *text) {
        for (char *p = text; *p; p++) {
                unsigned char c = (unsigned char) *p;

                if ((c < 0x20 && c != '\n') || c == 0x7f)
                        *p = '?';
                else if (c == 0xc2 && (unsigned char) p[1] >= 0x80 && (unsigned char) p[1] < 0xa0)
                        p[0] = p[1] = '?';
        }
}

/* Cuts before a byte that begins a character. */
static void shorten(Buf *text) {
        size_t size = CONFIG_FINDING_TEXT_MAX;

        if (text->size <= size)
                return;
        while (size > 0 && ((unsigned char) text->data[size] & 0xc0) == 0x80)
                size--;
        buf_truncate(text, size);
        buf_append_string(text, "...");
}

static ConfigFinding *find_same(ConfigReport *report, const ConfigFinding *finding) {
        for (size_t i = 0; i < report->count; i++) {
                ConfigFinding *other = &report->findings[i];

                if (other->line == finding->line && other->column == finding->column &&
                    other->is_announcement == finding->is_announcement &&
                    streq(other->text, finding->text) && streq_ptr(other->path, finding->path) &&
                    streq_ptr(other->key, finding->key))
                        return other;
        }
        return NULL;
}

static int dup_or_null(const char *s, char **ret) {
        *ret = s ? strdup(s) : NULL;
        return s && !*ret ? -ENOMEM : 0;
}

/* In a full list, an error takes the place of the last thing less grave: errors must be seen. */
static void replace_lesser(ConfigReport *report, ConfigFinding *finding) {
        for (size_t i = report->count; i-- > 0;)
                if (report->findings[i].severity < finding->severity) {
                        finding_done(&report->findings[i]);
                        report->findings[i] = *finding;
                        return;
                }
        finding_done(finding);
}

static int append(ConfigReport *report, ConfigFinding *finding) {
        ConfigFinding *same = find_same(report, finding), *grown;

        if (same) {
                if (finding->severity > same->severity) {
                        report->totals[same->severity]--;
                        report->totals[finding->severity]++;
                        same->severity = finding->severity;
                }
                finding_done(finding);
                return 0;
        }
        report->totals[finding->severity]++;
        if (report->count >= CONFIG_FINDINGS_MAX) {
                replace_lesser(report, finding);
                return 0;
        }
        grown = reallocarray(report->findings, report->count + 1, sizeof(ConfigFinding));
        if (!grown)
                return -ENOMEM;
        report->findings = grown;
        report->findings[report->count++] = *finding;
        return 0;
}

_printf_(5, 0) static void add(ConfigReport *report, ConfigSeverity severity, ConfigPlace place,
                               bool is_announcement, const char *format, va_list ap) {
        _cleanup_(buf_done) Buf text = BUF_EMPTY;
        ConfigFinding finding = {
                .severity = severity,
                .line = place.line,
                .column = place.column,
                .is_announcement = is_announcement,
        };
        int r;

        buf_vprintf(&text, format, ap);
        shorten(&text);
        finding.text = buf_take(&text);
        r = finding.text ? 0 : -ENOMEM;
        if (r >= 0) {
                make_printable(finding.text);
                r = dup_or_null(place.path, &finding.path);
        }
        if (r >= 0)
                r = dup_or_null(place.key, &finding.key);
        if (r >= 0) {
                if (finding.key)
                        make_printable(finding.key);
                r = append(report, &finding);
        }
        if (r < 0) {
                finding_done(&finding);
                report->error = r;
        }
}

void config_report_add(ConfigReport *report, ConfigSeverity severity, ConfigPlace place,
                       const char *format, ...) {
        va_list ap;

        assert(report);

        va_start(ap, format);
        add(report, severity, place, false, format, ap);
        va_end(ap);
}

void config_report_announce(ConfigReport *report, ConfigSeverity severity, const char *format,
                            ...) {
        va_list ap;

        assert(report);

        va_start(ap, format);
        add(report, severity, (ConfigPlace){ 0 }, true, format, ap);
        va_end(ap);
}

void config_finding_format(const ConfigFinding *finding, Buf *to) {
        if (!finding->is_announcement) {
                if (finding->path)
                        buf_append_string(to, finding->path);
                if (finding->path && finding->line > 0)
                        buf_printf(to, ":%u:%u", finding->line, finding->column);
                if (finding->path)
                        buf_append_string(to, ": ");
                buf_printf(to, "%s: ", config_severity_to_string(finding->severity));
                if (finding->key)
                        buf_printf(to, "%s: ", finding->key);
        }
        buf_append_string(to, finding->text);
        buf_append_byte(to, '\n');
}

void config_report_format(const ConfigReport *report, ConfigSeverity least, Buf *to) {
        size_t total = 0;

        for (size_t i = 0; i < report->count; i++)
                if (report->findings[i].severity >= least && !report->findings[i].is_announcement)
                        config_finding_format(&report->findings[i], to);
        for (size_t i = 0; i < CONFIG_SEVERITY_MAX; i++)
                total += report->totals[i];
        if (total > report->count)
                buf_printf(to, "%zu more findings are left out; correct these first.\n",
                           total - report->count);
}

void config_report_format_announcements(const ConfigReport *report, Buf *to) {
        for (size_t i = 0; i < report->count; i++)
                if (report->findings[i].is_announcement)
                        config_finding_format(&report->findings[i], to);
}
