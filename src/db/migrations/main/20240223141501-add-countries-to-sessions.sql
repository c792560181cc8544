-- unless column authie_sessions.login_ip_country
-- online
ALTER TABLE authie_sessions ADD COLUMN login_ip_country VARCHAR(255) DEFAULT NULL;

-- unless column authie_sessions.two_factored_ip_country
-- online
ALTER TABLE authie_sessions ADD COLUMN two_factored_ip_country VARCHAR(255) DEFAULT NULL;

-- unless column authie_sessions.last_activity_ip_country
-- online
ALTER TABLE authie_sessions ADD COLUMN last_activity_ip_country VARCHAR(255) DEFAULT NULL;
