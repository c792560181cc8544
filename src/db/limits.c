/* SPDX-License-Identifier: MIT */
#include "db/limits.h"

/* Added by us in front of a message, and the other columns of its row. */
#define PACKET_ROOM ((uint64_t) 1024 * 1024)
/* A value in a row may take at most this part of the redo log. */
#define REDO_LOG_PARTS 10
#define MIB ((uint64_t) 1024 * 1024)

static const char SQL_VERSION[] = "SELECT VERSION()";
static const char SQL_VARIABLE[] =
        "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_VARIABLES WHERE VARIABLE_NAME = ?";
/* New tables get it, and keys of whole VARCHAR(255) columns are too long for the older formats. */
static const char ROW_FORMAT_VARIABLE[] = "innodb_default_row_format";

static int read_text(Db *db, const char *sql, const char *parameter, char **ret) {
        char *text = NULL;
        DbStatement *st;
        int r;

        r = db_prepare(db, sql, DB_MAIN, 1, &st);
        if (r < 0)
                return r;
        if (parameter)
                db_bind_string(st, parameter);
        r = db_query(st);
        if (r >= 0)
                r = db_fetch(st);
        if (r > 0 && !(text = slice_dup(db_slice(st, 0))))
                r = -ENOMEM;
        db_end(st);
        if (r < 0)
                return r;
        *ret = text;
        return r > 0 ? 0 : -ENOENT;
}

/* A variable that the server does not have is `otherwise`. */
static int read_number(Db *db, const char *name, uint64_t otherwise, uint64_t *ret) {
        _cleanup_free_ char *text = NULL;
        int r = read_text(db, SQL_VARIABLE, name, &text);

        *ret = otherwise;
        if (r == -ENOENT)
                return 0;
        if (r < 0)
                return r;
        return slice_to_u64(slice_from_string(text), UINT64_MAX, ret);
}

static int check_version(Db *db, Buf *report) {
        _cleanup_free_ char *version = NULL;
        unsigned major = 0, minor = 0;
        int r = read_text(db, SQL_VERSION, NULL, &version);

        if (r < 0)
                return r;
        if (!strcasestr(version, "mariadb")) {
                buf_printf(report,
                           "The database server is version %s, not MariaDB; MariaDB %d.%d or later "
                           "is needed.\n",
                           version, DB_VERSION_MIN_MAJOR, DB_VERSION_MIN_MINOR);
                return 1;
        }
        if (sscanf(version, "%u.%u", &major, &minor) == 2 &&
            (major > DB_VERSION_MIN_MAJOR ||
             (major == DB_VERSION_MIN_MAJOR && minor >= DB_VERSION_MIN_MINOR)))
                return 0;
        buf_printf(report, "The database server is MariaDB %s; version %d.%d or later is needed.\n",
                   version, DB_VERSION_MIN_MAJOR, DB_VERSION_MIN_MINOR);
        return 1;
}

static unsigned long long mib_rounded_up(uint64_t bytes) {
        return (unsigned long long) ((bytes + MIB - 1) / MIB);
}

static int check_packet(Db *db, uint64_t message_size_max, Buf *report) {
        const uint64_t needed = message_size_max + PACKET_ROOM;
        uint64_t have;
        int r = read_number(db, "max_allowed_packet", UINT64_MAX, &have);

        if (r < 0 || have >= needed)
                return r;
        buf_printf(report,
                   "max_allowed_packet of the database server is %lluM, too little for messages of "
                   "%lluM: set it to at least %lluM.\n",
                   (unsigned long long) (have / MIB), mib_rounded_up(message_size_max),
                   mib_rounded_up(needed));
        return 1;
}

/* Since MariaDB 10.5 the redo log is a single file, and the number of files is no variable any
 * more. */
static int check_redo_log(Db *db, uint64_t message_size_max, Buf *report) {
        const uint64_t needed = message_size_max * REDO_LOG_PARTS;
        uint64_t size, files;
        int r;

        r = read_number(db, "innodb_log_file_size", UINT64_MAX, &size);
        if (r >= 0)
                r = read_number(db, "innodb_log_files_in_group", 1, &files);
        if (r < 0 || files == 0 || size >= needed / files)
                return r;
        buf_printf(report,
                   "The redo log of the database server has %lluM, too little for messages of "
                   "%lluM: set innodb_log_file_size to at least %lluM.\n",
                   (unsigned long long) (size * files / MIB), mib_rounded_up(message_size_max),
                   mib_rounded_up((needed + files - 1) / files));
        return 1;
}

static int check_row_format(Db *db, Buf *report) {
        _cleanup_free_ char *format = NULL;
        int r = read_text(db, SQL_VARIABLE, ROW_FORMAT_VARIABLE, &format);

        if (r == -ENOENT)
                return 0;
        if (r < 0 || (strcasecmp(format, "compact") != 0 && strcasecmp(format, "redundant") != 0))
                return r;
        buf_printf(report,
                   "%s of the database server is %s, in which some keys are too long: set it to "
                   "dynamic.\n",
                   ROW_FORMAT_VARIABLE, format);
        return 1;
}

int db_check_limits(Db *db, uint64_t message_size_max, Buf *report) {
        int problems = 0, r;

        assert(db && report);

        r = check_version(db, report);
        if (r < 0)
                return r;
        problems += r;
        r = check_packet(db, message_size_max, report);
        if (r < 0)
                return r;
        problems += r;
        r = check_redo_log(db, message_size_max, report);
        if (r < 0)
                return r;
        problems += r;
        r = check_row_format(db, report);
        if (r < 0)
                return r;
        problems += r;
        return buf_error(report) < 0 ? buf_error(report) : problems;
}
