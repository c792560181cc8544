-- unless column messages.endpoint_id
-- online
ALTER TABLE {m}.messages ADD COLUMN endpoint_id INT(11) DEFAULT NULL;

-- unless column messages.endpoint_type
-- online
ALTER TABLE {m}.messages ADD COLUMN endpoint_type VARCHAR(255) DEFAULT NULL;
