/* SPDX-License-Identifier: MIT */
#include "mail/received.h"

static void append_foreign(Slice word, Buf *to) {
        size_t length = 0;

        for (size_t i = 0; i < word.size && length < RECEIVED_WORD_MAX; i++) {
                char c = word.data[i];

                if (c < ' ' || c > '~')
                        continue;
                buf_append_byte(to, strchr("()\"\\;", c) ? '?' : c);
                length++;
        }
}

void received_append(const ReceivedField *field, Buf *to) {
        buf_append_string(to, "Received: ");
        if (!field->is_private) {
                buf_append_string(to, "from ");
                append_foreign(field->helo, to);
                buf_append_string(to, " (");
                append_foreign(field->hostname, to);
                buf_append_string(to, " [");
                buf_append_slice(to, field->ip);
                buf_append_string(to, "]) ");
        }
        buf_append_string(to, "by ");
        buf_append_slice(to, field->by);
        buf_append_string(to, " with ");
        buf_append_slice(to, field->protocol);
        buf_append_string(to, "; ");
        buf_append_slice(to, field->time);
        buf_append_string(to, "\r\n");
}
