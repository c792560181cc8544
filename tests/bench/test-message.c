/* SPDX-License-Identifier: MIT */
#include "bench/message.h"
#include "test.h"

#define FROM "sender@load.example.com"
#define TO "user000@sink.example.com"

static void whole(MessageSource *s, uint64_t number, Buf *b) {
        char id[MESSAGE_ID_SIZE];

        message_source_header(s, message_source_id(s, number, id), SLICE(FROM), SLICE(TO), b);
        buf_append_slice(b, buf_slice(&s->body));
        CHECK_INT(buf_error(b), 0);
}

/* Walks over the lines as a receiver does; returns the size without stuffing. */
static size_t check_lines(Slice wire, size_t *ret_stuffed) {
        size_t size = 0, stuffed = 0;

        for (;;) {
                ssize_t end = slice_find_byte(wire, '\n', 0);
                Slice line;

                CHECK(end > 0);
                CHECK(wire.data[end - 1] == '\r');
                line = slice_first(wire, (size_t) end - 1);
                CHECK(slice_find_byte(line, '\r', 0) < 0);
                wire = slice_from(wire, (size_t) end + 1);
                if (slice_equal(line, SLICE(".")))
                        break;
                if (line.size > 0 && line.data[0] == '.') {
                        CHECK(line.data[1] == '.');
                        line = slice_from(line, 1);
                        stuffed++;
                }
                CHECK(line.size <= 76);
                size += line.size + 2;
        }
        CHECK_INT(wire.size, 0);
        *ret_stuffed = stuffed;
        return size;
}

TEST(messages_have_the_size_asked_for) {
        for (size_t size = 600; size < 1400; size++) {
                _cleanup_(message_source_done) MessageSource s;
                _cleanup_(buf_done) Buf b = BUF_EMPTY;
                size_t stuffed;

                CHECK_INT(message_source_init(&s, "run1", size, FROM, TO), 0);
                whole(&s, 7, &b);
                CHECK_INT(check_lines(buf_slice(&b), &stuffed), size);
        }
}

TEST(large_messages_have_dots_to_stuff) {
        static const size_t sizes[] = { 10240, 100000, 5000000 };

        for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
                _cleanup_(message_source_done) MessageSource s;
                _cleanup_(buf_done) Buf b = BUF_EMPTY;
                size_t stuffed;

                CHECK_INT(message_source_init(&s, "run1", sizes[i], FROM, TO), 0);
                whole(&s, 7, &b);
                CHECK_INT(check_lines(buf_slice(&b), &stuffed), sizes[i]);
                CHECK(stuffed >= 2);
        }
}

TEST(a_size_below_the_header_still_gives_a_message) {
        _cleanup_(message_source_done) MessageSource s;
        _cleanup_(buf_done) Buf b = BUF_EMPTY;
        size_t stuffed;

        CHECK_INT(message_source_init(&s, "r", 1, FROM, TO), 0);
        whole(&s, 0, &b);
        CHECK(check_lines(buf_slice(&b), &stuffed) > s.body_size);
}

TEST(ids_differ_and_stand_in_both_fields) {
        _cleanup_(message_source_done) MessageSource s;
        _cleanup_(buf_done) Buf a = BUF_EMPTY, b = BUF_EMPTY;

        CHECK_INT(message_source_init(&s, "night7", 2000, FROM, TO), 0);
        whole(&s, 41, &a);
        whole(&s, 42, &b);
        CHECK(strstr(a.data, "\r\nX-Load-Id: night7-000000041\r\n"));
        CHECK(strstr(a.data, "\r\nMessage-ID: <night7-000000041@load.example.com>\r\n"));
        CHECK(strstr(b.data, "\r\nX-Load-Id: night7-000000042\r\n"));
        CHECK_INT(a.size, b.size);
}

TEST(the_same_size_gives_the_same_body) {
        _cleanup_(message_source_done) MessageSource a, b;

        CHECK_INT(message_source_init(&a, "one", 10240, FROM, TO), 0);
        CHECK_INT(message_source_init(&b, "two", 10240, FROM, TO), 0);
        CHECK_STR(buf_string(&a.body), buf_string(&b.body));
        CHECK_STR(a.body_sha256, b.body_sha256);
        CHECK_INT(strlen(a.body_sha256), 64);
}

TEST(names_of_runs_are_letters_and_digits) {
        MessageSource s;

        CHECK_INT(message_source_init(&s, "", 1000, FROM, TO), -EINVAL);
        CHECK_INT(message_source_init(&s, "a-b", 1000, FROM, TO), -EINVAL);
        CHECK_INT(message_source_init(&s, "a\r\nb", 1000, FROM, TO), -EINVAL);
        CHECK_INT(message_source_init(&s, "abcdefghijklmnopqrstuvwxyz0123456", 1000, FROM, TO),
                  -EINVAL);
}
