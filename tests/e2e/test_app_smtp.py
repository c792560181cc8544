# SPDX-License-Identifier: MIT
"""`postal test-app-smtp` against a server of our own, with and without TLS; and `postal default-dkim-record`."""

import os
import re
import socket
import ssl
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness.postal import FIXTURES, Postal  # noqa: E402


class Server(threading.Thread):
    """Speaks SMTP with one client. `capabilities` are said before TLS, and after it without STARTTLS."""

    def __init__(self, capabilities=(), refuse=None):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.capabilities = list(capabilities)
        self.refuse = refuse
        self.commands, self.message, self.has_tls = [], "", False
        self.start()

    def say(self, text):
        self.file.write(text.encode() + b"\r\n")
        self.file.flush()

    def start_tls(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(FIXTURES, "tls", "server.cert"), os.path.join(FIXTURES, "tls", "server.key"))
        self.say("220 go")
        self.file.close()
        self.connection = context.wrap_socket(self.connection, server_side=True)
        self.file = self.connection.makefile("rwb")
        self.has_tls = True
        self.capabilities.remove("STARTTLS")

    def answer(self, line):
        verb = line.split(" ")[0].upper()
        if self.refuse and verb == self.refuse:
            self.say("550 5.7.1 refused")
        elif verb == "EHLO":
            self.say("\r\n".join("250-" + c for c in self.capabilities + ["SIZE"]) + "\r\n250 HELP")
        elif verb == "STARTTLS":
            self.start_tls()
        elif verb == "AUTH":
            self.say("235 ok")
        elif verb == "DATA":
            self.say("354 go")
            for data in iter(self.file.readline, b".\r\n"):
                self.message += data.decode()
            self.say("250 taken")
        else:
            self.say("250 ok")

    def run(self):
        self.connection, _ = self.listener.accept()
        self.file = self.connection.makefile("rwb")
        try:
            self.say("220 test")
            while True:
                line = self.file.readline().decode().rstrip("\r\n")
                if not line:
                    break
                self.commands.append(line)
                self.answer(line)
        except (OSError, ValueError):
            pass
        finally:
            self.file.close()
            self.connection.close()

    def stop(self):
        self.join(10)
        self.listener.close()


class AppSmtp(unittest.TestCase):
    def setUp(self):
        self.postal = Postal()
        self.addCleanup(self.postal.close)

    def send(self, server, status=0, **settings):
        self.postal.configure(smtp=dict({"host": "127.0.0.1", "port": server.port, "from_name": "Postal",
                                         "from_address": "postal@example.com"}, **settings))
        done = self.postal.run("test-app-smtp", "ada@example.com", status=status)
        server.stop()
        return done

    def test_a_message_is_sent(self):
        server = Server()
        done = self.send(server)
        self.assertEqual(done.stdout, "Message has been sent successfully.\n")
        self.assertIn("RCPT TO:<ada@example.com>", server.commands)
        self.assertIn("From: \"Postal\" <postal@example.com>\r\n", server.message)
        self.assertIn("Subject: Postal SMTP Test Message\r\n", server.message)
        self.assertTrue(server.message.endswith(
            "\r\n\r\nThis is a test message sent by Postal.\r\n\r\n"
            "If you have received this message your test has succeeded.\r\n"))
        self.assertFalse(server.has_tls)

    def test_with_tls_and_a_password(self):
        server = Server(["STARTTLS", "AUTH PLAIN"])
        self.send(server, openssl_verify_mode="none", username="ada", password="secret", authentication_type="plain")
        self.assertTrue(server.has_tls)
        self.assertEqual(server.commands[:2], ["EHLO postal.example.com", "STARTTLS"])
        self.assertIn("AUTH PLAIN AGFkYQBzZWNyZXQ=", server.commands[2:])

    def test_a_certificate_of_nobody_known(self):
        server = Server(["STARTTLS"])
        done = self.send(server, status=1)
        self.assertIn("TLS with 127.0.0.1 failed: ", done.stdout)
        self.assertNotIn("MAIL FROM:<postal@example.com>", server.commands)

    def test_a_refusal(self):
        server = Server(["AUTH LOGIN"], refuse="RCPT")
        done = self.send(server, status=1, username=None)
        self.assertEqual(done.stdout, "Message was not delivered successfully to SMTP server.\n"
                                      "Error: The server refused the recipient: 550 5.7.1 refused\n\n"
                                      "  SMTP Host: 127.0.0.1\n  SMTP Port: %d\n  SMTP Username: \n"
                                      "  SMTP Password: (not set)\n\n" % server.port)

    def test_the_password_is_not_shown(self):
        server = Server(["AUTH PLAIN"], refuse="AUTH")
        done = self.send(server, status=1, username="ada", password="sesame", authentication_type="plain")
        self.assertIn("  SMTP Username: ada\n  SMTP Password: (set)\n", done.stdout)
        self.assertNotIn("sesame", done.stdout + done.stderr)

    def test_an_address_is_needed(self):
        for arguments in (), ("ada",):
            done = self.postal.run("test-app-smtp", *arguments, status=1)
            self.assertEqual(done.stdout, "usage: postal test-app-smtp [email address]\n")


class DefaultDkimRecord(unittest.TestCase):
    def test_the_record(self):
        key = os.path.join(FIXTURES, "keys", "rsa-1024-pkcs8.pem")
        with Postal(postal={"signing_key_path": key}) as postal:
            done = postal.run("default-dkim-record", env={"SILENCE_POSTAL_CONFIG_MESSAGES": ""})
        public = subprocess.run(["openssl", "pkey", "-in", key, "-pubout"], stdout=subprocess.PIPE, check=True,
                                text=True).stdout
        base64 = "".join(line for line in public.splitlines() if not line.startswith("-"))
        self.assertEqual(done.stdout, "v=DKIM1; t=s; h=sha256; p=%s;\n" % base64)
        self.assertIn("Loading config from ", done.stderr)

    def test_a_missing_key(self):
        with Postal() as postal:
            done = postal.run("default-dkim-record", status=1)
        self.assertEqual(done.stdout, "")
        self.assertTrue(re.match(r"postal: The signing key \S+ does not exist\.", done.stderr), done.stderr)


if __name__ == "__main__":
    unittest.main()
