# SPDX-License-Identifier: MIT
"""Starts loadgen and sink, and other programs that must be ended again, by process id."""

import json
import os
import signal
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))


class Failure(Exception):
    """Something a measurement needs did not work."""


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


def end_process(process, seconds=10, how=signal.SIGTERM):
    """Ends a process we started; returns its status."""
    if process.poll() is None:
        process.send_signal(how)
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def option_list(options):
    """{'tls': True, 'reply_for': ['a', 'b']} as --tls --reply-for a --reply-for b."""
    words = []
    for name, value in options.items():
        flag = "--" + name.replace("_", "-")
        for one in value if isinstance(value, list) else [value]:
            if one is True:
                words.append(flag)
            elif one is not False and one is not None:
                words += [flag, str(one)]
    return words


class Sink:
    """A running sink. Options are those of the program, with _ for -."""

    def __init__(self, path, listen="127.0.0.1:0", **options):
        self.path = path
        self.options = options | {"listen": listen, "json": True}
        self.process = None
        self.ports = []
        self.report = None

    def start(self):
        self.process = subprocess.Popen([self.path] + option_list(self.options), text=True,
                                        stdout=subprocess.PIPE)
        for line in self.process.stdout:
            if line.startswith("listening"):
                self.ports.append(int(line.rsplit(":", 1)[1]))
            if line.startswith("ready"):
                return self
        raise Failure("sink did not start")

    @property
    def port(self):
        return self.ports[0]

    def statistics(self):
        """What it has counted until now."""
        self.process.send_signal(signal.SIGUSR1)
        return json.loads(self.process.stdout.readline())

    def stop(self, how=signal.SIGTERM):
        """Ends it; the last statistics are in self.report, if it was allowed to print them."""
        if self.process is None:
            return self.report
        end_process(self.process, how=how)
        lines = self.process.stdout.read().splitlines()
        self.process.stdout.close()
        self.process = None
        self.report = json.loads(lines[-1]) if lines else None
        return self.report

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


def start_loadgen(path, **options):
    """Starts a load; end it with finish_loadgen()."""
    words = [path] + option_list(options | {"json": True})
    return subprocess.Popen(words, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def finish_loadgen(process, timeout=None):
    """Waits for a load and returns its result, with the exit status and the messages it printed."""
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
    if not out:
        raise Failure("loadgen failed: " + err.strip())
    return json.loads(out.splitlines()[-1]) | {"status": process.returncode, "stderr": err.strip()}


def loadgen(path, **options):
    """Runs a load to its end."""
    return finish_loadgen(start_loadgen(path, **options))


def read_records(path):
    """The lines of a file of ids as lists of columns."""
    with open(path, encoding="utf-8", errors="surrogateescape") as f:
        return [line.rstrip("\n").split("\t") for line in f]
