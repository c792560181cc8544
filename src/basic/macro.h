/* SPDX-License-Identifier: MIT */
#pragma once

/* The few macros every file uses: clean-up attributes, taking ownership, array sizes. */

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define _cleanup_(f) __attribute__((__cleanup__(f)))
#define _printf_(a, b) __attribute__((__format__(__printf__, a, b)))
#define _unused_ __attribute__((__unused__))
#define _noreturn_ __attribute__((__noreturn__))
#define _warn_unused_result_ __attribute__((__warn_unused_result__))
#define _fallthrough_ __attribute__((__fallthrough__))

#define ELEMENTSOF(array) (sizeof(array) / sizeof((array)[0]))

#define MIN(a, b)                                                                                  \
        ({                                                                                         \
                __typeof__(a) min_a_ = (a);                                                        \
                __typeof__(b) min_b_ = (b);                                                        \
                min_a_ < min_b_ ? min_a_ : min_b_;                                                 \
        })
#define MAX(a, b)                                                                                  \
        ({                                                                                         \
                __typeof__(a) max_a_ = (a);                                                        \
                __typeof__(b) max_b_ = (b);                                                        \
                max_a_ > max_b_ ? max_a_ : max_b_;                                                 \
        })

/* The object that has `member` at address `ptr`. */
#define container_of(ptr, type, member) ((type *) ((char *) (ptr) -offsetof(type, member)))

/* Gives the value away and leaves NULL (or -EBADF) behind, so that the clean-up has nothing to do. */
#define TAKE(var, none)                                                                            \
        ({                                                                                         \
                __typeof__(var) taken_ = (var);                                                    \
                (var) = (none);                                                                    \
                taken_;                                                                            \
        })
#define TAKE_PTR(ptr) TAKE(ptr, NULL)
#define TAKE_FD(fd) TAKE(fd, -EBADF)

/* Makes `function##p`, the form _cleanup_() wants, of a destructor that takes the object. */
#define DEFINE_CLEANUP(type, function)                                                             \
        static inline void function##p(type *p) {                                                  \
                if (*p)                                                                            \
                        function(*p);                                                              \
        }

static inline void freep(void *p) {
        free(*(void **) p);
}
#define _cleanup_free_ _cleanup_(freep)

/* Closes the descriptor if it is one, keeps errno, and returns what to store in its place. */
static inline int safe_close(int fd) {
        if (fd >= 0) {
                int saved = errno;
                (void) close(fd);
                errno = saved;
        }
        return -EBADF;
}
static inline void closep(int *fd) {
        (void) safe_close(*fd);
}
#define _cleanup_close_ _cleanup_(closep)

static inline void fclosep(FILE **f) {
        if (*f)
                (void) fclose(*f);
}
#define _cleanup_fclose_ _cleanup_(fclosep)

/* free() that returns NULL, for `x->y = mfree(x->y)`. */
static inline void *mfree(void *p) {
        free(p);
        return NULL;
}

static inline bool streq(const char *a, const char *b) {
        return strcmp(a, b) == 0;
}

/* Also true for two NULLs. */
static inline bool streq_ptr(const char *a, const char *b) {
        return a && b ? streq(a, b) : a == b;
}

static inline const char *strempty(const char *s) {
        return s ? s : "";
}

#include "basic/banned.h"
