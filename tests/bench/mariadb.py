# SPDX-License-Identifier: MIT
"""A private MariaDB: own data, socket only, as durable as in production."""

import os
import pwd
import shutil
import subprocess

import programs

SETTINGS = {
    "innodb-flush-log-at-trx-commit": "1",
    "innodb-flush-method": "fsync",
    "innodb-buffer-pool-size": "512M",
    "innodb-log-file-size": "256M",
    "skip-log-bin": None,
    "skip-networking": None,
    "max-allowed-packet": "64M",
    "max-connections": "300",
    "character-set-server": "utf8mb4",
}


def available():
    """Why it cannot run here, or None."""
    if not shutil.which("mariadbd") or not shutil.which("mariadb-install-db"):
        return "MariaDB is not installed"
    return None


def version():
    out = subprocess.run(["mariadbd", "--version"], check=True, text=True,
                         stdout=subprocess.PIPE).stdout
    return out.split("Ver ")[1].split()[0]


class MariaDB:
    """`settings` add to, or override, SETTINGS; the value None is an option without one."""

    def __init__(self, folder, settings=None):
        self.folder = os.path.join(folder, "mariadb")
        self.data = os.path.join(self.folder, "data")
        self.socket = os.path.join(self.folder, "socket")
        self.log = os.path.join(self.folder, "error.log")
        self.settings = SETTINGS | (settings or {})
        self.process = None

    def options(self):
        words = [f"--datadir={self.data}", f"--socket={self.socket}", f"--log-error={self.log}",
                 f"--pid-file={self.folder}/pid"]
        for name, value in self.settings.items():
            words.append(f"--{name}" if value is None else f"--{name}={value}")
        return words

    def install(self):
        """Makes the system tables. MariaDB does not run as root: its own user owns the folder."""
        os.makedirs(self.folder)
        user = []
        if os.geteuid() == 0:
            owner = pwd.getpwnam("mysql")
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
            user = ["--user=mysql"]
        result = subprocess.run(["mariadb-install-db", "--no-defaults", *user, "--skip-test-db",
                                 "--auth-root-authentication-method=normal",
                                 f"--datadir={self.data}"], check=False, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if result.returncode != 0:
            raise programs.Failure("mariadb-install-db: " + result.stdout.strip())

    def start(self):
        reason = available()
        if reason:
            raise programs.Failure(reason)
        if not os.path.isdir(self.data):
            self.install()
        user = ["--user=mysql"] if os.geteuid() == 0 else []
        self.process = subprocess.Popen(["mariadbd", "--no-defaults", *user, *self.options()],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        programs.wait_until(self.answers, 60, "MariaDB answers")
        return self

    def answers(self):
        if self.process.poll() is not None:
            raise programs.Failure(f"MariaDB ended; see {self.log}")
        return subprocess.run(["mariadb-admin", *self.client_options(), "ping"], check=False,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0

    def client_options(self):
        return ["--no-defaults", "-uroot", f"--socket={self.socket}"]

    def query(self, statements, database=""):
        """Runs statements; returns the rows of all results as lists of strings."""
        result = subprocess.run(["mariadb", *self.client_options(), "-N", "-B", database],
                                input=statements, check=False, text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)
        if result.returncode != 0:
            raise programs.Failure("MariaDB: " + result.stderr.strip())
        return [line.split("\t") for line in result.stdout.splitlines()]

    def start_client(self, database, path):
        """A client that works through a file of statements on its own."""
        with open(path, encoding="ascii") as f:
            return subprocess.Popen(["mariadb", *self.client_options(), "-N", "-B", database],
                                    stdin=f, stdout=subprocess.DEVNULL)

    def pids(self):
        return [self.process.pid] if self.process else []

    def stop(self):
        if self.process:
            programs.end_process(self.process, seconds=60)
            self.process = None

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.remove()
