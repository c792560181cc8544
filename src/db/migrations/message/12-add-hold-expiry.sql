-- unless column messages.hold_expiry
-- online
ALTER TABLE {m}.messages ADD COLUMN hold_expiry DECIMAL(18,6) DEFAULT NULL;
