# SPDX-License-Identifier: MIT
"""Where mail goes: MX hosts in order, addresses of both families, names of all kinds, relays."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness import network, world
from harness.smtp import Client, Sink

SIX = "fd77::25"
TEXT = "From: jo@acme.example\r\nTo: to@dest.test\r\nSubject: Hello\r\n\r\nHi.\r\n"

ZONES = {
    # The first host refuses connections, the second is there.
    "order.test": "@ MX 20 mx2\n@ MX 10 mx1\nmx1 A 127.0.1.99\nmx2 A 127.0.1.1\n",
    # No MX: the domain's own address.
    "bare.test": "@ A 127.0.1.1\n",
    "six.test": f"@ MX 10 mx\nmx AAAA {SIX}\n",
    # Both families; nobody is at home behind the first.
    "both.test": "@ MX 10 mx\nmx AAAA fd77::99\nmx A 127.0.1.1\n",
    "alias.test": "@ MX 10 alias\nalias CNAME mx\nmx A 127.0.1.1\n",
    "null.test": "@ MX 0 .\n",
    "noaddress.test": "@ MX 10 nobody\n",
    "xn--bcher-kva.test": "@ MX 10 mx\nmx A 127.0.1.1\n",
    "notls.test": "@ MX 10 mx\nmx A 127.0.1.2\n",
    "away.test": "@ MX 10 mx\nmx A 127.0.1.98\n",
}


class Delivery(world.World):
    zones = ZONES

    @classmethod
    def prepare(cls):
        network.add_address(SIX)
        cls.made = cls.installation.make_server()
        cls.sink = Sink(os.path.join(cls.folder, "sink"), tls_self_signed=True,
                        listen=["127.0.1.1:25", f"[{SIX}]:25"]).started(cls)
        cls.plain = Sink(os.path.join(cls.folder, "plain"), "127.0.1.2").started(cls)
        cls.installation.start("smtp-server", "worker")
        cls.client = Client(cls.installation.smtp_address)
        cls.addClassCleanup(cls.client.close)
        cls.client.log_in(cls.made)

    def send(self, to, text=TEXT, sender="jo@acme.example"):
        return self.client.deliver(sender, to, text)

    def check_sent(self, to, sink=None, recorded=None):
        token = self.send(to)
        self.wait_for_message(self.made, token, "Sent")
        self.assertEqual(len((sink or self.sink).messages_for(recorded or to)), 1)
        return self.deliveries(self.made, token)

    def test_the_next_host_is_tried(self):
        [(status, details, output)] = self.check_sent("a@order.test")
        self.assertEqual(status, "Sent")
        self.assertEqual(details, "Message for a@order.test accepted by 127.0.1.1:25 (mx2.order.test)")
        self.assertTrue(output.startswith("250 "))

    def test_a_domain_without_mx_has_its_own_address(self):
        self.check_sent("a@bare.test")

    def test_ipv6(self):
        [(_, details, _)] = self.check_sent("a@six.test")
        self.assertIn(f"{SIX}:25 (mx.six.test)", details)

    def test_the_other_family_is_tried(self):
        self.check_sent("a@both.test")

    def test_an_alias_is_followed(self):
        self.check_sent("a@alias.test")

    def test_an_international_domain_is_looked_up_as_a_label(self):
        self.check_sent("a@xn--bcher-kva.test")

    def test_tls_is_used_when_it_is_offered(self):
        token = self.send("tls@order.test")
        self.wait_for_message(self.made, token, "Sent")
        self.assertEqual(self.installation.value(
            "SELECT d.sent_with_ssl FROM deliveries d JOIN messages m ON m.id = d.message_id "
            f"WHERE m.token = '{token}'", self.made["database"]), "1")
        self.check_sent("a@notls.test", self.plain)

    def test_a_null_mx_takes_no_mail(self):
        token = self.send("a@null.test")
        self.wait_for_message(self.made, token, "HardFail")

    def check_soft_fail(self, to, *parts):
        token = self.send(to)
        self.wait_for_message(self.made, token, "SoftFail")
        [(status, details, _)] = self.deliveries(self.made, token)
        self.assertEqual(status, "SoftFail")
        for part in parts:
            self.assertIn(part, details)
        self.assertEqual(self.installation.sql(
            "SELECT attempts, locked_by, retry_after > UTC_TIMESTAMP() FROM queued_messages WHERE domain = "
            f"'{to.partition('@')[2]}'"), [("1", None, "1")])

    def test_nobody_at_home(self):
        self.check_soft_fail("a@away.test", "No SMTP servers were available for away.test.",
                             "Tried mx.away.test")

    def test_hosts_without_addresses(self):
        self.check_soft_fail("a@noaddress.test", "No SMTP servers were available for noaddress.test.")

    def test_a_domain_that_does_not_exist(self):
        self.check_soft_fail("a@missing.order.test", "No SMTP servers were available")

    def test_one_message_for_many_is_stored_once(self):
        recipients = [f"many{i}@order.test" for i in range(30)]
        self.send(recipients, TEXT.replace("Hi.", "x" * 900 + "\r\n") * 1)
        rows = self.installation.sql(
            "SELECT COUNT(*), COUNT(DISTINCT raw_body_id), COUNT(DISTINCT raw_headers_id) FROM messages "
            "WHERE rcpt_to LIKE 'many%'", self.made["database"])
        self.assertEqual(rows[0][:2], ("30", "1"))
        for to in recipients:
            token = self.installation.value(f"SELECT token FROM messages WHERE rcpt_to = '{to}'",
                                            self.made["database"])
            self.wait_for_message(self.made, token, "Sent")
            [message] = self.sink.messages_for(to)
            self.assertIn(f"X-Postal-MsgID: {token}\r\n".encode(), message)

    def test_large_and_binary_bodies_arrive_whole(self):
        lines = "".join(f"{i:07d} " + "y" * 60 + "\r\n" for i in range(100000))
        body = "".join(("Subject: large\r\nFrom: jo@acme.example\r\n\r\n", lines))
        token = self.send("large@order.test", body)
        self.wait_for_message(self.made, token, "Sent")
        [message] = self.sink.messages_for("large@order.test")
        self.assertTrue(message.endswith(lines.encode()))


class Relays(world.World):
    """All mail goes to a relay, with TLS from the first byte; the other is for when it is away."""

    zones = {"relay.test": "one A 127.0.1.1\ntwo A 127.0.1.2\n", "dest.test": "@ MX 10 mx\nmx A 127.0.1.9\n"}
    settings = {"postal": {"smtp_relays": ["smtp://one.relay.test:465?ssl_mode=TLS",
                                           "smtp://two.relay.test:2525?ssl_mode=None"]}}

    @classmethod
    def prepare(cls):
        cls.made = cls.installation.make_server()
        cls.second = Sink(os.path.join(cls.folder, "two"), "127.0.1.2", 2525, tls_self_signed=True).started(cls)
        cls.installation.start("smtp-server", "worker")

    def test_relays_are_tried_in_order(self):
        with Client(self.installation.smtp_address) as client:
            client.log_in(self.made)
            first = client.deliver("jo@acme.example", "a@dest.test", TEXT)
            self.wait_for_message(self.made, first, "Sent")
            [(_, details, _)] = self.deliveries(self.made, first)
            self.assertIn("127.0.1.2:2525 (two.relay.test)", details)
            self.assertEqual(len(self.second.messages_for("a@dest.test")), 1)


if __name__ == "__main__":
    world.main()
