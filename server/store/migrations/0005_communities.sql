-- Communities of every kind (neighbourhoods, boards, team blogs), and the forum that lives in them.

ALTER TABLE community RENAME TO community_before;

-- A neighbourhood passes on what carries its `tag`; boards and blogs have none. `parent_id` is a
-- neighbourhood. `boundary` is GeoJSON, `rules` a JSON list of sentences. `posting`: who may begin
-- a thread (anyone | members | writers). `votes`: both | up | none.
CREATE TABLE community (
    account_id INTEGER PRIMARY KEY REFERENCES account,
    kind TEXT NOT NULL,
    tag TEXT UNIQUE,
    parent_id INTEGER REFERENCES account,
    place TEXT NOT NULL DEFAULT '',
    latitude REAL,
    longitude REAL,
    boundary TEXT NOT NULL DEFAULT '',
    rules TEXT NOT NULL DEFAULT '[]',
    posting TEXT NOT NULL DEFAULT 'anyone',
    votes TEXT NOT NULL DEFAULT 'both',
    language TEXT NOT NULL DEFAULT '',
    created_ms INTEGER NOT NULL
) STRICT;
INSERT INTO community (account_id, kind, tag, created_ms)
    SELECT account_id, kind, tag, created_ms FROM community_before;
DROP TABLE community_before;
CREATE INDEX community_parent ON community (parent_id) WHERE parent_id IS NOT NULL;

-- Who keeps a community, ours or a stranger's, in order (동네지기). Of a stranger's its own
-- collection tells, which is read from `account.moderators_uri`.
CREATE TABLE community_moderator (
    community_id INTEGER NOT NULL REFERENCES account,
    account_id INTEGER NOT NULL REFERENCES account,
    id INTEGER NOT NULL,
    PRIMARY KEY (community_id, account_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX community_moderator_account ON community_moderator (account_id);

-- Who may not write there. `until_ms` NULL: for good.
CREATE TABLE community_ban (
    community_id INTEGER NOT NULL REFERENCES account,
    account_id INTEGER NOT NULL REFERENCES account,
    id INTEGER NOT NULL,
    uri TEXT NOT NULL UNIQUE,
    by_id INTEGER NOT NULL REFERENCES account,
    reason TEXT NOT NULL DEFAULT '',
    until_ms INTEGER,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (community_id, account_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX community_ban_account ON community_ban (account_id);

-- What was done there in the name of order, for everybody to read.
-- `action`: lock | unlock | pin | unpin | remove | restore | move | ban | unban | appoint | dismiss
CREATE TABLE community_log (
    id INTEGER PRIMARY KEY,
    community_id INTEGER NOT NULL REFERENCES account,
    by_id INTEGER NOT NULL REFERENCES account,
    action TEXT NOT NULL,
    post_id INTEGER REFERENCES post,
    account_id INTEGER REFERENCES account,
    reason TEXT NOT NULL DEFAULT '',
    created_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX community_log_community ON community_log (community_id, id);
CREATE INDEX community_log_by ON community_log (by_id);
CREATE INDEX community_log_account ON community_log (account_id) WHERE account_id IS NOT NULL;
CREATE INDEX community_log_post ON community_log (post_id) WHERE post_id IS NOT NULL;

ALTER TABLE account ADD COLUMN moderators_uri TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN closed INTEGER NOT NULL DEFAULT 0;

-- Since when we know that a host understands activities that a group announces. FEP-1b12
ALTER TABLE host ADD COLUMN groups_ms INTEGER;

-- In which community, ours or a stranger's, a post stands: a thread, and all that answers it.
ALTER TABLE post ADD COLUMN community_id INTEGER REFERENCES account;
ALTER TABLE post ADD COLUMN dislikes INTEGER NOT NULL DEFAULT 0;
CREATE INDEX post_community ON post (community_id, id) WHERE community_id IS NOT NULL;

CREATE TABLE dislike (
    post_id INTEGER NOT NULL REFERENCES post,
    account_id INTEGER NOT NULL REFERENCES account,
    id INTEGER NOT NULL,
    uri TEXT NOT NULL UNIQUE,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (post_id, account_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX dislike_account ON dislike (account_id, id);

-- The first post of a thread of a community. `link`: what it is about, when it is about a page.
-- `comments` counts what everybody may read below it, `active_ms` is the last of them. `score` is
-- likes less dislikes; `hot` grows with the score and with the time of writing, so that nothing
-- has to be counted again as time goes by. `answer_id` is the reply that was accepted.
CREATE TABLE forum_thread (
    post_id INTEGER PRIMARY KEY REFERENCES post,
    community_id INTEGER NOT NULL REFERENCES account,
    link TEXT NOT NULL DEFAULT '',
    comments INTEGER NOT NULL DEFAULT 0,
    score INTEGER NOT NULL DEFAULT 0,
    hot REAL NOT NULL DEFAULT 0,
    active_ms INTEGER NOT NULL,
    locked_ms INTEGER,
    pinned_ms INTEGER,
    answer_id INTEGER REFERENCES post
) STRICT;
CREATE INDEX forum_thread_new ON forum_thread (community_id, post_id);
CREATE INDEX forum_thread_active ON forum_thread (community_id, active_ms, post_id);
CREATE INDEX forum_thread_hot ON forum_thread (community_id, hot, post_id);
CREATE INDEX forum_thread_top ON forum_thread (community_id, score, post_id);
CREATE INDEX forum_thread_pinned ON forum_thread (community_id, pinned_ms)
    WHERE pinned_ms IS NOT NULL;
CREATE INDEX forum_thread_answer ON forum_thread (answer_id) WHERE answer_id IS NOT NULL;

-- What moderators of a community took away: until it is given back its `post.visibility` is
-- 'removed', which no list and no reader but its author and they themselves know. `visibility` is
-- what it was.
CREATE TABLE removal (
    post_id INTEGER PRIMARY KEY REFERENCES post,
    community_id INTEGER NOT NULL REFERENCES account,
    by_id INTEGER NOT NULL REFERENCES account,
    visibility TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    created_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX removal_community ON removal (community_id, post_id);
