-- unless column credentials.uuid
-- online
ALTER TABLE credentials ADD COLUMN uuid VARCHAR(255) DEFAULT NULL;

-- call migrate_fill_credential_uuids
