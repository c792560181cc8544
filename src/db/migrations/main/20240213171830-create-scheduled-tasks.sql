-- unless table scheduled_tasks
CREATE TABLE scheduled_tasks (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(255) DEFAULT NULL,
  next_run_after DATETIME DEFAULT NULL,
  UNIQUE KEY index_scheduled_tasks_on_name (name)
) ENGINE=InnoDB;
