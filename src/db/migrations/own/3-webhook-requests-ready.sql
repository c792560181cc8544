-- if compact webhook_requests
-- online
ALTER TABLE webhook_requests ROW_FORMAT=DYNAMIC;

-- unless index webhook_requests.postal_ready
-- online
CREATE INDEX postal_ready ON webhook_requests (locked_by, retry_after);
