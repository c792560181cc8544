/* SPDX-License-Identifier: MIT */
/* Closing a file that was open for writing is what watchers wait for: one touch is one event, and
 * so is one `touch` of a shell. */
#include <fcntl.h>
#include <limits.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "core/signal-file.h"

#define DIRECTORY_EVENTS (IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)
#define PARENT_EVENTS (IN_CREATE | IN_MOVED_TO | IN_ONLYDIR)

struct SignalWatch {
        sd_event *event;
        signal_file_t callback;
        void *userdata;
        char directory[PATH_MAX];
        char parent[PATH_MAX];
        const char *name; /* of the directory in its parent */
        sd_event_source *directory_source;
        sd_event_source *parent_source;
};

/* systemd separates several directories by colons; the first is ours. */
static int runtime_directory(char ret[static PATH_MAX]) {
        const char *path = getenv("RUNTIME_DIRECTORY");
        size_t size;

        if (!path || path[0] != '/')
                path = SIGNAL_FILE_DIRECTORY;
        size = strcspn(path, ":");
        while (size > 1 && path[size - 1] == '/')
                size--;
        if (size >= PATH_MAX)
                return -ENAMETOOLONG;
        memcpy(ret, path, size);
        ret[size] = '\0';
        return 0;
}

static int open_for_touch(int directory, const char *name) {
        int fd = openat(directory, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
                        0664);

        return fd < 0 ? -errno : fd;
}

int signal_file_touch(const char *name) {
        _cleanup_close_ int directory = -EBADF, fd = -EBADF;
        char path[PATH_MAX];
        int r;

        assert(name && !strchr(name, '/'));

        r = runtime_directory(path);
        if (r < 0)
                return r;
        directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (directory < 0)
                return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
        fd = open_for_touch(directory, name);
        /* Root or another service of ours may have made it; who owns the directory may replace it.
         */
        if (fd == -EACCES && unlinkat(directory, name, 0) == 0)
                fd = open_for_touch(directory, name);
        return fd < 0 ? fd : 0;
}

static void watch_parent(SignalWatch *w);

static int on_directory_event(sd_event_source *s, const struct inotify_event *e, void *userdata) {
        SignalWatch *w = userdata;

        (void) s;
        if (e->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED)) {
                w->directory_source = sd_event_source_disable_unref(w->directory_source);
                watch_parent(w);
        } else if (e->mask & IN_Q_OVERFLOW) {
                w->callback(SIGNAL_FILE_OBJECTS, w->userdata);
                w->callback(SIGNAL_FILE_WORK, w->userdata);
        } else if (e->len > 0) {
                w->callback(e->name, w->userdata);
        }
        return 0;
}

static void watch_directory(SignalWatch *w) {
        if (w->directory_source)
                return;
        if (sd_event_add_inotify(w->event, &w->directory_source, w->directory, DIRECTORY_EVENTS,
                                 on_directory_event, w) < 0)
                w->directory_source = NULL;
}

static int on_parent_event(sd_event_source *s, const struct inotify_event *e, void *userdata) {
        SignalWatch *w = userdata;

        (void) s;
        if (!(e->mask & IN_Q_OVERFLOW) && (e->len == 0 || !streq(e->name, w->name)))
                return 0;
        watch_directory(w);
        if (w->directory_source)
                w->parent_source = sd_event_source_disable_unref(w->parent_source);
        return 0;
}

/* Until the directory is there. It may have come between looking and watching: look again. */
static void watch_parent(SignalWatch *w) {
        if (!w->parent_source && sd_event_add_inotify(w->event, &w->parent_source, w->parent,
                                                      PARENT_EVENTS, on_parent_event, w) < 0)
                w->parent_source = NULL;
        watch_directory(w);
        if (w->directory_source)
                w->parent_source = sd_event_source_disable_unref(w->parent_source);
}

int signal_watch_new(sd_event *event, signal_file_t callback, void *userdata, SignalWatch **ret) {
        _cleanup_(signal_watch_freep) SignalWatch *w = calloc(1, sizeof(SignalWatch));
        char *slash;
        int r;

        assert(event && callback && ret);

        if (!w)
                return -ENOMEM;
        w->event = sd_event_ref(event);
        w->callback = callback;
        w->userdata = userdata;
        r = runtime_directory(w->directory);
        if (r < 0)
                return r;
        memcpy(w->parent, w->directory, sizeof(w->parent));
        slash = strrchr(w->parent, '/');
        w->name = w->directory + (slash - w->parent) + 1;
        slash[slash == w->parent ? 1 : 0] = '\0';
        watch_parent(w);
        *ret = TAKE_PTR(w);
        return 0;
}

SignalWatch *signal_watch_free(SignalWatch *w) {
        if (!w)
                return NULL;
        (void) sd_event_source_disable_unref(w->directory_source);
        (void) sd_event_source_disable_unref(w->parent_source);
        sd_event_unref(w->event);
        return mfree(w);
}

bool signal_watch_is_active(const SignalWatch *w) {
        return w->directory_source;
}
