# SPDX-License-Identifier: MIT
"""Sending mail to the SMTP server as its clients do, and taking it as its destinations do."""

import os
import re
import signal
import smtplib
import subprocess

from harness.installation import SOURCE
from harness.process import Failure

QUEUED = re.compile(rb"queued as (\w+)")


class Client(smtplib.SMTP):
    """smtplib's, which also tells what was queued."""

    def __init__(self, address, **options):
        super().__init__(*address, local_hostname="client.example.org", timeout=60, **options)

    def log_in(self, made):
        """With the key of a server that was made."""
        self.login("any", made["key"])
        return self

    def deliver(self, sender, recipients, text):
        """Hands a message in; returns its token, of the last recipient if there are several."""
        recipients = [recipients] if isinstance(recipients, str) else recipients
        self.check(250, self.mail(sender))
        for recipient in recipients:
            self.check(250, self.rcpt(recipient))
        return self.queued(self.data(text))

    def queued(self, reply):
        self.check(250, reply)
        found = QUEUED.search(reply[1])
        if not found:
            raise Failure(f"no token in {reply}")
        return found.group(1).decode()

    @staticmethod
    def check(code, reply):
        if reply[0] != code:
            raise Failure(f"the answer is {reply}, not {code}")


def sink_program():
    build = os.environ.get("POSTAL_BUILD") or os.path.join(SOURCE, "build")
    return os.path.join(build, "tests", "bench", "sink")


class Sink:
    """A destination that keeps what it gets: each message in its folder, and who it was for."""

    def __init__(self, folder, address="127.0.1.1", port=25, **options):
        self.folder = folder
        self.ids = os.path.join(folder, "ids")
        self.options = {"listen": f"{address}:{port}", "store": folder, "ids": self.ids, **options}
        self.process = None

    def start(self):
        os.makedirs(self.folder, exist_ok=True)
        words = [sink_program(), "--json"]
        for name, value in self.options.items():
            for one in value if isinstance(value, list) else [value]:
                words.append("--" + name.replace("_", "-"))
                if one is not True:
                    words.append(str(one))
        self.process = subprocess.Popen(words, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        start_new_session=True)
        for line in self.process.stdout:
            if line.startswith("ready"):
                return self
        raise Failure("the sink did not start")

    def received(self):
        """[(number, load id, Postal's id, sender, recipient, SHA-256)], the oldest first."""
        try:
            with open(self.ids, encoding="utf-8", errors="surrogateescape") as f:
                return [tuple(line.rstrip("\n").split("\t")[1:]) for line in f if line.endswith("\n")]
        except FileNotFoundError:
            return []

    def messages_for(self, recipient):
        """The contents, as bytes, of what came for an address."""
        found = []
        for number, _, _, _, to, _ in self.received():
            if to == recipient:
                with open(os.path.join(self.folder, f"{int(number):09d}.eml"), "rb") as f:
                    found.append(f.read())
        return found

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            self.process.communicate(timeout=30)
            self.process = None
