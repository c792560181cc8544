/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <limits.h>

#include "basic/encoding.h"
#include "bench/record.h"
#include "bench/sink.h"

/* Dots are rarer than line ends, so they are what is searched for. `data` begins at the beginning
 * of a line; a dot in the last two bytes may become the final one and waits for what follows it. */
ssize_t message_find_end(Slice data, size_t *position, uint64_t *stuffed, size_t *ret_total) {
        size_t at = *position;

        while (at < data.size) {
                const char *dot = memchr(data.data + at, '.', data.size - at);

                if (!dot)
                        break;
                at = (size_t) (dot - data.data);
                if (at > 0 && (at < 2 || dot[-1] != '\n' || dot[-2] != '\r')) {
                        at++;
                        continue;
                }
                if (data.size - at < 3) {
                        *position = at;
                        return -EAGAIN;
                }
                if (dot[1] == '\r' && dot[2] == '\n') {
                        *ret_total = at + 3;
                        return (ssize_t) at;
                }
                *stuffed += 1;
                at += 2;
        }
        *position = MIN(at, data.size);
        return -EAGAIN;
}

/* Copies the content without the dot before each dot that begins a line. */
static void unstuff(Slice content, Buf *to) {
        size_t start = 0, at = 0;

        while (at < content.size) {
                const char *dot = memchr(content.data + at, '.', content.size - at);

                if (!dot)
                        break;
                at = (size_t) (dot - content.data);
                if (at == 0 || (at >= 2 && dot[-1] == '\n' && dot[-2] == '\r')) {
                        buf_append(to, content.data + start, at - start);
                        start = at + 1;
                        at++;
                }
                at++;
        }
        buf_append(to, content.data + start, content.size - start);
}

/* Where the body begins: after the first empty line, or at the end when there is none. */
static size_t body_offset(Slice content) {
        const char *end = memmem(content.data, content.size, "\r\n\r\n", 4);

        return end ? (size_t) (end - content.data) + 4 : content.size;
}

/* The value of the first field of that name ("Name:"), without folding. */
static Slice header_field(Slice header, Slice name) {
        while (header.size > 0) {
                Slice line = slice_split(&header, '\n');

                if (slice_starts_with_ignore_case(line, name))
                        return slice_trim(slice_from(line, name.size));
        }
        return SLICE_NULL;
}

static int record_ids(Sink *sink, const Envelope *e, Slice content) {
        Slice header = slice_first(content, body_offset(content)), rest = e->recipients;
        Slice body = slice_from(content, header.size);
        Slice load_id = header_field(header, SLICE("X-Load-Id:"));
        Slice message_id = header_field(header, SLICE("X-Postal-MsgID:"));
        _cleanup_(buf_done) Buf hex = BUF_EMPTY;
        uint8_t digest[32];
        uint64_t now = wall_usec();

        if (gnutls_hash_fast(GNUTLS_DIG_SHA256, body.data, body.size, digest) < 0)
                return -ENOMEM;
        hex_encode(&hex, slice_make(digest, sizeof(digest)));
        while (rest.size > 0) {
                record_number(&sink->lines, now);
                record_number(&sink->lines, sink->stats.messages);
                record_column(&sink->lines, load_id);
                record_column(&sink->lines, message_id);
                record_column(&sink->lines, e->sender);
                record_column(&sink->lines, slice_split(&rest, '\n'));
                record_column(&sink->lines, buf_slice(&hex));
                buf_append_byte(&sink->lines, '\n');
        }
        return record_append(sink->ids_fd, &sink->lines);
}

/* Written under another name first: who looks into the folder finds whole messages only. */
static int store(Sink *sink, Slice content) {
        const char *folder = sink->options.store_path;
        unsigned long long number = sink->stats.messages;
        char part[PATH_MAX], whole[PATH_MAX];
        _cleanup_close_ int fd = -EBADF;

        if (snprintf(part, sizeof(part), "%s/%09llu.part", folder, number) >= (int) sizeof(part))
                return -ENAMETOOLONG;
        (void) snprintf(whole, sizeof(whole), "%s/%09llu.eml", folder, number);
        fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        if (fd < 0)
                return -errno;
        while (content.size > 0) {
                ssize_t n = write(fd, content.data, content.size);

                if (n < 0)
                        return -errno;
                content = slice_from(content, (size_t) n);
        }
        return rename(part, whole) < 0 ? -errno : 0;
}

/* The per-second series ends after a day: memory has a limit too. */
static void count_second(SinkStats *stats, uint64_t now) {
        size_t second = (size_t) ((now - stats->started) / NSEC_PER_SEC);

        if (second >= 86400)
                return;
        if (second >= stats->series_count) {
                size_t count = MAX(second + 1, stats->series_count * 2);
                uint64_t *series = reallocarray(stats->series, count, sizeof(uint64_t));

                if (!series)
                        return;
                memset(series + stats->series_count, 0,
                       (count - stats->series_count) * sizeof(uint64_t));
                stats->series = series;
                stats->series_count = count;
        }
        stats->series[second]++;
}

int sink_accept_message(Sink *sink, const Envelope *e, Slice content, uint64_t stuffed) {
        SinkStats *stats = &sink->stats;
        size_t size = content.size - stuffed;
        uint64_t now = clock_nsec();
        int r = 0;

        stats->messages++;
        stats->recipients += e->recipient_count;
        stats->bytes += size;
        stats->tls_messages += e->is_tls;
        stats->first = stats->first == 0 ? now : stats->first;
        stats->last = now;
        count_second(stats, now);
        if (sink->options.verify_size && e->size_declared != size)
                stats->size_mismatches++;
        if (!sink->options.store_path && sink->ids_fd < 0)
                return 0;
        if (stuffed > 0) {
                buf_truncate(&sink->scratch, 0);
                unstuff(content, &sink->scratch);
                if (buf_error(&sink->scratch) < 0)
                        return buf_error(&sink->scratch);
                content = buf_slice(&sink->scratch);
        }
        if (sink->options.store_path)
                r = store(sink, content);
        if (r == 0 && sink->ids_fd >= 0)
                r = record_ids(sink, e, content);
        return r;
}
