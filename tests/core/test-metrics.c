/* SPDX-License-Identifier: MIT */
#include "core/metrics.h"
#include "test.h"

static const char *text(void) {
        static Buf b;

        buf_reset(&b, 0);
        metrics_write(&b);
        return buf_string(&b);
}

TEST(the_reference_s_form) {
        Metric *plain = metric_counter("a_total", "Plain.", METRIC_NO_LABELS);
        Metric *labelled = metric_counter("b_total", "Labelled.", METRIC_LABELS("type", "tls"));

        CHECK_STR(text(), "# TYPE a_total counter\n# HELP a_total Plain.\na_total 0.0\n"
                          "# TYPE b_total counter\n# HELP b_total Labelled.\n");
        metric_count(plain);
        metric_add(plain, 2, NULL);
        metric_count(labelled, "x\"y\\z\n", "no");
        metric_count(labelled, "x\"y\\z\n", "no");
        metric_count(labelled, "other one", "yes");
        CHECK_STR(text(), "# TYPE a_total counter\n# HELP a_total Plain.\na_total 3.0\n"
                          "# TYPE b_total counter\n# HELP b_total Labelled.\n"
                          "b_total{type=\"x\\\"y\\\\z\\n\",tls=\"no\"} 2.0\n"
                          "b_total{type=\"other one\",tls=\"yes\"} 1.0\n");
        metrics_reset();
}

TEST(histograms_are_cumulative) {
        Metric *h = metric_histogram("h", "Times.", METRIC_NO_LABELS);

        metric_observe(h, 0.3, NULL);
        metric_observe(h, 0.005, NULL);
        metric_observe(h, 100, NULL);
        CHECK(strstr(text(), "h_bucket{le=\"0.005\"} 1.0\n"));
        CHECK(strstr(text(), "h_bucket{le=\"0.25\"} 1.0\nh_bucket{le=\"0.5\"} 2.0\n"));
        CHECK(strstr(text(), "h_bucket{le=\"10\"} 2.0\nh_bucket{le=\"+Inf\"} 3.0\nh_sum 100.305\nh_count 3.0\n"));
        metrics_reset();
}

TEST(series_are_bounded) {
        Metric *m = metric_counter("m", "Many.", METRIC_LABELS("v"));
        unsigned lines = 0;

        for (int i = 0; i < 1000; i++) {
                char value[16];

                (void) snprintf(value, sizeof(value), "%d", i);
                metric_count(m, value);
        }
        for (const char *p = text(); (p = strchr(p, '\n')); p++)
                lines++;
        CHECK_INT(lines, METRIC_SERIES_MAX + 2);
        CHECK(strstr(text(), "m{v=\"other\"} 745.0"));
        metrics_reset();
}

TEST(gauges_are_set) {
        Metric *g = metric_gauge("g", "Now.", METRIC_NO_LABELS);

        metric_set(g, 12.5, NULL);
        CHECK(strstr(text(), "\ng 12.5\n"));
        metrics_reset();
}
