# SPDX-License-Identifier: MIT
"""Real mail clients hand mail in, real mail servers take it."""

import os
import smtplib
import ssl
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness import world
from harness.certificates import Authority
from harness.postfix import Destination
from harness.process import Failure, find_program, wait_until
from harness.smtp import Client

MESSAGE = "From: {sender}\r\nTo: {to}\r\nSubject: {subject}\r\n\r\nHello,\r\n.a line with a dot\r\n.\r\nbye\r\n"


def run(*words, text_input=None):
    done = subprocess.run([find_program(words[0]), *words[1:]], input=text_input, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise Failure(f"{words[0]}: status {done.returncode}\n{done.stdout}")
    return done.stdout


class Peers(world.World):
    zones = {"postfix.test": "@ MX 10 mx\nmx A 127.0.1.1\n",
             "plain.test": "@ MX 5 mx\nmx A 127.0.1.2\n"}

    @classmethod
    def prepare(cls):
        cls.authority = Authority(cls.folder)
        cls.certificate, cls.key = cls.authority.issue("postal.example.com")
        cls.installation.configure({"smtp_server": {
            "tls_enabled": True, "tls_certificate_path": cls.certificate, "tls_private_key_path": cls.key}})
        cls.made = cls.installation.make_server()
        cls.postfix = Destination(os.path.join(cls.folder, "dest"), "127.0.1.1", ["postfix.test"],
                                  *cls.authority.issue("mx.postfix.test"))
        cls.addClassCleanup(cls.postfix.stop)
        cls.postfix.start()
        cls.start_smtp_sink()
        cls.installation.start("smtp-server", "worker")

    @classmethod
    def start_smtp_sink(cls):
        """Postfix's own sink; it keeps each message in a file."""
        cls.sink_folder = os.path.join(cls.folder, "smtp-sink")
        os.makedirs(cls.sink_folder)
        os.chmod(cls.sink_folder, 0o777)
        sink = subprocess.Popen([find_program("smtp-sink"), "-u", "postfix", "-d", "m.%M.", "127.0.1.2:25", "10"],
                                cwd=cls.sink_folder, stdin=subprocess.DEVNULL, start_new_session=True)
        cls.addClassCleanup(sink.wait)
        cls.addClassCleanup(sink.terminate)

    def sink_message(self, subject):
        for name in os.listdir(self.sink_folder):
            with open(os.path.join(self.sink_folder, name), "rb") as f:
                content = f.read()
            # The sink writes while it receives: is the last line there?
            if b"Subject: " + subject in content and b"\nbye\n" in content:
                return content
        return None

    def postfix_message(self, subject):
        return next((m for m in self.postfix.messages() if b"Subject: " + subject in m), None)

    def trusting(self):
        return ssl.create_default_context(cafile=self.authority.path)

    def check_body(self, content):
        self.assertIn(b"\nHello,\n.a line with a dot\n.\nbye\n", content.replace(b"\r\n", b"\n"))

    def test_smtplib_with_starttls_to_postfix_with_tls(self):
        with Client(self.installation.smtp_address) as client:
            client._host = "postal.example.com"  # the name that the certificate is checked against
            client.starttls(context=self.trusting())
            client.log_in(self.made)
            client.sendmail("jo@acme.example", ["one@postfix.test"], MESSAGE.format(
                sender="jo@acme.example", to="one@postfix.test", subject="from smtplib"))
        content = wait_until(lambda: self.postfix_message(b"from smtplib"), 20, "Postfix has the message")
        self.check_body(content)
        self.assertIn(b"using TLSv1.3", content)
        self.assertIn(b"with ESMTPS id", content)

    def test_smtplib_says_what_was_refused(self):
        with Client(self.installation.smtp_address) as client:
            client.log_in(self.made)
            with self.assertRaises(smtplib.SMTPDataError) as raised:
                client.sendmail("jo@elsewhere.example", ["one@postfix.test"], MESSAGE.format(
                    sender="jo@elsewhere.example", to="one@postfix.test", subject="not ours"))
        self.assertEqual(raised.exception.smtp_code, 530)

    def swaks(self, *options):
        return run("swaks", "--server", "127.0.0.1", "--port", str(self.installation.smtp_address[1]),
                   "--from", "jo@acme.example", "--helo", "client.example.org", "--header", "Subject: from swaks",
                   "--auth-user", "any", "--auth-password", self.made["key"], "--timeout", "30", *options)

    def test_swaks_by_every_mechanism(self):
        for mechanism in ("PLAIN", "LOGIN"):
            out = self.swaks("--to", "two@postfix.test", "--auth", mechanism, "--tls")
            self.assertIn("Ok: queued as", out)
            self.assertIn("235", out)
        wait_until(lambda: sum(b"Subject: from swaks" in m for m in self.postfix.messages()) == 2, 20,
                   "Postfix has both messages")

    def test_swaks_by_cram_md5(self):
        out = run("swaks", "--server", "127.0.0.1", "--port", str(self.installation.smtp_address[1]),
                  "--from", "jo@acme.example", "--to", "cram@postfix.test", "--header", "Subject: from cram",
                  "--auth", "CRAM-MD5", "--auth-user", self.made["path"], "--auth-password", self.made["key"])
        self.assertIn("Ok: queued as", out)
        wait_until(lambda: self.postfix_message(b"from cram"), 20, "Postfix has the message")

    def test_swaks_pipelines(self):
        out = self.swaks("--to", "three@plain.test", "--auth", "PLAIN", "--pipeline",
                         "--body", "Hello,\n.a line with a dot\n.\nbye", "--header", "Subject: pipelined")
        self.assertIn("Ok: queued as", out)
        self.check_body(wait_until(lambda: self.sink_message(b"pipelined"), 20, "smtp-sink has the message"))

    def test_msmtp_to_smtp_sink(self):
        path = os.path.join(self.folder, "msmtprc")
        with open(path, "w", encoding="ascii") as f:
            f.write(f"account default\nhost 127.0.0.1\nport {self.installation.smtp_address[1]}\n"
                    f"auth plain\nuser any\npassword {self.made['key']}\nfrom jo@acme.example\n"
                    f"tls on\ntls_starttls on\ntls_trust_file {self.authority.path}\n"
                    "tls_host_override postal.example.com\ndomain client.example.org\n")
        os.chmod(path, 0o600)
        run("msmtp", "-C", path, "four@plain.test",
            text_input=MESSAGE.format(sender="jo@acme.example", to="four@plain.test",
                                      subject="from msmtp").replace("\r\n", "\n"))
        self.check_body(wait_until(lambda: self.sink_message(b"from msmtp"), 20, "smtp-sink has the message"))


if __name__ == "__main__":
    world.main()
