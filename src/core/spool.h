/* SPDX-License-Identifier: MIT */
#pragma once

/* Bytes of unknown amount, such as the body of a message that is being received: in memory while they are
 * few, in an unlinked temporary file when they are many, so that large messages on many connections do
 * not add up in memory. */

#include "basic/buf.h"

/* What a spool keeps in memory before it makes a file. */
#define SPOOL_MEMORY_MAX ((size_t) 256 * 1024)

typedef struct Spool {
        Buf memory; /* all, or the part not yet in the file */
        int fd;     /* -EBADF while there is no file */
        uint64_t size;
        const char *directory; /* for the file; not copied */
} Spool;

/* An empty spool; NULL for the usual place of temporary files (TMPDIR, /var/tmp). */
#define SPOOL_EMPTY(folder) ((Spool){ .fd = -EBADF, .directory = (folder) })

void spool_done(Spool *s);
/* Adds bytes. -ENOSPC and other errors of the file system; the spool is of no use then. */
int spool_append(Spool *s, Slice data);
/* Reads at an offset: the count, 0 at the end, or a negative errno. May be called from another thread than
 * the one that appended, once nothing is appended any more. */
ssize_t spool_read(const Spool *s, uint64_t offset, void *buffer, size_t size);
/* The content in one piece, when it is in memory; SLICE_NULL when it is in a file. */
Slice spool_slice(const Spool *s);
static inline bool spool_is_file(const Spool *s) {
        return s->fd >= 0;
}
