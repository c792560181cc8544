# SPDX-License-Identifier: MIT
"""What holds for every command: usage, help, versions, errors in one clear sentence."""

import os
import re
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness.postal import Postal  # noqa: E402

COMMANDS = ["initialize", "upgrade", "update", "version", "make-user", "default-dkim-record", "test-app-smtp",
            "organization create", "organization list", "server create", "server list", "domain create",
            "domain list", "credential create", "credential list", "route create", "route list", "queue list",
            "queue stats", "message show"]


class Commands(unittest.TestCase):
    def setUp(self):
        self.postal = Postal()
        self.addCleanup(self.postal.close)

    def test_usage_is_laid_out_as_postals(self):
        for arguments in (), ("-h",), ("--help",), ("help",):
            done = self.postal.run(*arguments)
            self.assertTrue(done.stdout.startswith("Usage: postal [command]\n\nServer components:\n\n * "))
            self.assertIn("\n * worker - run a worker\n", done.stdout)
            self.assertIn("\nSetup/upgrade tools:\n\n * initialize - create and load the DB schema\n", done.stdout)
            self.assertIn("\n * make-user - create a new global admin user\n", done.stdout)
            self.assertNotIn("\033", done.stdout)
            self.assertEqual(done.stderr, "")

    def test_every_command_explains_itself(self):
        for command in COMMANDS:
            for arguments in command.split() + ["--help"], command.split() + ["-h"]:
                done = self.postal.run(*arguments)
                self.assertTrue(done.stdout.startswith("Usage: postal "), done.stdout)
                self.assertIn("--help", done.stdout)
        self.assertEqual(self.postal.run("help", "make-user").stdout, self.postal.run("make-user", "-h").stdout)

    def test_the_manual_has_every_command(self):
        manual = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))),
                              "man", "postal.1")
        with open(manual, encoding="utf-8") as f:
            text = f.read().replace("\\-", "-")
        for command in re.findall(r"^ \* ([a-z-]+) - ", self.postal.run("help").stdout, re.M):
            self.assertRegex(text, r"(?m)^\.B %s\b" % command)
        for command in COMMANDS:
            self.assertIn(command, text)
            for option in re.findall(r"^  (--[a-z-]+)", self.postal.run(*command.split(), "-h").stdout, re.M):
                self.assertIn(option, text, command)

    def test_unknown_commands_and_options(self):
        for arguments in ("nope",), ("help", "nope"), ("server",), ("server", "drop"), ("queue", "list", "--nope"), \
                ("server", "create"), ("message", "show", "1"), ("message", "show", "1", "x"), ("upgrade", "x"), \
                ("route", "create", "--server", "x", "--name", "x"), ("queue", "list", "--state", "lost"), \
                ("credential", "create", "--server", "x", "--name", "x", "--type", "FTP"), \
                ("domain", "create", "--name", "x", "--server", "x", "--organization", "x"):
            done = self.postal.run(*arguments, status=64)
            self.assertEqual(done.stdout, "", arguments)
            self.assertTrue(done.stderr.startswith(("postal", "Usage:")), done.stderr)

    def test_version_is_only_the_version(self):
        for argument in "version", "--version":
            self.assertRegex(self.postal.run(argument, env={"SILENCE_POSTAL_CONFIG_MESSAGES": ""}).stdout,
                             r"\A[0-9]+\.[0-9]+\.[0-9]+\n\Z")

    def sentence(self, *arguments):
        done = self.postal.run(*arguments, status=1)
        self.assertEqual(done.stdout, "")
        self.assertRegex(done.stderr, r"\Apostal: [^\n]+\.\n\Z")
        return done.stderr

    def test_a_server_that_is_away(self):
        self.postal.configure(main_db={"host": "/nonexistent/s.sock"})
        said = self.sentence("server", "list")
        self.assertIn("Cannot connect", said)
        self.assertIn("/nonexistent/s.sock", said)
        self.assertIn("whether MariaDB runs", said)

    def test_a_refused_password(self):
        user = self.postal.name.replace("-", "_")
        self.postal.server.sql("CREATE USER %s@localhost IDENTIFIED BY 'right'" % user)
        self.addCleanup(self.postal.server.sql, "DROP USER %s@localhost" % user)
        self.postal.configure(main_db={"username": user, "password": "wrong"})
        said = self.sentence("server", "list")
        self.assertIn("Access denied", said)
        self.assertIn("Check main_db.username and main_db.password", said)
        self.assertNotIn("wrong", said)

    def test_a_missing_database(self):
        self.assertIn("does not exist: run `postal initialize`", self.sentence("server", "list"))
        self.assertIn("does not exist: run `postal initialize`", self.sentence("upgrade"))

    def test_a_missing_schema(self):
        self.postal.make_database()
        self.assertIn("has no schema yet: run `postal initialize`", self.sentence("server", "list"))
        self.postal.load("main-2.3.2.sql")
        self.assertRegex(self.sentence("server", "list"),
                         r"is not up to date, \d+ steps are to be made: run `postal upgrade`")

    def test_a_configuration_that_cannot_be_used(self):
        done = self.postal.run("server", "list", "--config", "/nonexistent/postal.yml", status=1)
        self.assertIn("/nonexistent/postal.yml", done.stderr)
        with open(self.postal.config_path, "w", encoding="utf-8") as f:
            f.write("main_db: [\n")
        self.assertIn("postal config check", self.postal.run("server", "list", status=1).stderr)

    def test_output_that_cannot_be_written(self):
        self.postal.run("initialize")
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([self.postal.binary, "server", "list", "--json"], stdout=full,
                                  stderr=subprocess.PIPE, env=self.postal.environment(), text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("Cannot write the output", done.stderr)


if __name__ == "__main__":
    unittest.main()
