/* SPDX-License-Identifier: MIT */
#include "db/limits.h"
#include "db/test-database.h"
#include "test.h"

#define MIB ((uint64_t) 1024 * 1024)

static Buf report;

static int check(uint64_t size) {
        buf_reset(&report, 4096);
        return db_check_limits(test_database(), size, &report);
}

/* The test server has packets of 64M and a redo log of 192M. */
TEST(what_fits_is_not_mentioned) {
        CHECK_INT(check(14 * MIB), 0);
        CHECK_STR(buf_string(&report), "");
        CHECK_INT(check(192 * MIB / 10), 0);
}

TEST(a_redo_log_that_is_too_small) {
        CHECK_INT(check(20 * MIB), 1);
        CHECK_STR(buf_string(&report),
                  "The redo log of the database server has 192M, too little for messages of 20M: "
                  "set innodb_log_file_size to at least 200M.\n");
}

TEST(a_packet_that_is_too_small) {
        CHECK_INT(check(64 * MIB), 2);
        CHECK(strstr(buf_string(&report),
                     "max_allowed_packet of the database server is 64M, too little "
                     "for messages of 64M: set it to at least 65M.\n"));
}

TEST(row_formats_without_room_for_the_keys) {
        test_sql("SET GLOBAL innodb_default_row_format = compact");
        CHECK_INT(check(MIB), 1);
        test_sql("SET GLOBAL innodb_default_row_format = dynamic");
        CHECK_STR(buf_string(&report),
                  "innodb_default_row_format of the database server is compact, in which "
                  "some keys are too long: set it to dynamic.\n");
}
