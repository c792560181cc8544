# SPDX-License-Identifier: MIT
"""The yardstick: Debian's Postfix as a private instance, tuned in its favour.

The instance has its own configuration, queue, log and ports, all below one folder, and nothing to
do with a Postfix of the system. It needs root, as Postfix does. Its durability is Postfix's own:
each queue file is synced before the 250.

Two roles:

* accept: what was accepted goes to the hold queue. The message is complete and synced there, and
  nothing else is done with it: neither the queue manager nor a delivery agent runs for it. Every
  other place (deferred, discard) costs Postfix more.
* relay: everything goes to one sink, from which the address comes.

What is tuned, against the defaults: no look-ups of names (DNS, local recipients, rewriting), no
client limits, no flow delay between smtpd and qmgr, processes that live long, enough of them, and
for delivery a full initial concurrency. Connections are not cached: handing them through scache
costs Postfix more CPU than a new one on loopback (measured: 1.8 against 1.2 ms a delivery).
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess

import programs

PROGRAM = "/usr/sbin/postfix"

# Services with the limit of their processes; the SMTP ones follow per instance.
MASTER = """\
127.0.0.1:{port} inet n - n - {smtpd} smtpd
cleanup   unix n - n - 0 cleanup
qmgr      unix n - n 300 1 qmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
flush     unix n - n 1000? 0 flush
proxymap  unix - - n - - proxymap
smtp      unix - - n - {smtp} smtp
relay     unix - - n - {smtp} smtp
showq     unix n - n - - showq
error     unix - - n - - error
retry     unix - - n - - error
discard   unix - - n - - discard
anvil     unix - - n - 1 anvil
scache    unix - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""

ACCEPT = {
    "smtpd_peername_lookup": "no",
    "smtpd_relay_restrictions": "permit_mynetworks, reject",
    "smtpd_client_event_limit_exceptions": "static:all",
    "smtpd_error_sleep_time": "0",
    "smtpd_soft_error_limit": "1000000",
    "smtpd_hard_error_limit": "1000000",
    "smtpd_tls_security_level": "none",
    "receive_override_options": "no_unknown_recipient_checks, no_address_mappings, no_milters, "
                                "no_header_body_checks",
    "local_header_rewrite_clients": "",
    "message_size_limit": "104857600",
    "mailbox_size_limit": "0",
    "in_flow_delay": "0",
}

RELAY = {
    "smtp_dns_support_level": "disabled",
    "smtp_tls_security_level": "none",
    "smtp_connection_cache_on_demand": "no",
    "qmgr_message_active_limit": "100000",
    "qmgr_message_recipient_limit": "100000",
}


def available():
    """Why it cannot run here, or None."""
    if os.geteuid() != 0:
        return "Postfix needs root"
    if not os.path.exists(PROGRAM):
        return "Postfix is not installed"
    return None


def version():
    out = subprocess.run(["/usr/sbin/postconf", "-d", "-h", "mail_version"], check=True, text=True,
                         stdout=subprocess.PIPE).stdout
    return out.strip()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def answers(host, port):
    """Whether a mail server greets there."""
    try:
        with socket.create_connection((host, port), 5) as s:
            s.settimeout(5)
            return s.recv(64).startswith(b"220")
    except OSError:
        return False


class Postfix:
    """`sink_port` None is the accept role. `settings` override parameters of main.cf."""

    def __init__(self, folder, sink_port=None, sessions=20, concurrency=20, hold=None,
                 settings=None):
        self.folder = os.path.join(folder, "postfix")
        self.config = os.path.join(self.folder, "etc")
        self.queue = os.path.join(self.folder, "queue")
        self.log = os.path.join(self.folder, "maillog")
        self.port = free_port()
        self.sink_port = sink_port
        self.sessions = sessions
        self.concurrency = concurrency
        self.hold = sink_port is None if hold is None else hold
        self.settings = settings or {}
        self.is_running = False

    def parameters(self):
        limit = str(self.concurrency)
        all_parameters = {
            "compatibility_level": "3.6",
            "config_directory": self.config,
            "queue_directory": self.queue,
            "data_directory": os.path.join(self.folder, "data"),
            "command_directory": "/usr/sbin",
            "daemon_directory": "/usr/lib/postfix/sbin",
            "mail_owner": "postfix",
            "setgid_group": "postdrop",
            "maillog_file": self.log,
            "maillog_file_prefixes": self.folder,
            "inet_interfaces": "loopback-only",
            "inet_protocols": "ipv4",
            "myhostname": "yardstick.example.com",
            "mydestination": "",
            "mynetworks": "127.0.0.0/8",
            "alias_maps": "",
            "alias_database": "",
            "biff": "no",
            "notify_classes": "",
            "default_process_limit": "200",
            "max_use": "1000000",
            "max_idle": "1000s",
        }
        all_parameters |= ACCEPT | RELAY
        if self.hold:
            all_parameters["smtpd_end_of_data_restrictions"] = "check_client_access static:HOLD"
        if self.sink_port is not None:
            all_parameters["relayhost"] = f"[127.0.0.1]:{self.sink_port}"
        for name in ("default_destination_concurrency_limit", "smtp_destination_concurrency_limit",
                     "initial_destination_concurrency"):
            all_parameters[name] = limit
        return all_parameters | self.settings

    def write_configuration(self):
        with open(os.path.join(self.config, "main.cf"), "w", encoding="ascii") as f:
            for name, value in self.parameters().items():
                f.write(f"{name} = {value}\n")
        with open(os.path.join(self.config, "master.cf"), "w", encoding="ascii") as f:
            f.write(MASTER.format(port=self.port, smtpd=max(100, self.sessions + 20),
                                  smtp=self.concurrency))

    def command(self, *words):
        result = subprocess.run([PROGRAM, "-c", self.config, *words], text=True, check=False,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT)
        if result.returncode != 0:
            raise programs.Failure(f"postfix {' '.join(words)}: {result.stdout.strip()}")

    def start(self):
        """Starts it; the queue of an earlier start is still there."""
        reason = available()
        if reason:
            raise programs.Failure(reason)
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
            programs.wait_until(lambda: answers("127.0.0.1", self.port), 20,
                                "Postfix answers")
        except programs.Failure as e:
            self.stop()
            raise programs.Failure(f"{e}: {self.log_problems()[:3]}") from None
        return self

    def master_pid(self):
        with open(os.path.join(self.queue, "pid", "master.pid"), encoding="ascii") as f:
            return int(f.read())

    def pids(self):
        """The master and its children, which are our own processes and no others."""
        master = self.master_pid()
        with open(f"/proc/{master}/task/{master}/children", encoding="ascii") as f:
            return [master] + [int(pid) for pid in f.read().split()]

    def stop(self):
        if not self.is_running:
            return
        self.is_running = False
        pids = self.pids()
        os.kill(pids[0], signal.SIGTERM)
        programs.wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids), 20,
                            "Postfix ends")

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.remove()

    def count(self, *queues):
        """How many messages are in those queues."""
        return sum(len(files) for queue in queues
                   for _, _, files in os.walk(os.path.join(self.queue, queue)))

    def release_held(self):
        """Moves held messages to where new ones come in, while it is stopped: the start then finds
        them as if they had just been accepted, which spares Postfix the way through `deferred`."""
        held = os.path.join(self.queue, "hold")
        for name in os.listdir(held):
            os.rename(os.path.join(held, name), os.path.join(self.queue, "incoming", name))
        self.hold = False

    def log_problems(self):
        """Warnings and worse of the log, for messages about failures."""
        try:
            with open(self.log, encoding="utf-8", errors="replace") as f:
                return [line.strip() for line in f
                        if any(word in line for word in ("warning:", "fatal:", "error:", "panic:"))]
        except FileNotFoundError:
            return []
