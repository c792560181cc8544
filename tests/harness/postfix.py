# SPDX-License-Identifier: MIT
"""Debian's Postfix as private instances below one folder each, apart from a Postfix of the system."""

import os
import pwd
import signal
import socket
import subprocess

from harness.process import Failure, find_program, wait_until

# How the smtpd and smtp services are started is the instance's business.
SERVICES = """\
{smtpd}
cleanup   unix n - n - 0 cleanup
qmgr      unix n - n 300 1 qmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
flush     unix n - n 1000? 0 flush
proxymap  unix - - n - - proxymap
smtp      unix - - n - {smtp_processes} smtp
relay     unix - - n - {smtp_processes} smtp
showq     unix n - n - - showq
error     unix - - n - - error
retry     unix - - n - - error
discard   unix - - n - - discard
virtual   unix - n n - - virtual
anvil     unix - - n - 1 anvil
scache    unix - - n - 1 scache
tlsmgr    unix - - n 1000? 1 tlsmgr
postlog   unix-dgram n - n - 1 postlogd
"""

COMMON = {
    "compatibility_level": "3.6",
    "command_directory": "/usr/sbin",
    "daemon_directory": "/usr/lib/postfix/sbin",
    "mail_owner": "postfix",
    "setgid_group": "postdrop",
    "inet_protocols": "ipv4",
    "mydestination": "",
    "mynetworks": "127.0.0.0/8",
    "alias_maps": "",
    "alias_database": "",
    "biff": "no",
    "notify_classes": "",
}


def unavailable():
    """Why it cannot run here, or None."""
    if os.geteuid() != 0:
        return "Postfix needs root"
    if not os.path.exists("/usr/sbin/postfix"):
        return "Postfix is not installed"
    return None


def version():
    return subprocess.run(["/usr/sbin/postconf", "-d", "-h", "mail_version"], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.strip()


def answers(host, port):
    """Whether a mail server greets there."""
    try:
        with socket.create_connection((host, port), 5) as s:
            s.settimeout(5)
            return s.recv(64).startswith(b"220")
    except OSError:
        return False


class Postfix:
    """`parameters` are those of main.cf beyond COMMON; the smtpd service listens on `address` and `port`."""

    def __init__(self, folder, address, port, parameters, smtpd_processes=20, smtp_processes=20):
        self.folder = os.path.join(folder, "postfix")
        self.config = os.path.join(self.folder, "etc")
        self.queue = os.path.join(self.folder, "queue")
        self.log = os.path.join(self.folder, "maillog")
        self.address = address
        self.port = port
        self.own_parameters = parameters
        self.smtpd_processes = smtpd_processes
        self.smtp_processes = smtp_processes
        self.is_running = False

    def parameters(self):
        return COMMON | {
            "config_directory": self.config,
            "queue_directory": self.queue,
            "data_directory": os.path.join(self.folder, "data"),
            "maillog_file": self.log,
            "maillog_file_prefixes": self.folder,
            "inet_interfaces": "loopback-only",
        } | self.own_parameters

    def write_configuration(self):
        with open(os.path.join(self.config, "main.cf"), "w", encoding="ascii") as f:
            for name, value in self.parameters().items():
                f.write(f"{name} = {value}\n")
        smtpd = f"{self.address}:{self.port} inet n - n - {self.smtpd_processes} smtpd"
        with open(os.path.join(self.config, "master.cf"), "w", encoding="ascii") as f:
            f.write(SERVICES.format(smtpd=smtpd, smtp_processes=self.smtp_processes))

    def command(self, *words):
        done = subprocess.run([find_program("postfix"), "-c", self.config, *words], text=True, check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            raise Failure(f"postfix {' '.join(words)}: {done.stdout.strip()}")

    def start(self):
        """Starts it; the queue of an earlier start is still there."""
        reason = unavailable()
        if reason:
            raise Failure(reason)
        if not os.path.isdir(self.queue):
            data = os.path.join(self.folder, "data")
            for path in self.config, self.queue, data:
                os.makedirs(path)
            os.chmod(self.folder, 0o755)
            owner = pwd.getpwnam("postfix")
            os.chown(data, owner.pw_uid, owner.pw_gid)
        self.write_configuration()
        self.command("start")
        self.is_running = True
        try:
            wait_until(lambda: answers(self.address, self.port), 20, "Postfix answers")
        except Failure as e:
            self.stop()
            raise Failure(f"{e}: {self.log_problems()[:3]}") from None
        return self

    def pids(self):
        """The master and its children, which are our own processes and no others."""
        with open(os.path.join(self.queue, "pid", "master.pid"), encoding="ascii") as f:
            master = int(f.read())
        with open(f"/proc/{master}/task/{master}/children", encoding="ascii") as f:
            return [master] + [int(pid) for pid in f.read().split()]

    def stop(self):
        if not self.is_running:
            return
        self.is_running = False
        pids = self.pids()
        os.kill(pids[0], signal.SIGTERM)
        wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids), 20, "Postfix ends")

    def log_text(self):
        try:
            with open(self.log, encoding="utf-8", errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def log_problems(self):
        """Warnings and worse of the log, for messages about failures."""
        return [line.strip() for line in self.log_text().splitlines()
                if any(word in line for word in ("warning:", "fatal:", "error:", "panic:"))]


class Destination(Postfix):
    """Takes mail for some domains, with TLS, and keeps it in a Maildir."""

    def __init__(self, folder, address, domains, certificate, key, parameters=None):
        self.mail = os.path.join(folder, "mail")
        super().__init__(folder, address, 25, {
            "myhostname": "mx." + domains[0],
            "virtual_mailbox_domains": " ".join(domains),
            "virtual_mailbox_base": self.mail,
            "virtual_mailbox_maps": "static:all/",
            "virtual_uid_maps": "static:%d" % pwd.getpwnam("postfix").pw_uid,
            "virtual_gid_maps": "static:%d" % pwd.getpwnam("postfix").pw_gid,
            "smtpd_peername_lookup": "no",
            "smtpd_tls_cert_file": certificate,
            "smtpd_tls_key_file": key,
            "smtpd_tls_security_level": "may",
            "smtpd_tls_received_header": "yes",
            "smtpd_tls_loglevel": "1",
        } | (parameters or {}))

    def start(self):
        if not os.path.isdir(self.mail):
            owner = pwd.getpwnam("postfix")
            os.makedirs(self.mail)
            os.chown(self.mail, owner.pw_uid, owner.pw_gid)
        return super().start()

    def messages(self):
        """The contents of the messages that were delivered, in no order."""
        found = []
        folder = os.path.join(self.mail, "all", "new")
        for name in os.listdir(folder) if os.path.isdir(folder) else []:
            with open(os.path.join(folder, name), "rb") as f:
                found.append(f.read())
        return found
