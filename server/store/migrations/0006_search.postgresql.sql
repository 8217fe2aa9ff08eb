-- Terms are compared byte by byte, as in SQLite: what begins with a syllable lies side by side.
ALTER TABLE search_term ALTER COLUMN term TYPE TEXT COLLATE "C";
