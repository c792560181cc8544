/* SPDX-License-Identifier: MIT */
#pragma once

/* What a client sends behind "354", made into message content (RFC 5321 sections 4.1.1.4 and
 * 4.5.2).
 *
 * The stream comes in pieces of any size, and no line is ever held back: what is undecided at the
 * end of a piece is a state of a few bits. The same bytes give the same content however they are
 * cut.
 *
 * - Lines end with CRLF, or with a bare LF, which becomes CRLF. Any other CR stays as it is.
 * - A "." at the beginning of a line is dropped if the line has more than that.
 * - The data ends at CRLF "." CRLF and at nothing else, so that no two servers can disagree on
 *   where it ends: a line "." that ended with a bare LF, or that follows one that did, is
 *   content. */

#include "basic/buf.h"

typedef enum DataDecoderState {
        DATA_LINE_START,
        DATA_DOT,     /* behind a "." at the beginning of a line, which has not been written */
        DATA_DOT_CR,  /* behind ". CR", likewise */
        DATA_TEXT,
        DATA_TEXT_CR, /* behind a CR within a line, which has been written */
} DataDecoderState;

typedef struct DataDecoder {
        DataDecoderState state;
        bool previous_crlf;    /* how the line before the current one ended */
        bool is_done;          /* the end was seen */
        bool saw_bare_lf;      /* a line ended with it */
        bool saw_8bit;         /* the content has a byte over 0x7f */
        uint64_t content_size; /* bytes of content so far, written or not */
} DataDecoder;

/* Starts a message. `after_crlf` says whether the DATA command line ended with CRLF: it is the
 * line before the first. */
void data_decoder_init(DataDecoder *d, bool after_crlf);

/* Takes input up to the end of the data and appends its content to `to`, or drops it where that is
 * NULL, counting it all the same. Returns how many bytes were taken: all of them, unless
 * `is_done`. Memory errors and a limit of `to` stick there and do not stop the decoder. */
size_t data_decoder_feed(DataDecoder *d, Slice input, Buf *to);
