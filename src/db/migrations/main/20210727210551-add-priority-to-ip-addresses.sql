-- unless column ip_addresses.priority
-- online
ALTER TABLE ip_addresses ADD COLUMN priority INT(11) DEFAULT NULL;

-- call migrate_fill_ip_priorities
