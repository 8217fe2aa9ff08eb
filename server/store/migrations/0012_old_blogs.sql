-- Blogs that were somewhere else before: what was brought here, and where it was.

-- One file that an editor sent. `state`: reading | ready (for its editor to begin) | running | done |
-- failed | stopped. `file` is the backup in the store, empty once nobody needs it; `survey`, `authors`
-- and `counts` are JSON objects: what is in the file, which of ours its authors are, what became of it.
-- `reason` says why it failed.
CREATE TABLE import_run (
    id INTEGER PRIMARY KEY,
    community_id INTEGER NOT NULL REFERENCES account,
    account_id INTEGER NOT NULL REFERENCES account,
    name TEXT NOT NULL,
    file TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    address TEXT NOT NULL DEFAULT '',
    pictures INTEGER NOT NULL DEFAULT 1,
    state TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    survey TEXT NOT NULL DEFAULT '{}',
    authors TEXT NOT NULL DEFAULT '{}',
    counts TEXT NOT NULL DEFAULT '{}',
    done INTEGER NOT NULL DEFAULT 0,
    total INTEGER NOT NULL DEFAULT 0,
    lines INTEGER NOT NULL DEFAULT 0,
    created_ms INTEGER NOT NULL,
    ended_ms INTEGER
) STRICT;
CREATE INDEX import_run_community ON import_run (community_id, id);
CREATE INDEX import_run_account ON import_run (account_id);
CREATE INDEX import_run_file ON import_run (created_ms) WHERE file <> '';

-- What could not be taken, for its editor to read: `kind` is a sentence of services/imports.py about
-- `what`, a title mostly.
CREATE TABLE import_line (
    run_id INTEGER NOT NULL REFERENCES import_run,
    key TEXT NOT NULL,
    kind TEXT NOT NULL,
    id INTEGER NOT NULL,
    what TEXT NOT NULL,
    more TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (run_id, key, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX import_line_order ON import_line (run_id, id);

-- Which post a story (`comment` is empty) or a comment of an old blog is here. `digest` is of what the
-- file said, `pictures` a JSON object from what the text calls them to ids of media. `draft_id`: what
-- was not for everybody is a draft. A row outlives its post: what was deleted here is not brought again.
CREATE TABLE imported (
    community_id INTEGER NOT NULL REFERENCES account,
    story TEXT NOT NULL,
    comment TEXT NOT NULL,
    post_id INTEGER REFERENCES post,
    draft_id INTEGER,
    run_id INTEGER NOT NULL REFERENCES import_run,
    digest TEXT NOT NULL,
    pictures TEXT NOT NULL DEFAULT '{}',
    edited_ms INTEGER,
    PRIMARY KEY (community_id, story, comment)
) STRICT, WITHOUT ROWID;
CREATE INDEX imported_post ON imported (post_id) WHERE post_id IS NOT NULL;
CREATE INDEX imported_run ON imported (run_id);

-- Where a story was before, on whichever host: a path without the slash at its end.
CREATE TABLE old_address (
    path TEXT NOT NULL,
    community_id INTEGER NOT NULL REFERENCES account,
    post_id INTEGER NOT NULL REFERENCES post,
    PRIMARY KEY (path, community_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX old_address_post ON old_address (post_id);
CREATE INDEX old_address_community ON old_address (community_id);

-- Trackbacks and pingbacks that an old blog had received, as it had them. Each page is looked at once,
-- after `due_ms`, by a row in `ping`; what is shown of those that still link stands in `backlink`.
-- `received_ms` is 0 where that is not known.
CREATE TABLE imported_ping (
    post_id INTEGER NOT NULL REFERENCES post,
    url TEXT NOT NULL,
    site TEXT NOT NULL,
    title TEXT NOT NULL,
    excerpt TEXT NOT NULL,
    received_ms INTEGER NOT NULL,
    run_id INTEGER NOT NULL REFERENCES import_run,
    due_ms INTEGER,
    PRIMARY KEY (post_id, url)
) STRICT, WITHOUT ROWID;
CREATE INDEX imported_ping_run ON imported_ping (run_id);
CREATE INDEX imported_ping_due ON imported_ping (due_ms) WHERE due_ms IS NOT NULL;
