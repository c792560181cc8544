/* SPDX-License-Identifier: MIT */

/* loadgen: the sending end of tests and measurements; see loadgen --help.
 *
 * In an open loop (--rate) arrivals have their own clock: a message that finds no free session
 * begins late, but its time is counted from when it should have begun. Since only the next arrival
 * matters, the queue of those that wait is just a date in the past. */

#include <math.h>
#include <signal.h>

#include "basic/random.h"
#include "bench/args.h"
#include "bench/loadgen.h"
#include "bench/record.h"

/* How many first connections are made at a time. */
#define OPENING_MAX 64

static void dispatch(Load *load);

/* Evenly distributed, never 0. */
static double draw(Load *load) {
        load->random ^= load->random << 13;
        load->random ^= load->random >> 7;
        load->random ^= load->random << 17;
        return ((double) (load->random >> 11) + 1) * 0x1.0p-53;
}

static uint64_t next_interval(Load *load) {
        double mean = 1e9 / load->options.rate;

        return (uint64_t) (load->options.even ? mean : -log(draw(load)) * mean);
}

static bool has_message(const Load *load) {
        return load->is_started && !load->is_stopping && !load->loop.stop &&
               (load->options.messages == 0 || load->next_number < load->options.messages);
}

static void end_if_done(Load *load) {
        const LoadOptions *o = &load->options;

        if (load->running > 0)
                return;
        if (load->is_stopping || (o->messages > 0 && load->finished >= o->messages))
                load->loop.stop = true;
}

void load_job_done(Session *s, bool is_accepted) {
        Load *load = s->load;

        assert(s->job.is_set);

        s->job.is_set = false;
        load->running--;
        load->finished++;
        load->stats.failed += !is_accepted;
        load->stats.last_result = clock_nsec();
        end_if_done(load);
}

void load_fail(Load *load, const char *what, Slice detail) {
        if (!load->has_failed)
                (void) fprintf(stderr, "loadgen: %s%s%.*s\n", what, detail.size > 0 ? ": " : "",
                               SLICE_FORMAT(detail));
        load->has_failed = true;
        load->loop.stop = true;
}

/* Gives messages to waiting sessions while there are both. */
static void dispatch(Load *load) {
        while (load->waiting.count > 0 && has_message(load)) {
                uint64_t now = clock_nsec(), intended = now;
                Session *s;

                if (load->options.rate > 0) {
                        if (load->next_arrival > now) {
                                loop_set_timer(&load->loop, &load->arrival, load->next_arrival);
                                return;
                        }
                        intended = load->next_arrival;
                        load->next_arrival += next_interval(load);
                }
                s = LIST_ITEM(list_pop(&load->waiting), Session, node);
                s->job = (Job){ true, load->next_number++, 1, intended };
                load->running++;
                transaction_begin(s);
        }
}

void load_session_ready(Session *s) {
        list_append(&s->load->waiting, &s->node);
        dispatch(s->load);
}

static void on_arrival(Timer *t) {
        dispatch(container_of(t, Load, arrival));
}

static void start(Load *load) {
        const LoadOptions *o = &load->options;

        load->is_started = true;
        load->stats.started = load->stats.last_result = clock_nsec();
        load->next_arrival = load->stats.started;
        if (o->idle)
                (void) fprintf(stderr, "loadgen: idle with %llu connections\n",
                               (unsigned long long) load->stats.connect.count);
        if (o->seconds > 0)
                loop_set_timer(&load->loop, &load->end,
                               load->stats.started + (uint64_t) (o->seconds * 1e9));
        dispatch(load);
}

void load_session_opened(Session *s) {
        Load *load = s->load;

        s->has_opened = true;
        load->opening--;
        load->opened++;
        loop_set_timer(&load->loop, &load->opener, 0);
}

/* Goes on opening connections; the load starts when each has had its try. */
static void on_opener(Timer *t) {
        Load *load = container_of(t, Load, opener);
        uint64_t connections = load->options.connections;

        while (load->opening < OPENING_MAX && load->opening + load->opened < connections) {
                Session *s = &load->sessions[load->opening + load->opened];

                load->opening++;
                loop_set_timer(&load->loop, &s->timer, 0);
        }
        if (load->opened == connections && !load->is_started)
                start(load);
}

/* No new messages: those under way may end, those that only wait to be sent again are given up. */
static void stop(Load *load) {
        const LoadOptions *o = &load->options;
        uint64_t now = clock_nsec();

        if (load->is_stopping) {
                load->loop.stop = true;
                return;
        }
        if (o->rate > 0 && load->is_started)
                while (load->next_arrival < now && has_message(load)) {
                        load->stats.backlog++;
                        load->next_number++;
                        load->next_arrival += next_interval(load);
                }
        load->is_stopping = true;
        for (uint64_t i = 0; i < o->connections; i++) {
                Session *s = &load->sessions[i];

                if (s->job.is_set && (s->state < SESSION_MAIL || s->state > SESSION_DOT))
                        load_job_done(s, false);
        }
        end_if_done(load);
        loop_set_timer(&load->loop, &load->end, now + (uint64_t) (o->grace * 1e9));
}

static void on_end(Timer *t) {
        stop(container_of(t, Load, end));
}

static void on_signal(Loop *loop, int signal_number) {
        Load *load = container_of(loop, Load, loop);

        if (signal_number == SIGUSR1)
                load_report(load);
        else
                stop(load);
}

static int prepare_network(Load *load) {
        const LoadOptions *o = &load->options;
        struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
        int r = getaddrinfo(o->host, o->port, &hints, &load->to);

        if (r != 0)
                arg_fail("--host %s --port %s: %s", o->host, o->port, gai_strerror(r));
        if (!o->starttls && !o->implicit_tls)
                return 0;
        if (gnutls_certificate_allocate_credentials(&load->credentials) < 0)
                return -ENOMEM;
        if (!o->insecure)
                (void) gnutls_certificate_set_x509_system_trust(load->credentials);
        return 0;
}

static int prepare_messages(Load *load) {
        const LoadOptions *o = &load->options;
        _cleanup_(buf_done) Buf from = BUF_EMPTY, to = BUF_EMPTY;
        char run[MESSAGE_RUN_MAX + 1];
        int r;

        if (addresses_init(&load->senders, o->from, 0) < 0)
                arg_fail("--from: \"%s\" gives no addresses", o->from);
        if (addresses_init(&load->recipients, o->to, o->to_numbers) < 0)
                arg_fail("--to: \"%s\" gives no addresses", o->to);
        addresses_append(&load->senders, 0, &from);
        addresses_append(&load->recipients, 0, &to);
        random_letters_lower(run, 8);
        r = message_source_init(&load->source, o->run ? o->run : run, o->size, buf_string(&from),
                                buf_string(&to));
        if (r == -EINVAL)
                arg_fail("--run: \"%s\" is not up to %d letters and digits", o->run,
                         MESSAGE_RUN_MAX);
        if (r == 0 && o->ids_path) {
                load->ids_fd = record_open(o->ids_path);
                r = MIN(load->ids_fd, 0);
        }
        return r;
}

static int prepare(Load *load) {
        uint64_t connections = load->options.connections;
        int r;

        load->opener.fire = on_opener;
        load->arrival.fire = on_arrival;
        load->end.fire = on_end;
        load->random = random_u64() | 1;
        r = loop_init(&load->loop, on_signal);
        if (r == 0)
                r = prepare_network(load);
        if (r == 0)
                r = prepare_messages(load);
        if (r < 0)
                return r;
        load->sessions = calloc(connections, sizeof(Session));
        if (!load->sessions)
                return -ENOMEM;
        for (uint64_t i = 0; i < connections; i++)
                session_init(&load->sessions[i], load);
        loop_set_timer(&load->loop, &load->opener, 0);
        return 0;
}

/* Attempts whose answer did not come within the grace. */
static void count_unfinished(Load *load) {
        for (uint64_t i = 0; i < load->options.connections; i++) {
                Session *s = &load->sessions[i];

                if (!s->job.is_set)
                        continue;
                load->is_stopping = true;
                (void) transaction_lost(s);
                load_job_done(s, false);
        }
}

static void done(Load *load) {
        for (uint64_t i = 0; load->sessions && i < load->options.connections; i++)
                session_done(&load->sessions[i]);
        free(load->sessions);
        loop_done(&load->loop);
        if (load->to)
                freeaddrinfo(load->to);
        if (load->credentials)
                gnutls_certificate_free_credentials(load->credentials);
        addresses_done(&load->senders);
        addresses_done(&load->recipients);
        message_source_done(&load->source);
        buf_done(&load->line);
        (void) safe_close(load->ids_fd);
}

int main(int argc, char *argv[]) {
        static Load load = { .ids_fd = -EBADF };
        bool is_good;
        int r;

        load_parse_options(&load.options, argc, argv);
        raise_file_limit();
        r = prepare(&load);
        if (r == 0) {
                r = loop_run(&load.loop);
                count_unfinished(&load);
                load_report(&load);
        }
        if (r < 0)
                (void) fprintf(stderr, "loadgen: %s\n", strerror(-r));
        is_good = r == 0 && !load.has_failed && load.stats.failed == 0;
        done(&load);
        return is_good ? EXIT_SUCCESS : EXIT_FAILURE;
}
