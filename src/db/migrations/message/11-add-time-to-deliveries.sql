-- unless column deliveries.time
-- online
ALTER TABLE {m}.deliveries ADD COLUMN time DECIMAL(8,2) DEFAULT NULL;
