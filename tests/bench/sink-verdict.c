/* SPDX-License-Identifier: MIT */

/* The decisions by rate come from a counter and the seed alone, so that the same seed spoils the
 * same messages of a run in each repetition with one connection, and the same number of them with
 * many. */

#include "bench/sink.h"

static const char *const stage_table[_STAGE_MAX] = {
        [STAGE_CONNECT] = "connect",   [STAGE_EHLO] = "ehlo", [STAGE_MAIL] = "mail",
        [STAGE_RCPT] = "rcpt",         [STAGE_DATA] = "data", [STAGE_DOT] = "dot",
        [STAGE_ACCEPTED] = "accepted",
};

const char *stage_to_string(Stage stage) {
        assert(stage >= 0 && stage < _STAGE_MAX);
        return stage_table[stage];
}

Stage stage_from_string(Slice name) {
        for (Stage i = 0; i < _STAGE_MAX; i++)
                if (slice_equal(name, slice_from_string(stage_table[i])))
                        return i;
        return _STAGE_INVALID;
}

/* A number in 0 … 1 for each decision (the splitmix64 finalizer). */
static double chance(uint64_t seed, uint64_t number) {
        uint64_t z = seed + (number + 1) * UINT64_C(0x9e3779b97f4a7c15);

        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        z ^= z >> 31;
        return (double) (z >> 11) * 0x1.0p-53;
}

static Verdict answer(const char *reply) {
        return (Verdict){ VERDICT_REPLY, reply };
}

static const char *find_rule(const SinkOptions *o, Stage stage, Slice addresses) {
        for (size_t i = 0; i < o->rule_count; i++)
                if (o->rules[i].stage == stage &&
                    slice_find_ignore_case(addresses, slice_from_string(o->rules[i].substring)) >=
                            0)
                        return o->rules[i].reply;
        return NULL;
}

Verdict sink_judge(Sink *sink, Stage stage, Slice addresses) {
        const SinkOptions *o = &sink->options;
        const char *reply;
        double c;

        if (o->tarpit == stage)
                return (Verdict){ VERDICT_TARPIT, NULL };
        if (o->disconnect_at == stage &&
            chance(~o->seed, sink->decisions[1]++) < o->disconnect_rate)
                return (Verdict){ VERDICT_DISCONNECT, NULL };
        reply = find_rule(o, stage, addresses);
        if (reply)
                return answer(reply);
        if (o->fail_at != stage || o->temp_rate + o->perm_rate <= 0)
                return (Verdict){ VERDICT_PASS, NULL };
        c = chance(o->seed, sink->decisions[0]++);
        if (c < o->perm_rate)
                return answer("550 5.7.1 Refused by decision of the test");
        if (c < o->perm_rate + o->temp_rate)
                return answer("451 4.7.1 Try again later, by decision of the test");
        return (Verdict){ VERDICT_PASS, NULL };
}
