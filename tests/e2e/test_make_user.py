# SPDX-License-Identifier: MIT
"""`postal make-user`: at a terminal, through a pipe, and with options."""

import os
import pty
import select
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness.postal import Postal  # noqa: E402

INTRODUCTION = ("Postal User Creator\nEnter the information required to create a new Postal user.\n"
                "This tool is usually only used to create your initial admin user.\n\n")


class Terminal:
    """The program at a terminal of its own."""

    def __init__(self, postal, *arguments):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(postal.binary, [postal.binary, *arguments], dict(postal.environment(), TERM="xterm"))
        self.seen = ""

    def expect(self, text, seconds=30):
        deadline = time.monotonic() + seconds
        while text not in self.seen:
            if not select.select([self.fd], [], [], max(0, deadline - time.monotonic()))[0]:
                raise AssertionError("%r did not come: %r" % (text, self.seen))
            try:
                self.seen += os.read(self.fd, 4096).decode()
            except OSError:
                raise AssertionError("%r did not come: %r" % (text, self.seen))
        before, _, self.seen = self.seen.partition(text)
        return before

    def type(self, text):
        os.write(self.fd, text.encode())

    def end(self):
        rest = self.seen
        while True:
            try:
                data = os.read(self.fd, 4096)
            except OSError:
                break
            if not data:
                break
            rest += data.decode()
        status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        os.close(self.fd)
        return status, rest


class MakeUser(unittest.TestCase):
    def setUp(self):
        self.postal = Postal()
        self.addCleanup(self.postal.close)
        self.postal.run("initialize")

    def users(self):
        return self.postal.sql("SELECT email_address, first_name, last_name, admin, time_zone FROM users ORDER BY id")

    def test_at_a_terminal(self):
        terminal = Terminal(self.postal, "make-user")
        self.assertIn("\033[32mPostal User Creator\033[0m", terminal.expect("E-Mail Address      : "))
        terminal.type("ada@example.com\n")
        terminal.expect("First Name          : ")
        terminal.type("Ada\n")
        terminal.expect("Last Name           : ")
        terminal.type("L\u00f6velace\n")
        terminal.expect("Initial Password    : ")
        terminal.type("p\u00e4ssX\x7f\x7f\x7f")       # takes back X, s, s
        terminal.expect("*****\b \b\b \b\b \b")
        terminal.type("ssword1\n")
        shown = terminal.expect("has been created")
        self.assertEqual(shown.replace("\r", ""), "*******\n\nUser ")
        status, rest = terminal.end()
        self.assertEqual(status, 0)
        self.assertIn("\033[32mada@example.com\033[0m", rest)
        self.assertEqual(self.users(), [("ada@example.com", "Ada", "L\u00f6velace", "1", "UTC")])

    def test_ctrl_c(self):
        for answers in 0, 3:
            terminal = Terminal(self.postal, "make-user")
            terminal.expect("E-Mail Address      : ")
            for prompt in ("First Name", "Last Name", "Initial Password    : ")[:answers]:
                terminal.type("x@y\n")
                terminal.expect(prompt)
            terminal.type("\x03")
            status, rest = terminal.end()
            self.assertEqual(status, 0)
            self.assertTrue(rest.endswith("\n"), rest)
        self.assertEqual(self.users(), [])

    def test_through_a_pipe(self):
        done = self.postal.run("make-user", input="ada@example.com\r\nAda\nLovelace\npassword1\n")
        self.assertTrue(done.stdout.startswith(INTRODUCTION + "E-Mail Address      : First Name          : "
                                               "Last Name           : Initial Password    : "))
        self.assertTrue(done.stdout.endswith("\nUser has been created with e-mail address ada@example.com\n\n"))
        self.assertEqual(self.users(), [("ada@example.com", "Ada", "Lovelace", "1", "UTC")])
        self.assertRegex(self.postal.sql("SELECT password_digest FROM users")[0][0], r"^\$2a\$12\$.{53}$")

    def test_problems(self):
        done = self.postal.run("make-user", input="", status=1)
        self.assertTrue(done.stdout.endswith("Failed to create user\n * Email address can't be blank\n"
                                             " * First name can't be blank\n * Last name can't be blank\n"
                                             " * Password can't be blank\n"), done.stdout)
        self.postal.run("make-user", input="ada@example.com\nA\nL\npassword1\n")
        done = self.postal.run("make-user", input="ADA@example.com\nA\nL\nshort\n", status=1)
        self.assertIn(" * Email address has already been taken\n", done.stdout)
        self.assertIn(" * Password is too short (minimum is 8 characters)\n", done.stdout)
        self.assertIn(" * Email address is invalid\n",
                      self.postal.run("make-user", input="ada\nA\nL\npassword1\n", status=1).stdout)

    def test_with_options(self):
        password = os.path.join(self.postal.folder, "password")
        with open(password, "w", encoding="utf-8") as f:
            f.write("from a file\nand not this\n")
        names = ("--first-name", "Ada", "--last-name", "L")
        self.postal.run("make-user", "--email", "a@x", *names, "--password", "password1")
        self.postal.run("make-user", "--email", "b@x", *names, "--password-file", password, "--admin")
        done = self.postal.run("make-user", "--email", "c@x", *names, "--password-file", "-", input="from stdin\n")
        self.assertNotIn("E-Mail", done.stdout)
        self.assertEqual([(row[0], row[3]) for row in self.users()], [("a@x", "0"), ("b@x", "1"), ("c@x", "0")])

    def test_options_that_do_not_fit(self):
        self.postal.run("make-user", "--email", "a@x", status=64)
        self.postal.run("make-user", "--admin", status=64)
        self.postal.run("make-user", "--email", "a@x", "--first-name", "A", "--last-name", "L", "--password", "x",
                        "--password-file", "y", status=64)
        done = self.postal.run("make-user", "--email", "a@x", "--first-name", "A", "--last-name", "L",
                               "--password-file", "/nonexistent", status=1)
        self.assertEqual(done.stderr, "postal: Cannot read /nonexistent: No such file or directory.\n")
        done = self.postal.run("make-user", "--email", "a@x", "--first-name", "A", "--last-name", "L", status=1)
        self.assertIn(" * Password can't be blank\n", done.stdout)
        self.assertEqual(self.users(), [])

    def test_no_password_with_openid_connect(self):
        self.postal.configure(oidc={"enabled": True, "issuer": "https://id.example.com", "identifier": "x",
                                    "secret": "y"})
        self.postal.run("make-user", "--email", "a@x", "--first-name", "A", "--last-name", "L")
        self.assertEqual(self.postal.sql("SELECT password_digest FROM users"), [(None,)])


if __name__ == "__main__":
    unittest.main()
