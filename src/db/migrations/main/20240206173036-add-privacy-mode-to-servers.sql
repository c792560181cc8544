-- unless column servers.privacy_mode
-- online
ALTER TABLE servers ADD COLUMN privacy_mode TINYINT(1) DEFAULT 0;
