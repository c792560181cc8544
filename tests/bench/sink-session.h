/* SPDX-License-Identifier: MIT */
#pragma once

/* What the two halves of a session share: sink-session.c moves bytes and time, sink-command.c knows
 * SMTP. */

#include "bench/sink.h"

typedef enum SessionMode {
        MODE_COMMAND,
        MODE_AUTH,    /* lines of an AUTH dialogue */
        MODE_CONTENT, /* up to the final dot */
        MODE_CHUNK,   /* BDAT */
        MODE_DEAF,    /* tarpit: everything is read, nothing answered */
} SessionMode;

typedef enum SessionEnd {
        END_NONE,
        END_TLS,   /* after the replies: start TLS */
        END_CLOSE, /* after the replies: close */
        END_CUT,   /* close without them */
} SessionEnd;

typedef struct SinkSession {
        Sink *sink;
        ListNode node;
        Stream stream;
        Timer timer;
        SessionMode mode;
        SessionEnd end;
        Buf replies;
        uint64_t delay; /* of the replies collected now */
        unsigned auth_steps;
        bool has_sender, is_delayed, is_greeted;
        Buf sender, recipients;
        uint64_t recipient_count, size_declared;
        size_t position; /* how far the content was searched for its end */
        uint64_t stuffed;
        Buf chunks;
        uint64_t chunk_left;
        bool chunk_last;
} SinkSession;

/* Adds a reply line to those that are collected. */
void sink_reply(SinkSession *s, const char *text);
/* Asks sink_judge(). Returns whether the stage passes; if not, the session has been given what it
 * gets instead of it. */
bool sink_passes(SinkSession *s, Stage stage, Slice addresses);

/* Runs one line of the client, without its line end. */
void sink_run_line(SinkSession *s, Slice line);
/* Goes on after the whole content of a message, after a whole chunk. */
void sink_end_message(SinkSession *s, Slice content);
void sink_end_chunk(SinkSession *s);
