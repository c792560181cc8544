-- Workers claim ready rows by this key, so that a claim costs the same at any depth. Keys longer than
-- 767 bytes need a row format with room for them.
-- if compact queued_messages
-- online
ALTER TABLE queued_messages ROW_FORMAT=DYNAMIC;

-- unless index queued_messages.postal_ready
-- online
CREATE INDEX postal_ready ON queued_messages (locked_by, retry_after, ip_address_id, server_id, domain);
