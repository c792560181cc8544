-- unless column authie_sessions.host
-- online
ALTER TABLE authie_sessions ADD COLUMN host VARCHAR(255) DEFAULT NULL;
