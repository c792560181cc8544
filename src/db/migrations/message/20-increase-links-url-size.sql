-- unless type links.url text
ALTER TABLE {m}.links MODIFY url TEXT DEFAULT NULL;
