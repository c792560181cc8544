-- The keys of second signatures, Ed25519 (RFC 8463). A domain's RSA key stays in domains.
-- unless table postal_domain_keys
CREATE TABLE postal_domain_keys (
  domain_id INT NOT NULL PRIMARY KEY,
  selector VARCHAR(63) CHARACTER SET ascii NOT NULL,
  private_key TEXT CHARACTER SET ascii NOT NULL,
  is_active TINYINT(1) NOT NULL DEFAULT 0,
  created_at DATETIME(6) NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
