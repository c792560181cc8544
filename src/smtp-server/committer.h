/* SPDX-License-Identifier: MIT */
#pragma once

/* Stores what sessions have received, many messages to a transaction. */

#include "core/batcher.h"
#include "core/config.h"
#include "smtp-server/session.h"

typedef struct Committer Committer;
typedef struct CommitItem CommitItem;

/* `token` is that of the first recipient's message, valid during the call; NULL unless the verdict is OK. */
typedef void (*commit_done_t)(SmtpVerdict verdict, const char *token, void *userdata);

/* Wakes the workers of this host after each batch. */
int committer_new(sd_event *event, Reactor *reactor, const Config *config, Committer **ret);
Committer *committer_free(Committer *c);
DEFINE_CLEANUP(Committer *, committer_free)

/* Stores the message of a session that waits for SMTP_REQUEST_STORE; the session's data must stay until done() is called, and
 * done() is called in any case. -EAGAIN: too many wait already. */
int committer_add(Committer *c, const SmtpRequest *request, bool received_with_tls, commit_done_t done, void *userdata);
/* How many sessions are receiving a message now: a batch waits a moment for them. */
void committer_expect(Committer *c, size_t count);
size_t committer_load(const Committer *c);
