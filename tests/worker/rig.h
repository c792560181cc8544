/* SPDX-License-Identifier: MIT */
#pragma once

/* Destinations and their connections as the worker has them, with stand-ins for what is around them: messages are
 * prepared and settled at once in the loop, and looked-up hosts are what the test says. Time stands still unless rig_pass() moves
 * it on. */

#include "core/clock.h"
#include "core/config-fixture.h"
#include "peer.h"
#include "test.h"
#include "worker/destination-private.h"

#define RIG_OUTCOMES_MAX 4096

typedef struct RigHost {
        const char *name;
        const Peer *peer;    /* its address and port, … */
        const char *address; /* … or these */
        unsigned port;
        SmtpClientTls tls;
} RigHost;

typedef struct RigOutcome {
        uint64_t queue_id;
        SettleQueue queue;
        DeliveryStatus status;
        char *details; /* with ":A" for the port of the first peer, ":B" for the second */
        char *output;
        unsigned retry_sec;
        bool sent_with_tls;
        bool has_log_id;
} RigOutcome;

typedef struct Rig {
        Fixture fixture;
        Worker worker;
        sd_event *event;
        Peer *peers[4];
        size_t peer_count;

        /* What is looked up: the hosts, or why not. */
        const RigHost *hosts;
        size_t host_count;
        MxStatus mx_status;
        const char *mx_error;
        unsigned lookups;
        bool holds_lookups;   /* they are not answered until rig_answer() */

        size_t body_size;     /* of prepared messages; 0: a few words */
        const char *body;     /* or this */
        int prepare_result;
        bool holds_prepared;  /* they are not ready until rig_prepare() */
        bool may_not_send;

        RigOutcome outcomes[RIG_OUTCOMES_MAX];
        size_t outcome_count;
        uint64_t next_id;
        unsigned limit;        /* as the claimer was last told */
        bool has_succeeded;
        unsigned drained;      /* worker_check_drained() found nothing under way */
} Rig;

extern Rig rig;

/* `yaml`: settings beside the defaults, or "". */
void rig_set_up(const char *yaml);
/* Everything must be over: closes what is still open, and looks for leaks of its own kind. */
void rig_tear_down(void);
/* A peer of the rig's. */
Peer *rig_peer(const char *address, bool has_tls);
/* The hosts of every destination from now on. */
#define rig_hosts(...)                                                                                               \
        do {                                                                                                         \
                static RigHost hosts_[8];                                                                            \
                const RigHost new_[] = { __VA_ARGS__ };                                                              \
                memcpy(hosts_, new_, sizeof(new_));                                                                  \
                rig.hosts = hosts_;                                                                                  \
                rig.host_count = ELEMENTSOF(new_);                                                                   \
        } while (0)

/* Queues a message to "jo@<domain>" and returns its number. */
uint64_t rig_send(const char *domain);
void rig_prepare(void);
void rig_answer(void);

/* Turns of the loop: some, or until the condition holds. */
void rig_turns(unsigned turns);
void rig_check_time(const char *file, int line, const char *condition, unsigned *turns);
#define RIG_UNTIL(condition)                                                                                         \
        do {                                                                                                         \
                unsigned turns_ = 0;                                                                                 \
                while (!(condition))                                                                                 \
                        rig_check_time(__FILE__, __LINE__, #condition, &turns_);                                     \
        } while (0)
/* Lets the time pass, and the loop turn. */
void rig_pass(uint64_t usec);

/* The outcome of a message, or NULL. */
const RigOutcome *rig_outcome(uint64_t id);
/* "Sent|details|output", "SoftFail 300|…" with the seconds of its retry, "released"; "" while there is none. */
const char *rig_describe(uint64_t id);
#define CHECK_OUTCOME(id, want) CHECK_STR(rig_describe(id), want)
/* All that is open. */
size_t rig_open_connections(void);
