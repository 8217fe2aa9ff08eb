-- Terms are compared byte by byte, as in SQLite.
ALTER TABLE name_term ALTER COLUMN term TYPE TEXT COLLATE "C";
