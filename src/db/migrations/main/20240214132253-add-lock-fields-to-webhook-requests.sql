-- unless column webhook_requests.locked_by
-- online
ALTER TABLE webhook_requests ADD COLUMN locked_by VARCHAR(255) DEFAULT NULL;

-- unless column webhook_requests.locked_at
-- online
ALTER TABLE webhook_requests ADD COLUMN locked_at DATETIME DEFAULT NULL;

-- Keys longer than 767 bytes need a row format with room for them.
-- if compact webhook_requests
-- online
ALTER TABLE webhook_requests ROW_FORMAT=DYNAMIC;

-- unless index webhook_requests.index_webhook_requests_on_locked_by
-- online
CREATE INDEX index_webhook_requests_on_locked_by ON webhook_requests (locked_by);
