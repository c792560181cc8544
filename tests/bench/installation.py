# SPDX-License-Identifier: MIT
"""Our side of the measurements: a whole installation of postal below one folder.

A measurement knows a system by these methods, which PostfixYardstick has too:

    unavailable(bench)      why it cannot be measured here, or None
    versions()              what to name in the conditions
    start(role, sink_port)  starts it; role "accept" delivers nothing, "relay" delivers all to the
                            sink, "claim" only queues. After stop(), starts with the same queue.
    port, load_options      where loadgen sends to, and its further options (log-in, addresses)
    pids()                  all its processes, the database's among them
    stop()                  ends them; what is queued stays
    release()               while stopped: what "accept" has kept may be delivered by "relay"
    remove()                ends everything and removes the folder
    claim_rate(depth, seconds, claimers)
                            claims a second from a queue of `depth` ready messages
"""

import os
import shutil
import subprocess

import mariadb
import postfix
import programs

CONFIGURATION = """\
version: 2
postal:
  smtp_hostname: bench.example.com
  signing_key_path: {folder}/signing.key
  smtp_relays:
    - smtp://127.0.0.1:{sink_port}?ssl_mode=None
main_db:
  host: localhost
  username: root
  database: postal
message_db:
  host: localhost
  username: root
smtp_server:
  default_port: {port}
  default_bind_address: 127.0.0.1
"""


class PostalInstallation:
    name = "postal"

    def __init__(self, bench, folder):
        self.program = self.program_of(bench)
        self.bench = bench
        self.folder = folder
        self.config = os.path.join(folder, "postal.yml")
        self.port = postfix.free_port()
        self.load_options = {}
        self.database = None
        self.processes = []

    @staticmethod
    def program_of(bench):
        return os.path.join(bench.build, "src", "postal")

    @classmethod
    def unavailable(cls, bench):
        if not os.path.exists(cls.program_of(bench)):
            return "this tree builds no postal program"
        return mariadb.available()

    @staticmethod
    def versions():
        return {"mariadb": mariadb.version()}

    def start(self, role, sink_port):
        is_new = self.database is None
        if is_new:
            os.makedirs(self.folder)
            os.chmod(self.folder, 0o755)
            self.database = mariadb.MariaDB(self.folder)
        self.database.start()
        self.write_configuration(sink_port)
        if is_new:
            self.provision()
        self.start_command("smtp-server")
        if role == "relay":
            self.start_command("worker")
        programs.wait_until(self.answers, 20, "postal answers")

    def write_configuration(self, sink_port):
        with open(self.config, "w", encoding="ascii") as f:
            f.write(CONFIGURATION.format(folder=self.folder, port=self.port, sink_port=sink_port))

    def environment(self):
        """The socket of the database goes to the client library, as in any installation."""
        return os.environ | {"POSTAL_CONFIG_FILE_PATH": self.config,
                             "MYSQL_UNIX_PORT": self.database.socket}

    def provision(self):
        """Makes the schema, the signing key, and a mail server with a domain and a
        credential, whose log-in goes to self.load_options."""
        raise programs.Failure("the installation has no commands to make a mail server yet")

    def start_command(self, *words):
        self.processes.append(subprocess.Popen([self.program, *words], env=self.environment()))

    def answers(self):
        if any(process.poll() is not None for process in self.processes):
            raise programs.Failure("a postal process ended at once")
        return postfix.answers("127.0.0.1", self.port)

    def pids(self):
        return [process.pid for process in self.processes] + self.database.pids()

    def stop(self):
        while self.processes:
            programs.end_process(self.processes.pop())
        if self.database:
            self.database.stop()

    def release(self):
        """Nothing to do: queued messages wait for a worker."""

    def claim_rate(self, depth, seconds, claimers):
        raise programs.Failure("there is no program that only claims yet")

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
