-- Who works on the queue. A worker renews heartbeat_at; its leases are taken back when it stops doing
-- so. The name is compared with locked_by, whose collation depends on how old the installation is:
-- ASCII compares with any.
-- unless table postal_workers
CREATE TABLE postal_workers (
  name VARCHAR(190) CHARACTER SET ascii NOT NULL PRIMARY KEY,
  host VARCHAR(255) DEFAULT NULL,
  instance VARCHAR(64) DEFAULT NULL,
  pid INT DEFAULT NULL,
  started_at DATETIME(6) DEFAULT NULL,
  heartbeat_at DATETIME(6) DEFAULT NULL,
  KEY heartbeat_at (heartbeat_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
