/* SPDX-License-Identifier: MIT */
#include <fcntl.h>

#include "core/file.h"

#define FILE_READ_SIZE ((size_t) 16384)

int file_read_fd(int fd, size_t limit, Buf *to) {
        size_t total = 0;

        assert(to);

        for (;;) {
                /* One byte over the limit is asked for, to tell a full file from one too long. */
                size_t want = MIN(FILE_READ_SIZE, limit - total + 1);
                char *space = buf_reserve(to, want);
                ssize_t n;

                if (!space)
                        return buf_error(to);
                n = read(fd, space, want);
                if (n < 0 && errno == EINTR)
                        continue;
                /* Also for no bytes: the reserved space has no NUL byte at its start. */
                buf_extend(to, (size_t) MAX(n, 0));
                if (n < 0)
                        return -errno;
                if (n == 0)
                        return 0;
                total += (size_t) n;
                if (total > limit)
                        return -EFBIG;
        }
}

int file_read(const char *path, size_t limit, Buf *to) {
        _cleanup_close_ int fd = -EBADF;

        assert(path);

        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0)
                return -errno;
        return file_read_fd(fd, limit, to);
}
