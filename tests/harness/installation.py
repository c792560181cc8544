# SPDX-License-Identifier: MIT
"""An installation of postal below one folder: configuration, keys, databases, and its services."""

import json
import os
import subprocess

from harness.certificates import openssl
from harness.process import Failure, Service

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SMTP_HOSTNAME = "postal.example.com"
PASSWORD = "not a secret"
HEALTH_PORT = 9090


def program():
    """The program under test: $POSTAL_PROGRAM, or that of the usual build."""
    return os.environ.get("POSTAL_PROGRAM") or os.path.join(SOURCE, "build", "src", "postal")


def merge(into, settings):
    for name, value in settings.items():
        if isinstance(value, dict) and isinstance(into.get(name), dict):
            merge(into[name], value)
        else:
            into[name] = value
    return into


class Installation:
    """`settings` override those of the configuration, group by group."""

    def __init__(self, folder, database, settings=None, resolv_conf=None, key_bits=2048):
        self.folder = folder
        self.database = database
        self.path = os.path.join(folder, "postal.yml")
        self.signing_key = os.path.join(folder, "signing.key")
        self.services = []
        self.smtp_address = ("127.0.0.1", 2525)
        self.settings = merge({
            "version": 2,
            "postal": {"smtp_hostname": SMTP_HOSTNAME, "signing_key_path": self.signing_key},
            "main_db": {"host": "127.0.0.1", "port": database.port, "username": "postal", "password": PASSWORD,
                        "database": "postal"},
            "message_db": {"host": "127.0.0.1", "port": database.port, "username": "postal", "password": PASSWORD,
                           "database_name_prefix": "postal"},
            "smtp_server": {"default_port": self.smtp_address[1], "default_bind_address": "127.0.0.1"},
            "dns": {"resolv_conf_path": resolv_conf or "/etc/resolv.conf"},
            "logging": {"level": "debug" if os.environ.get("POSTAL_TEST_DEBUG") else "info"},
        }, settings or {})
        os.makedirs(folder, exist_ok=True)
        openssl("genrsa", "-traditional", "-out", self.signing_key, str(key_bits))
        self.configure()

    def configure(self, settings=None):
        """Writes the configuration, JSON being YAML."""
        merge(self.settings, settings or {})
        with open(self.path, "w", encoding="utf-8") as f:
            json.dump(self.settings, f, indent=2)

    def environment(self):
        return {"POSTAL_CONFIG_FILE_PATH": self.path}

    # The command line

    def run(self, *words, text_input=None, environment=None):
        return subprocess.run([program(), *words], input=text_input, text=True, check=False,
                              stdin=subprocess.DEVNULL if text_input is None else None, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, env={**os.environ, **self.environment(), **(environment or {})})

    def cli(self, *words, text_input=None):
        done = self.run(*words, text_input=text_input)
        if done.returncode:
            raise Failure(f"postal {' '.join(words)}: status {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def cli_json(self, *words):
        return json.loads(self.cli(*words, "--json"))

    def initialize(self):
        self.database.sql(f"CREATE USER IF NOT EXISTS postal IDENTIFIED BY '{PASSWORD}'; "
                          "GRANT ALL ON `postal`.* TO postal; GRANT ALL ON `postal-%`.* TO postal")
        self.cli("initialize")
        return self

    def make_server(self, organization="acme", server="mail", domain="acme.example", **options):
        """An organization, a mail server, its verified domain, an SMTP credential. Returns their rows."""
        if not any(o["permalink"] == organization for o in self.cli_json("organization", "list")):
            if self.database.sql("SELECT COUNT(*) FROM users", "postal") == [("0",)]:
                self.cli("make-user", "--email", "admin@example.com", "--first-name", "Ad", "--last-name", "Min",
                         "--password", "not a secret", "--admin")
            self.cli("organization", "create", "--name", organization, "--permalink", organization)
        words = [w for name, value in options.items() for w in ("--" + name.replace("_", "-"), str(value))]
        path = organization + "/" + server
        made = {"path": path}
        made["server"] = self.cli_json("server", "create", "--organization", organization, "--name", server,
                                       "--permalink", server, *words)
        made["domain"] = self.cli_json("domain", "create", "--server", path, "--name", domain, "--verified")
        made["credential"] = self.cli_json("credential", "create", "--server", path, "--type", "SMTP",
                                           "--name", "test")
        made["key"] = made["credential"]["key"]
        made["database"] = f"postal-server-{made['server']['id']}"
        return made

    # Its services

    def service(self, command, name=None, environment=None):
        """A service that is not started yet. Its state directory stays when it is started again."""
        name = name or command
        directories = {"STATE_DIRECTORY": os.path.join(self.folder, "state", name),
                       "RUNTIME_DIRECTORY": os.path.join(self.folder, "run")}
        for folder in directories.values():
            os.makedirs(folder, exist_ok=True)
        health_port = HEALTH_PORT + len(self.services)
        s = Service(name, [program(), command], self.folder,
                    {**self.environment(), **directories, "HEALTH_SERVER_PORT": str(health_port),
                     **(environment or {})})
        s.health_port = health_port
        self.services.append(s)
        return s

    def start(self, *commands):
        """Starts services and waits until they are ready."""
        started = [self.service(command).start(wait=False) for command in commands]
        for s in started:
            s.wait_for_state("READY", "1")
        return started if len(started) != 1 else started[0]

    def stop(self, *names):
        """Ends the services of these names, or all, in order."""
        ending = [s for s in self.services if not names or s.name in names]
        for s in ending:
            if s.is_running():
                s.process.terminate()
        for s in ending:
            s.stop()
            self.services.remove(s)

    # The databases

    def sql(self, statement, database="postal"):
        return self.database.sql(statement, database)

    def value(self, statement, database="postal"):
        rows = self.sql(statement, database)
        return rows[0][0] if rows else None
