-- unless table migrations
CREATE TABLE {m}.migrations (
  version INT(11) NOT NULL PRIMARY KEY
) ENGINE=InnoDB AUTO_INCREMENT=1 DEFAULT CHARSET=utf8mb4;
