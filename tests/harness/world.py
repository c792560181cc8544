# SPDX-License-Identifier: MIT
"""What an end-to-end test stands on: a network of its own, a database, DNS, an installation."""

import os
import shutil
import sys
import tempfile
import unittest

from harness import network
from harness.dns import Dns
from harness.installation import Installation
from harness.mariadb import MariaDB, scratch
from harness.process import Failure, wait_until

DATABASE_PORT = 3306


class World(unittest.TestCase):
    """The database and the folder are the class's; each test gets databases of its own name only if it asks.

    A class sets `zones` (DNS) and `settings` (of the configuration), and overrides prepare()."""

    zones = {}
    settings = {}
    needs_installation = True

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="postal-e2e-", dir=scratch())
        os.chmod(cls.folder, 0o755)
        cls.addClassCleanup(cls.remove_folder)
        cls.database = MariaDB(os.path.join(cls.folder, "mariadb"), port=DATABASE_PORT)
        cls.addClassCleanup(cls.database.stop)
        cls.database.start()
        cls.dns = None
        if cls.zones:
            cls.dns = Dns(cls.folder, cls.zones)
            cls.addClassCleanup(cls.dns.stop)
            cls.dns.start()
        cls.installation = Installation(os.path.join(cls.folder, "postal"), cls.database, cls.settings,
                                        cls.dns and cls.dns.resolv_conf)
        cls.addClassCleanup(cls.installation.stop)
        cls.installation.initialize()
        cls.prepare()

    @classmethod
    def prepare(cls):
        """Makes what the tests of the class share."""

    @classmethod
    def remove_folder(cls):
        if os.environ.get("POSTAL_TEST_KEEP"):
            print("kept: " + cls.folder, file=sys.stderr)
        else:
            shutil.rmtree(cls.folder, ignore_errors=True)

    def message_value(self, made, expression, token):
        """One value of the message that was queued under this token."""
        return self.installation.value(f"SELECT {expression} FROM messages WHERE token = '{token}'",
                                       made["database"])

    def wait_for_message(self, made, token, status, seconds=30):
        try:
            wait_until(lambda: self.message_value(made, "status", token) == status, seconds,
                       f"message {token} is {status}")
        except Failure as e:
            raise Failure(f"{e}; its deliveries: {self.deliveries(made, token)}") from None

    def deliveries(self, made, token):
        """[(status, details, output)] of a message, the oldest first."""
        return self.installation.sql(
            "SELECT d.status, d.details, d.output FROM deliveries d JOIN messages m ON m.id = d.message_id "
            f"WHERE m.token = '{token}' ORDER BY d.id", made["database"])


def main():
    """For the end of a test file: it can be run alone, too."""
    network.enter()
    unittest.main(verbosity=2)
