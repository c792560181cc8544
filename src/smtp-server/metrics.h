/* SPDX-License-Identifier: MIT */
#pragma once

/* The SMTP server's metrics: the reference's first, then ours. NULL until smtp_metrics_init(). */

#include "core/metrics.h"

typedef struct SmtpMetrics {
        Metric *connections;
        Metric *exceptions;
        Metric *tls_connections;
        Metric *commands;
        Metric *client_errors;
        Metric *messages;
        Metric *open_connections;
        Metric *refused_connections;
        Metric *batches;
        Metric *batch_messages;
        Metric *batch_seconds;
        Metric *store_seconds;
} SmtpMetrics;

extern SmtpMetrics smtp_metrics;

void smtp_metrics_init(void);
