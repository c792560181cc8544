-- unless table raw_message_sizes
CREATE TABLE {m}.raw_message_sizes (
  id INT(11) NOT NULL AUTO_INCREMENT PRIMARY KEY,
  table_name VARCHAR(255) DEFAULT NULL,
  size BIGINT DEFAULT NULL,
  KEY on_table_name (table_name(14)) USING BTREE
) ENGINE=InnoDB AUTO_INCREMENT=1 DEFAULT CHARSET=utf8mb4;
