-- unless table clicks
CREATE TABLE {m}.clicks (
  id INT(11) NOT NULL AUTO_INCREMENT PRIMARY KEY,
  message_id INT(11) DEFAULT NULL,
  link_id INT(11) DEFAULT NULL,
  ip_address VARCHAR(255) DEFAULT NULL,
  country VARCHAR(255) DEFAULT NULL,
  city VARCHAR(255) DEFAULT NULL,
  user_agent VARCHAR(255) DEFAULT NULL,
  timestamp DECIMAL(18,6) DEFAULT NULL,
  KEY on_message_id (message_id) USING BTREE,
  KEY on_link_id (link_id) USING BTREE
) ENGINE=InnoDB AUTO_INCREMENT=1 DEFAULT CHARSET=utf8mb4;
