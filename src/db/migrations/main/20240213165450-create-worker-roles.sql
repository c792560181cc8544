-- unless table worker_roles
CREATE TABLE worker_roles (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  role VARCHAR(255) DEFAULT NULL,
  worker VARCHAR(255) DEFAULT NULL,
  acquired_at DATETIME DEFAULT NULL,
  UNIQUE KEY index_worker_roles_on_role (role)
) ENGINE=InnoDB;
