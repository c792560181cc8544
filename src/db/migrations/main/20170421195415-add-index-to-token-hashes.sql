-- unless index authie_sessions.index_authie_sessions_on_token_hash
-- online
CREATE INDEX index_authie_sessions_on_token_hash ON authie_sessions (token_hash(8));
