/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <sys/stat.h>

#include "core/signal-file.h"
#include "test.h"

/* A runtime directory of this test alone, which is not there yet. */
static char base[64], directory[80];

static void set_up(void) {
        (void) snprintf(base, sizeof(base), "/tmp/postal-test-XXXXXX");
        if (!mkdtemp(base))
                abort();
        (void) snprintf(directory, sizeof(directory), "%s/postal", base);
        CHECK_INT(setenv("RUNTIME_DIRECTORY", directory, 1), 0);
}

static void tear_down(void) {
        static const char *const names[] = { "postal/objects", "postal/work", "postal/other" };
        char path[160];

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                (void) snprintf(path, sizeof(path), "%s/%s", base, names[i]);
                (void) unlink(path);
        }
        (void) rmdir(directory);
        CHECK_INT(rmdir(base), 0);
}

static Buf seen;

static void note(const char *name, void *userdata) {
        CHECK(userdata == &seen);
        buf_printf(&seen, "%s ", name);
}

/* Lets the loop run until it has nothing more to do. */
static void run(sd_event *event) {
        while (sd_event_run(event, 0) > 0)
                ;
}

static void check_seen(sd_event *event, const char *want) {
        run(event);
        CHECK_STR(buf_string(&seen), want);
        buf_reset(&seen, 4096);
}

TEST(without_a_directory_nothing_happens) {
        set_up();
        CHECK_INT(signal_file_touch(SIGNAL_FILE_OBJECTS), 0);
        CHECK(access(directory, F_OK) < 0);
        tear_down();
}

TEST(a_touch_is_seen_once) {
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        _cleanup_(signal_watch_freep) SignalWatch *w = NULL;
        struct stat status;
        char path[160];

        set_up();
        CHECK_INT(mkdir(directory, 0755), 0);
        CHECK_INT(sd_event_new(&event), 0);
        CHECK_INT(signal_watch_new(event, note, &seen, &w), 0);
        CHECK(signal_watch_is_active(w));
        check_seen(event, "");
        for (int i = 0; i < 2; i++) {
                CHECK_INT(signal_file_touch(SIGNAL_FILE_OBJECTS), 0);
                check_seen(event, "objects ");
        }
        CHECK_INT(signal_file_touch(SIGNAL_FILE_WORK), 0);
        CHECK_INT(signal_file_touch("other"), 0);
        check_seen(event, "work other ");
        (void) snprintf(path, sizeof(path), "%s/objects", directory);
        CHECK_INT(stat(path, &status), 0);
        CHECK_INT(status.st_size, 0);
        tear_down();
}

TEST(the_directory_may_come_and_go) {
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        _cleanup_(signal_watch_freep) SignalWatch *w = NULL;

        set_up();
        CHECK_INT(sd_event_new(&event), 0);
        CHECK_INT(signal_watch_new(event, note, &seen, &w), 0);
        for (int i = 0; i < 3; i++) {
                char path[160];

                CHECK(!signal_watch_is_active(w));
                CHECK_INT(mkdir(directory, 0755), 0);
                run(event);
                CHECK(signal_watch_is_active(w));
                CHECK_INT(signal_file_touch(SIGNAL_FILE_OBJECTS), 0);
                check_seen(event, "objects ");
                (void) snprintf(path, sizeof(path), "%s/objects", directory);
                CHECK_INT(unlink(path), 0);
                CHECK_INT(rmdir(directory), 0);
                run(event);
        }
        tear_down();
}

TEST(a_parent_that_is_missing_is_no_failure) {
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        _cleanup_(signal_watch_freep) SignalWatch *w = NULL;

        CHECK_INT(setenv("RUNTIME_DIRECTORY", "/nonexistent/postal", 1), 0);
        CHECK_INT(sd_event_new(&event), 0);
        CHECK_INT(signal_watch_new(event, note, &seen, &w), 0);
        CHECK(!signal_watch_is_active(w));
        CHECK_INT(signal_file_touch(SIGNAL_FILE_OBJECTS), 0);
}

TEST(the_first_of_several_directories_is_ours) {
        char value[200];

        set_up();
        CHECK_INT(mkdir(directory, 0755), 0);
        (void) snprintf(value, sizeof(value), "%s/:/nonexistent/other", directory);
        CHECK_INT(setenv("RUNTIME_DIRECTORY", value, 1), 0);
        CHECK_INT(signal_file_touch(SIGNAL_FILE_WORK), 0);
        (void) snprintf(value, sizeof(value), "%s/work", directory);
        CHECK_INT(access(value, F_OK), 0);
        tear_down();
}
