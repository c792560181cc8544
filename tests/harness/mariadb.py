# SPDX-License-Identifier: MIT
"""A private MariaDB server in a temporary folder, for one test run."""

import os
import shutil
import signal
import subprocess
import tempfile
import time


def program(name):
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not path:
        raise RuntimeError("%s is not installed" % name)
    return path


class MariaDB:
    """Starts on construction of start(); all it makes is below its folder, and stop() removes it."""

    def __init__(self, folder=None, port=None, options=()):
        self.own_folder = folder is None
        self.folder = folder or tempfile.mkdtemp(prefix="postal-db-", dir=scratch())
        self.socket = os.path.join(self.folder, "s.sock")
        self.port = port
        self.options = list(options)
        self.process = None

    def install(self):
        data = os.path.join(self.folder, "data")
        if os.path.isdir(data):
            return
        os.makedirs(self.folder, exist_ok=True)
        done = subprocess.run(
            [program("mariadb-install-db"), "--no-defaults", "--auth-root-authentication-method=normal",
             "--skip-test-db", "--datadir=" + data] + self.user(),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=self.environment())
        if done.returncode:
            raise RuntimeError("mariadb-install-db failed:\n" + done.stdout.decode("utf-8", "replace")[-2000:])

    def environment(self):
        """A folder of its own for temporary tables: each server removes at its start what it finds there."""
        return dict(os.environ, TMPDIR=self.folder)

    @staticmethod
    def user():
        return ["--user=root"] if os.geteuid() == 0 else []

    def arguments(self):
        network = ["--port=%d" % self.port, "--bind-address=127.0.0.1"] if self.port else ["--skip-networking"]
        return [
            program("mariadbd"), "--no-defaults", "--datadir=" + os.path.join(self.folder, "data"),
            "--socket=" + self.socket, "--pid-file=" + os.path.join(self.folder, "pid"),
            "--log-error=" + os.path.join(self.folder, "error.log"), "--skip-log-bin", "--skip-name-resolve",
            "--innodb-buffer-pool-size=128M", "--innodb-log-file-size=192M", "--max-allowed-packet=64M",
            "--max-connections=300", "--character-set-server=utf8mb4",
            "--collation-server=utf8mb4_general_ci"] + network + self.user() + self.options

    def start(self):
        self.install()
        self.process = subprocess.Popen(self.arguments(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, start_new_session=True,
                                        env=self.environment())
        self.wait()
        return self

    def wait(self, seconds=60):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            ping = subprocess.run([program("mariadb-admin"), "--no-defaults", "-uroot", "-S", self.socket, "ping"],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if ping.returncode == 0:
                return
            time.sleep(0.05)
        with open(os.path.join(self.folder, "error.log"), errors="replace") as log:
            raise RuntimeError("mariadbd did not start:\n" + log.read()[-2000:])

    def kill(self):
        """As a crash would: nothing is flushed, nothing said."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def sql(self, script, database=None):
        """Runs the script and returns the rows, each a tuple of strings (None for NULL)."""
        argv = [program("mariadb"), "--no-defaults", "-uroot", "-S", self.socket, "--batch", "--skip-column-names",
                "--default-character-set=utf8mb4", "--max-allowed-packet=64M"] + ([database] if database else [])
        done = subprocess.run(argv, input=script if isinstance(script, bytes) else script.encode(),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if done.returncode:
            raise RuntimeError("SQL failed: " + done.stderr.decode("utf-8", "replace")[:1000])
        return [tuple(None if v == "NULL" else v for v in line.split("\t"))
                for line in done.stdout.decode("utf-8", "replace").splitlines()]

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None
        if self.own_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *_):
        self.stop()


def scratch():
    """Memory if there is enough of it, else the usual place for temporary files."""
    if os.access("/dev/shm", os.W_OK):
        status = os.statvfs("/dev/shm")
        if status.f_bavail * status.f_frsize > 2 << 30:
            return "/dev/shm"
    return None
