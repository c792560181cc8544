/* SPDX-License-Identifier: MIT */
#include <jansson.h>

#include "bench/args.h"
#include "bench/loadgen.h"

static const struct {
        const char *name;
        double q;
} quantiles[] = {
        { "p50", 0.5 },  { "p90", 0.9 },     { "p95", 0.95 },
        { "p99", 0.99 }, { "p99.9", 0.999 }, { "max", 1 },
};

static double msec(uint64_t nsec) {
        return (double) nsec / 1e6;
}

static uint64_t sum(const uint64_t codes[static CODES_MAX]) {
        uint64_t total = 0;

        for (unsigned i = 0; i < CODES_MAX; i++)
                total += codes[i];
        return total;
}

/* From the beginning of the load to the last result. */
static double elapsed_seconds(const LoadStats *s) {
        return s->last_result > s->started ? (double) (s->last_result - s->started) / 1e9 : 0;
}

static double per_second(const LoadStats *s, double amount) {
        double elapsed = elapsed_seconds(s);

        return elapsed > 0 ? amount / elapsed : 0;
}

static double cpu_usec_per_message(const LoadStats *s) {
        return s->accepted == 0 ? 0 : cpu_seconds() * 1e6 / (double) s->accepted;
}

static json_t *json_of_number(uint64_t value) {
        return json_integer((json_int_t) value);
}

static json_t *json_of_codes(const uint64_t codes[static CODES_MAX]) {
        json_t *o = json_object();
        char name[8];

        for (unsigned i = 0; i < CODES_MAX; i++)
                if (codes[i] > 0) {
                        (void) snprintf(name, sizeof(name), "%u", i);
                        (void) json_object_set_new(o, name, json_of_number(codes[i]));
                }
        return o;
}

static json_t *json_of_histogram(const Histogram *h) {
        json_t *o = json_pack("{s:I s:f}", "count", (json_int_t) h->count, "mean",
                              histogram_mean(h) / 1e6);

        for (size_t i = 0; i < ELEMENTSOF(quantiles); i++)
                (void) json_object_set_new(o, quantiles[i].name,
                                           json_real(msec(histogram_quantile(h, quantiles[i].q))));
        return o;
}

static json_t *json_of_errors(const LoadStats *s) {
        json_t *o = json_object();

        (void) json_object_set_new(o, "connect", json_of_number(s->connect_errors));
        (void) json_object_set_new(o, "lost", json_of_number(s->lost));
        (void) json_object_set_new(o, "timeout", json_of_number(s->timeouts));
        (void) json_object_set_new(o, "tls", json_of_number(s->tls_errors));
        (void) json_object_set_new(o, "protocol", json_of_number(s->protocol_errors));
        return o;
}

static void print_json(const Load *load) {
        const LoadStats *s = &load->stats;
        json_t *o = json_object();

        (void) json_object_set_new(o, "run", json_string(load->source.run));
        (void) json_object_set_new(o, "body_sha256", json_string(load->source.body_sha256));
        (void) json_object_set_new(o, "ok", json_boolean(!load->has_failed));
        (void) json_object_set_new(o, "accepted", json_of_number(s->accepted));
        (void) json_object_set_new(o, "failed", json_of_number(s->failed));
        (void) json_object_set_new(o, "unknown", json_of_number(s->unknown));
        (void) json_object_set_new(o, "retries", json_of_number(s->retries));
        (void) json_object_set_new(o, "backlog", json_of_number(s->backlog));
        (void) json_object_set_new(o, "refused", json_of_codes(s->refused));
        (void) json_object_set_new(o, "refused_recipients", json_of_codes(s->refused_recipients));
        (void) json_object_set_new(o, "errors", json_of_errors(s));
        (void) json_object_set_new(o, "connections", json_of_number(s->connections));
        (void) json_object_set_new(o, "bytes", json_of_number(s->bytes));
        (void) json_object_set_new(o, "elapsed_seconds", json_real(elapsed_seconds(s)));
        (void) json_object_set_new(o, "messages_per_second",
                                   json_real(per_second(s, (double) s->accepted)));
        (void) json_object_set_new(o, "megabytes_per_second",
                                   json_real(per_second(s, (double) s->bytes / 1e6)));
        (void) json_object_set_new(
                o, "latency_msec",
                json_pack("{s:o s:o s:o}", "connect", json_of_histogram(&s->connect), "transaction",
                          json_of_histogram(&s->transaction), "dot", json_of_histogram(&s->dot)));
        (void) json_object_set_new(o, "cpu_seconds", json_real(cpu_seconds()));
        (void) json_object_set_new(o, "cpu_usec_per_message", json_real(cpu_usec_per_message(s)));
        (void) json_dumpf(o, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
        (void) putchar('\n');
        json_decref(o);
}

static void print_histogram(const char *name, const Histogram *h) {
        (void) printf("%-12s", name);
        for (size_t i = 0; i < ELEMENTSOF(quantiles); i++)
                (void) printf(" %10.3f", msec(histogram_quantile(h, quantiles[i].q)));
        (void) putchar('\n');
}

static void print_codes(const char *what, const uint64_t codes[static CODES_MAX]) {
        if (sum(codes) == 0)
                return;
        (void) fputs(what, stdout);
        for (unsigned i = 0; i < CODES_MAX; i++)
                if (codes[i] > 0)
                        (void) printf(" %llu with %u", (unsigned long long) codes[i], i);
        (void) putchar('\n');
}

static void print_text(const Load *load) {
        const LoadStats *s = &load->stats;

        (void) printf("run %s: %llu accepted, %llu failed, %llu unknown, %llu sent again\n",
                      load->source.run, (unsigned long long) s->accepted,
                      (unsigned long long) s->failed, (unsigned long long) s->unknown,
                      (unsigned long long) s->retries);
        (void) printf("%.1f messages/s, %.2f MB/s in %.2f s; CPU %.2f s, %.1f us a message\n",
                      per_second(s, (double) s->accepted), per_second(s, (double) s->bytes / 1e6),
                      elapsed_seconds(s), cpu_seconds(), cpu_usec_per_message(s));
        (void) printf("%llu connections; errors: %llu connect, %llu lost, %llu timeout, %llu TLS, "
                      "%llu protocol\n",
                      (unsigned long long) s->connections, (unsigned long long) s->connect_errors,
                      (unsigned long long) s->lost, (unsigned long long) s->timeouts,
                      (unsigned long long) s->tls_errors, (unsigned long long) s->protocol_errors);
        print_codes("refused:", s->refused);
        print_codes("refused recipients:", s->refused_recipients);
        if (s->backlog > 0)
                (void) printf("%llu arrivals never had a session\n",
                              (unsigned long long) s->backlog);
        (void) printf("%-12s", "msec");
        for (size_t i = 0; i < ELEMENTSOF(quantiles); i++)
                (void) printf(" %10s", quantiles[i].name);
        (void) putchar('\n');
        print_histogram("connect", &s->connect);
        print_histogram("transaction", &s->transaction);
        print_histogram("dot", &s->dot);
}

void load_report(const Load *load) {
        if (load->options.json)
                print_json(load);
        else
                print_text(load);
        (void) fflush(stdout);
}
