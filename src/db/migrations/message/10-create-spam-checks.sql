-- unless table spam_checks
CREATE TABLE {m}.spam_checks (
  id INT(11) NOT NULL AUTO_INCREMENT PRIMARY KEY,
  message_id INT(11) DEFAULT NULL,
  score DECIMAL(8,2) DEFAULT NULL,
  code VARCHAR(255) DEFAULT NULL,
  description VARCHAR(255) DEFAULT NULL,
  KEY on_message_id (message_id) USING BTREE,
  KEY on_code (code(8)) USING BTREE
) ENGINE=InnoDB AUTO_INCREMENT=1 DEFAULT CHARSET=utf8mb4;
