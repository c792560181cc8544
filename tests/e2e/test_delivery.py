# SPDX-License-Identifier: MIT
"""Mail from a client through smtp-server and worker to a destination found by MX."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness import world
from harness.process import wait_until
from harness.smtp import Client, Sink


class Delivery(world.World):
    zones = {"dest.test": "@ MX 10 mx.dest.test.\nmx A 127.0.1.1\n"}

    @classmethod
    def prepare(cls):
        cls.made = cls.installation.make_server()
        cls.sink = Sink(os.path.join(cls.folder, "sink"), tls_self_signed=True)
        cls.addClassCleanup(cls.sink.stop)
        cls.sink.start()
        cls.installation.start("smtp-server", "worker")

    def test_a_message_arrives(self):
        with Client(self.installation.smtp_address) as client:
            client.ehlo()
            token = client.log_in(self.made).deliver(
                "jo@acme.example", "to@dest.test",
                "From: jo@acme.example\r\nTo: to@dest.test\r\nSubject: Hello\r\n\r\nHi.\r\n")
        self.wait_for_message(self.made, token, "Sent")
        messages = self.sink.messages_for("to@dest.test")
        self.assertEqual(len(messages), 1)
        self.assertIn(b"\r\nDKIM-Signature: ", b"\r\n" + messages[0])
        self.assertIn(b"Subject: Hello\r\n", messages[0])


if __name__ == "__main__":
    world.main()
