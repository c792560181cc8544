-- unless column authie_sessions.skip_two_factor
-- online
ALTER TABLE authie_sessions ADD COLUMN skip_two_factor TINYINT(1) DEFAULT 0;
