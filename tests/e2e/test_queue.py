# SPDX-License-Identifier: MIT
"""Looking at the queue and at messages."""

import datetime
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness.postal import Postal  # noqa: E402


class Queue(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.postal = Postal()
        cls.addClassCleanup(cls.postal.close)
        cls.postal.load_recorded()
        cls.postal.sql("""
            UPDATE queued_messages SET retry_after = UTC_TIMESTAMP() + INTERVAL 90 MINUTE;
            UPDATE queued_messages SET retry_after = UTC_TIMESTAMP() - INTERVAL 1 MINUTE WHERE id = 171;
            UPDATE queued_messages SET retry_after = NULL, ip_address_id = NULL WHERE id = 167;
            UPDATE queued_messages SET locked_by = 'host:a pid:1', locked_at = UTC_TIMESTAMP(6) - INTERVAL 3 MINUTE
             WHERE id = 235;
            UPDATE queued_messages SET locked_by = 'host:gone', locked_at = UTC_TIMESTAMP(6) WHERE id = 236;
            INSERT INTO postal_workers (name, heartbeat_at)
            VALUES ('host:a pid:1', UTC_TIMESTAMP(6) - INTERVAL 5 SECOND)""")

    def why(self, message_id):
        return self.postal.json("message", "show", "acme/main", str(message_id))["why"]

    def test_list(self):
        rows = {row["id"]: row for row in self.postal.json("queue", "list")}
        self.assertEqual(len(rows), 13)
        self.assertEqual((rows[167]["state"], rows[167]["server"], rows[167]["message_id"]),
                         ("ready", "acme/main", 165))
        self.assertEqual((rows[235]["state"], rows[235]["leased_by"]), ("leased", "host:a pid:1"))
        self.assertEqual((rows[237]["state"], rows[237]["attempts"]), ("waiting", 3))
        due = datetime.datetime.fromisoformat(rows[237]["due_at"].replace("Z", "+00:00"))
        self.assertAlmostEqual((due - datetime.datetime.now(datetime.timezone.utc)).total_seconds(), 5400, delta=120)
        for state, count in ("ready", 1), ("waiting", 10), ("leased", 2):
            self.assertEqual(len(self.postal.json("queue", "list", "--state", state)), count)
        self.assertEqual(len(self.postal.json("queue", "list", "--limit", "4")), 4)
        self.assertEqual(self.postal.json("queue", "list", "--server", "acme/dev-box"), [])
        self.assertRegex(self.postal.run("queue", "list").stdout,
                         r"(?m)^235 +acme/main +231 +sink.example.net +leased +5 +2026-11-22 08:36:41 ")
        self.postal.run("queue", "list", "--limit", "0", status=64)

    def test_stats(self):
        main, total = self.postal.json("queue", "stats")
        self.assertEqual((main["server"], total["server"]), ("acme/main", "all"))
        for stats in main, total:
            self.assertEqual([stats[key] for key in ("ready", "waiting", "overdue", "leased")], [1, 10, 1, 2])
        self.assertGreater(main["oldest_seconds"], 0)
        self.assertRegex(self.postal.run("queue", "stats").stdout, r"(?m)^acme/main +1 +10 +1 +2 ")

    def test_why_a_message_waits(self):
        self.assertEqual(self.why(165), "It is ready for the next worker.")
        self.assertRegex(self.why(231), r"^Worker host:a pid:1 has it since 3 min, which gave its last sign of life "
                                        r"\d+ s ago\.$")
        self.assertRegex(next(row["why"] for row in self.postal.json("queue", "list") if row["id"] == 236),
                         r"^Worker host:gone has it since \d+ s; no worker of that name is known\.$")
        self.assertRegex(self.why(390), r"^It is tried again in \d+ min\.$")
        self.postal.sql("UPDATE queued_messages SET retry_after = '2020-01-01' WHERE id = 394")
        self.assertEqual(self.why(390), "It is due, and waits for the requeuer.")
        self.postal.sql("UPDATE queued_messages SET retry_after = NULL WHERE id = 394")
        self.assertRegex(self.why(390), r"^It is ready for the next worker on a host that has the address [0-9.]+\.$")
        self.postal.sql("UPDATE queued_messages SET retry_after = UTC_TIMESTAMP() + INTERVAL 90 MINUTE WHERE id = 394")
        self.assertEqual(self.why(1), "It is finished.")
        self.assertEqual(self.why(189), "It is not in the queue any more: nothing will happen.")
        name = self.postal.message_database(1)
        self.postal.sql("UPDATE messages SET hold_expiry = UNIX_TIMESTAMP() + 3.5 * 86400 WHERE id = 220", name)
        self.assertEqual(self.why(220), "It is held until somebody releases it; the hold ends in 3 days.")
        self.postal.sql("UPDATE messages SET hold_expiry = 1 WHERE id = 220", name)
        self.assertEqual(self.why(220), "It is held, and the hold has expired.")

    def test_a_message(self):
        shown = self.postal.json("message", "show", "main", "1")
        self.assertEqual((shown["token"], shown["status"], shown["scope"], shown["size"], shown["queue"]),
                         ("fqjlhiYTcUwer5sl", "Sent", "outgoing", 266, []))
        self.assertEqual(shown["timestamp"], "2026-11-22T08:32:32.864659Z")
        self.assertEqual([d["status"] for d in shown["deliveries"]], ["SoftFail", "Sent"])
        self.assertEqual((shown["deliveries"][0]["time"], shown["deliveries"][1]["time"]), (None, 0.06))
        text = self.postal.run("message", "show", "acme/main", "1").stdout
        self.assertRegex(text, r"(?m)^To +tls@sink\.example\.net$")
        self.assertRegex(text, r"(?m)^2026-11-22 08:37:44  Sent +no +Message for tls@sink\.example\.net accepted by")
        self.assertEqual(len(self.postal.json("message", "show", "acme/main", "231")["queue"]), 1)

    def test_its_bytes(self):
        raw = subprocess.run([self.postal.binary, "message", "show", "acme/main", "1", "--raw"],
                             env=self.postal.environment(), stdout=subprocess.PIPE, check=True).stdout
        self.assertTrue(raw.startswith(b"DKIM-Signature: v=1; a=rsa-sha256;"))
        self.assertTrue(raw.endswith(b"\r\n\r\nHello\r\n"))
        name = self.postal.message_database(1)
        self.postal.sql("UPDATE messages SET raw_table = NULL, raw_headers_id = NULL, raw_body_id = NULL "
                        "WHERE id = 2", name)
        self.assertEqual(self.postal.run("message", "show", "acme/main", "2", "--raw", status=1).stderr,
                         "postal: The content of this message was removed.\n")

    def test_hostile_messages_do_not_reach_the_terminal(self):
        self.postal.sql("UPDATE messages SET subject = CONCAT(CHAR(27), '[2J', CHAR(10), 'second') WHERE id = 222",
                        self.postal.message_database(1))
        text = self.postal.run("message", "show", "acme/main", "222").stdout
        self.assertNotIn("\033", text)
        self.assertIn("?[2J second\n", text)
        self.assertEqual(self.postal.json("message", "show", "acme/main", "222")["subject"], "\033[2J\nsecond")

    def test_what_is_not_there(self):
        self.assertEqual(self.postal.run("message", "show", "acme/main", "99", status=1).stderr,
                         "postal: acme/main has no message 99.\n")
        self.postal.run("message", "show", "acme/main", "1", "--raw", "--json", status=64)


if __name__ == "__main__":
    unittest.main()
