/* SPDX-License-Identifier: MIT */
/* The journal: whatever happens to the process or its file, what is read back was written. */
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "core/file.h"
#include "test.h"
#include "worker/journal.h"

#define LEASE "host:a pid:1 worker:1 xyz"

static char folder[64];

static void set_up(void) {
        (void) snprintf(folder, sizeof(folder), "/tmp/postal-journal-XXXXXX");
        CHECK(mkdtemp(folder));
}

static const char *path_of(const char *instance) {
        static char path[128];

        (void) snprintf(path, sizeof(path), "%s/worker-%s.journal", folder, instance);
        return path;
}

static void tear_down(void) {
        for (int i = 1; i < 5; i++) {
                char name[8];

                (void) snprintf(name, sizeof(name), "%d", i);
                (void) unlink(path_of(name));
        }
        CHECK_INT(rmdir(folder), 0);
}

/* A new file each time: file systems that mean well write one that was truncated to the disk at once. */
static void write_file(const char *path, Slice content) {
        _cleanup_close_ int fd = -EBADF;

        (void) unlink(path);
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        CHECK(fd >= 0);
        CHECK_INT(write(fd, content.data, content.size), content.size);
}

static void read_file(const char *path, Buf *to) {
        CHECK_INT(file_read(path, (size_t) 64 * 1024 * 1024, to), 0);
}

/* Of everything that texts may hold. */
static JournalEntry entry(uint64_t queue_id) {
        return (JournalEntry){ .queue_id = queue_id,
                               .server_id = 7,
                               .message_id = queue_id + 1000,
                               .attempts = 3,
                               .rcpt_to = "jo\\n@example.com",
                               .route = "192.0.2.1:25 (mx.example.com)",
                               .details = "Message for jo accepted",
                               .output = "250-one\ttwo\r\n250 \\three\xc3\xa9",
                               .log_id = "ABCD1234",
                               .sent_with_tls = queue_id % 2 == 0,
                               .is_incoming = queue_id % 3 == 0 };
}

static Journal *open_new(const char *instance) {
        JournalLeftovers l;
        Journal *j;

        CHECK_INT(journal_open(folder, instance, &j, &l), 0);
        CHECK(!l.lease && !l.entries.first);
        CHECK_INT(journal_start(j, LEASE), 0);
        return j;
}

static void begin(Journal *j, uint64_t queue_id) {
        JournalEntry e = entry(queue_id);

        CHECK_INT(journal_begin(j, &e), 0);
}

static void answer(Journal *j, uint64_t queue_id) {
        JournalEntry e = entry(queue_id);

        CHECK_INT(journal_answer(j, &e), 0);
}

static void check_entry(const JournalEntry *e) {
        JournalEntry want = entry(e->queue_id);
        bool is_answer = e->state == JOURNAL_ANSWERED;

        CHECK_INT(e->server_id, want.server_id);
        CHECK_INT(e->message_id, want.message_id);
        CHECK_INT(e->attempts, want.attempts);
        CHECK_INT(e->is_incoming, want.is_incoming);
        CHECK_STR(e->rcpt_to, want.rcpt_to);
        CHECK_STR(e->route, want.route);
        CHECK_STR(e->details, is_answer ? want.details : NULL);
        CHECK_STR(e->output, is_answer ? want.output : NULL);
        CHECK_STR(e->log_id, is_answer ? want.log_id : NULL);
        CHECK_INT(e->sent_with_tls, is_answer && want.sent_with_tls);
}

/* What is left in the file, as "1b 2a": begun or answered; "-" before all when the lease is not known. */
static const char *leftovers(const char *instance) {
        static Buf text;
        _cleanup_(journal_leftovers_done) JournalLeftovers l;
        _cleanup_(journal_freep) Journal *j = NULL;

        CHECK_INT(journal_open(folder, instance, &j, &l), 0);
        buf_reset(&text, 1000);
        if (l.lease)
                CHECK_STR(l.lease, LEASE);
        else
                buf_append_byte(&text, '-');
        LIST_FOREACH(e, &l.entries, JournalEntry, node) {
                check_entry(e);
                buf_printf(&text, "%s%llu%c", text.size > 0 ? " " : "", (unsigned long long) e->queue_id,
                           e->state == JOURNAL_ANSWERED ? 'a' : 'b');
        }
        return buf_string(&text);
}

TEST(what_was_begun_answered_and_settled) {
        Journal *j;

        set_up();
        j = open_new("1");
        CHECK_STR(journal_instance(j), "1");
        for (uint64_t id = 1; id <= 5; id++)
                begin(j, id);
        answer(j, 2);
        answer(j, 3);
        CHECK_INT(journal_settled(j, 3), 0);
        CHECK_INT(journal_settled(j, 4), 0); /* refused: there is no answer to keep */
        CHECK_INT(journal_settled(j, 99), 0);
        begin(j, 4); /* another attempt */
        journal_free(j);
        CHECK_STR(leftovers("1"), "1b 5b 2a 4b");
        CHECK_STR(leftovers("1"), "1b 5b 2a 4b"); /* reading alone changes nothing */
        tear_down();
}

TEST(a_new_start_forgets_what_was_settled) {
        JournalLeftovers l;
        Journal *j;

        set_up();
        j = open_new("1");
        begin(j, 1);
        journal_free(j);
        CHECK_INT(journal_open(folder, "1", &j, &l), 0);
        CHECK_INT(l.entries.count, 1);
        journal_leftovers_done(&l);
        CHECK_INT(journal_start(j, LEASE), 0);
        begin(j, 2);
        journal_free(j);
        CHECK_STR(leftovers("1"), "2b");
        tear_down();
}

TEST(without_a_directory_nothing_is_kept) {
        JournalLeftovers l;
        JournalEntry e = entry(1);
        Journal *j;

        CHECK_INT(journal_open(NULL, NULL, &j, &l), 0);
        CHECK(!j && !l.lease);
        CHECK_INT(journal_start(j, LEASE), 0);
        CHECK_INT(journal_begin(j, &e), 0);
        CHECK_INT(journal_answer(j, &e), 0);
        CHECK_INT(journal_settled(j, 1), 0);
        CHECK_STR(journal_instance(j), "0");
        CHECK_INT(journal_open_orphan(NULL, &j, &l), -ENOENT);
        journal_discard(j);
        CHECK_INT(journal_open("/nonexistent", NULL, &j, &l), -ENOENT);
}

TEST(slots_and_instances) {
        JournalLeftovers l;
        Journal *one, *two, *other;

        set_up();
        CHECK_INT(journal_open(folder, NULL, &one, &l), 0);
        CHECK_STR(journal_instance(one), "1");
        CHECK_INT(journal_open(folder, NULL, &two, &l), 0);
        CHECK_STR(journal_instance(two), "2");
        CHECK_INT(journal_open(folder, "1", &other, &l), -EBUSY);
        CHECK(!other);
        journal_free(one);
        CHECK_INT(journal_open(folder, NULL, &one, &l), 0);
        CHECK_STR(journal_instance(one), "1");
        CHECK_INT(journal_open(folder, "../x", &other, &l), -EINVAL);
        CHECK_INT(journal_open(folder, "", &other, &l), -EINVAL);
        CHECK_INT(journal_open(folder, "4", &other, &l), 0);
        CHECK_STR(journal_instance(other), "4");
        journal_free(one);
        journal_free(two);
        journal_free(other);
        tear_down();
}

/* A line that was not written whole announces nothing. */
TEST(a_torn_tail_at_every_byte) {
        static const char *const WANT[] = { "-", "", "1b", "1b 2b", "2b 1a", "2b", "2a" };
        _cleanup_(buf_done) Buf content = BUF_EMPTY;
        Journal *j;

        set_up();
        j = open_new("1");
        begin(j, 1);
        begin(j, 2);
        answer(j, 1);
        CHECK_INT(journal_settled(j, 1), 0);
        answer(j, 2);
        journal_free(j);
        read_file(path_of("1"), &content);
        for (size_t size = 0, lines = 0; size <= content.size; size++) {
                Slice part = slice_first(buf_slice(&content), size);

                lines += size > 0 && part.data[size - 1] == '\n';
                write_file(path_of("1"), part);
                CHECK_STR(leftovers("1"), WANT[lines]);
        }
        tear_down();
}

/* Appends the lines that are whole when `size` bytes from `at` on are not: where a line's end is damaged, it runs into the next
 * one. */
static void append_whole_lines(Slice content, size_t at, size_t size, Buf *to) {
        Slice rest = content;

        while (rest.size > 0) {
                size_t begin = content.size - rest.size, end;

                (void) slice_split(&rest, '\n');
                end = content.size - rest.size;
                if (end <= at || begin > at + size)
                        buf_append(to, content.data + begin, end - begin);
        }
}

static void check_damaged(Slice content, size_t at, Slice damage) {
        static Buf whole, want; /* of the last call: they are often the same */
        _cleanup_(buf_done) Buf now = BUF_EMPTY, damaged = BUF_EMPTY;

        append_whole_lines(content, at, damage.size, &now);
        if (!slice_equal(buf_slice(&whole), buf_slice(&now))) {
                write_file(path_of("1"), buf_slice(&now));
                buf_reset(&want, 1000);
                buf_append_string(&want, leftovers("1"));
                buf_reset(&whole, 1000);
                buf_append_slice(&whole, buf_slice(&now));
        }
        buf_append_slice(&damaged, content);
        memcpy(damaged.data + at, damage.data, damage.size);
        write_file(path_of("1"), buf_slice(&damaged));
        CHECK_STR(leftovers("1"), buf_string(&want));
}

/* After a loss of power, parts of a file may be zeros; bits may flip at any time. A damaged line is as good as not there, and
 * never speaks of another message. */
TEST(damage_at_every_byte) {
        static const char zeros[40];
        _cleanup_(buf_done) Buf content = BUF_EMPTY;
        Journal *j;

        set_up();
        j = open_new("1");
        begin(j, 1);
        begin(j, 21);
        answer(j, 1);
        begin(j, 22);
        CHECK_INT(journal_settled(j, 21), 0);
        answer(j, 22);
        journal_free(j);
        read_file(path_of("1"), &content);
        for (size_t at = 0; at < content.size; at++) {
                const char c = content.data[at];
                const char others[] = { (char) (c ^ 1), (char) ~c, '\t', '\n' };

                for (size_t i = 0; i < sizeof(others); i++)
                        if (others[i] != c)
                                check_damaged(buf_slice(&content), at, slice_make(&others[i], 1));
                if (at + sizeof(zeros) <= content.size)
                        check_damaged(buf_slice(&content), at, slice_make(zeros, sizeof(zeros)));
        }
        tear_down();
}

static void grow(Journal *j, uint64_t size) {
        static char long_text[60000];
        JournalEntry e = entry(5);
        struct stat st;

        memset(long_text, 'x', sizeof(long_text) - 1);
        e.rcpt_to = long_text;
        do {
                CHECK_INT(journal_begin(j, &e), 0);
                CHECK_INT(journal_settled(j, 5), 0);
                CHECK_INT(stat(path_of("1"), &st), 0);
        } while ((uint64_t) st.st_size < size);
}

TEST(a_long_journal_is_rewritten_with_what_is_open) {
        _cleanup_free_ char *stale = NULL;
        JournalLeftovers l;
        Journal *j, *other;
        struct stat st;

        set_up();
        CHECK(asprintf(&stale, "%s.new", path_of("1")) > 0);
        write_file(stale, SLICE("begin\t77\t1\t1\t1\tleft by a crash\n"));
        j = open_new("1");
        begin(j, 1);
        begin(j, 2);
        answer(j, 2);
        begin(j, 3);
        grow(j, JOURNAL_SIZE_MAX - 100000);
        CHECK_INT(stat(path_of("1"), &st), 0);
        while ((uint64_t) st.st_size > JOURNAL_SIZE_MAX / 2) {
                grow(j, 1);
                CHECK_INT(stat(path_of("1"), &st), 0);
                CHECK((uint64_t) st.st_size < JOURNAL_SIZE_MAX + 200000);
        }
        /* It is still ours, and goes on. */
        CHECK_INT(journal_open(folder, "1", &other, &l), -EBUSY);
        CHECK_INT(journal_open_orphan(folder, &other, &l), -ENOENT);
        CHECK_INT(journal_settled(j, 3), 0);
        begin(j, 4);
        journal_free(j);
        CHECK(access(stale, F_OK) < 0);
        {
                _cleanup_(buf_done) Buf sorted = BUF_EMPTY;

                buf_append_string(&sorted, leftovers("1"));
                CHECK(strstr(buf_string(&sorted), "1b"));
                CHECK(strstr(buf_string(&sorted), "2a"));
                CHECK(!strstr(buf_string(&sorted), "3"));
                CHECK(strstr(buf_string(&sorted), "4b"));
                CHECK_INT(sorted.size, 8);
        }
        tear_down();
}

static void limit_files(uint64_t size) {
        struct rlimit limit;

        CHECK_INT(getrlimit(RLIMIT_FSIZE, &limit), 0);
        limit.rlim_cur = size == 0 ? limit.rlim_max : (rlim_t) size;
        CHECK_INT(setrlimit(RLIMIT_FSIZE, &limit), 0);
        (void) signal(SIGXFSZ, SIG_IGN);
}

TEST(on_a_full_disk_nothing_is_half_written) {
        JournalEntry e = entry(2);
        Journal *j;
        struct stat st;

        set_up();
        j = open_new("1");
        begin(j, 1);
        CHECK_INT(stat(path_of("1"), &st), 0);
        for (int room = 0; room < 30; room += 7) {
                limit_files((uint64_t) st.st_size + (uint64_t) room);
                CHECK(journal_begin(j, &e) < 0);
                limit_files(0);
                CHECK_STR((journal_free(j), leftovers("1")), "1b");
                (void) unlink(path_of("1"));
                j = open_new("1");
                begin(j, 1);
        }
        begin(j, 3);
        journal_free(j);
        CHECK_STR(leftovers("1"), "1b 3b");
        tear_down();
}

/* The name is taken by a folder, so that the new file cannot get it; then the disk is full, too. */
TEST(a_rewrite_that_fails_leaves_all_as_it_was) {
        _cleanup_free_ char *second_name = NULL;
        JournalEntry e = entry(2);
        Journal *j;
        struct stat st;

        set_up();
        second_name = strdup(path_of("2"));
        j = open_new("1");
        grow(j, JOURNAL_SIZE_MAX - 100000);
        begin(j, 1);
        CHECK_INT(rename(path_of("1"), second_name), 0);
        CHECK_INT(mkdir(path_of("1"), 0700), 0);
        do {
                CHECK_INT(journal_begin(j, &e), 0);
                CHECK_INT(stat(second_name, &st), 0);
        } while (journal_settled(j, 2) >= 0);
        CHECK((uint64_t) st.st_size > JOURNAL_SIZE_MAX - 100000);
        CHECK_INT(stat(second_name, &st), 0);
        limit_files((uint64_t) st.st_size + 5);
        CHECK(journal_begin(j, &e) < 0);
        limit_files(0);
        begin(j, 3);
        journal_free(j);
        CHECK_STR(leftovers("2"), "1b 3b");
        CHECK_INT(rmdir(path_of("1")), 0);
        tear_down();
}

TEST(journals_of_the_dead) {
        JournalLeftovers l;
        Journal *live, *j, *orphan;

        set_up();
        live = open_new("1");
        begin(live, 9);
        j = open_new("2");
        begin(j, 1);
        answer(j, 1);
        journal_free(j);
        j = open_new("3");
        journal_free(j);
        write_file(path_of("4"), SLICE_NULL);
        for (int found = 0; found < 2; found++) { /* 2 and 3, in any order; not 1, which lives, nor 4, which is empty */
                CHECK_INT(journal_open_orphan(folder, &orphan, &l), 0);
                CHECK_STR(l.lease, LEASE);
                CHECK_INT(l.entries.count, streq(journal_instance(orphan), "2") ? 1 : 0);
                journal_leftovers_done(&l);
                journal_discard(orphan);
                CHECK(access(path_of(journal_instance(orphan)), F_OK) < 0);
                journal_free(orphan);
        }
        CHECK_INT(journal_open_orphan(folder, &orphan, &l), -ENOENT);
        journal_free(live);
        tear_down();
}
