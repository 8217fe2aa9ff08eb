-- What forums of other kinds say of threads and comments.

-- Comments below which nobody but moderators answers; a whole thread is locked in `forum_thread`.
CREATE TABLE comment_lock (
    post_id INTEGER PRIMARY KEY REFERENCES post,
    locked_ms INTEGER NOT NULL
) STRICT;

-- What strangers begin, by the context that it names: so NodeBB says which topic it moves.
CREATE INDEX post_begins_context ON post (context_uri)
    WHERE context_uri <> '' AND reply_to_uri IS NULL;

-- How often somebody did something costly in an hour: counts of hours that are over are forgotten.
CREATE TABLE tally (
    what TEXT PRIMARY KEY,
    hour INTEGER NOT NULL,
    times INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tally_hour ON tally (hour);
