-- unless table webhook_requests
CREATE TABLE {m}.webhook_requests (
  id INT(11) NOT NULL AUTO_INCREMENT PRIMARY KEY,
  uuid VARCHAR(255) DEFAULT NULL,
  event VARCHAR(255) DEFAULT NULL,
  attempt INT(11) DEFAULT NULL,
  timestamp DECIMAL(18,6) DEFAULT NULL,
  status_code INT(1) DEFAULT NULL,
  body TEXT DEFAULT NULL,
  payload TEXT DEFAULT NULL,
  will_retry TINYINT DEFAULT NULL,
  KEY on_uuid (uuid(8)) USING BTREE,
  KEY on_event (event(8)) USING BTREE,
  KEY on_timestamp (timestamp) USING BTREE
) ENGINE=InnoDB AUTO_INCREMENT=1 DEFAULT CHARSET=utf8mb4;
