# SPDX-License-Identifier: MIT
"""`postal initialize` and `postal upgrade`, from nothing and from recorded databases."""

import os
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness.postal import Postal  # noqa: E402

COLUMNS = """SELECT TABLE_NAME, ORDINAL_POSITION, COLUMN_NAME, COLUMN_TYPE, COLUMN_DEFAULT, IS_NULLABLE, COLLATION_NAME,
             EXTRA FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME NOT LIKE 'postal%'
             AND TABLE_NAME NOT LIKE 'raw-%' ORDER BY 1, 2"""
KEYS = """SELECT TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX, COLUMN_NAME, SUB_PART, NON_UNIQUE FROM
          information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME NOT LIKE 'postal%'
          AND INDEX_NAME NOT LIKE 'postal%' AND TABLE_NAME NOT LIKE 'raw-%' ORDER BY 1, 2, 3"""


class Upgrade(unittest.TestCase):
    def setUp(self):
        self.postal = Postal()
        self.addCleanup(self.postal.close)

    def schema(self, database=None):
        return self.postal.sql(COLUMNS, database), self.postal.sql(KEYS, database)

    def recorded(self, fixture):
        """The schema of a recording."""
        name = self.postal.name + "-recorded"
        self.postal.make_database(name)
        self.postal.load(fixture, database=name)
        return self.schema(name)

    def test_a_new_installation(self):
        done = self.postal.run("initialize")
        self.assertEqual(done.stdout.splitlines()[:3], [
            "Initializing database", "Created database '%s'" % self.postal.name,
            "No schema migrations exist. Loading schema with db:schema:load"])
        self.assertIn("== 2 QueuedMessagesReady: migrating ===", done.stdout)
        self.assertEqual(done.stderr, "")
        self.assertEqual(self.schema(), self.recorded("main-3.3.6.sql"))
        self.assertEqual(self.postal.sql("SELECT DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA "
                                         "WHERE SCHEMA_NAME = DATABASE()"), [("utf8mb4_general_ci",)])

    def test_again_changes_nothing(self):
        self.postal.run("initialize")
        before = self.postal.sql("SELECT * FROM postal_schema_versions")
        done = self.postal.run("initialize")
        self.assertEqual(done.stdout, "Initializing database\n"
                                      "Database schema is already loaded. Running migrations with db:migrate\n")
        self.assertEqual(done.stderr, "Database '%s' already exists\n" % self.postal.name)
        for command in "upgrade", "update":
            done = self.postal.run(command)
            self.assertEqual(done.stdout, "Database schema is already loaded. Running migrations with db:migrate\n")
        self.assertEqual(self.postal.sql("SELECT * FROM postal_schema_versions"), before)

    def load_old(self):
        """A recorded 2.3.2 with rows, and message databases as of the year 2017."""
        self.postal.make_database()
        self.postal.load("main-2.3.2.sql", "main-rows.sql")
        for server_id in 1, 2, 3:
            name = self.postal.message_database(server_id)
            self.postal.make_database(name, "utf8mb4_unicode_ci")
            self.postal.load("message-3.3.6.sql", database=name)
        self.postal.load("message-rows.sql", database=self.postal.message_database(1))
        self.postal.sql("ALTER TABLE messages DROP COLUMN endpoint_id, DROP COLUMN endpoint_type; "
                        "ALTER TABLE links MODIFY url VARCHAR(255); DELETE FROM migrations WHERE version > 17",
                        self.postal.message_database(1))
        self.postal.sql("DROP TABLE migrations", self.postal.message_database(2))

    def test_an_old_installation(self):
        self.load_old()
        users = self.postal.sql("SELECT * FROM users")
        planned = self.postal.run("upgrade", "--dry-run").stdout
        self.assertIn("  20240214132253 AddLockFieldsToWebhookRequests\n", planned)
        self.assertIn("  2 QueuedMessagesReady\n", planned)
        self.assertIn("%s of acme/main: version 17 => 20\n" % self.postal.message_database(1), planned)
        self.assertIn("%s of acme-2/unicode-server: does not exist\n" % self.postal.message_database(4), planned)
        self.assertEqual(self.postal.sql("SELECT COUNT(*) FROM schema_migrations"), [("1",)])

        done = self.postal.run("upgrade", status=1)  # for the database that is missing
        self.assertRegex(done.stdout, r"(?m)^== 20240214132253 AddLockFieldsToWebhookRequests: migrating =+$")
        self.assertRegex(done.stdout,
                         r"(?m)^== 20240214132253 AddLockFieldsToWebhookRequests: migrated \([0-9.]+s\) =+$")
        self.assertIn("Running migrations for acme/main (ID: 1)\nMigrating %s from version 17 => 20\n"
                      "++ Migrating AddEndpointsToMessages (18)\n" % self.postal.message_database(1), done.stdout)
        self.assertIn("Running migrations for acme/suspended (ID: 3)\nNothing to do\n", done.stdout)
        self.assertRegex(done.stderr, r"The message database '[^']+-server-4' of acme-2/unicode-server does not exist")
        self.assertEqual(self.schema(), self.recorded("main-3.3.6.sql"))
        name = self.postal.name + "-recorded-message"
        self.postal.make_database(name, "utf8mb4_unicode_ci")
        self.postal.load("message-3.3.6.sql", database=name)
        for server_id in 1, 2, 3:
            self.assertEqual(self.schema(self.postal.message_database(server_id)), self.schema(name))
        self.assertEqual([row[:14] for row in self.postal.sql("SELECT * FROM users")], [row[:14] for row in users])
        self.assertEqual(self.postal.sql("SELECT COUNT(*) FROM messages", self.postal.message_database(1)), [("9",)])

        # Making the server again completes what was missing.
        done = self.postal.run("server", "create", "--organization", "acme-2", "--name", "\u00dcn\u00efcode S\u00e9rver")
        self.assertIn("its database has been completed", done.stderr)
        done = self.postal.run("upgrade")
        self.assertNotIn("igrating ", done.stdout.replace("Running migrations", ""))

    def test_a_server_being_deleted_may_lack_its_database(self):
        self.load_old()
        self.postal.sql("UPDATE servers SET deleted_at = NOW() WHERE id = 4")
        self.assertIn("Nothing to do: the server is being deleted", self.postal.run("upgrade").stdout)

    def test_killed_anywhere_it_goes_on(self):
        """kill -9 after ever more time, until a run comes to its end by itself."""
        self.load_old()
        self.postal.sql("DELETE FROM servers WHERE id = 4")
        milliseconds, kills = 1, 0
        while True:
            running = subprocess.Popen([self.postal.binary, "upgrade"], env=self.postal.environment(),
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            try:
                out, err = running.communicate(timeout=milliseconds / 1000)
                break
            except subprocess.TimeoutExpired:
                running.send_signal(signal.SIGKILL)
                running.communicate()
                milliseconds += 7
                kills += 1
        self.assertEqual((running.returncode, err), (0, ""), out)
        self.assertGreater(kills, 2)
        self.assertEqual(self.schema(), self.recorded("main-3.3.6.sql"))
        self.assertEqual(self.postal.sql("SELECT COUNT(*) FROM schema_migrations"), [("18",)])

    def test_two_at_once(self):
        self.load_old()
        self.postal.sql("DELETE FROM servers WHERE id = 4")
        both = [subprocess.Popen([self.postal.binary, "upgrade"], env=self.postal.environment(), text=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
        for running in both:
            out, err = running.communicate(timeout=60)
            self.assertEqual((running.returncode, err), (0, ""), out)
        self.assertEqual(self.schema(), self.recorded("main-3.3.6.sql"))
        self.assertEqual(self.postal.sql("SELECT COUNT(*) FROM schema_migrations"), [("18",)])

    def test_limits_are_mentioned(self):
        self.postal.configure(smtp_server={"max_message_size": 30})
        done = self.postal.run("initialize")
        self.assertEqual(done.stderr, "postal: warning: The redo log of the database server has 192M, too little for "
                                      "messages of 30M: set innodb_log_file_size to at least 300M.\n")

    def test_other_tables_are_left_alone(self):
        self.postal.make_database()
        self.postal.sql("CREATE TABLE servers (id INT)")
        done = self.postal.run("initialize", status=1)
        self.assertIn("The table servers has no column organization_id.", done.stderr)
        self.assertEqual(self.postal.sql("SELECT COUNT(*) FROM schema_migrations"), [("0",)])

    def test_servers_apart(self):
        """Another user for the message databases: two connections, the same result."""
        user = self.postal.name.replace("-", "_")
        self.postal.server.sql("CREATE USER %s@localhost IDENTIFIED BY 'x'" % user)
        self.addCleanup(self.postal.server.sql, "DROP USER %s@localhost" % user)
        self.postal.server.sql("GRANT ALL ON `%s-server-%%`.* TO %s@localhost" % (self.postal.name, user))
        self.postal.configure(message_db={"username": user, "password": "x"})
        self.postal.run("initialize")
        self.postal.run("make-user", input="a@b.c\nA\nB\npassword\n")
        self.postal.run("organization", "create", "--name", "Acme")
        self.postal.run("server", "create", "--organization", "acme", "--name", "Main")
        self.assertRegex(self.postal.run("upgrade").stdout, r"acme/main \(ID: 1\)\nNothing to do")


if __name__ == "__main__":
    unittest.main()
