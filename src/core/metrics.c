/* SPDX-License-Identifier: MIT */
/* One lock for all: an update is a short search through the few series of a metric. The text has the
 * reference's form, "# TYPE" before "# HELP" and every value a float. */
#include <math.h>
#include <pthread.h>

#include "basic/list.h"
#include "core/metrics.h"

static const double BUCKETS[] = { 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10 };

typedef enum MetricType {
        METRIC_COUNTER,
        METRIC_GAUGE,
        METRIC_HISTOGRAM,
} MetricType;

typedef struct Series {
        ListNode node;
        char *values[METRIC_LABELS_MAX];
        double value; /* the sum, of a histogram */
        uint64_t *counts; /* one for each bucket, and all */
} Series;

struct Metric {
        ListNode node;
        MetricType type;
        const char *name;
        const char *help;
        const char *labels[METRIC_LABELS_MAX];
        List series;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static List metrics;

static Series *series_new(Metric *m, const char *const values[METRIC_LABELS_MAX]) {
        Series *s = calloc(1, sizeof(Series));

        if (!s)
                return NULL;
        if (m->type == METRIC_HISTOGRAM && !(s->counts = calloc(ELEMENTSOF(BUCKETS) + 1, sizeof(uint64_t))))
                return mfree(s);
        for (size_t i = 0; i < METRIC_LABELS_MAX && m->labels[i]; i++)
                s->values[i] = strdup(values && values[i] ? values[i] : "");
        list_append(&m->series, &s->node);
        return s;
}

static Metric *metric_new(MetricType type, const char *name, const char *help,
                          const char *const labels[METRIC_LABELS_MAX]) {
        Metric *m = calloc(1, sizeof(Metric));

        if (!m)
                abort();
        m->type = type;
        m->name = name;
        m->help = help;
        memcpy(m->labels, labels, sizeof(m->labels));
        /* Without labels there is one series, shown from the start. */
        if (!labels[0] && !series_new(m, NULL))
                abort();
        pthread_mutex_lock(&lock);
        list_append(&metrics, &m->node);
        pthread_mutex_unlock(&lock);
        return m;
}

Metric *metric_counter(const char *name, const char *help, const char *const labels[METRIC_LABELS_MAX]) {
        return metric_new(METRIC_COUNTER, name, help, labels);
}

Metric *metric_gauge(const char *name, const char *help, const char *const labels[METRIC_LABELS_MAX]) {
        return metric_new(METRIC_GAUGE, name, help, labels);
}

Metric *metric_histogram(const char *name, const char *help, const char *const labels[METRIC_LABELS_MAX]) {
        return metric_new(METRIC_HISTOGRAM, name, help, labels);
}

static Series *find_series(Metric *m, const char *const values[METRIC_LABELS_MAX]) {
        static const char *const OTHER[METRIC_LABELS_MAX] = { "other", "other", "other" };

        LIST_FOREACH(s, &m->series, Series, node) {
                bool is_same = true;

                for (size_t i = 0; is_same && i < METRIC_LABELS_MAX && m->labels[i]; i++)
                        is_same = streq(strempty(s->values[i]), strempty(values ? values[i] : NULL));
                if (is_same)
                        return s;
        }
        if (m->series.count == METRIC_SERIES_MAX)
                return values == OTHER ? NULL : find_series(m, OTHER);
        /* The last place is kept for all that come too late. */
        return series_new(m, m->series.count == METRIC_SERIES_MAX - 1 ? OTHER : values);
}

void metric_add(Metric *m, double amount, const char *const values[METRIC_LABELS_MAX]) {
        Series *s;

        if (!m)
                return;
        pthread_mutex_lock(&lock);
        s = find_series(m, values);
        if (s)
                s->value += amount;
        pthread_mutex_unlock(&lock);
}

void metric_set(Metric *m, double value, const char *const values[METRIC_LABELS_MAX]) {
        Series *s;

        if (!m)
                return;
        pthread_mutex_lock(&lock);
        s = find_series(m, values);
        if (s)
                s->value = value;
        pthread_mutex_unlock(&lock);
}

void metric_observe(Metric *m, double value, const char *const values[METRIC_LABELS_MAX]) {
        Series *s;

        if (!m)
                return;
        assert(m->type == METRIC_HISTOGRAM);
        pthread_mutex_lock(&lock);
        s = find_series(m, values);
        if (s) {
                s->value += value;
                for (size_t i = 0; i < ELEMENTSOF(BUCKETS); i++)
                        s->counts[i] += value <= BUCKETS[i];
                s->counts[ELEMENTSOF(BUCKETS)]++;
        }
        pthread_mutex_unlock(&lock);
}

static void write_number(Buf *to, double value) {
        if (value == floor(value) && fabs(value) < 1e15)
                buf_printf(to, "%.1f\n", value);
        else
                buf_printf(to, "%.12g\n", value);
}

static void write_labels(Buf *to, const Metric *m, const Series *s, const char *bucket) {
        const char *separator = "{";

        for (size_t i = 0; i < METRIC_LABELS_MAX && m->labels[i]; i++) {
                buf_printf(to, "%s%s=\"", separator, m->labels[i]);
                for (const char *p = strempty(s->values[i]); *p; p++) {
                        if (*p == '\\' || *p == '"')
                                buf_append_byte(to, '\\');
                        buf_append_string(to, *p == '\n' ? "\\n" : (char[]){ *p, '\0' });
                }
                buf_append_byte(to, '"');
                separator = ",";
        }
        if (bucket) {
                buf_printf(to, "%sle=\"%s\"", separator, bucket);
                separator = ",";
        }
        if (*separator == ',')
                buf_append_byte(to, '}');
        buf_append_byte(to, ' ');
}

static void write_histogram(Buf *to, const Metric *m, const Series *s) {
        for (size_t i = 0; i <= ELEMENTSOF(BUCKETS); i++) {
                char bound[16] = "+Inf";

                if (i < ELEMENTSOF(BUCKETS))
                        (void) snprintf(bound, sizeof(bound), "%g", BUCKETS[i]);
                buf_printf(to, "%s_bucket", m->name);
                write_labels(to, m, s, bound);
                write_number(to, (double) s->counts[i]);
        }
        buf_printf(to, "%s_sum", m->name);
        write_labels(to, m, s, NULL);
        write_number(to, s->value);
        buf_printf(to, "%s_count", m->name);
        write_labels(to, m, s, NULL);
        write_number(to, (double) s->counts[ELEMENTSOF(BUCKETS)]);
}

void metrics_write(Buf *to) {
        static const char *const TYPES[] = { "counter", "gauge", "histogram" };

        pthread_mutex_lock(&lock);
        LIST_FOREACH(m, &metrics, Metric, node) {
                buf_printf(to, "# TYPE %s %s\n# HELP %s %s\n", m->name, TYPES[m->type], m->name, m->help);
                LIST_FOREACH(s, &m->series, Series, node) {
                        if (m->type == METRIC_HISTOGRAM) {
                                write_histogram(to, m, s);
                                continue;
                        }
                        buf_append_string(to, m->name);
                        write_labels(to, m, s, NULL);
                        write_number(to, s->value);
                }
        }
        pthread_mutex_unlock(&lock);
}

void metrics_reset(void) {
        while (metrics.first) {
                Metric *m = LIST_ITEM(list_pop(&metrics), Metric, node);

                while (m->series.first) {
                        Series *s = LIST_ITEM(list_pop(&m->series), Series, node);

                        for (size_t i = 0; i < METRIC_LABELS_MAX; i++)
                                free(s->values[i]);
                        free(s->counts);
                        free(s);
                }
                free(m);
        }
}
