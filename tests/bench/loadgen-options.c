/* SPDX-License-Identifier: MIT */
#include "bench/args.h"
#include "bench/loadgen.h"

#define CONNECTIONS_MAX 100000
#define RECIPIENTS_MAX 10000
#define RATE_MAX 10000000
#define SECONDS_MAX 100000000
#define SIZE_LIMIT (1024 * 1024 * 1024)

static const char usage[] =
        "loadgen --port PORT (--messages N | --seconds S | --idle N) [OPTION…]\n"
        "\n"
        "Sends mail by SMTP and measures how that goes. Ends with status 0 when each message was\n"
        "accepted.\n"
        "\n"
        "  --host HOST --port PORT   where to (127.0.0.1)\n"
        "  --connections N           sessions at a time (1)\n"
        "  --messages N              ends when so many have a final result\n"
        "  --seconds S               ends after that time\n"
        "  --grace S                 lets messages under way end for so long (10)\n"
        "  --rate R                  open loop: R arrivals a second, exponential intervals; times\n"
        "                            count from the arrival, whether a session was free or not\n"
        "  --even                    even intervals\n"
        "  --size BYTES              of a message (10240)\n"
        "  --from ADDRESS            may have a %d for the message's number\n"
        "  --to ADDRESS              may have a %d for the recipient's number; @FILE: one a line\n"
        "  --to-numbers N            those numbers begin again after N\n"
        "  --recipients N            of each message (1)\n"
        "  --run NAME                begins the load ids: letters and digits (random)\n"
        "  --helo NAME               of this client (load.example.com)\n"
        "  --auth plain|login|cram-md5 --user USER --password PASSWORD\n"
        "  --starttls | --tls        TLS by command, or from the first byte\n"
        "  --insecure                does not look at the certificate\n"
        "  --pipelining              MAIL, RCPT and DATA in one write, where offered\n"
        "  --messages-per-connection N\n"
        "                            then QUIT and connect again\n"
        "  --reconnect-delay MS      before connecting again (0 after QUIT, else 100)\n"
        "  --retry-delay MS          before sending a message again after 4xx (100)\n"
        "  --timeout S               for each answer (300)\n"
        "  --idle N                  opens N connections, greets, and stays silent\n"
        "  --tolerant                lost connections and 4xx do not end the run; the message is\n"
        "                            sent again under the same id\n"
        "  --skip                    is not sent again\n"
        "  --ids FILE                appends, columns separated by TAB: time in usec, what, load\n"
        "                            id, attempt, answer; what is pending (before the final dot),\n"
        "                            accepted, refused or unknown (no answer came)\n"
        "  --json                    prints the result as one line of JSON\n";

static void parse_auth(void *target, const char *name, const char *value) {
        LoadOptions *o = target;

        (void) name;
        if (streq(value, "plain"))
                o->auth = AUTH_PLAIN;
        else if (streq(value, "login"))
                o->auth = AUTH_LOGIN;
        else if (streq(value, "cram-md5"))
                o->auth = AUTH_CRAM_MD5;
        else
                arg_fail("--auth: \"%s\" is not plain, login or cram-md5", value);
}

static void parse_idle(void *target, const char *name, const char *value) {
        LoadOptions *o = target;

        o->connections = arg_number(name, value, CONNECTIONS_MAX);
        o->idle = true;
}

static void parse_reconnect_delay(void *target, const char *name, const char *value) {
        LoadOptions *o = target;

        o->reconnect_delay = arg_msec(name, value);
        o->has_reconnect_delay = true;
}

static void parse_size(void *target, const char *name, const char *value) {
        LoadOptions *o = target;

        o->size = (size_t) arg_number(name, value, SIZE_LIMIT);
}

#define AT(member) offsetof(LoadOptions, member)

static const Arg table[] = {
        { "host", ARG_TEXT, AT(host) },
        { "port", ARG_TEXT, AT(port) },
        { "connections", ARG_NUMBER, AT(connections), CONNECTIONS_MAX },
        { "messages", ARG_NUMBER, AT(messages), UINT64_MAX },
        { "seconds", ARG_FRACTION, AT(seconds), SECONDS_MAX },
        { "grace", ARG_FRACTION, AT(grace), SECONDS_MAX },
        { "rate", ARG_FRACTION, AT(rate), RATE_MAX },
        { "even", ARG_FLAG, AT(even) },
        { "size", ARG_CALL, .call = parse_size },
        { "from", ARG_TEXT, AT(from) },
        { "to", ARG_TEXT, AT(to) },
        { "to-numbers", ARG_NUMBER, AT(to_numbers), UINT64_MAX },
        { "recipients", ARG_NUMBER, AT(recipients), RECIPIENTS_MAX },
        { "run", ARG_TEXT, AT(run) },
        { "helo", ARG_TEXT, AT(helo) },
        { "auth", ARG_CALL, .call = parse_auth },
        { "user", ARG_TEXT, AT(user) },
        { "password", ARG_TEXT, AT(password) },
        { "starttls", ARG_FLAG, AT(starttls) },
        { "tls", ARG_FLAG, AT(implicit_tls) },
        { "insecure", ARG_FLAG, AT(insecure) },
        { "pipelining", ARG_FLAG, AT(pipelining) },
        { "messages-per-connection", ARG_NUMBER, AT(messages_per_connection), UINT64_MAX },
        { "reconnect-delay", ARG_CALL, .call = parse_reconnect_delay },
        { "retry-delay", ARG_MSEC, AT(retry_delay) },
        { "timeout", ARG_FRACTION, AT(timeout), SECONDS_MAX },
        { "idle", ARG_CALL, .call = parse_idle },
        { "tolerant", ARG_FLAG, AT(tolerant) },
        { "skip", ARG_FLAG, AT(skip) },
        { "ids", ARG_TEXT, AT(ids_path) },
        { "json", ARG_FLAG, AT(json) },
        {},
};

static void check(const LoadOptions *o) {
        if (!o->port)
                arg_fail("--port is missing");
        if (o->connections == 0 || o->recipients == 0)
                arg_fail("--connections and --recipients must not be 0");
        if (!o->idle && o->messages == 0 && o->seconds <= 0)
                arg_fail("--messages, --seconds or --idle is missing");
        if (o->starttls && o->implicit_tls)
                arg_fail("--starttls and --tls exclude each other");
        if (o->auth != AUTH_NONE && (!o->user || !o->password))
                arg_fail("--auth needs --user and --password");
}

void load_parse_options(LoadOptions *o, int argc, char *argv[]) {
        *o = (LoadOptions){
                .host = "127.0.0.1",
                .helo = "load.example.com",
                .from = "sender@load.example.com",
                .to = "user%d@sink.example.com",
                .to_numbers = 1000,
                .connections = 1,
                .recipients = 1,
                .size = 10240,
                .timeout = 300,
                .grace = 10,
                .reconnect_delay = 100 * NSEC_PER_MSEC,
                .retry_delay = 100 * NSEC_PER_MSEC,
        };
        args_parse(table, o, usage, argc, argv);
        check(o);
}
