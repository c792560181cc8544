# SPDX-License-Identifier: MIT
"""An installation for one test: a configuration, and databases of its own on the server that
tests/with-mariadb names."""

import json
import os
import secrets
import shutil
import subprocess
import tempfile

from harness.mariadb import MariaDB

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FIXTURES = os.path.join(HERE, "fixtures")


def fixture(name):
    with open(os.path.join(FIXTURES, name), encoding="utf-8") as f:
        return f.read()


class Postal:
    """`settings` are sections of postal.yml, as dictionaries, over those that are always set."""

    def __init__(self, **settings):
        self.binary = os.environ["POSTAL_BINARY"]
        self.server = MariaDB(folder=os.path.dirname(os.environ["POSTAL_TEST_DB_SOCKET"]))
        self.name = "e2e-" + secrets.token_hex(4)
        self.folder = tempfile.mkdtemp(prefix="postal-e2e-")
        self.config_path = os.path.join(self.folder, "postal.yml")
        self.settings = {
            "main_db": {"host": self.server.socket, "username": "root", "database": self.name},
            "message_db": {"host": self.server.socket, "username": "root", "database_name_prefix": self.name},
            "dns": {"mx_records": ["mx1.postal.test", "mx2.postal.test"], "spf_include": "spf.postal.test",
                    "return_path_domain": "rp.postal.test", "route_domain": "routes.postal.test"},
        }
        self.configure(**settings)
        self.runtime = os.path.join(self.folder, "run")

    def configure(self, **settings):
        """Changes sections, and writes the file. JSON is YAML."""
        for section, values in settings.items():
            self.settings.setdefault(section, {}).update(values)
        with open(self.config_path, "w", encoding="utf-8") as f:
            for section, values in dict(self.settings, version=2).items():
                f.write("%s: %s\n" % (section, json.dumps(values)))

    def environment(self):
        return dict(os.environ, POSTAL_CONFIG_FILE_PATH=self.config_path, RUNTIME_DIRECTORY=self.runtime,
                    SILENCE_POSTAL_CONFIG_MESSAGES="true", TZ="Asia/Tokyo")

    def run(self, *arguments, input=None, status=0, env=None):
        """Runs `postal ARGUMENTS`; the exit status must be the one wanted (None: any)."""
        done = subprocess.run([self.binary, *arguments], input=input, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=dict(self.environment(), **(env or {})), cwd=self.folder, text=True, timeout=120)
        if status is not None and done.returncode != status:
            raise AssertionError("postal %s ended with %d\n%s%s" % (" ".join(arguments), done.returncode,
                                                                   done.stdout, done.stderr))
        return done

    def json(self, *arguments):
        return json.loads(self.run(*arguments, "--json").stdout)

    def sql(self, script, database=None):
        return self.server.sql(script, database or self.name)

    def message_database(self, server_id):
        return "%s-server-%d" % (self.name, server_id)

    def make_database(self, name=None, collation="utf8mb4_general_ci"):
        self.server.sql("CREATE DATABASE `%s` CHARACTER SET utf8mb4 COLLATE %s" % (name or self.name, collation))

    def load(self, *fixtures, database=None):
        for name in fixtures:
            self.sql(fixture("db/" + name), database)

    def load_recorded(self):
        """The recorded rows, and the message database of server 1."""
        self.make_database()
        self.load("main-3.3.6.sql", "main-rows.sql")
        for server_id in 1, 2, 3, 4:
            self.make_database(self.message_database(server_id), "utf8mb4_unicode_ci")
            self.load("message-3.3.6.sql", database=self.message_database(server_id))
        self.load("message-rows.sql", database=self.message_database(1))
        self.run("upgrade")
        return self

    def databases(self):
        return [row[0] for row in self.server.sql("SHOW DATABASES") if row[0].startswith(self.name)]

    def close(self):
        for name in self.databases():
            self.server.sql("DROP DATABASE `%s`" % name)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
