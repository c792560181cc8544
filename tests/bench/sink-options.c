/* SPDX-License-Identifier: MIT */
#include "bench/args.h"
#include "bench/sink.h"

static const char usage[] =
        "sink --listen ADDRESS:PORT [OPTION…]\n"
        "\n"
        "An SMTP server that accepts everything. Port 0 takes a free one. Prints \"listening\n"
        "ADDRESS:PORT\" for each listener, then \"ready\"; the statistics follow on SIGUSR1\n"
        "and at the end (SIGTERM, SIGINT).\n"
        "\n"
        "  --listen ADDRESS:PORT     may be given several times; [ADDRESS] for IPv6\n"
        "  --listen-tls ADDRESS:PORT the same with implicit TLS\n"
        "  --tls                     implicit TLS on every listener\n"
        "  --tls-cert FILE --tls-key FILE\n"
        "                            PEM; offers STARTTLS\n"
        "  --tls-self-signed         makes a certificate for the host name instead\n"
        "  --name NAME               the host name (sink.example.com)\n"
        "  --chunking                offers CHUNKING (BDAT)\n"
        "  --max-size BYTES          the largest message (104857600)\n"
        "  --max-connections N       answers 421 to more at a time\n"
        "  --delay-banner MS         waits before the banner\n"
        "  --delay-reply MS          waits before each write of replies, like a long way\n"
        "  --delay-data MS           waits before the answer to a message\n"
        "\n"
        "STAGE is connect, ehlo, mail, rcpt, data, dot (the message is here, nothing recorded) or\n"
        "accepted (recorded, the answer not sent yet); P is a share from 0 to 1.\n"
        "  --tarpit STAGE            never answers again from there on\n"
        "  --temp-rate P --perm-rate P --at STAGE\n"
        "                            answers 451, 550 to that share (at dot)\n"
        "  --disconnect-at STAGE --disconnect-rate P\n"
        "                            cuts that share of connections there (1)\n"
        "  --reply-for SUBSTRING=STAGE:REPLY\n"
        "                            answers REPLY (\"450 4.2.1 Later\") where the address, at\n"
        "                            data and dot any recipient, contains SUBSTRING\n"
        "  --seed N                  another choice of the same shares\n"
        "\n"
        "  --ids FILE                appends a line for each recipient of each message, before\n"
        "                            its 250: time in usec, number, X-Load-Id, X-Postal-MsgID,\n"
        "                            sender, recipient, SHA-256 of the body; separated by TAB\n"
        "  --store DIR               writes each message to NUMBER.eml, CRLF kept, dots unstuffed\n"
        "  --verify-size             counts messages that are not as large as MAIL's SIZE said\n"
        "  --json                    prints statistics as one line of JSON\n";

static void add_listener(Sink *sink, const char *where, bool is_tls) {
        Listener *l = reallocarray(sink->listeners, sink->listener_count + 1, sizeof(Listener));

        if (!l)
                arg_fail("memory is short");
        sink->listeners = l;
        l[sink->listener_count] = (Listener){ .watch.fd = -EBADF, .is_tls = is_tls };
        l[sink->listener_count].where = strdup(where);
        if (!l[sink->listener_count++].where)
                arg_fail("memory is short");
}

static Stage parse_stage(const char *option, Slice text) {
        Stage stage = stage_from_string(text);

        if (stage < 0)
                arg_fail("--%s: \"%.*s\" is no stage", option, SLICE_FORMAT(text));
        return stage;
}

/* A reply has three digits and a space; more would be a way to send anything. */
static bool is_reply(Slice s) {
        return s.size > 4 && s.data[0] >= '2' && s.data[0] <= '5' && ascii_is_digit(s.data[1]) &&
               ascii_is_digit(s.data[2]) && s.data[3] == ' ';
}

static void add_rule(SinkOptions *o, const char *text) {
        ReplyRule *rules = reallocarray(o->rules, o->rule_count + 1, sizeof(ReplyRule));
        Slice rest = slice_from_string(text), substring, stage;
        ReplyRule rule;

        substring = slice_split(&rest, '=');
        stage = slice_split(&rest, ':');
        if (!is_reply(rest))
                arg_fail("--reply-for: \"%s\" is not SUBSTRING=STAGE:CODE TEXT", text);
        rule.stage = parse_stage("reply-for", stage);
        rule.substring = slice_dup(substring);
        rule.reply = slice_dup(rest);
        if (!rules || !rule.substring || !rule.reply)
                arg_fail("memory is short");
        o->rules = rules;
        o->rules[o->rule_count++] = rule;
}

static void parse_listen(void *target, const char *name, const char *value) {
        add_listener(target, value, streq(name, "listen-tls"));
}

static void parse_stage_option(void *target, const char *name, const char *value) {
        SinkOptions *o = &((Sink *) target)->options;
        Stage stage = parse_stage(name, slice_from_string(value));

        if (streq(name, "tarpit"))
                o->tarpit = stage;
        else if (streq(name, "at"))
                o->fail_at = stage;
        else
                o->disconnect_at = stage;
}

static void parse_rule(void *target, const char *name, const char *value) {
        (void) name;
        add_rule(&((Sink *) target)->options, value);
}

#define AT(member) offsetof(Sink, options.member)

static const Arg table[] = {
        { "listen", ARG_CALL, .call = parse_listen },
        { "listen-tls", ARG_CALL, .call = parse_listen },
        { "tls", ARG_FLAG, AT(implicit_tls) },
        { "tls-cert", ARG_TEXT, AT(cert_path) },
        { "tls-key", ARG_TEXT, AT(key_path) },
        { "tls-self-signed", ARG_FLAG, AT(self_signed) },
        { "name", ARG_TEXT, AT(name) },
        { "chunking", ARG_FLAG, AT(chunking) },
        { "max-size", ARG_NUMBER, AT(size_max), UINT32_MAX },
        { "max-connections", ARG_NUMBER, AT(connections_max), UINT32_MAX },
        { "delay-banner", ARG_MSEC, AT(delay_banner) },
        { "delay-reply", ARG_MSEC, AT(delay_reply) },
        { "delay-data", ARG_MSEC, AT(delay_data) },
        { "tarpit", ARG_CALL, .call = parse_stage_option },
        { "temp-rate", ARG_FRACTION, AT(temp_rate), 1 },
        { "perm-rate", ARG_FRACTION, AT(perm_rate), 1 },
        { "at", ARG_CALL, .call = parse_stage_option },
        { "disconnect-at", ARG_CALL, .call = parse_stage_option },
        { "disconnect-rate", ARG_FRACTION, AT(disconnect_rate), 1 },
        { "reply-for", ARG_CALL, .call = parse_rule },
        { "seed", ARG_NUMBER, AT(seed), UINT64_MAX },
        { "ids", ARG_TEXT, AT(ids_path) },
        { "store", ARG_TEXT, AT(store_path) },
        { "verify-size", ARG_FLAG, AT(verify_size) },
        { "json", ARG_FLAG, AT(json) },
        {},
};

void sink_parse_options(Sink *sink, int argc, char *argv[]) {
        SinkOptions *o = &sink->options;
        bool needs_tls = false, has_tls;

        *o = (SinkOptions){
                .name = "sink.example.com",
                .tarpit = _STAGE_INVALID,
                .fail_at = STAGE_DOT,
                .disconnect_at = _STAGE_INVALID,
                .disconnect_rate = 1,
                .size_max = 100 * 1024 * 1024,
        };
        args_parse(table, sink, usage, argc, argv);
        if (sink->listener_count == 0)
                arg_fail("--listen is missing");
        for (size_t i = 0; i < sink->listener_count; i++) {
                sink->listeners[i].is_tls |= o->implicit_tls;
                needs_tls |= sink->listeners[i].is_tls;
        }
        has_tls = o->self_signed || (o->cert_path && o->key_path);
        if (!has_tls && (needs_tls || o->cert_path || o->key_path))
                arg_fail("TLS needs --tls-cert and --tls-key, or --tls-self-signed");
}

void sink_options_done(Sink *sink) {
        for (size_t i = 0; i < sink->options.rule_count; i++) {
                free(sink->options.rules[i].substring);
                free(sink->options.rules[i].reply);
        }
        free(sink->options.rules);
        for (size_t i = 0; i < sink->listener_count; i++)
                free(sink->listeners[i].where);
        free(sink->listeners);
}
