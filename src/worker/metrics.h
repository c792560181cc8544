/* SPDX-License-Identifier: MIT */
#pragma once

/* The worker's metrics: the reference's first, then ours. NULL until worker_metrics_init(). */

#include "core/metrics.h"

typedef struct WorkerMetrics {
        Metric *job_executions;
        Metric *job_runtime;
        Metric *errors;
        Metric *task_runtime;
        Metric *queue_latency;
        Metric *deliveries;
        Metric *in_memory;
        Metric *connections;
} WorkerMetrics;

extern WorkerMetrics worker_metrics;

void worker_metrics_init(void);
