/* SPDX-License-Identifier: MIT */
#include <jansson.h>

#include "bench/args.h"
#include "bench/sink.h"

static double seconds_since(const SinkStats *stats, uint64_t nsec) {
        return nsec == 0 ? 0 : (double) (nsec - stats->started) / 1e9;
}

/* Between the first and the last message: n messages have n - 1 intervals. */
static double message_rate(const SinkStats *stats) {
        if (stats->messages < 2 || stats->last == stats->first)
                return 0;
        return (double) (stats->messages - 1) / ((double) (stats->last - stats->first) / 1e9);
}

static json_t *json_of_series(const SinkStats *stats) {
        json_t *series = json_array();

        for (size_t i = 0; i < stats->series_count && i <= seconds_since(stats, stats->last); i++)
                (void) json_array_append_new(series, json_integer((json_int_t) stats->series[i]));
        return series;
}

static json_t *json_of_refusals(const SinkStats *stats) {
        json_t *refused = json_object();

        for (Stage i = 0; i < _STAGE_MAX; i++)
                if (stats->refused[i] > 0)
                        (void) json_object_set_new(refused, stage_to_string(i),
                                                   json_integer((json_int_t) stats->refused[i]));
        return refused;
}

static double tls_share(const SinkStats *stats) {
        return stats->messages == 0 ? 0 : (double) stats->tls_messages / (double) stats->messages;
}

static void print_json(const SinkStats *stats) {
        const struct {
                const char *name;
                uint64_t value;
        } numbers[] = {
                { "messages", stats->messages },
                { "recipients", stats->recipients },
                { "bytes", stats->bytes },
                { "tls_messages", stats->tls_messages },
                { "connections", stats->connections },
                { "open_connections", stats->open },
                { "peak_connections", stats->peak },
                { "tls_connections", stats->tls_connections },
                { "refused_connections", stats->refused_connections },
                { "failed_handshakes", stats->failed_handshakes },
                { "dropped_connections", stats->dropped },
                { "temporary_refusals", stats->temporary },
                { "permanent_refusals", stats->permanent },
                { "size_mismatches", stats->size_mismatches },
        };
        const struct {
                const char *name;
                double value;
        } fractions[] = {
                { "uptime_seconds", seconds_since(stats, clock_nsec()) },
                { "first_message_seconds", seconds_since(stats, stats->first) },
                { "last_message_seconds", seconds_since(stats, stats->last) },
                { "messages_per_second", message_rate(stats) },
                { "tls_share", tls_share(stats) },
                { "cpu_seconds", cpu_seconds() },
        };
        json_t *all = json_object();

        for (size_t i = 0; i < ELEMENTSOF(numbers); i++)
                (void) json_object_set_new(all, numbers[i].name,
                                           json_integer((json_int_t) numbers[i].value));
        for (size_t i = 0; i < ELEMENTSOF(fractions); i++)
                (void) json_object_set_new(all, fractions[i].name, json_real(fractions[i].value));
        (void) json_object_set_new(all, "refused_at", json_of_refusals(stats));
        (void) json_object_set_new(all, "series", json_of_series(stats));
        (void) json_dumpf(all, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
        (void) putchar('\n');
        json_decref(all);
}

static void print_text(const SinkStats *stats) {
        unsigned long long messages = stats->messages;

        (void) printf(
                "%llu messages (%llu with TLS), %.1f MB, %.1f messages/s, CPU %.1f us a message\n",
                messages, (unsigned long long) stats->tls_messages, (double) stats->bytes / 1e6,
                message_rate(stats), messages == 0 ? 0 : cpu_seconds() * 1e6 / (double) messages);
        (void) printf("%llu connections (%llu with TLS, %llu refused, %llu cut), %llu at most at a "
                      "time\n",
                      (unsigned long long) stats->connections,
                      (unsigned long long) stats->tls_connections,
                      (unsigned long long) stats->refused_connections,
                      (unsigned long long) stats->dropped, (unsigned long long) stats->peak);
        (void) printf("%llu temporary and %llu permanent refusals, %llu wrong sizes\n",
                      (unsigned long long) stats->temporary, (unsigned long long) stats->permanent,
                      (unsigned long long) stats->size_mismatches);
}

void sink_report(Sink *sink) {
        if (sink->options.json)
                print_json(&sink->stats);
        else
                print_text(&sink->stats);
        (void) fflush(stdout);
}
