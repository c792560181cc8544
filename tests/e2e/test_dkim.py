# SPDX-License-Identifier: MIT
"""DKIM signatures as others see them: verified with OpenDKIM and dkimpy, the keys in real DNS."""

import base64
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness import network, world
from harness.process import find_program
from harness.smtp import Client, Sink

import dkim

BODIES = {
    "empty": "",
    "blank-lines": "\r\n\r\n\r\n",
    "spaces": "a  b\t \tc  \r\n  d \r\n\r\n",
    "no-end": "without a line break at the end",
    "dots": ".\r\n..\r\n.x\r\n",
    "utf-8": "Grüße aus Zürich: ✉\r\n",
    "long": ("x" * 900 + "\r\n") * 2000,
}


def run_openssl(*words, data=b""):
    return subprocess.run([find_program("openssl"), *words], check=True, input=data, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout


def public_key(pem):
    """The DER form of the public key, in base64."""
    return base64.b64encode(run_openssl("pkey", "-pubout", "-outform", "DER", data=pem.encode())).decode()


def txt(name, value):
    """A TXT record, in strings of at most 255 bytes."""
    parts = " ".join(f'"{value[i:i + 250]}"' for i in range(0, len(value), 250))
    return f"{name} TXT {parts}\n"


class Dkim(world.World):
    zones = {"dest.test": "@ MX 10 mx\nmx A 127.0.1.1\n", "sender.test": "", "small.test": "",
             "both.test": "", "postal.test": ""}
    settings = {"dns": {"return_path_domain": "rp.postal.test"}}

    @classmethod
    def prepare(cls):
        network.use_resolver(cls.dns.resolv_conf)
        cls.made = cls.installation.make_server(domain="sender.test")
        for domain in ("small.test", "both.test", "hidden.test"):
            cls.installation.cli("domain", "create", "--server", cls.made["path"], "--name", domain, "--verified")
        cls.installation.sql("UPDATE domains SET dkim_status = 'OK' WHERE name <> 'hidden.test'")
        cls.publish("sender.test")
        cls.use_small_key("small.test")
        cls.publish("small.test")
        cls.publish("both.test")
        cls.add_ed25519_key("both.test")
        with open(cls.installation.signing_key, encoding="ascii") as f:
            cls.dns.zones["postal.test"] += txt("postal._domainkey.rp", "v=DKIM1; t=s; h=sha256; p=" +
                                                public_key(f.read()))
        cls.dns.update()
        cls.sink = Sink(os.path.join(cls.folder, "sink"))
        cls.addClassCleanup(cls.sink.stop)
        cls.sink.start()
        cls.installation.start("smtp-server", "worker")
        cls.client = Client(cls.installation.smtp_address)
        cls.addClassCleanup(cls.client.close)
        cls.client.log_in(cls.made)

    @classmethod
    def publish(cls, domain):
        pem, identifier = cls.installation.database.sql(
            "SELECT REPLACE(dkim_private_key, '\\n', '|'), dkim_identifier_string FROM domains "
            f"WHERE name = '{domain}'", "postal")[0]
        cls.dns.zones[domain] += txt(f"postal-{identifier}._domainkey",
                                     "v=DKIM1; t=s; h=sha256; p=" + public_key(pem.replace("|", "\n")))

    @classmethod
    def use_small_key(cls, domain):
        """As the reference made them."""
        pem = run_openssl("genrsa", "-traditional", "1024").decode()
        cls.installation.sql(f"UPDATE domains SET dkim_private_key = '{pem}' WHERE name = '{domain}'")

    @classmethod
    def add_ed25519_key(cls, domain):
        pem = run_openssl("genpkey", "-algorithm", "ed25519").decode()
        cls.installation.sql(
            "INSERT INTO postal_domain_keys (domain_id, selector, private_key, is_active, created_at) "
            f"SELECT id, 'ed', '{pem}', 1, UTC_TIMESTAMP(6) FROM domains WHERE name = '{domain}'")
        # RFC 8463 section 3: the bare 32 bytes.
        raw = base64.b64encode(base64.b64decode(public_key(pem))[-32:]).decode()
        cls.dns.zones[domain] += txt("ed._domainkey", "v=DKIM1; k=ed25519; p=" + raw)

    def send(self, sender, name, body, header=""):
        """Returns the message as the destination got it."""
        to = f"{name}-{sender.partition('@')[2]}@dest.test"
        token = self.client.deliver(sender, to, (
            f"From: Jo  <{sender}>\r\nTo: {to}\r\nSubject: The\r\n  subject\r\n{header}"
            f"Date: Mon, 23 Nov 2026 08:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{body}").encode())
        self.wait_for_message(self.made, token, "Sent")
        return self.sink.messages_for(to)[0]

    @staticmethod
    def opendkim(message):
        return subprocess.run([find_program("opendkim-testmsg")], input=message.replace(b"\r\n", b"\n"),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)

    def check_opendkim(self, message):
        done = self.opendkim(message)
        self.assertEqual(done.returncode, 0, done.stdout)

    def check_dkimpy(self, message, count):
        for index in range(count):
            self.assertTrue(dkim.DKIM(message, minkey=1024).verify(index))

    def check_all_bodies(self, domain, bits):
        for name, body in BODIES.items():
            with self.subTest(body=name):
                message = self.send("jo@" + domain, name, body)
                self.assertIn(f"d={domain};".encode(), message)
                self.check_opendkim(message)
                self.check_dkimpy(message, 1)
                size = len(base64.b64decode(message.split(b"\tb=")[1].split(b"\r\n\r\n")[0].split(b"\r\nX-")[0]))
                self.assertEqual(size * 8, bits)

    def test_rsa_2048(self):
        self.check_all_bodies("sender.test", 2048)

    def test_rsa_1024(self):
        self.check_all_bodies("small.test", 1024)

    def test_ed25519_is_a_second_signature(self):
        for name, body in BODIES.items():
            with self.subTest(body=name):
                message = self.send("jo@both.test", name, body)
                self.assertEqual(message.count(b"DKIM-Signature: "), 2)
                self.assertIn(b"a=ed25519-sha256;", message)
                self.check_opendkim(message)
                self.check_dkimpy(message, 2)

    def test_a_changed_message_does_not_verify(self):
        message = self.send("jo@sender.test", "changed", "as it was\r\n")
        self.check_dkimpy(message, 1)
        for changed in (message.replace(b"as it was", b"as it is"), message.replace(b"  subject", b"  object")):
            self.assertNotEqual(self.opendkim(changed).returncode, 0)
            self.assertFalse(dkim.verify(changed))

    def test_a_domain_without_a_published_key_is_signed_by_the_installation(self):
        message = self.send("jo@hidden.test", "unpublished", "Hello\r\n")
        self.assertIn(b"d=rp.postal.test;", message)
        self.check_opendkim(message)

    def test_repeated_and_odd_fields_are_signed(self):
        message = self.send("jo@sender.test", "fields", "x\r\n",
                            "List-Unsubscribe: <mailto:u@sender.test>\r\nCC: a@dest.test,\r\n\tb@dest.test\r\n"
                            "X-Empty:\r\nX-Empty: no\r\nReply-To:   \r\n\tlate@sender.test\r\n")
        self.check_opendkim(message)
        self.check_dkimpy(message, 1)


if __name__ == "__main__":
    world.main()
