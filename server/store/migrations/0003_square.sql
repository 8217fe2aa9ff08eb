-- The square: neighbourhoods that pass posts on, what somebody has read of a thread, pictures in a third
-- size, remote pictures that we keep for a while, and the theme that somebody likes to read in.

CREATE TABLE community (
    account_id INTEGER PRIMARY KEY REFERENCES account,
    kind TEXT NOT NULL,
    tag TEXT NOT NULL UNIQUE,
    created_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE visit (
    account_id INTEGER NOT NULL REFERENCES account,
    thread_id INTEGER NOT NULL,
    seen_id INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (account_id, thread_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX visit_at ON visit (at_ms);

CREATE TABLE remote_picture (
    url TEXT PRIMARY KEY,
    file TEXT NOT NULL DEFAULT '',
    bytes INTEGER NOT NULL DEFAULT 0,
    failed_ms INTEGER,
    seen_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX remote_picture_seen ON remote_picture (seen_ms);

ALTER TABLE media ADD COLUMN medium TEXT NOT NULL DEFAULT '';
ALTER TABLE media ADD COLUMN medium_width INTEGER NOT NULL DEFAULT 0;
ALTER TABLE media ADD COLUMN medium_height INTEGER NOT NULL DEFAULT 0;
ALTER TABLE member ADD COLUMN theme TEXT NOT NULL DEFAULT '';
