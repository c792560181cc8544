/* SPDX-License-Identifier: MIT */
#pragma once

/* The settle journal of a worker (design, promise 2). Before the final dot of a message goes out, a line says so; when
 * the server has answered, a second line says what; when the database has it, a third. After a crash the lines
 * tell which messages were answered without being settled, and which were sent without an answer: the only ones
 * that may be delivered twice.
 *
 * Each line is written with one write() before the act that it announces, so that it survives the end of the
 * process at any moment. It is not forced to the disk: after a loss of power a message may be sent twice without
 * a note of it, but none is lost, for the queue is in the database.
 *
 * A worker locks the first free file `worker-<slot>.journal` of the state directory, and settles what it finds in it
 * and in the files of workers that are no more. */

#include "basic/arena.h"
#include "basic/list.h"

/* Rewritten with only the open entries when it has grown to this. */
#define JOURNAL_SIZE_MAX (UINT64_C(8) * 1024 * 1024)

typedef enum JournalState {
        JOURNAL_BEGUN,    /* the final dot was about to go out */
        JOURNAL_ANSWERED, /* the server has accepted the message */
} JournalState;

/* An entry that a former process left open. */
typedef struct JournalEntry {
        ListNode node;
        JournalState state;
        uint64_t queue_id;
        uint64_t server_id;
        uint64_t message_id;
        unsigned attempts;
        bool is_incoming;
        const char *rcpt_to;
        const char *route;   /* "192.0.2.1:25 (mx.example.com)" */
        const char *details; /* JOURNAL_ANSWERED */
        const char *output;
        const char *log_id;
        bool sent_with_tls;
} JournalEntry;

/* What was found in a file: the lease of the process that wrote it, and its open entries. */
typedef struct JournalLeftovers {
        Arena arena;
        const char *lease; /* NULL: the file was empty */
        List entries;
} JournalLeftovers;

void journal_leftovers_done(JournalLeftovers *l);

typedef struct Journal Journal;

/* Takes the first free slot, or that of `instance` (a number or a name). `directory` must exist; NULL: nothing is kept, and all the
 * functions below do nothing. *ret_leftovers is what the slot's former user left. -EBUSY: the instance is running. */
int journal_open(const char *directory, const char *instance, Journal **ret, JournalLeftovers *ret_leftovers);
Journal *journal_free(Journal *j);
DEFINE_CLEANUP(Journal *, journal_free)
const char *journal_instance(const Journal *j);

/* Once leftovers are settled: starts the file anew for this lease. */
int journal_start(Journal *j, const char *lease);

/* The three lines. A failure to write the first must stop the sending. */
int journal_begin(Journal *j, const JournalEntry *e);
int journal_answer(Journal *j, const JournalEntry *e);
int journal_settled(Journal *j, uint64_t queue_id);

/* Files of workers that do not run any more, one after the other: opens and locks one that has open entries, or returns -ENOENT.
 * journal_discard() empties and removes it when they are settled. */
int journal_open_orphan(const char *directory, Journal **ret, JournalLeftovers *ret_leftovers);
void journal_discard(Journal *j);
