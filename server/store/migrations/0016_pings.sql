-- 엮인글: pages elsewhere that link to a story of ours, and pages to which our stories link.

-- Pages that were read and do link. `kind`: webmention | trackback. Texts are plain. Hidden ones are
-- kept, so that they do not come back.
CREATE TABLE backlink (
    id INTEGER PRIMARY KEY,
    post_id INTEGER NOT NULL REFERENCES post,
    source TEXT NOT NULL,
    host TEXT NOT NULL,
    kind TEXT NOT NULL,
    title TEXT NOT NULL DEFAULT '',
    excerpt TEXT NOT NULL DEFAULT '',
    author TEXT NOT NULL DEFAULT '',
    published_ms INTEGER,
    verified_ms INTEGER NOT NULL,
    hidden_ms INTEGER,
    UNIQUE (post_id, source)
) STRICT;
CREATE INDEX backlink_post ON backlink (post_id, id);
CREATE INDEX backlink_host ON backlink (host);

-- Pings that came of late. `state`: waiting | done. `due_ms`: when the page is looked at, where that
-- is not promised by a job. `domain` is the registered domain of `host`; `network`, who sent it.
CREATE TABLE ping (
    id INTEGER PRIMARY KEY,
    post_id INTEGER NOT NULL REFERENCES post,
    source TEXT NOT NULL,
    target TEXT NOT NULL,
    host TEXT NOT NULL,
    domain TEXT NOT NULL,
    network TEXT NOT NULL,
    kind TEXT NOT NULL,
    excerpt TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL DEFAULT 'waiting',
    tries INTEGER NOT NULL DEFAULT 0,
    due_ms INTEGER,
    came_ms INTEGER NOT NULL,
    UNIQUE (post_id, source)
) STRICT;
CREATE INDEX ping_waiting ON ping (post_id) WHERE state = 'waiting';
CREATE INDEX ping_due ON ping (due_ms) WHERE due_ms IS NOT NULL;
CREATE INDEX ping_host ON ping (host, came_ms);
CREATE INDEX ping_domain ON ping (domain, came_ms);
CREATE INDEX ping_network ON ping (network, came_ms);
CREATE INDEX ping_came ON ping (came_ms);

-- Pages to which a story of ours links, or linked once (`gone`). `told`: how the page heard of it the
-- last time, webmention | trackback | none; empty before. `waiting`: there is something to tell.
CREATE TABLE link_told (
    id INTEGER PRIMARY KEY,
    post_id INTEGER NOT NULL REFERENCES post,
    url TEXT NOT NULL,
    told TEXT NOT NULL DEFAULT '',
    told_ms INTEGER,
    gone INTEGER NOT NULL DEFAULT 0,
    waiting INTEGER NOT NULL DEFAULT 1,
    tries INTEGER NOT NULL DEFAULT 0,
    due_ms INTEGER,
    UNIQUE (post_id, url)
) STRICT;
CREATE INDEX link_told_due ON link_told (due_ms) WHERE due_ms IS NOT NULL;
