-- unless column webhook_requests.url
-- online
ALTER TABLE {m}.webhook_requests ADD COLUMN url VARCHAR(255) DEFAULT NULL;

-- unless column webhook_requests.webhook_id
-- online
ALTER TABLE {m}.webhook_requests ADD COLUMN webhook_id INT(11) DEFAULT NULL;

-- unless index webhook_requests.on_webhook_id
-- online
CREATE INDEX on_webhook_id USING BTREE ON {m}.webhook_requests (webhook_id);
