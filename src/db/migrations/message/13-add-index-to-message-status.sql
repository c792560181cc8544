-- unless index messages.on_status
-- online
CREATE INDEX on_status USING BTREE ON {m}.messages (status(8));
