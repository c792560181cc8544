/* SPDX-License-Identifier: MIT */
#include "worker/metrics.h"

WorkerMetrics worker_metrics;

void worker_metrics_init(void) {
        worker_metrics.job_executions = metric_counter(
                "postal_worker_job_executions",
                "The number of jobs worked by a worker where work was completed", METRIC_LABELS("thread", "job"));
        worker_metrics.job_runtime = metric_histogram("postal_worker_job_runtime",
                                                      "The time taken to process jobs (in seconds)",
                                                      METRIC_LABELS("thread", "job"));
        worker_metrics.errors = metric_counter("postal_worker_errors",
                                               "The number of errors encountered while processing jobs",
                                               METRIC_LABELS("error"));
        worker_metrics.task_runtime = metric_histogram("postal_worker_task_runtime",
                                                       "The time taken to process tasks (in seconds)",
                                                       METRIC_LABELS("task"));
        worker_metrics.queue_latency = metric_histogram(
                "postal_message_queue_latency",
                "The length of time between a message being queued and being dequeued (in seconds)",
                METRIC_NO_LABELS);
        worker_metrics.deliveries = metric_counter("postal_worker_deliveries_total",
                                                   "Delivery attempts by what came of them", METRIC_LABELS("status"));
        worker_metrics.in_memory = metric_gauge("postal_worker_deliveries_in_memory",
                                                "Messages claimed and not yet settled", METRIC_NO_LABELS);
        worker_metrics.connections = metric_gauge("postal_worker_connections", "Connections open now",
                                                  METRIC_NO_LABELS);
}
