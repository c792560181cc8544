-- unless column messages.tracked_links
-- online
ALTER TABLE {m}.messages ADD COLUMN tracked_links INT(11) DEFAULT 0;

-- unless column messages.tracked_images
-- online
ALTER TABLE {m}.messages ADD COLUMN tracked_images INT(11) DEFAULT 0;

-- unless column messages.parsed
-- online
ALTER TABLE {m}.messages ADD COLUMN parsed TINYINT DEFAULT 0;
