-- What every SMTP session looks for, by columns without an index.
-- unless index credentials.postal_key
-- online
CREATE INDEX postal_key ON credentials (`key`(32));

-- unless index domains.postal_name
-- online
CREATE INDEX postal_name ON domains (name(64));
