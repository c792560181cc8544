#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turns the numbered .sql files of this folder into the tables of db/migrate-plan.h.

    embed.py OUTPUT.c FILE.sql...

A file is one step: its number is the version, the rest of its name the step's name. Before each
statement stand comments that say when it is to run, because every step must be able to run again:

    -- unless table T | column T.C | index T.I | type T.C TYPE | collation [T] COLLATION
    -- if column T.C | compact T
    -- online                      in place and without locking the table, where the server can
    -- call FUNCTION               instead of a statement: a function of db/migrate-fill.c

Of main-schema.sql, each statement makes one table, unless it is there; its columns become a list.
"""

import os
import re
import sys

KINDS = {"table": 1, "column": 1, "index": 1, "type": 2, "collation": 2, "compact": 1}


def fail(path, text):
    sys.exit("%s: %s" % (path, text))


def quote(text):
    if text is None:
        return "NULL"
    return '"%s"' % text.replace("\\", "\\\\").replace('"', '\\"')


def quote_lines(text):
    lines = text.split("\n")
    return "\n                ".join(quote(line + ("\n" if i + 1 < len(lines) else "")).replace("\n", "\\n")
                                     for i, line in enumerate(lines))


class Statement:
    def __init__(self):
        self.condition = None
        self.is_online = False
        self.call = None
        self.sql = ""

    def is_begun(self):
        return self.condition or self.is_online


def parse_condition(path, line):
    words = line.split()
    sense, kind, rest = words[0], words[1], words[2:]
    if kind not in KINDS or not 1 <= len(rest) <= KINDS[kind]:
        fail(path, "cannot read the condition: " + line)
    if kind == "collation" and len(rest) == 1:
        return (sense, kind, None, None, rest[0])
    table, _, item = rest[0].partition(".")
    return (sense, kind, table, item or None, rest[1] if len(rest) > 1 else None)


def directive(path, st, line, done):
    if re.match(r"(unless|if) ", line):
        if st.condition:
            fail(path, "two conditions for one statement")
        st.condition = parse_condition(path, line)
    elif line == "online":
        st.is_online = True
    elif line.startswith("call "):
        st.call = line.split()[1]
        done.append(st)
        return Statement()
    return st


def parse(path, text):
    done, st = [], Statement()
    for line in text.split("\n"):
        if not st.sql and line.startswith("-- "):
            st = directive(path, st, line[3:], done)
        elif line.strip():
            st.sql += ("\n" if st.sql else "") + line
            if line.endswith(";"):
                st.sql = st.sql[:-1]
                if not st.condition:
                    fail(path, "a statement without a condition: " + st.sql[:60])
                done.append(st)
                st = Statement()
    if st.sql or st.is_begun():
        fail(path, "the last statement does not end")
    return done


def parse_schema(path, text):
    done, columns = [], []
    for sql in re.findall(r"^CREATE TABLE [^;]*;", text, re.M):
        st = Statement()
        table = re.match(r"CREATE TABLE `(\w+)`", sql).group(1)
        st.condition = ("unless", "table", table, None, None)
        st.sql = sql[:-1]
        done.append(st)
        columns += [(table, c) for c in re.findall(r"^  `(\w+)`", sql, re.M)]
    if not done:
        fail(path, "no tables")
    return done, columns


def online(sql):
    separator = " " if sql.startswith("CREATE INDEX") else ", "
    return sql + separator.join(["", "ALGORITHM=INPLACE", "LOCK=NONE"])


def emit_statements(out, name, statements):
    out.append("static const MigrationStatement %s[] = {" % name)
    for st in statements:
        fields = []
        if st.condition:
            sense, kind, table, item, value = st.condition
            fields.append(".condition = { .kind = MIGRATION_%s, .is_negative = %s, .table = %s, .item = %s, .value = %s }"
                          % (kind.upper(), "true" if sense == "unless" else "false", quote(table), quote(item), quote(value)))
        if st.call:
            fields.append(".call = " + st.call)
        else:
            fields.append(".sql = " + quote_lines(st.sql))
        if st.is_online:
            fields.append(".online_sql = " + quote_lines(online(st.sql)))
        out.append("        { %s }," % ",\n          ".join(fields))
    out.append("};")


def main(output, paths):
    out = ["/* Made by embed.py. */", '#include "db/migrate-plan.h"', ""]
    plans = {"main": [], "message": [], "own": []}
    for path in paths:
        folder, name = os.path.split(path)
        folder = os.path.basename(folder)
        with open(path, encoding="utf-8") as f:
            text = f.read()
        if name == "main-schema.sql":
            statements, columns = parse_schema(path, text)
            emit_statements(out, "SCHEMA", statements)
            out.append("const MigrationStep migrate_schema = { .statements = SCHEMA, .statement_count = %d };" % len(statements))
            out.append("const MigrationColumn migrate_columns[] = {")
            out += ["        { %s, %s }," % (quote(t), quote(c)) for t, c in columns]
            out.append("};")
            out.append("const size_t migrate_column_count = %d;" % len(columns))
            continue
        version, _, words = name[:-len(".sql")].partition("-")
        statements = parse(path, text)
        array = "%s_%s" % (folder.upper(), version)
        if statements:
            emit_statements(out, array, statements)
        title = "".join(w.capitalize() for w in words.split("-"))
        plans[folder].append((int(version), title, array if statements else None, len(statements)))
    for folder, steps in plans.items():
        steps.sort()
        out.append("static const MigrationStep STEPS_%s[] = {" % folder.upper())
        out += ["        { .version = UINT64_C(%d), .name = %s, .statements = %s, .statement_count = %d },"
                % (v, quote(t), a or "NULL", n) for v, t, a, n in steps]
        out.append("};")
        out.append("const MigrationPlan migrate_%s_plan = { STEPS_%s, %d };" % (folder, folder.upper(), len(steps)))
    with open(output, "w", encoding="utf-8") as f:
        f.write("\n".join(out) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
