# SPDX-License-Identifier: MIT
"""What we compare with: Postfix for accepting and delivering, and for claims the way the reference
implementation takes messages from its queue."""

import os
import shutil
import time

import mariadb
import postfix
import programs


class PostfixYardstick:
    """Postfix as the measurements want it; see installation.py for what the methods mean."""

    name = "Postfix"

    def __init__(self, bench, folder):
        self.bench = bench
        self.folder = folder
        self.instance = None
        self.load_options = {}

    @staticmethod
    def unavailable(_bench):
        return postfix.available()

    @staticmethod
    def versions():
        return {"postfix": postfix.version()}

    def start(self, role, sink_port):
        if self.instance is None:
            os.makedirs(self.folder)
            os.chmod(self.folder, 0o755)
            arguments = self.bench.arguments
            settings = dict(p.split("=", 1) for p in arguments.postfix)
            self.instance = postfix.Postfix(self.folder, sink_port,
                                            sessions=max(arguments.sessions, arguments.idle),
                                            concurrency=arguments.concurrency,
                                            settings=settings)
        self.instance.hold = role == "accept"
        self.instance.start()

    @property
    def port(self):
        return self.instance.port

    def pids(self):
        return self.instance.pids()

    def stop(self):
        if self.instance:
            self.instance.stop()

    def release(self):
        self.instance.release_held()

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


# The reference's table and statements, one work thread after the other: lock one row, read what was
# locked, and delete it when the message is done.
TABLE = """
CREATE DATABASE queue;
CREATE TABLE queue.queued_messages (
  id int NOT NULL AUTO_INCREMENT PRIMARY KEY,
  server_id int, message_id int, domain varchar(255), locked_by varchar(255),
  locked_at datetime(6), retry_after datetime, created_at datetime(6), updated_at datetime(6),
  ip_address_id int, attempts int DEFAULT 0, route_id int, manual tinyint(1) DEFAULT 0,
  batch_key varchar(255),
  KEY index_queued_messages_on_domain (domain(8)),
  KEY index_queued_messages_on_message_id (message_id),
  KEY index_queued_messages_on_server_id (server_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
"""

FILL = """
TRUNCATE queued_messages;
INSERT INTO queued_messages
  (server_id, message_id, domain, created_at, updated_at, batch_key)
  SELECT 1 + seq % 50, seq, CONCAT('d', seq % 1000, '.example.com'), NOW(6), NOW(6),
         CONCAT('outgoing-d', seq % 1000, '.example.com')
  FROM seq_1_to_{depth};
ANALYZE TABLE queued_messages;
"""

CLAIM = """
UPDATE queued_messages SET locked_by = '{name}', locked_at = NOW(6)
  WHERE ip_address_id IS NULL AND locked_by IS NULL AND locked_at IS NULL
    AND (retry_after IS NULL OR retry_after < NOW() - INTERVAL 30 SECOND) LIMIT 1;
SELECT id INTO @id FROM queued_messages WHERE locked_by = '{name}';
DELETE FROM queued_messages WHERE id = @id;
"""

CLAIMS_A_CLIENT = 20000


class ReferenceQueue:
    """The queue of the reference on our MariaDB settings, without anything else it does."""

    name = "reference queue"

    def __init__(self, bench, folder):
        self.bench = bench
        self.folder = folder
        self.database = None

    @staticmethod
    def unavailable(_bench):
        return mariadb.available()

    @staticmethod
    def versions():
        return {"mariadb": mariadb.version()}

    def start(self, _role, _sink_port):
        os.makedirs(self.folder, exist_ok=True)
        os.chmod(self.folder, 0o755)
        self.database = mariadb.MariaDB(self.folder).start()
        self.database.query(TABLE)

    def write_claims(self, claimers, count):
        """Files of statements, one for each client."""
        paths = [os.path.join(self.folder, f"claims-{number}") for number in range(claimers)]
        for number, path in enumerate(paths):
            with open(path, "w", encoding="ascii") as f:
                for i in range(count):
                    f.write(CLAIM.format(name=f"w{number} {i:08x}"))
        return paths

    def claim_rate(self, depth, seconds, claimers):
        """Claims a second of so many work threads on a queue of `depth` ready messages; they leave
        at least half of them, so that the depth is what it is called."""
        self.database.query(FILL.format(depth=depth), "queue")
        count = min(CLAIMS_A_CLIENT, depth // 2 // claimers)
        paths = self.write_claims(claimers, count)
        start = time.monotonic()
        clients = [self.database.start_client("queue", path) for path in paths]
        while time.monotonic() < start + seconds and any(c.poll() is None for c in clients):
            time.sleep(0.005)
        elapsed = time.monotonic() - start
        left = int(self.database.query("SELECT COUNT(*) FROM queued_messages", "queue")[0][0])
        for client in clients:
            programs.end_process(client)
        return (depth - left) / elapsed

    def pids(self):
        return self.database.pids()

    def stop(self):
        if self.database:
            self.database.stop()

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
