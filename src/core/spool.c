/* SPDX-License-Identifier: MIT */
#include <fcntl.h>

#include "core/spool.h"

/* Written to the file in pieces of this size. */
#define WRITE_SIZE SPOOL_MEMORY_MAX

void spool_done(Spool *s) {
        buf_done(&s->memory);
        s->fd = safe_close(s->fd);
        s->size = 0;
}

static int open_in(const char *directory) {
        _cleanup_free_ char *name = NULL;
        int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

        if (fd >= 0)
                return fd;
        /* Some file systems do not have O_TMPFILE. */
        if (errno != EOPNOTSUPP && errno != EISDIR)
                return -errno;
        if (asprintf(&name, "%s/postal-spool-XXXXXX", directory) < 0)
                return -ENOMEM;
        fd = mkostemp(name, O_CLOEXEC);
        if (fd < 0)
                return -errno;
        (void) unlink(name);
        return fd;
}

static int open_file(Spool *s) {
        const char *directory = s->directory;
        int fd;

        if (!directory)
                directory = getenv("TMPDIR");
        fd = open_in(directory ? directory : "/var/tmp");
        if (fd < 0)
                return fd;
        s->fd = fd;
        return 0;
}

static int write_out(Spool *s, Slice data) {
        while (data.size > 0) {
                ssize_t n = write(s->fd, data.data, data.size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                data = slice_from(data, (size_t) n);
        }
        return 0;
}

static int flush(Spool *s) {
        int r = s->fd < 0 ? open_file(s) : 0;

        if (r >= 0)
                r = write_out(s, buf_slice(&s->memory));
        if (r >= 0)
                buf_truncate(&s->memory, 0);
        return r;
}

int spool_append(Spool *s, Slice data) {
        int r;

        if (s->memory.size + data.size > SPOOL_MEMORY_MAX) {
                r = flush(s);
                if (r < 0)
                        return r;
        }
        if (s->fd >= 0 && data.size >= WRITE_SIZE / 2) {
                r = write_out(s, data);
                if (r < 0)
                        return r;
        } else {
                buf_append_slice(&s->memory, data);
                if (buf_error(&s->memory) < 0)
                        return buf_error(&s->memory);
        }
        s->size += data.size;
        return 0;
}

ssize_t spool_read(const Spool *s, uint64_t offset, void *buffer, size_t size) {
        uint64_t in_file = s->size - s->memory.size;
        ssize_t n;

        if (offset >= s->size)
                return 0;
        size = (size_t) MIN((uint64_t) size, s->size - offset);
        if (offset >= in_file) {
                memcpy(buffer, s->memory.data + (offset - in_file), size);
                return (ssize_t) size;
        }
        n = pread(s->fd, buffer, (size_t) MIN((uint64_t) size, in_file - offset), (off_t) offset);
        return n < 0 ? -errno : n == 0 ? -EIO : n;
}

Slice spool_slice(const Spool *s) {
        return s->fd < 0 ? buf_slice(&s->memory) : SLICE_NULL;
}
