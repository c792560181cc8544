/* SPDX-License-Identifier: MIT */
#pragma once

/* Counters, gauges and histograms, and their Prometheus text (version 0.0.4). Registered once at start,
 * in the order in which they are to be shown; updated from any thread. */

#include "basic/buf.h"

#define METRIC_LABELS_MAX 3
/* Combinations of label values a metric may have; further ones are counted under "other". */
#define METRIC_SERIES_MAX 256

typedef struct Metric Metric;

/* Names and texts are kept, not copied. Never returns NULL; ends the process when memory is short at start. */
Metric *metric_counter(const char *name, const char *help, const char *const labels[METRIC_LABELS_MAX]);
Metric *metric_gauge(const char *name, const char *help, const char *const labels[METRIC_LABELS_MAX]);
/* With the bucket bounds 0.005 … 10 seconds that the reference's histograms have. */
Metric *metric_histogram(const char *name, const char *help, const char *const labels[METRIC_LABELS_MAX]);
#define METRIC_NO_LABELS ((const char *const[METRIC_LABELS_MAX]){ NULL })
#define METRIC_LABELS(...) ((const char *const[METRIC_LABELS_MAX]){ __VA_ARGS__ })

/* `values` are the values of the labels, in their order; NULL for a metric without labels. A NULL metric, one that was never
 * registered, is ignored: tests need not set up metrics. */
void metric_add(Metric *m, double amount, const char *const values[METRIC_LABELS_MAX]);
void metric_set(Metric *m, double value, const char *const values[METRIC_LABELS_MAX]);
void metric_observe(Metric *m, double value, const char *const values[METRIC_LABELS_MAX]);

/* metric_count(m) and metric_count(m, "value of the first label", …) add 1. */
#define metric_count(m, ...) metric_add(m, 1, METRIC_LABELS(__VA_ARGS__))

/* Appends the text of all metrics. */
void metrics_write(Buf *to);
/* Forgets all metrics. For tests. */
void metrics_reset(void);
