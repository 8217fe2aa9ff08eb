-- How often each emoji, with its picture, stands beneath a post.
CREATE TABLE emoji_count (
    post_id INTEGER NOT NULL REFERENCES post,
    emoji TEXT NOT NULL,
    url TEXT NOT NULL,
    times INTEGER NOT NULL,
    first_ms INTEGER NOT NULL,
    PRIMARY KEY (post_id, emoji, url)
) STRICT, WITHOUT ROWID;
INSERT INTO emoji_count (post_id, emoji, url, times, first_ms)
SELECT post_id, emoji, url, COUNT(*), MIN(created_ms) FROM emoji_reaction
GROUP BY post_id, emoji, url;

-- What somebody elsewhere did in a community of ours, more often in an hour than it passes on: the
-- last state alone, until it may. `about` says of what (`services/deferring.py`).
CREATE TABLE deferred (
    about TEXT PRIMARY KEY,
    community_id INTEGER NOT NULL REFERENCES account,
    actor_id INTEGER NOT NULL REFERENCES account,
    post_id INTEGER REFERENCES post,
    kind TEXT NOT NULL,
    body BLOB NOT NULL,
    due_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX deferred_due ON deferred (due_ms);
CREATE INDEX deferred_actor ON deferred (actor_id, community_id);
CREATE INDEX deferred_post ON deferred (post_id);

-- NodeBB reads the Move of a thread in a shape of its own: which hosts run it is seen by their ids.
UPDATE host SET software = 'nodebb' WHERE name IN (
    SELECT p.host FROM account a JOIN peer p ON p.id = a.peer_id
    WHERE a.uri LIKE '%/uid/%' OR a.uri LIKE '%/category/%');
