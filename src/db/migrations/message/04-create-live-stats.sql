-- unless table live_stats
CREATE TABLE {m}.live_stats (
  type VARCHAR(20) NOT NULL,
  minute INT(11) NOT NULL,
  count INT(11) DEFAULT NULL,
  timestamp DECIMAL(18,6) DEFAULT NULL,
  PRIMARY KEY (minute, type(8))
) ENGINE=InnoDB AUTO_INCREMENT=1 DEFAULT CHARSET=utf8mb4;
