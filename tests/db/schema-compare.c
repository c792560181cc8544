/* SPDX-License-Identifier: MIT */
#include "db/schema-compare.h"
#include "db/test-database.h"

/* What is looked at: an expression over a table of information_schema, and which of its rows. */
static const struct {
        const char *expression;
        const char *table;
        const char *schema_column;
        const char *filter;
} aspects[] = {
        { "CONCAT_WS(' ', 'table', TABLE_NAME, ENGINE, ROW_FORMAT, TABLE_COLLATION, "
          "CREATE_OPTIONS)",
          "TABLES", "TABLE_SCHEMA", "TABLE_NAME NOT LIKE 'postal_%'" },
        { "CONCAT_WS(' ', 'column', TABLE_NAME, ORDINAL_POSITION, COLUMN_NAME, COLUMN_TYPE, "
          "IFNULL(COLUMN_DEFAULT, '-'), IS_NULLABLE, IFNULL(COLLATION_NAME, '-'), EXTRA)",
          "COLUMNS", "TABLE_SCHEMA", "TABLE_NAME NOT LIKE 'postal_%'" },
        { "CONCAT_WS(' ', 'key', TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX, COLUMN_NAME, "
          "IFNULL(SUB_PART, '-'), NON_UNIQUE, INDEX_TYPE, NULLABLE, COLLATION)",
          "STATISTICS", "TABLE_SCHEMA",
          "TABLE_NAME NOT LIKE 'postal_%' AND INDEX_NAME NOT LIKE 'postal_%'" },
        { "CONCAT_WS(' ', 'database', DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME)",
          "SCHEMATA", "SCHEMA_NAME", "TRUE" },
};

void schema_snapshot(const char *label, const char *schema) {
        test_sql("CREATE TEMPORARY TABLE IF NOT EXISTS mysql.postal_snapshots "
                 "(label VARCHAR(40), line VARCHAR(1000)) CHARACTER SET utf8mb4");
        test_sql("DELETE FROM mysql.postal_snapshots WHERE label = '%s'", label);
        for (size_t i = 0; i < ELEMENTSOF(aspects); i++)
                test_sql("INSERT INTO mysql.postal_snapshots SELECT '%s', %s "
                         "FROM information_schema.%s WHERE %s = '%s' AND %s",
                         label, aspects[i].expression, aspects[i].table, aspects[i].schema_column,
                         schema, aspects[i].filter);
}

const char *schema_difference(const char *one, const char *other) {
        /* A temporary table cannot be read twice by one statement. */
        return test_sql_value(
                "SELECT GROUP_CONCAT(line ORDER BY line SEPARATOR '; ') FROM ("
                "SELECT line, GROUP_CONCAT(label) AS labels FROM mysql.postal_snapshots "
                "WHERE label IN ('%s', '%s') GROUP BY line HAVING COUNT(*) <> 2) x",
                one, other);
}
