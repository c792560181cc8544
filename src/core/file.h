/* SPDX-License-Identifier: MIT */
#pragma once

/* Reading small files whole. */

#include "basic/buf.h"

/* Appends what is left to read of the descriptor. Returns 0, -EFBIG for more than `limit` bytes,
 * -ENOMEM, or what read() said; what was read so far is then in the buffer. */
int file_read_fd(int fd, size_t limit, Buf *to);

/* Opens the file and appends its content, with the errors of open() besides. */
int file_read(const char *path, size_t limit, Buf *to);
