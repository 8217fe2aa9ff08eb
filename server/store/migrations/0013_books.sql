-- What can be taken away of a community: exports as a zip, and books of a team blog as an EPUB.

-- `state`: waiting (a worker makes it; `done` of `total` threads) | ready | failed (with its
-- reason) | gone. `ordered_by` is empty when who ordered it has left.
CREATE TABLE blog_export (
    id INTEGER PRIMARY KEY,
    community_id INTEGER NOT NULL REFERENCES account,
    ordered_by INTEGER REFERENCES account,
    state TEXT NOT NULL,
    done INTEGER NOT NULL DEFAULT 0,
    total INTEGER NOT NULL DEFAULT 0,
    file TEXT NOT NULL DEFAULT '',
    bytes INTEGER NOT NULL DEFAULT 0,
    failure TEXT NOT NULL DEFAULT '',
    created_ms INTEGER NOT NULL,
    ended_ms INTEGER
) STRICT;
CREATE INDEX blog_export_community ON blog_export (community_id, id);
CREATE UNIQUE INDEX blog_export_under_way ON blog_export (community_id) WHERE state = 'waiting';
CREATE INDEX blog_export_account ON blog_export (ordered_by) WHERE ordered_by IS NOT NULL;

-- `state`: gathering (editors choose, authors answer) | making | ready. `failure`: why it was not
-- made the last time. It is on the blog's page since `published_ms`.
CREATE TABLE book (
    id INTEGER PRIMARY KEY,
    community_id INTEGER NOT NULL REFERENCES account,
    editor_id INTEGER REFERENCES account,
    title TEXT NOT NULL,
    foreword TEXT NOT NULL DEFAULT '',
    language TEXT NOT NULL,
    licence TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL DEFAULT 'gathering',
    done INTEGER NOT NULL DEFAULT 0,
    total INTEGER NOT NULL DEFAULT 0,
    file TEXT NOT NULL DEFAULT '',
    bytes INTEGER NOT NULL DEFAULT 0,
    failure TEXT NOT NULL DEFAULT '',
    ordered_ms INTEGER NOT NULL DEFAULT 0,
    made_ms INTEGER,
    published_ms INTEGER,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX book_community ON book (community_id, id);
CREATE INDEX book_editor ON book (editor_id) WHERE editor_id IS NOT NULL;

-- What an editor chose. `place`: the order, smallest first.
CREATE TABLE book_story (
    book_id INTEGER NOT NULL REFERENCES book,
    post_id INTEGER NOT NULL REFERENCES post,
    place INTEGER NOT NULL,
    PRIMARY KEY (book_id, post_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX book_story_post ON book_story (post_id);

-- Whom an editor asked whether a story may stand in a book. `answer`: asked | yes | no.
CREATE TABLE book_consent (
    book_id INTEGER NOT NULL REFERENCES book,
    post_id INTEGER NOT NULL REFERENCES post,
    account_id INTEGER NOT NULL REFERENCES account,
    answer TEXT NOT NULL,
    answered_ms INTEGER NOT NULL,
    PRIMARY KEY (book_id, post_id, account_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX book_consent_account ON book_consent (account_id, book_id);
CREATE INDEX book_consent_post ON book_consent (post_id);

-- Who said of a story of theirs that it may stand in every book of the team.
CREATE TABLE book_ok (
    post_id INTEGER NOT NULL REFERENCES post,
    account_id INTEGER NOT NULL REFERENCES account,
    since_ms INTEGER NOT NULL,
    PRIMARY KEY (post_id, account_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX book_ok_account ON book_ok (account_id);
