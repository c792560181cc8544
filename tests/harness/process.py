# SPDX-License-Identifier: MIT
"""Programs that a test starts, watches and ends."""

import os
import shutil
import signal
import socket
import subprocess
import threading
import time


class Failure(Exception):
    """Something a test stands on did not work."""


def find_program(name):
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/lib/postfix/sbin")
    if not path:
        raise Failure(f"{name} is not installed")
    return path


def wait_until(condition, seconds, what):
    """Calls `condition` until it returns something true, and returns that."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failure(f"{what}: not within {seconds} s")
        time.sleep(0.01)


class NotifySocket:
    """Takes what a service tells its manager, sd_notify(3)."""

    def __init__(self, path):
        self.path = path
        self.state = {}
        self.changed = threading.Condition()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self.socket.bind(path)
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        while True:
            try:
                data = self.socket.recv(65536)
            except OSError:
                return
            if not data:
                return
            with self.changed:
                for line in data.decode("utf-8", "replace").splitlines():
                    name, _, value = line.partition("=")
                    self.state[name] = value
                self.changed.notify_all()

    def wait(self, condition, seconds):
        """Waits until condition(state) is true; returns whether it became so."""
        with self.changed:
            return self.changed.wait_for(lambda: condition(self.state), seconds)

    def clear(self):
        with self.changed:
            self.state.clear()

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join()
        os.unlink(self.path)


class Service:
    """One daemon, started as its manager would: with a notify socket, in a folder of its own."""

    def __init__(self, name, argv, folder, environment=None):
        self.name = name
        self.argv = argv
        self.folder = folder
        self.log_path = os.path.join(folder, name + ".log")
        self.environment = dict(environment or {})
        self.process = None
        self.notify = None

    def start(self, wait=True, seconds=30, descriptors=()):
        """`descriptors`: [(name, socket)], passed as sd_listen_fds(3) takes them."""
        self.notify = NotifySocket(os.path.join(self.folder, self.name + ".notify"))
        environment = {**os.environ, **self.environment, "NOTIFY_SOCKET": self.notify.path}
        argv = self.argv
        if descriptors:
            argv = self.passing(descriptors)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=environment, start_new_session=True,
                                            pass_fds=[s.fileno() for _, s in descriptors])
        if wait:
            self.wait_for_state("READY", "1", seconds)
        return self

    def passing(self, descriptors):
        """A shell moves the sockets to 3, 4, ... and becomes the program with its own process id."""
        moves = " ".join(f"{3 + i}<&{100 + i} {100 + i}<&-" for i in range(len(descriptors)))
        first = " ".join(f"{100 + i}<&{s.fileno()}" for i, (_, s) in enumerate(descriptors))
        names = ":".join(name for name, _ in descriptors)
        script = (f"exec {first}; exec {moves}; export LISTEN_PID=$$ LISTEN_FDS={len(descriptors)} "
                  f"LISTEN_FDNAMES={names}; exec \"$@\"")
        return ["bash", "-c", script, "bash", *self.argv]

    @property
    def pid(self):
        return self.process.pid

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def wait_for_state(self, name, value, seconds=30):
        deadline = time.monotonic() + seconds
        while not self.notify.wait(lambda state: state.get(name) == value, 0.1):
            if not self.is_running():
                raise Failure(f"{self.name} ended with {self.process.returncode}:\n{self.log()[-2000:]}")
            if time.monotonic() > deadline:
                raise Failure(f"{self.name}: no {name}={value} within {seconds} s:\n{self.log()[-2000:]}")

    def wait_for_status(self, part, seconds=30):
        if not self.notify.wait(lambda state: part in state.get("STATUS", ""), seconds):
            raise Failure(f"{self.name}: STATUS is {self.notify.state.get('STATUS')!r}, without {part!r}")

    @property
    def status(self):
        return self.notify.state.get("STATUS", "")

    def log(self):
        try:
            with open(self.log_path, errors="replace", encoding="utf-8") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def signal(self, number):
        os.kill(self.process.pid, number)

    def wait(self, seconds=30):
        """Waits for its end; returns its exit status."""
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired as e:
            raise Failure(f"{self.name} does not end:\n{self.log()[-2000:]}") from e
        self.forget()
        return status

    def forget(self):
        if self.notify:
            self.notify.close()
            self.notify = None
        self.process = None

    def stop(self, seconds=30):
        """Ends it in order; returns its exit status."""
        if not self.process:
            return None
        if self.is_running():
            self.signal(signal.SIGTERM)
        return self.wait(seconds)

    def kill(self):
        """As a crash would."""
        if self.process:
            if self.is_running():
                self.signal(signal.SIGKILL)
            self.process.wait()
            self.forget()
