/* SPDX-License-Identifier: MIT */
/* Lines of fields with TABs between them:
 *
 *     lease   <name> <check>
 *     begin   <queue> <server> <message> <attempts> <incoming> <rcpt> <route> <check>
 *     answer  <queue> <server> <message> <attempts> <incoming> <rcpt> <route> <tls> <log id> <details> <output> <check>
 *     settled <queue> <check>
 *
 * TAB, CR, LF and backslash in texts are escaped. A last line without its end was not written whole: what it
 * announces did not happen. The check is a hash of what stands before it: a line that was damaged is as good as not
 * there, for it might speak of another message. */
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "basic/buf.h"
#include "basic/hashmap.h"
#include "worker/journal.h"

#define SLOTS_MAX 1000
#define FIELDS_MAX 14
#define CHECK_SIZE 16

/* An entry of this process, as it was written, until it is settled. */
typedef struct OpenEntry {
        Buf line;
} OpenEntry;

struct Journal {
        int fd;
        char *directory;
        char *instance;
        char *path;
        Buf lease_line;
        uint64_t size;
        uint64_t size_max; /* when it has grown to this, it is rewritten */
        Hashmap *open; /* queue id -> OpenEntry */
};

void journal_leftovers_done(JournalLeftovers *l) {
        arena_done(&l->arena);
        *l = (JournalLeftovers){ 0 };
}

/* ---- Reading ---- */

static char *unescape(Arena *arena, Slice s) {
        char *text = arena_alloc(arena, s.size + 1), *to = text;

        for (size_t i = 0; text && i < s.size; i++) {
                char c = s.data[i];

                if (c == '\\' && i + 1 < s.size) {
                        c = s.data[++i];
                        c = c == 't' ? '\t' : c == 'n' ? '\n' : c == 'r' ? '\r' : c;
                }
                *to++ = c;
        }
        if (text)
                *to = '\0';
        return text;
}

static size_t split_fields(Slice line, Slice fields[FIELDS_MAX]) {
        size_t n = 0;

        while (line.data && n < FIELDS_MAX)
                fields[n++] = slice_split(&line, '\t');
        return n;
}

/* No secret: it finds damage, not forgery. */
static uint64_t check_of(Slice line) {
        static const uint8_t key[16] = "postal journal 1";

        return siphash24(line.data, line.size, key);
}

/* Takes the check off the line. False when it is not that of the line. */
static bool take_check(Slice *line) {
        ssize_t tab = slice_find_last_byte(*line, '\t');
        char want[CHECK_SIZE + 1];
        Slice have;

        if (tab < 0)
                return false;
        have = slice_from(*line, (size_t) tab + 1);
        *line = slice_first(*line, (size_t) tab);
        (void) snprintf(want, sizeof(want), "%016llx", (unsigned long long) check_of(*line));
        return slice_equal(have, slice_from_string(want));
}

static int read_number(Slice s, uint64_t *ret) {
        return slice_to_u64(s, UINT64_MAX, ret);
}

static int read_entry(JournalLeftovers *l, Hashmap *by_queue, const Slice *f, size_t n) {
        bool is_answer = slice_equal(f[0], SLICE("answer"));
        JournalEntry *e = arena_alloc0(&l->arena, sizeof(JournalEntry)), *old;
        uint64_t attempts;

        if (!e)
                return -ENOMEM;
        if (n < (is_answer ? 12u : 8u) || read_number(f[1], &e->queue_id) < 0 ||
            read_number(f[2], &e->server_id) < 0 || read_number(f[3], &e->message_id) < 0 ||
            read_number(f[4], &attempts) < 0)
                return 0; /* of another version */
        e->attempts = (unsigned) attempts;
        e->is_incoming = slice_equal(f[5], SLICE("1"));
        e->rcpt_to = unescape(&l->arena, f[6]);
        e->route = unescape(&l->arena, f[7]);
        e->state = is_answer ? JOURNAL_ANSWERED : JOURNAL_BEGUN;
        if (is_answer) {
                e->sent_with_tls = slice_equal(f[8], SLICE("1"));
                e->log_id = unescape(&l->arena, f[9]);
                e->details = unescape(&l->arena, f[10]);
                e->output = unescape(&l->arena, f[11]);
        }
        if (!e->rcpt_to || !e->route || (is_answer && (!e->log_id || !e->details || !e->output)))
                return -ENOMEM;
        old = hashmap_get(by_queue, SLICE_OF(e->queue_id));
        if (old)
                list_remove(&l->entries, &old->node);
        list_append(&l->entries, &e->node);
        return hashmap_put(by_queue, SLICE_OF(e->queue_id), e);
}

static int read_line(JournalLeftovers *l, Hashmap *by_queue, Slice line) {
        Slice f[FIELDS_MAX];
        JournalEntry *e;
        uint64_t queue_id;
        size_t n;

        if (!take_check(&line))
                return 0;
        n = split_fields(line, f);
        if (n >= 2 && slice_equal(f[0], SLICE("lease"))) {
                l->lease = unescape(&l->arena, f[1]);
                return l->lease ? 0 : -ENOMEM;
        }
        if (n >= 2 && slice_equal(f[0], SLICE("settled"))) {
                if (read_number(f[1], &queue_id) >= 0 && (e = hashmap_remove(by_queue, SLICE_OF(queue_id))))
                        list_remove(&l->entries, &e->node);
                return 0;
        }
        if (n >= 2 && (slice_equal(f[0], SLICE("begin")) || slice_equal(f[0], SLICE("answer"))))
                return read_entry(l, by_queue, f, n);
        return 0;
}

static int read_file(int fd, Buf *to) {
        char buffer[65536];
        ssize_t n;

        while ((n = read(fd, buffer, sizeof(buffer))) > 0)
                buf_append(to, buffer, (size_t) n);
        return n < 0 ? -errno : buf_error(to);
}

static int read_leftovers(Journal *j, JournalLeftovers *l) {
        _cleanup_(hashmap_freep) Hashmap *by_queue = hashmap_new();
        _cleanup_(buf_done) Buf content = BUF_EMPTY;
        Slice rest;
        int r;

        *l = (JournalLeftovers){ 0 };
        if (!by_queue)
                return -ENOMEM;
        r = read_file(j->fd, &content);
        rest = buf_slice(&content);
        while (r >= 0 && slice_find_byte(rest, '\n', 0) >= 0)
                r = read_line(l, by_queue, slice_split(&rest, '\n'));
        if (r < 0)
                journal_leftovers_done(l);
        return r;
}

/* ---- Opening ---- */

static bool is_instance_name(const char *s) {
        for (const char *p = s; *p; p++)
                if (!ascii_is_alnum(*p) && *p != '-' && *p != '_')
                        return false;
        return *s && strlen(s) <= 60;
}

/* Opens and locks the file of an instance. -EBUSY: another process has it. */
static int open_slot(const char *directory, const char *instance, int flags, Journal **ret) {
        _cleanup_(journal_freep) Journal *j = calloc(1, sizeof(Journal));
        struct stat st;

        if (!j)
                return -ENOMEM;
        j->fd = -EBADF;
        j->directory = strdup(directory);
        j->instance = strdup(instance);
        j->open = hashmap_new();
        if (!j->directory || !j->instance || !j->open ||
            asprintf(&j->path, "%s/worker-%s.journal", directory, instance) < 0)
                return -ENOMEM;
        j->fd = open(j->path, O_RDWR | O_APPEND | O_CLOEXEC | flags, 0600);
        if (j->fd < 0)
                return -errno;
        if (flock(j->fd, LOCK_EX | LOCK_NB) < 0)
                return errno == EWOULDBLOCK ? -EBUSY : -errno;
        /* Somebody may have settled and removed it between the two calls. */
        if (fstat(j->fd, &st) < 0 || st.st_nlink == 0)
                return -EBUSY;
        *ret = TAKE_PTR(j);
        return 0;
}

int journal_open(const char *directory, const char *instance, Journal **ret, JournalLeftovers *ret_leftovers) {
        _cleanup_(journal_freep) Journal *j = NULL;
        int r = -EBUSY;

        *ret = NULL;
        *ret_leftovers = (JournalLeftovers){ 0 };
        if (!directory)
                return 0;
        if (instance) {
                if (!is_instance_name(instance))
                        return -EINVAL;
                r = open_slot(directory, instance, O_CREAT, &j);
        }
        for (unsigned slot = 1; !instance && r == -EBUSY && slot <= SLOTS_MAX; slot++) {
                char name[16];

                (void) snprintf(name, sizeof(name), "%u", slot);
                r = open_slot(directory, name, O_CREAT, &j);
        }
        if (r >= 0)
                r = read_leftovers(j, ret_leftovers);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(j);
        return 0;
}

int journal_open_orphan(const char *directory, Journal **ret, JournalLeftovers *ret_leftovers) {
        DIR *dir = directory ? opendir(directory) : NULL;
        struct dirent *entry;
        int r = -ENOENT;

        while (r == -ENOENT && dir && (entry = readdir(dir))) {
                _cleanup_(journal_freep) Journal *j = NULL;
                char name[64];
                int length = 0;

                if (sscanf(entry->d_name, "worker-%60[A-Za-z0-9_-].journal%n", name, &length) != 1 ||
                    length != (int) strlen(entry->d_name))
                        continue;
                if (open_slot(directory, name, 0, &j) < 0 || read_leftovers(j, ret_leftovers) < 0)
                        continue;
                if (ret_leftovers->lease) {
                        *ret = TAKE_PTR(j);
                        r = 0;
                }
        }
        if (dir)
                (void) closedir(dir);
        return r;
}

void journal_discard(Journal *j) {
        if (!j)
                return;
        (void) !ftruncate(j->fd, 0);
        (void) unlink(j->path);
}

static void free_open(Journal *j) {
        OpenEntry *e;

        while (j->open && (e = hashmap_remove_any(j->open))) {
                buf_done(&e->line);
                free(e);
        }
}

Journal *journal_free(Journal *j) {
        if (!j)
                return NULL;
        free_open(j);
        hashmap_free(j->open);
        (void) safe_close(j->fd);
        buf_done(&j->lease_line);
        free(j->directory);
        free(j->instance);
        free(j->path);
        return mfree(j);
}

const char *journal_instance(const Journal *j) {
        return j ? j->instance : "0";
}

/* ---- Writing ---- */

static void append_text(Buf *to, const char *text) {
        buf_append_byte(to, '\t');
        for (const char *p = strempty(text); *p; p++) {
                char c = *p == '\t' ? 't' : *p == '\n' ? 'n' : *p == '\r' ? 'r' : *p == '\\' ? '\\' : '\0';

                if (c)
                        buf_append_byte(to, '\\');
                buf_append_byte(to, c ? c : *p);
        }
}

static void append_entry(Buf *to, const char *word, const JournalEntry *e) {
        buf_printf(to, "%s\t%llu\t%llu\t%llu\t%u\t%d", word, (unsigned long long) e->queue_id,
                   (unsigned long long) e->server_id, (unsigned long long) e->message_id, e->attempts,
                   e->is_incoming);
        append_text(to, e->rcpt_to);
        append_text(to, e->route);
}

static void end_line(Buf *line) {
        buf_printf(line, "\t%016llx\n", (unsigned long long) check_of(buf_slice(line)));
}

static int write_all(Journal *j, Slice data) {
        ssize_t n = write(j->fd, data.data, data.size);

        if (n < 0)
                return -errno;
        if ((size_t) n < data.size) { /* half a line would spoil the next one */
                (void) !ftruncate(j->fd, (off_t) j->size);
                return -ENOSPC;
        }
        j->size += data.size;
        return 0;
}

/* A file with the open entries only, which then takes the place of the old one. The lock goes with the new descriptor,
 * held before the old one is let go. */
static int rewrite(Journal *j) {
        _cleanup_(buf_done) Buf content = BUF_EMPTY;
        _cleanup_free_ char *path = NULL;
        _cleanup_close_ int fd = -EBADF;
        uint64_t old_size = j->size;
        size_t position = 0;
        OpenEntry *e;
        int old;

        j->size_max = j->size + JOURNAL_SIZE_MAX / 2; /* if it fails, not at each line again */
        if (asprintf(&path, "%s.new", j->path) < 0)
                return -ENOMEM;
        fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
                return -errno;
        buf_append_slice(&content, buf_slice(&j->lease_line));
        while ((e = hashmap_next(j->open, &position, NULL)))
                buf_append_slice(&content, buf_slice(&e->line));
        old = j->fd;
        j->fd = fd;
        j->size = 0;
        if (buf_error(&content) < 0 || write_all(j, buf_slice(&content)) < 0 || rename(path, j->path) < 0) {
                j->fd = old;
                j->size = old_size;
                (void) unlink(path);
                return -EIO;
        }
        j->size_max = j->size + JOURNAL_SIZE_MAX;
        (void) TAKE_FD(fd);
        (void) safe_close(old);
        return 0;
}

int journal_start(Journal *j, const char *lease) {
        if (!j)
                return 0;
        free_open(j);
        buf_reset(&j->lease_line, 1024);
        buf_append_string(&j->lease_line, "lease");
        append_text(&j->lease_line, lease);
        end_line(&j->lease_line);
        if (buf_error(&j->lease_line) < 0)
                return -ENOMEM;
        if (ftruncate(j->fd, 0) < 0)
                return -errno;
        j->size = 0;
        j->size_max = JOURNAL_SIZE_MAX;
        return write_all(j, buf_slice(&j->lease_line));
}

/* Writes the line, and keeps it as the entry's until it is settled. */
static int write_entry(Journal *j, uint64_t queue_id, Buf *line) {
        OpenEntry *e = hashmap_get(j->open, SLICE_OF(queue_id));
        int r;

        end_line(line);
        if (buf_error(line) < 0)
                return buf_error(line);
        if (!e) {
                e = calloc(1, sizeof(OpenEntry));
                if (!e || hashmap_put(j->open, SLICE_OF(queue_id), e) < 0) {
                        free(e);
                        return -ENOMEM;
                }
        }
        r = write_all(j, buf_slice(line));
        buf_done(&e->line);
        e->line = TAKE(*line, BUF_EMPTY);
        return r;
}

int journal_begin(Journal *j, const JournalEntry *e) {
        _cleanup_(buf_done) Buf line = BUF_EMPTY;

        if (!j)
                return 0;
        append_entry(&line, "begin", e);
        return write_entry(j, e->queue_id, &line);
}

int journal_answer(Journal *j, const JournalEntry *e) {
        _cleanup_(buf_done) Buf line = BUF_EMPTY;

        if (!j)
                return 0;
        append_entry(&line, "answer", e);
        append_text(&line, e->sent_with_tls ? "1" : "0");
        append_text(&line, e->log_id);
        append_text(&line, e->details);
        append_text(&line, e->output);
        return write_entry(j, e->queue_id, &line);
}

int journal_settled(Journal *j, uint64_t queue_id) {
        _cleanup_(buf_done) Buf line = BUF_EMPTY;
        OpenEntry *e = j ? hashmap_remove(j->open, SLICE_OF(queue_id)) : NULL;
        int r;

        if (!e)
                return 0;
        buf_done(&e->line);
        free(e);
        buf_printf(&line, "settled\t%llu", (unsigned long long) queue_id);
        end_line(&line);
        r = write_all(j, buf_slice(&line));
        if (r >= 0 && j->size > j->size_max)
                r = rewrite(j);
        return r;
}
