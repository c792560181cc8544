/* SPDX-License-Identifier: MIT */
#include "smtp-server/metrics.h"

SmtpMetrics smtp_metrics;

void smtp_metrics_init(void) {
        smtp_metrics.connections = metric_counter("postal_smtp_server_connections_total",
                                                  "The number of connections made to the Postal SMTP server.",
                                                  METRIC_NO_LABELS);
        smtp_metrics.exceptions = metric_counter("postal_smtp_server_exceptions_total",
                                                 "The number of server exceptions encountered by the SMTP server",
                                                 METRIC_LABELS("type", "error"));
        smtp_metrics.tls_connections = metric_counter("postal_smtp_server_tls_connections_total",
                                                      "The number of successfuly TLS connections established",
                                                      METRIC_NO_LABELS);
        smtp_metrics.commands = metric_counter("postal_smtp_server_commands_total",
                                               "The number of key commands received by the server",
                                               METRIC_LABELS("command"));
        smtp_metrics.client_errors = metric_counter("postal_smtp_server_client_errors",
                                                    "The number of errors sent to a client",
                                                    METRIC_LABELS("error"));
        smtp_metrics.messages = metric_counter("postal_smtp_server_messages_total",
                                               "The number of messages accepted by the SMTP server",
                                               METRIC_LABELS("type", "tls"));
        smtp_metrics.open_connections = metric_gauge("postal_smtp_server_open_connections",
                                                     "Connections open now, by role of the listener",
                                                     METRIC_LABELS("role"));
        smtp_metrics.refused_connections = metric_counter("postal_smtp_server_refused_connections_total",
                                                          "Connections closed at once, by the limit they ran into",
                                                          METRIC_LABELS("limit"));
        smtp_metrics.batches = metric_counter("postal_smtp_server_batches_total",
                                              "Transactions in which messages were stored", METRIC_NO_LABELS);
        smtp_metrics.batch_messages = metric_counter("postal_smtp_server_batch_messages_total",
                                                     "Messages stored in those transactions", METRIC_NO_LABELS);
        smtp_metrics.batch_seconds = metric_counter("postal_smtp_server_batch_seconds_total",
                                                    "Time spent in those transactions", METRIC_NO_LABELS);
        smtp_metrics.store_seconds = metric_histogram("postal_smtp_server_store_seconds",
                                                      "Time from the final dot to the reply", METRIC_NO_LABELS);
}
