/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <time.h>

#include "bench/decimal.h"
#include "bench/record.h"

uint64_t wall_usec(void) {
        struct timespec now;

        (void) clock_gettime(CLOCK_REALTIME, &now);
        return (uint64_t) now.tv_sec * 1000000 + (uint64_t) now.tv_nsec / 1000;
}

int record_open(const char *path) {
        int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

        return fd < 0 ? -errno : fd;
}

int record_append(int fd, Buf *lines) {
        size_t done = 0;

        if (buf_error(lines) < 0)
                return buf_error(lines);
        while (done < lines->size) {
                ssize_t n = write(fd, lines->data + done, lines->size - done);

                if (n < 0 && errno != EINTR)
                        return -errno;
                done += n > 0 ? (size_t) n : 0;
        }
        buf_truncate(lines, 0);
        return 0;
}

static void begin_column(Buf *lines) {
        if (lines->size > 0 && lines->data[lines->size - 1] != '\n')
                buf_append_byte(lines, '\t');
}

void record_number(Buf *lines, uint64_t number) {
        begin_column(lines);
        append_decimal(lines, number);
}

void record_column(Buf *lines, Slice value) {
        char *to;

        begin_column(lines);
        if (value.size == 0)
                value = SLICE("-");
        to = buf_reserve(lines, value.size);
        if (!to)
                return;
        for (size_t i = 0; i < value.size; i++)
                to[i] = (unsigned char) value.data[i] < ' ' ? ' ' : value.data[i];
        buf_extend(lines, value.size);
}
