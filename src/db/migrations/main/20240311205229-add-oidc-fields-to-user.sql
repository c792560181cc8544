-- unless column users.oidc_uid
-- online
ALTER TABLE users ADD COLUMN oidc_uid VARCHAR(255) DEFAULT NULL;

-- unless column users.oidc_issuer
-- online
ALTER TABLE users ADD COLUMN oidc_issuer VARCHAR(255) DEFAULT NULL;
