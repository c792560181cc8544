-- unless table suppressions
CREATE TABLE {m}.suppressions (
  id INT(11) NOT NULL AUTO_INCREMENT PRIMARY KEY,
  type VARCHAR(255) DEFAULT NULL,
  address VARCHAR(255) DEFAULT NULL,
  reason VARCHAR(255) DEFAULT NULL,
  timestamp DECIMAL(18,6) DEFAULT NULL,
  keep_until DECIMAL(18,6) DEFAULT NULL,
  KEY on_address (address(6)) USING BTREE,
  KEY on_keep_until (keep_until) USING BTREE
) ENGINE=InnoDB AUTO_INCREMENT=1 DEFAULT CHARSET=utf8mb4;
