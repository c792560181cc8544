/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <sys/mman.h>

#include "core/file.h"
#include "test.h"

static int memory_file(const char *text) {
        int fd = memfd_create("test", MFD_CLOEXEC);

        CHECK(fd >= 0);
        CHECK_INT(write(fd, text, strlen(text)), strlen(text));
        CHECK_INT(lseek(fd, 0, SEEK_SET), 0);
        return fd;
}

TEST(a_descriptor_is_read_to_its_end) {
        _cleanup_close_ int fd = memory_file("some text");
        _cleanup_(buf_done) Buf text = BUF_EMPTY;

        CHECK_INT(file_read_fd(fd, 100, &text), 0);
        CHECK_STR(buf_string(&text), "some text");
}

TEST(an_empty_file_makes_an_empty_string) {
        _cleanup_close_ int fd = memory_file("");
        _cleanup_(buf_done) Buf text = BUF_EMPTY;

        CHECK_INT(file_read_fd(fd, 5, &text), 0);
        CHECK_STR(buf_string(&text), "");
}

TEST(a_file_of_exactly_the_limit_is_read) {
        _cleanup_close_ int fd = memory_file("12345");
        _cleanup_(buf_done) Buf text = BUF_EMPTY;

        CHECK_INT(file_read_fd(fd, 5, &text), 0);
        CHECK_STR(buf_string(&text), "12345");
}

TEST(one_byte_more_is_too_large) {
        _cleanup_close_ int fd = memory_file("123456");
        _cleanup_(buf_done) Buf text = BUF_EMPTY;

        CHECK_INT(file_read_fd(fd, 5, &text), -EFBIG);
}

TEST(the_limit_of_the_buffer_is_kept) {
        _cleanup_close_ int fd = memory_file("123456");
        _cleanup_(buf_done) Buf text = { .limit = 3 };

        CHECK_INT(file_read_fd(fd, 100, &text), -ENOBUFS);
}

TEST(errors_of_the_system_come_through) {
        _cleanup_(buf_done) Buf text = BUF_EMPTY;

        CHECK_INT(file_read("/nonexistent/file", 5, &text), -ENOENT);
        CHECK_INT(file_read("/", 5, &text), -EISDIR);
        CHECK_INT(text.size, 0);
}
